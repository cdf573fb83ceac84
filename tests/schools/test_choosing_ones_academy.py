"""What the sign-up page offers, and which address an académie gave out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from schools.models import Academy, AcademyDomain
from schools.reference import ACADEMIC_ADDRESS, academies_with_departments, academy_of_address

pytestmark = pytest.mark.usefixtures("reference_data")


def test_all_academies_and_their_departments_come_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1):
        choices = academies_with_departments()
    assert len(choices) == 34
    assert sum(len(choice.departments) for choice in choices) == 107
    normandie = next(choice for choice in choices if choice.code == "70")
    assert [department.code for department in normandie.departments] == ["14", "27", "50", "61", "76"]
    assert normandie.departments[0].name == "Calvados"
    assert not normandie.is_open


def test_academies_are_offered_in_the_order_of_their_names() -> None:
    Academy.objects.create(code="98", slug="essai", name="Épreuve", zone="own")
    names = [choice.name for choice in academies_with_departments()]
    assert names[:4] == ["Aix-Marseille", "Amiens", "Besançon", "Bordeaux"]
    assert names.index("Corse") < names.index("Créteil") < names.index("Dijon")
    assert names.index("Dijon") < names.index("Épreuve") < names.index("Grenoble")


def test_an_academy_without_departments_is_offered_too() -> None:
    Academy.objects.create(code="98", slug="essai", name="Essai", zone="own")
    assert next(choice for choice in academies_with_departments() if choice.code == "98").departments == ()


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("prenom.nom@ac-normandie.fr", "70"),
        ("Prenom.Nom2@AC-Normandie.FR", "70"),
        ("jean-marc.d'arc@ac-caen.fr", "70"),
        ("ce.0750001a@ac-paris.fr", "01"),
        ("a@ac-noumea.nc", "40"),
        ("a@monvr.pf", "41"),
    ],
)
def test_an_academic_address_names_its_academy(address: str, code: str) -> None:
    academy = academy_of_address(address)
    assert academy is not None
    assert academy.code == code


@pytest.mark.parametrize(
    "address",
    [
        "prenom.nom@ac-normandie.fr.evil.com",
        "prenom.nom@evil-ac-normandie.fr",
        "prenom.nom@eleves.ac-normandie.fr",
        "prenom.nom@ac-normandie.fr.",
        "prenom.nom@ac-normandie",
        "prenom.nom@ac-normаndie.fr",  # Cyrillic a
        "prenom.nom@ac‐normandie.fr",  # another hyphen
        "prenom.nom@ac-ly\u00f6n.fr",
        "prenom.nom@xn--ac-normndie-yij.fr",
        "a@ac-toulouse.fr".replace("o", "ο"),  # Greek o
        "\N{KELVIN SIGN}arim@ac-paris.fr",  # lower() makes it a k
        "a@ａc-paris.fr",  # full width
        "prenom.nom+ac-normandie.fr@evil.com",
        "prenom.nom+2@ac-normandie.fr",
        '"a@evil.com"@ac-normandie.fr',
        '"prenom.nom"@ac-normandie.fr',
        '"a@ac-normandie.fr"@evil.com',
        "a@ac-normandie.fr@evil.com",
        "a@evil.com,b@ac-normandie.fr",
        "a@evil.com\n@ac-normandie.fr",
        "prenom.nom@ac-normandie.fr\n",
        " prenom.nom@ac-normandie.fr",
        "prenom.nom@ac-normandie.fr\0",
        "prenom.nom@ac-normandie.fr (evil.com)",
        "<prenom.nom@ac-normandie.fr>",
        "prenom%evil.com@ac-normandie.fr",
        "evil.com!a@ac-normandie.fr",
        "@ac-normandie.fr",
        "ac-normandie.fr",
        ".@ac-normandie.fr",
        "",
        "prenom.nom@gmail.com",
        "prenom.nom@paris.fr",
        "prenom.nom@fr",
        "prenom.nom@education.gouv.fr",
        "prenom.nom@region-academique-normandie.fr",
        "a" * 65 + "@ac-normandie.fr",
    ],
)
def test_no_other_address_passes_for_an_academic_one(address: str) -> None:
    assert academy_of_address(address) is None


@given(st.text(max_size=40), st.text(max_size=10))
def test_nothing_before_or_after_can_make_another_domain_academic(before: str, after: str) -> None:
    written = ACADEMIC_ADDRESS.fullmatch(f"{before}@ac-paris.fr{after}".lower())
    if written and written["domain"] == "ac-paris.fr":
        assert not after
        assert "@" not in before


def test_a_domain_is_looked_up_once(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        academy_of_address("a@ac-paris.fr")
    with django_assert_num_queries(0):
        academy_of_address("a+b@ac-paris.fr")
    assert AcademyDomain.objects.count() == 37
