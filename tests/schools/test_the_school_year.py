"""The school year, as the calendar of Paris has it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schools.school_year import SchoolYear, today

DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2999, 12, 31))


@given(DAYS)
def test_every_day_is_in_one_school_year(day: date) -> None:
    year = SchoolYear.containing(day)
    assert year.start <= day <= year.end
    assert SchoolYear.containing(year.start) == SchoolYear.containing(year.end) == year


@given(DAYS)
def test_one_school_year_follows_the_other_without_a_gap(day: date) -> None:
    year = SchoolYear.containing(day)
    assert year.end + timedelta(days=1) == year.next.start
    assert year < year.next


def test_it_runs_from_1_september_to_31_august() -> None:
    year = SchoolYear(2026)
    assert (year.start, year.end) == (date(2026, 9, 1), date(2027, 8, 31))
    assert str(year) == year.label == "2026-2027"


@pytest.mark.parametrize(
    ("now", "year"),
    [
        (datetime(2026, 8, 31, 21, 59, tzinfo=UTC), 2025),  # 23:59 in Paris
        (datetime(2026, 8, 31, 22, 0, tzinfo=UTC), 2026),  # midnight in Paris
        (datetime(2027, 1, 1, 0, 0, tzinfo=UTC), 2026),
    ],
)
def test_it_changes_at_midnight_in_paris(now: datetime, year: int) -> None:
    assert SchoolYear.current(now) == SchoolYear(year)


def test_the_current_one_holds_today() -> None:
    assert SchoolYear.current().start <= today() <= SchoolYear.current().end


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        SchoolYear.current(datetime(2026, 9, 1))
