"""Birth dates as schools write them, in one form (SAFETY section 3, « Dates »)."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime

# Of a pupil; beyond lies a slip in the century.
OLDEST, YOUNGEST = 35, 1  # years

_YEAR_LAST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})([/.-])(\d{1,2})\2(\d{1,2})", re.ASCII)
_MIDNIGHT = re.compile(r"[ T]00?:00(:00(\.0+)?)?", re.ASCII)


class NoBirthDate(ValueError):
    """What was written is no birth date of a pupil. ``code`` is one of the reasons of a refusal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def birth_date(written: str | date, today: date) -> str:
    """Return a pupil's birth date as « 2012-03-09 », with 00 where day or month are not known.

    Read are 09/03/2012, 9-3-2012, 09.03.2012, 2012-03-09, each with an hour of midnight after it, and a
    date of a spreadsheet. Raises :class:`NoBirthDate` for a day that no calendar has
    (``date_wrong``), a year of two digits (``date_short_year``), and who would be born in the
    future or more than 35 years ago (``date_out_of_range``).
    """
    if isinstance(written, datetime):
        written = written.date()
    if isinstance(written, date):
        year, month, day = written.year, written.month, written.day
    else:
        year, month, day = _read(written.strip())
    if not today.year - OLDEST <= year <= today.year - YOUNGEST:
        raise NoBirthDate("date_out_of_range")
    # An unknown month may have 31 days.
    if month > 12 or day > (monthrange(year, month)[1] if month else 31):
        raise NoBirthDate("date_wrong")
    return f"{year:04}-{month:02}-{day:02}"


def _read(text: str) -> tuple[int, int, int]:
    """Return year, month and day as they are written."""
    if len(text) > 40:
        raise NoBirthDate("date_wrong")
    if hour := _MIDNIGHT.search(text):
        text = text[: hour.start()] if hour.end() == len(text) else ""
    if found := _YEAR_LAST.fullmatch(text):
        day, _separator, month, year = found.groups()
    elif found := _YEAR_FIRST.fullmatch(text):
        year, _separator, month, day = found.groups()
    else:
        short = re.fullmatch(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2}", text, re.ASCII)
        raise NoBirthDate("date_short_year" if short else "date_wrong")
    return int(year), int(month), int(day)


def calendar_day(written: str) -> date | None:
    """Return a full date as schools write it, or ``None``: when a file was made, when a pupil left."""
    try:
        year, month, day = _read(written.strip())
        return date(year, month, day)
    except ValueError:
        return None
