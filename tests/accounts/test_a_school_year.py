"""A year of MCM and its renewal; texts in force; what is forgotten (SCREENS A3, A8, B10; SAFETY T55)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from accounts import enrolment, policy_texts
from accounts.models import Enrolment, PolicyAcceptance, PolicyDocument, Registration, SignInName, User
from accounts.tasks import purge
from audit.models import Record
from schools.school_year import SchoolYear
from tests.accounts.conftest import PASSWORD, Family

pytestmark = pytest.mark.django_db


def signed_in(name: str = "jeanne.dupont") -> Client:
    browser = Client()
    browser.post("/connexion/", {"login": name, "password": PASSWORD})
    return browser


TO_LYON = {"level": "lycee", "profile": "eleve", "academy": "10", "department": "69"}


@pytest.fixture
def of_last_year(person) -> User:
    """Somebody whose school year is over."""
    return person(school_year=SchoolYear.current().year - 1)


def test_my_space_says_where_one_is_enrolled_and_until_when(person) -> None:
    person()
    page = signed_in().get("/mon-espace/").content.decode()
    year = SchoolYear.current()
    for fact in ("Le collège", "Élève", "Normandie", "Calvados", year.label, f"31 août {year.year + 1}"):
        assert fact in page


def test_a_new_school_year_leads_to_the_renewal_and_nowhere_else(of_last_year: User) -> None:
    browser = signed_in()
    assert browser.get("/mon-espace/").headers["Location"] == "/renouveler/?next=%2Fmon-espace%2F"
    page = browser.get("/renouveler/").content.decode()
    assert '<option value="70" selected>' in page and '<option value="14" selected>' in page


def test_a_renewal_needs_no_mail_and_opens_the_year(of_last_year: User) -> None:
    browser = signed_in()
    browser.post("/renouveler/", TO_LYON)
    assert browser.get("/mon-espace/").status_code == 200
    enrolment = Enrolment.objects.of_this_year().get(user=of_last_year)
    assert enrolment.level == "lycee" and enrolment.department.code == "69"
    assert Enrolment.objects.count() == 2


def test_a_closed_academy_renews_nobody(of_last_year: User) -> None:
    browser = signed_in()
    answer = browser.post(
        "/renouveler/", {"level": "lycee", "profile": "eleve", "academy": "44", "department": "975"}
    )
    assert "n’a pas ouvert" in answer.content.decode()
    assert not Enrolment.objects.of_this_year().exists()


def test_renewing_twice_is_once(of_last_year: User) -> None:
    one, two = signed_in(), signed_in()
    for browser in (one, two):
        browser.post("/renouveler/", TO_LYON)
    assert Enrolment.objects.of_this_year().count() == 1


def test_one_can_always_leave(of_last_year: User) -> None:
    browser = signed_in()
    assert browser.post("/deconnexion/").headers["Location"] == "/"


def test_new_terms_are_asked_for_at_the_next_page(person) -> None:
    user = person()
    browser = signed_in()
    assert browser.get("/mon-espace/").status_code == 200
    old = PolicyDocument.objects.in_force("terms").get()
    new = PolicyDocument.objects.create(
        kind="terms",
        version="2026-2",
        title="Nouvelles",
        summary="Résumé",
        body="T",
        in_force_from=timezone.localdate(),
        published_at=timezone.now(),
    )
    assert browser.get("/mon-espace/").headers["Location"] == "/conditions-nouvelles/?next=%2Fmon-espace%2F"
    browser.post("/conditions-nouvelles/", {"document": new.pk})
    browser.post("/conditions-nouvelles/", {"document": old.pk, "accept": "1"})
    assert browser.get("/mon-espace/").status_code == 302
    browser.post("/conditions-nouvelles/", {"document": new.pk, "accept": "1"})
    assert browser.get("/mon-espace/").status_code == 200
    assert set(PolicyAcceptance.objects.filter(user=user).values_list("document", flat=True)) == {
        old.pk,
        new.pk,
    }


def test_a_published_text_never_changes_whoever_asks(portal: None) -> None:
    assert policy_texts.load() == 0
    before = PolicyDocument.objects.in_force("terms").get().body
    with pytest.raises(ProgrammingError), transaction.atomic():
        PolicyDocument.objects.filter(kind="terms").update(body="Autre chose")
    with pytest.raises(ProgrammingError), transaction.atomic():
        PolicyDocument.objects.filter(kind="data_protection").delete()
    assert PolicyDocument.objects.in_force("terms").get().body == before


def test_the_texts_can_be_read_by_everyone(portal: None) -> None:
    assert "Qui peut avoir un compte" in Client().get("/textes/conditions-utilisation/").content.decode()
    assert "<table>" in Client().get("/textes/donnees-personnelles/").content.decode()


def test_a_sign_up_nobody_confirmed_is_forgotten_after_a_week(family: Family) -> None:
    family.sign_up()
    Registration.objects.update(created_at=Now() - timedelta(days=6, hours=23))
    purge()
    assert SignInName.objects.exists()
    Registration.objects.update(created_at=Now() - timedelta(days=7, minutes=1))
    purge()
    assert not Registration.objects.exists() and not SignInName.objects.exists()


def test_a_confirmed_sign_up_leaves_only_the_person(family: Family) -> None:
    from accounts import registration

    family.sign_up()
    registration.confirm(Registration.objects.get())
    Registration.objects.update(
        created_at=Now() - timedelta(days=12), confirmed_at=Now() - timedelta(days=7, minutes=1)
    )
    purge()
    assert not Registration.objects.exists()
    assert User.objects.get().sign_in_names.get().name == "jeanne.dupont"


@pytest.mark.parametrize(("day", "left"), [(date(2027, 11, 30), 1), (date(2027, 12, 1), 0)])
def test_an_account_of_a_past_year_is_erased_three_months_after_its_end(person, day: date, left: int) -> None:
    """The school year 2026-2027 ends on 31 August 2027."""
    person(school_year=2026)
    enrolment.forget_the_past(day)
    assert User.objects.count() == SignInName.objects.count() == left
    assert Record.objects.filter(act="account.expired").count() == 1 - left


def test_who_renewed_or_helps_others_stays(person) -> None:
    renewed, staff = person("renouvelee", school_year=2025), person("agent", school_year=2024)
    Enrolment.objects.create(user=renewed, level="lycee", profile="eleve", country="SN", school_year=2027)
    User.objects.filter(pk=staff.pk).update(is_staff=True)
    enrolment.forget_the_past(date(2028, 3, 1))
    assert User.objects.count() == 2
