"""A school with a class, and letters for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import pytest

from schools.letters import making, typesetting
from schools.letters.keeping import lines_of
from schools.letters.typesetting import Line
from schools.models import (
    Audience,
    Division,
    DivisionPupil,
    GuardianContact,
    GuardianTie,
    LetterBatch,
    LetterPart,
    School,
    Schooling,
    StaffMember,
    Student,
)
from schools.scope import EVERYWHERE, Scope
from tests.accounts.conftest import person, portal
from tests.schools.rosters.declared import HEAD, YEAR, school

__all__ = ["person", "portal"]
NAMES = ("Inès", "Malo", "Zoé")


def scope_of(at: School) -> Scope:
    return Scope(schools=frozenset({at.uai}))


def division(code: str = "3 A", at: School | None = None) -> Division:
    made, _new = Division.objects.get_or_create(school=at or school(), school_year=YEAR, code=code)
    return made


def pupils(names: Iterable[str] = NAMES, code: str = "3 A", at: School | None = None) -> list[Student]:
    """Declare pupils of a class."""
    made = Student.objects.bulk_create(Student(family_name="BENALI", first_name=name) for name in names)
    here = Schooling.objects.bulk_create(
        Schooling(student=each, school=at or school(), school_year=YEAR) for each in made
    )
    place = division(code, at)
    DivisionPupil.objects.bulk_create(DivisionPupil(schooling=each, division=place) for each in here)
    return made


def colleague(first_name: str = "Nadia", identifier: str = "nroux", at: School | None = None) -> StaffMember:
    return StaffMember.objects.create(
        school=at or school(),
        family_name="ROUX",
        first_name=first_name,
        role="teacher",
        identifier=identifier,
    )


def guardian_of(child: Student, first_name: str = "Leïla", mobile: str = "", **said: Any) -> GuardianContact:
    contact = GuardianContact.objects.create(
        school=school(), family_name="BENALI", first_name=first_name, mobile=mobile
    )
    GuardianTie.objects.create(contact=contact, student=child, **{"responsibility": "legal", **said})
    return contact


def asked(at: School | None = None, **said: Any) -> LetterBatch:
    """Ask for letters of a school."""
    return making.ask(
        at or school(),
        **{
            "audience": Audience.PUPIL,
            "divisions": [],
            "language": "fr",
            "per_page": 8,
            "includes_known": False,
            "scope": EVERYWHERE,
            "by": HEAD,
            "submission": uuid4(),
            **said,
        },
    )


def made(at: School | None = None, **said: Any) -> LetterBatch:
    """Ask for letters, and let the worker make them."""
    batch = asked(at, **said)
    making.make(str(batch.public_id))
    batch.refresh_from_db()
    return batch


def lines(batch: LetterBatch) -> list[Line]:
    """What the letters of a batch say."""
    return list(lines_of(list(LetterPart.objects.filter(batch=batch))))


@pytest.fixture
def unprinted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Leave the pages out, where a test is about the letters and not about their looks."""

    def leave_out() -> None:
        monkeypatch.setattr(typesetting, "pdf", lambda batch, lines: b"%PDF " + str(len(lines)).encode())

    return leave_out
