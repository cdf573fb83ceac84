"""From what FranceConnect says to the children of a school's record (SCREENS D3, SAFETY T13, T42)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import HttpResponse

from accounts.models import User
from guardians import activation, finishing, matching
from guardians.models import Activation, ContactAccount, FranceConnectAccount, Guardianship
from schools.models import Responsibility, Student
from tests.guardians.conftest import PASSWORD, START, Declared
from tests.guardians.conftest import declare as declare
from tests.guardians.conftest import portal as portal

from .conftest import IDENTITY, Guardian
from .real_provider import RealProvider

pytestmark = pytest.mark.django_db(transaction=True)
Declare = Callable[..., Declared]
NADIA = {"family_name": "LÉGER", "usage_name": "ROUSSEL", "given_names": "Nadia Rose"}


def born(guardian: Guardian, date: str) -> HttpResponse:
    """Write the birth date of a child."""
    day, month, year = date.split()
    who = guardian.is_known_as()
    said = {"day": day, "month": month, "year": year, "visit": str(who and who.visit)}
    response: HttpResponse = guardian.browser.post(IDENTITY, said)
    return response


def test_who_franceconnect_names_reaches_her_children_and_comes_back_without_a_password(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare
) -> None:
    family = declare(first_name="Nadia", family_name="Leger", usage_name="Roussel")
    guardian.signs_in("nadia")
    page = guardian.browser.get(IDENTITY).content.decode()
    assert "Rattacher des élèves" in page and "Chloé" not in page
    assert born(guardian, "09 03 2012")["Location"] == f"{START}enfants/"
    child = guardian.browser.get(f"{START}enfants/", follow=True)
    assert "Chloé" in child.content.decode()
    said = {"answer": "guardian", "day": "9", "month": "3", "year": "2012"}
    guardian.browser.post(f"{START}enfants/{family.children[0].public_id}/", said)
    chosen = {"password": PASSWORD, "confirmation": PASSWORD}
    assert guardian.browser.post(f"{START}mot-de-passe/", chosen).url == "/responsables/identifiant/"
    assert Guardianship.objects.in_force().count() == 1
    again = Guardian()
    again.signs_in("nadia")
    assert again.browser.get(IDENTITY).url == "/mon-espace/"
    assert again.is_known_as() is None  # what FranceConnect said is erased
    stranger = Guardian()
    stranger.signs_in("paul")
    assert stranger.browser.get(IDENTITY).status_code == 200


@pytest.mark.parametrize(
    ("contact", "date"),
    [
        ({"first_name": "Nadia", "family_name": "Leger"}, "10 03 2012"),
        ({"first_name": "Nadège", "family_name": "Leger"}, "09 03 2012"),
        ({"first_name": "Rose", "family_name": "Leger"}, "09 03 2012"),
        ({"first_name": "Nadia Jeanne", "family_name": "Leger"}, "09 03 2012"),
        ({"first_name": "Nadia", "family_name": "Roux"}, "09 03 2012"),
        (
            {"first_name": "Nadia", "family_name": "Leger", "responsibility": Responsibility.CONTACT},
            "09 03 2012",
        ),
    ],
    ids=[
        "another day",
        "another name",
        "second name only",
        "a name she has not",
        "another family",
        "to call",
    ],
)
def test_who_does_not_match_sees_nothing_of_anybody(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare, contact: dict[str, str], date: str
) -> None:
    declare(**contact)
    guardian.signs_in("nadia")
    page = born(guardian, date).content.decode()
    assert "Aucune école ne vous connaît" in page
    assert "Chloé" not in page and "DUPONT" not in page and "Jules Verne" not in page
    assert not Activation.objects.exists()


def test_a_form_does_not_go_on_with_who_came_in_by_another_tab_since(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare
) -> None:
    declare(first_name="Paul", family_name="Girard")
    guardian.signs_in("nadia")
    nadia = guardian.is_known_as()
    assert nadia is not None
    guardian.there = type(guardian.there)()  # signed out over there
    guardian.signs_in("paul")
    said = {"day": "9", "month": "3", "year": "2012", "visit": str(nadia.visit)}
    answer = guardian.browser.post(IDENTITY, said)
    assert answer.status_code == 302 and answer["Location"] == IDENTITY
    assert not Activation.objects.exists()
    assert born(guardian, "09 03 2012")["Location"] == f"{START}enfants/"


def test_two_matches_are_nobody_and_one_person_in_two_schools_is_one(declare: Declare) -> None:
    def found() -> list[int]:
        return [each.pk for each in matching.contacts_of_identity(**NADIA, child_born="2012-03-09")]

    one = declare(first_name="Nadia", family_name="LEGER")
    assert found() == [one.contact.pk]
    same_child = declare(
        one.children, uai="0141396S", first_name="Nadia", family_name="LÉGER", mobile="+33611111111"
    )
    assert found() == [one.contact.pk, same_child.contact.pk]
    homonym = declare(
        {"Tom": "2012-03-09"}, uai="0141396S", first_name="Nadia", family_name="Léger", mobile="+33622222222"
    )
    assert found() == []
    homonym.contact.email = one.contact.email = "nadia@exemple.fr"
    homonym.contact.save()
    one.contact.save()
    assert len(found()) == 3


def test_an_account_made_by_sms_is_not_taken_over(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare
) -> None:
    family = declare(first_name="Nadia", family_name="Leger")
    owner = User.objects.create_user(password=PASSWORD, first_name="Nadia", last_name="Leger")
    ContactAccount.objects.create(contact=family.contact, user=owner)
    guardian.signs_in("nadia")
    assert "déjà un compte" in born(guardian, "09 03 2012").content.decode()
    assert not FranceConnectAccount.objects.exists()


def test_an_account_made_meanwhile_is_not_taken_over_either(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare
) -> None:
    family = declare(first_name="Nadia", family_name="Leger")
    guardian.signs_in("nadia")
    born(guardian, "09 03 2012")
    said = {"answer": "guardian", "day": "9", "month": "3", "year": "2012"}
    guardian.browser.post(f"{START}enfants/{family.children[0].public_id}/", said)
    owner = User.objects.create_user(password=PASSWORD, first_name="Nadia", last_name="Leger")
    ContactAccount.objects.create(contact=family.contact, user=owner)
    with pytest.raises(activation.HasAccount):
        finishing.finish(Activation.objects.get(), "Autres galets ? 9")
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_five_dates_a_day_are_tried_for_one_person(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare
) -> None:
    declare(first_name="Nadia", family_name="Leger")
    guardian.signs_in("nadia")
    for day in range(10, 15):
        assert "Aucune école" in born(guardian, f"{day} 03 2012").content.decode()
    assert "Plusieurs dates" in born(guardian, "09 03 2012").content.decode()
    assert Student.objects.exists() and not Activation.objects.exists()
