"""A collège with a division, teachers, pupils and visitors; and a room that does as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Enrolment, User
from schools.models import Division, DivisionPupil, School, Schooling, StaffDivision, StaffMember, Student
from schools.school_year import SchoolYear
from tests.accounts.conftest import person as person
from tests.accounts.conftest import portal as portal
from tests.guardians.conftest import Declared as Declared
from tests.guardians.conftest import declare as declare
from tests.guardians.conftest import school as college
from virtual_classes import providers, running, scheduling
from virtual_classes.models import ClassSession, Degree, Mode, VirtualClass
from virtual_classes.providers.base import (
    Created,
    Ended,
    JoinAddress,
    Person,
    Refused,
    Room,
    Unavailable,
)

ROOM = "https://salle.example/entrer"


@dataclass
class MadeUpRoom:
    """A provider of tests: it remembers what it was asked, and fails as long as it is told to."""

    code: str = "made_up"
    label: str = "Une salle"
    trouble: str = ""
    created: list[str] = field(default_factory=list)
    joined: list[Person] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def _may_fail(self) -> None:
        if self.trouble == "down":
            raise Unavailable("down")
        if self.trouble == "refused":
            raise Refused("non")

    def is_ready(self, academy: str = "") -> bool:
        return True

    def origin(self, room: Room) -> str:
        return ""

    def create(self, room: Room) -> Created:
        self._may_fail()
        self.created.append(room.key)
        return Created(server="s1", created="1700000000")

    def join_address(self, room: Room, person: Person) -> JoinAddress:
        self._may_fail()
        self.joined.append(person)
        role = "moderateur" if person.moderator else "eleve"
        return JoinAddress(f"{ROOM}/{room.key}/{person.key}/{role}", timedelta(seconds=60))

    def is_running(self, room: Room) -> bool:
        return room.key in self.created and room.key not in self.ended

    def head_count(self, room: Room) -> int | None:
        return None

    def end(self, room: Room) -> None:
        self._may_fail()
        self.ended.append(room.key)

    def read_callback(self, data: Mapping[str, str]) -> Ended | None:
        return Ended(data.get("key", "")) if data.get("secret") == "juste" else None


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[MadeUpRoom]:
    """The rooms of these tests: one that works unless told otherwise, and another."""
    usual, other = MadeUpRoom(), MadeUpRoom(code="other")

    def get(code: str) -> Any:
        for each in (usual, other):
            if each.code == code:
                return each
        raise providers.UnknownProvider(code, [usual.code, other.code])

    monkeypatch.setattr(providers, "available", lambda academy="": [usual, other])
    monkeypatch.setattr(providers, "get", get)
    yield usual


def signed_in(user: User) -> Client:
    """Return a browser where somebody is signed in."""
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def division(portal: None) -> Division:
    """« 6 A » of the collège Jules Verne."""
    return Division.objects.create(
        school=college(), school_year=SchoolYear.current().year, code="6A", name="6 A"
    )


@pytest.fixture
def teacher(person: Callable[..., User], division: Division) -> User:
    """Claire Dubois, who teaches 6 A by the school's record."""
    return teacher_of(person, division, "Claire", "Dubois")


def teacher_of(person: Callable[..., User], division: Division, first_name: str, last_name: str) -> User:
    """Make a teacher whom the school declares for a division."""
    member = StaffMember.objects.create(
        school=division.school, family_name=last_name, first_name=first_name, role="teacher"
    )
    StaffDivision.objects.create(member=member, division=division)
    user = person(f"{first_name}.{last_name}".lower())
    Enrolment.objects.filter(user=user).update(profile="enseignant")
    User.objects.filter(pk=user.pk).update(staff_member=member, first_name=first_name, last_name=last_name)
    return User.objects.get(pk=user.pk)


def teacher_by_address(
    person: Callable[..., User], name: str, address: str, *, level: str = "college"
) -> User:
    """Make somebody with the profile of a teacher and a confirmed address."""
    user = person(name, level=level)
    Enrolment.objects.filter(user=user).update(profile="enseignant")
    EmailAddress.objects.filter(user=user).update(email=address)
    return User.objects.get(pk=user.pk)


@pytest.fixture
def pupil(person: Callable[..., User], division: Division) -> Callable[..., User]:
    """Make a pupil of 6 A, with an account."""

    def make(
        first_name: str = "Léa", last_name: str = "Moreau", *, within: Division | None = division
    ) -> User:
        student = Student.objects.create(family_name=last_name, first_name=first_name)
        schooling = Schooling.objects.create(
            student=student, school=division.school, school_year=division.school_year
        )
        if within is not None:
            DivisionPupil.objects.create(schooling=schooling, division=within)
        user = person(f"{first_name}.{last_name}".lower().replace("é", "e").replace(" ", ""))
        User.objects.filter(pk=user.pk).update(student=student, first_name=first_name, last_name=last_name)
        return User.objects.get(pk=user.pk)

    return make


@pytest.fixture
def planned(teacher: User, division: Division) -> Callable[..., ClassSession]:
    """Make a class with a session that begins now."""

    def make(
        *, by: User | None = None, of: Division | None = division, after: int = 0, **wanted: Any
    ) -> ClassSession:
        said = {"title": "Français 6 A", "degree": Degree.SECOND, "mode": Mode.ACCOUNT, "provider": "made_up"}
        made = scheduling.create(
            by=by or teacher,
            wanted=scheduling.Wanted(**{**said, "division": of, **wanted}),
            submission=uuid4(),
        )
        return scheduling.plan(
            made,
            starts_at=timezone.now() + timedelta(minutes=after),
            lasts=timedelta(minutes=55),
            by=by or teacher,
            submission=uuid4(),
        )

    return make


@pytest.fixture
def opened(planned: Callable[..., ClassSession], teacher: User) -> Callable[..., ClassSession]:
    """Make a class whose session runs."""

    def make(**wanted: Any) -> ClassSession:
        session = planned(**wanted)
        return running.open(session, by=wanted.get("by") or teacher)

    return make


def by_link(session: ClassSession) -> ClassSession:
    """Let a class be entered by its link, whatever the rules say."""
    VirtualClass.objects.filter(pk=session.virtual_class_id).update(mode=Mode.LINK)
    session.virtual_class.refresh_from_db()
    return session


def link(session: ClassSession) -> str:
    """Return the path of a class's link."""
    return f"/classe/lien/{scheduling.link_of(session.virtual_class)}/"


def knock(browser: Client, session: ClassSession, **typed: str) -> Any:
    """Knock at the door; return the answer."""
    return browser.post(link(session), typed)


def school_of(kind: str, uai: str, name: str) -> School:
    """Return a school of a kind."""
    made = college(uai, name)
    School.objects.filter(pk=made.pk).update(kind=kind)
    made.refresh_from_db()
    return made


def many_teach_at(school: School) -> None:
    """Have a school declare so many that a plan which reads them all is seen."""
    many = [
        StaffMember(school=school, family_name=f"Nom {each}", first_name="Paul", role="teacher")
        for each in range(4_000)
    ]
    StaffMember.objects.bulk_create(many)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE schools_staffmember")
