"""What a collège or lycée exports from SIECLE is read as it was meant (FORMATS 2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from schools.rosters.readers import Kind, open_roster
from schools.rosters.rows import Heading
from tests.schools.rosters import generator
from tests.schools.rosters.generator import EVERYTHING, EVERYTHING_IN_UTF8, NOTHING, Awkward, Roster
from tests.schools.rosters.told import bare


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
