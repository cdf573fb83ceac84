"""A school that declares its pupils: rows by hand, and the import they go through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from schools.models import Academy, RosterImport, School, Schooling
from schools.rosters import importing
from schools.rosters.rows import (
    ContactRow,
    DivisionRow,
    GroupKind,
    Heading,
    PupilRow,
    Responsibility,
    Row,
    StaffRole,
    StaffRow,
    TieRow,
)
from schools.scope import EVERYWHERE

HEAD = "user:00000000-0000-4000-8000-000000000001"
YEAR = 2026


@dataclass
class Listed:
    """Rows as a reader gives them."""

    listed: Sequence[Row]
    heading: Heading = field(default_factory=Heading)

    def rows(self) -> Iterator[Row]:
        """Yield them."""
        yield from self.listed

    def progress(self) -> float:
        """Half-way, always."""
        return 0.5


def school(uai: str = "0141396S", academy: str = "70", **fields: Any) -> School:
    """Return a school, made once."""
    place = Academy.objects.get(code=academy)
    made, _new = School.objects.get_or_create(
        uai=uai,
        defaults={
            "name": "Collège Jean Moulin",
            "kind": School.Kind.COLLEGE,
            "academy": place,
            "department": place.departments.all()[0],
            "commune": "Caen",
            **fields,
        },
    )
    return made


def pupil(first_name: str, ine: str = "", **fields: Any) -> PupilRow:
    """Return a pupil of class 3 A, one line for each first name."""
    return PupilRow(
        **{
            "source": "eleves.xml",
            "line": 10,
            "key": first_name,
            "family_name": "MARTIN",
            "first_name": first_name,
            "ine": ine,
            "birth_date": "2012-03-09",
            "sex": "F",
            "divisions": ("3 A",),
            **fields,
        }
    )


def contact(first_name: str, **fields: Any) -> ContactRow:
    """Return a guardian."""
    return ContactRow(
        **{
            "source": "responsables.xml",
            "line": 20,
            "key": f"c-{first_name}",
            "family_name": "MARTIN",
            "first_name": first_name,
            "mobile": "+33639980001",
            **fields,
        }
    )


def tie(child: str, guardian: str, responsibility: Responsibility = Responsibility.LEGAL) -> TieRow:
    """Tie a guardian to a pupil, by their first names."""
    return TieRow(
        source="responsables.xml",
        line=30,
        pupil=child,
        contact=f"c-{guardian}",
        responsibility=responsibility,
        relationship="MERE",
    )


def division(code: str = "3 A", kind: GroupKind = GroupKind.DIVISION) -> DivisionRow:
    """Return a class."""
    return DivisionRow(source="structures.xml", line=5, code=code, kind=kind)


def colleague(first_name: str, role: StaffRole = StaffRole.TEACHER, **fields: Any) -> StaffRow:
    """Return a member of the staff."""
    return StaffRow(
        **{
            "source": "personnel.xlsx",
            "line": 2,
            "key": first_name,
            "family_name": "ROUX",
            "first_name": first_name,
            "role": role,
            "identifier": f"{first_name[0].lower()}roux",
            "email": f"{first_name.lower()}.roux@ac-normandie.fr",
            **fields,
        }
    )


def class_of(count: int, start: int = 0) -> list[Row]:
    """Return a class with so many pupils, each with an INE."""
    return [
        division(),
        *(pupil(f"Élève{letters(n)}", ine=f"{n:010d}A", line=n + 2) for n in range(start, start + count)),
    ]


def letters(number: int) -> str:
    """Write a number as letters: names have no digits."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def read(
    rows: Sequence[Row],
    at: School | None = None,
    *,
    kind: str = RosterImport.Kind.SIECLE,
    year: int | None = YEAR,
    uai: str = "",
) -> RosterImport:
    """Have rows read for a school, as far as the report."""
    made = RosterImport.objects.create(
        school=at or school(), kind=kind, uploaded_by=HEAD, state=RosterImport.State.READING
    )
    importing.take_in(made, Listed(rows, Heading(uai=uai, school_year=year)))
    made.refresh_from_db()
    return made


def apply(made: RosterImport, *, confirmed: bool = False) -> RosterImport:
    """Decide and apply."""
    importing.decide(made, by=HEAD, confirmed=confirmed)
    importing.apply(str(made.public_id))
    made.refresh_from_db()
    return made


def declare(
    rows: Sequence[Row], at: School | None = None, *, confirmed: bool = False, **given: Any
) -> RosterImport:
    """Have rows read and applied."""
    done = apply(read(rows, at, **given), confirmed=confirmed)
    assert done.state == RosterImport.State.APPLIED, (done.state, done.reason, done.counts)
    return done


def at_school(at: School | None = None) -> set[str]:
    """Return the first names of those whom a school declares now."""
    current = Schooling.objects.current().filter(school=at or school())
    return set(current.values_list("student__first_name", flat=True))


__all__ = ["EVERYWHERE", "HEAD", "YEAR", "Listed", "apply", "declare", "read"]
