"""What a collège or lycée exports from SIECLE is read as it was meant (FORMATS 2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from schools.rosters.readers import Kind, open_roster
from schools.rosters.rows import FileRefused, Heading, PupilRow, Refusal, Row
from tests.schools.rosters import generator
from tests.schools.rosters.generator import EVERYTHING, EVERYTHING_IN_UTF8, NOTHING, Awkward, Roster


def bare(rows: Iterable[Row]) -> list[Row]:
    """Return rows without where they stood; refusals left out."""
    return [replace(row, source="", line=0) for row in rows if not isinstance(row, Refusal)]


def refusals(rows: Iterable[Row]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for row in rows:
        if isinstance(row, Refusal):
            counted[row.code] = counted.get(row.code, 0) + 1
    return counted


@pytest.mark.parametrize(
    ("encoding", "awkward"),
    [
        ("ISO-8859-15", EVERYTHING),
        ("UTF-8", EVERYTHING_IN_UTF8),
        ("windows-1252", EVERYTHING_IN_UTF8),
        ("ISO-8859-15", NOTHING),
    ],
)
@pytest.mark.parametrize("form", [{}, {"zipped": True}, {"together": True}])
def test_what_a_school_exports_is_read_back_equal(
    tmp_path: Path, encoding: str, awkward: Awkward, form: dict[str, bool]
) -> None:
    school = Roster(seed=3, pupils=300, awkward=awkward)
    reading = open_roster(generator.siecle(school, tmp_path, encoding=encoding, **form), Kind.SIECLE)
    assert reading.heading == Heading(uai="0752387M", school_year=2026, exported_on="2026-10-05")
    assert bare(reading.rows()) == list(school.rows())
    assert reading.progress() == 1.0
