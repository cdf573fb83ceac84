"""A school, its staff and pupils, and letters in their hands: their codes are judged by a stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import PolicyDocument, User
from schools.letters import codes
from schools.models import (
    Academy,
    Division,
    DivisionPupil,
    School,
    Schooling,
    StaffDivision,
    StaffMember,
    Student,
)
from schools.school_year import SchoolYear

CODE, ANOTHER = "K7M4PQXW2H", "B3N8RTYZ5J"
OWN = "Brume-Lac42!"
IDENTIFIER = "jroux2"


@dataclass
class Letters:
    """Which codes are given, and which served: like the real ones, as far as a door sees of them."""

    given: dict[tuple[str, str], codes.Spent] = field(default_factory=dict)
    served: dict[tuple[str, str], str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    replaced: list[dict[str, Any]] = field(default_factory=list)

    def give(self, person: StaffMember | Student, code: str = CODE) -> str:
        """Put a letter into somebody's hands."""
        spent = (
            codes.Spent(codes.Audience.PUPIL, student=person)
            if isinstance(person, Student)
            else codes.Spent(codes.Audience.STAFF, staff_member=person)
        )
        self.given[person.identifier.lower(), code] = spent
        return code

    def spend(
        self,
        *,
        identifier: str,
        code: str,
        audiences: frozenset[codes.Audience],
        client: str,
        network: str = "",
    ) -> codes.Spent:
        """Spend a code once; the device that did may do so again."""
        self.asked.append({"identifier": identifier, "client": client, "network": network})
        key = (identifier, code)
        spent = self.given.get(key)
        if spent is None or spent.audience not in audiences or self.served.get(key, client) != client:
            raise codes.WrongCode
        self.served[key] = client
        return spent

    def replace(
        self, person: Student, *, school: School, by: str, submission: UUID, language: str = "fr"
    ) -> Any:
        """Print a letter."""
        self.replaced.append({"person": person, "school": school, "by": by, "submission": submission})
        return type("Replaced", (), {"pdf": b"%PDF-1.7 letter"})()


@pytest.fixture
def letters(portal: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Letters]:
    """The letters of this test."""
    made = Letters()
    monkeypatch.setattr(codes, "spend", made.spend)
    monkeypatch.setattr(codes, "replace", made.replace)
    # Of ten signs: what else is a code says the real one.
    monkeypatch.setattr(codes, "read", read)
    yield made


def read(typed: str) -> str:
    """Read a code of these tests."""
    code = typed.upper().replace(" ", "").replace("-", "")
    if len(code) != 10 or not set(code) <= set("23456789ABCDEFGHJKMNPQRSTUVWXYZ"):
        raise codes.Mistyped
    return code


def school(uai: str = "0501271K", academy: str = "70", **facts: Any) -> School:
    """Return a school, made at the first time."""
    place = Academy.objects.get(code=academy)
    made, _new = School.objects.get_or_create(
        uai=uai,
        defaults={
            "name": "Collège Jules Verne",
            "kind": School.Kind.COLLEGE,
            "academy": place,
            "department": place.departments.all()[0],
            **facts,
        },
    )
    return made


def teacher(at: School | None = None, *, identifier: str = IDENTIFIER, **facts: Any) -> StaffMember:
    """Let a school declare a teacher."""
    said = {"family_name": "ROUX", "first_name": "Jeanne", "role": "teacher", **facts}
    return StaffMember.objects.create(school=at or school(), identifier=identifier, **said)


def pupil(
    at: School | None = None, *, born: str = "2012-03-09", identifier: str = "chloe.dupont27", **facts: Any
) -> Student:
    """Let a school declare a pupil, in class 5A."""
    at = at or school()
    said = {"family_name": "DUPONT", "first_name": "Chloé", **facts}
    made = Student.objects.create(birth_date=born, identifier=identifier, **said)
    schooling = Schooling.objects.create(student=made, school=at, school_year=SchoolYear.current().year)
    DivisionPupil.objects.create(schooling=schooling, division=division(at))
    return made


def division(at: School, code: str = "5A") -> Division:
    """Return a class of a school."""
    return Division.objects.get_or_create(school=at, school_year=SchoolYear.current().year, code=code)[0]


def teaches(member: StaffMember, code: str = "5A") -> None:
    """Let somebody teach a class of their school."""
    StaffDivision.objects.create(member=member, division=division(member.school, code))


def open_letter(
    identifier: str = IDENTIFIER, code: str = CODE, browser: Client | None = None
) -> tuple[Client, Any]:
    """Photograph the square of a letter, and say that it is one's own."""
    browser = browser or Client()
    browser.get(f"/lettre/{identifier}/{code}/")
    return browser, browser.post(f"/lettre/{identifier}/{code}/")


def accept_charter(browser: Client, kind: str = "charter_staff") -> Any:
    """Take the first step."""
    text = PolicyDocument.objects.in_force(kind).get()
    return browser.post("/premiere-connexion/charte/", {"document": text.pk, "accept": "1"})


def choose_password(browser: Client, password: str = OWN) -> Any:
    """Take the second step."""
    return browser.post("/premiere-connexion/mot-de-passe/", {"password": password, "confirmation": password})


def give_contact(browser: Client, **said: str) -> Any:
    """Take the third step."""
    return browser.post("/premiere-connexion/contact/", said)


def come_in(browser: Client, kind: str = "charter_staff") -> User:
    """Take all steps; return who came."""
    accept_charter(browser, kind)
    choose_password(browser)
    give_contact(browser)
    assert browser.get("/mon-espace/").status_code == 200
    return User.objects.get(pk=browser.session["_auth_user_id"])
