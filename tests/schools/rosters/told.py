"""What rows tell, whatever their keys, lines and order: for comparing what was made up with what was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from schools.rosters.rows import ContactRow, DivisionRow, PupilRow, Refusal, Row, StaffRow, TieRow


def bare(rows: Iterable[Row]) -> list[Row]:
    """Return rows without where they stood, in their order; refusals left out."""
    return [replace(row, source="", line=0) for row in rows if not isinstance(row, Refusal)]


@dataclass
class Told:
    """Who is in a school and who is what to whom."""

    divisions: set[Any] = field(default_factory=set)
    pupils: Counter[Any] = field(default_factory=Counter)
    contacts: set[Any] = field(default_factory=set)
    ties: set[Any] = field(default_factory=set)
    staff: set[Any] = field(default_factory=set)


def told(rows: Iterable[Row]) -> Told:
    """Return what rows say; a tie without its two ends is a ``KeyError``."""
    found = Told()
    ends: dict[tuple[str, str], Any] = {}
    for row in bare(rows):
        if isinstance(row, DivisionRow):
            found.divisions.add(row)
        elif isinstance(row, PupilRow):
            ends["pupil", row.key] = plain = replace(row, key="")
            found.pupils[plain] += 1
        elif isinstance(row, ContactRow):
            ends["contact", row.key] = contact = replace(row, key="")
            found.contacts.add(contact)
        elif isinstance(row, TieRow):
            pupil, contact = ends["pupil", row.pupil], ends["contact", row.contact]
            found.ties.add((pupil, contact, row.responsibility, row.relationship))
        elif isinstance(row, StaffRow):
            found.staff.add(replace(row, key=""))
    return found


def refusals(rows: Iterable[Row]) -> Counter[str]:
    """Return how often each reason was given."""
    return Counter(row.code for row in rows if isinstance(row, Refusal))
