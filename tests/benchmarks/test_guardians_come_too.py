"""The guardians of ``make bench`` and ``make drill``: declared by schools, and on the phone (SAFETY 5)."""

from __future__ import annotations

import json
import urllib.request

import pytest
from django.db import connection

from accounts.models import SignInName, User
from benchmarks import guardians
from benchmarks.browser import Unexpected
from benchmarks.drill.comparison import Kept, compare
from benchmarks.drill.flows import FirstSignIn
from benchmarks.drill.ledger import Promise
from benchmarks.drill.mailbox import Copy
from benchmarks.guardians import Guardian
from benchmarks.phones import Phones
from benchmarks.scale.tables import Tables
from guardians import matching
from guardians.models import Activation, Guardianship
from schools.models import GuardianTie, Schooling
from schools.person_names import comparison_key

COUNT = 25


@pytest.fixture
def declared(portal: None) -> None:
    """Guardians whom schools have declared, by the cursor that psycopg2 gave to Django."""
    with connection.cursor() as cursor:
        guardians.declare(Tables(cursor.cursor), COUNT, school_year=2026)


def test_each_of_them_is_known_to_a_school_by_name_and_number_and_to_one_only(declared: None) -> None:
    for number in range(COUNT):
        who = Guardian(number)
        typed = who.name_and_number()
        (contact,) = matching.contacts_known_by(typed["first_name"], typed["last_name"], who.mobile)
        (tie,) = contact.ties.select_related("student")
        assert tie.student.birth_date == who.birth_date
        year, month, day = tie.student.birth_date.split("-")
        assert who.is_guardian() == {"answer": "guardian", "day": day, "month": month, "year": year}
    per_school = Schooling.objects.values_list("school", flat=True)
    assert max(list(per_school).count(school) for school in per_school) <= 10  # fewer than its dates a day


def test_no_two_of_a_hundred_thousand_have_one_name_or_number() -> None:
    everybody = [Guardian(number) for number in range(0, 100_000, 7)]
    assert len({comparison_key(each.family_name) for each in everybody}) == len(everybody)
    assert len({each.mobile for each in everybody}) == len(everybody)


def sent(phones: Phones, number: str, text: str) -> None:
    said = json.dumps({"to": number, "text": text, "id": "1"}).encode()
    with urllib.request.urlopen(urllib.request.Request(phones.url.replace("token@", ""), said)) as answer:
        assert answer.status == 200


def test_a_phone_shows_its_newest_code_and_waits_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with Phones() as phones:
        sent(phones, "+33600000001", "111111 est votre code de sécurité.")
        sent(phones, "+33600000001", "222222 est votre code de sécurité.")
        sent(phones, "+33600000001", "Un autre responsable légal vient de créer son accès.")
        sms, known = phones.newest("+33600000001", known=0, seconds=0)
        assert sms is not None and (sms.code, known) == ("222222", 2)
        assert phones.newest("+33600000001", known=2, seconds=0.01) == (None, 2)
        took: dict[str, float] = {}
        assert phones.code_to("+33600000001", took) == "222222" and "sms" in took
        monkeypatch.setattr("benchmarks.phones.PATIENCE", 0.01)
        with pytest.raises(Unexpected):
            phones.code_to("+33600000002", took)


def kept() -> dict[str, Kept]:
    def sql(statement: str, *values: object) -> list[tuple[object, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    return FirstSignIn().kept(sql)


def test_what_the_database_holds_of_them_is_counted_by_account_and_by_identifier(declared: None) -> None:
    def account(number: int) -> User:
        return User.objects.create_user(password="x", last_name=Guardian(number).family_name)

    def holds_the_child(number: int, user: User) -> None:
        tie = GuardianTie.objects.get(contact__family_name=Guardian(number).family_name)
        Guardianship.objects.create(user=user, tie=tie)

    SignInName.objects.create(authority="educonnect", name="h.riv11", user=account(1))
    holds_the_child(1, User.objects.latest("pk"))
    for name in ("h.riv21", "h.riv22"):  # two accounts
        SignInName.objects.create(authority="educonnect", name=name, user=account(2))
    holds_the_child(2, User.objects.latest("pk"))
    twice = account(3)
    for name in ("h.riv31", "h.riv32"):  # two identifiers
        SignInName.objects.create(authority="educonnect", name=name, user=twice)
    holds_the_child(3, twice)
    SignInName.objects.create(authority="educonnect", name="h.riv51", user=account(5))
    Activation.objects.create(browser="x", first_name="Hélène", last_name="Riv", mobile=Guardian(4).mobile)
    assert kept() == {
        "famille.n00001": Kept(1, 1),
        "famille.n00002": Kept(1, 2),
        "famille.n00003": Kept(1, 2),
        "famille.n00004": Kept(1, 0),
        "famille.n00005": Kept(1, 0),  # an account that leads to no child
    }


def test_a_guardian_with_two_accounts_or_without_their_code_breaks_the_promise() -> None:
    promise = Promise("ana", begun_at=10, done_at=20)
    sms = Copy(at=12, to="+33600000001", message_id="1", link="123456")
    owners = {"+33600000001": "ana"}
    assert compare([promise], {"ana": Kept(1, 1)}, [sms, sms], owners, last_fault_ended=11).broken == []
    assert compare([promise], {"ana": Kept(1, 2)}, [sms], owners, last_fault_ended=11).broken
    assert compare([promise], {"ana": Kept(1, 1)}, [], owners, last_fault_ended=11).broken
    other = Copy(at=13, to="+33600000001", message_id="1", link="654321")  # one SMS has one code
    assert compare([promise], {"ana": Kept(1, 1)}, [sms, other], owners, last_fault_ended=11).broken
