"""Ages at which rights shift, by a birth date as schools know it."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

DIGITAL_MAJORITY = 15  # consents alone: law of 6 January 1978, article 45 (SAFETY T54)
MAJORITY = 18


def reaches(birth_date: str, age: int) -> date | None:
    """Return the day somebody reaches an age; ``None`` where the year is not known.

    ``birth_date`` is « 2012-03-09 ». Of a date known in part (« 2012-03-00 ») the latest possible day
    counts: nobody gets a right too early. Who was born on 29 February reaches it on 1 March.
    """
    if not birth_date:
        return None
    year, month, day = (int(part) for part in birth_date.split("-"))
    month = month or 12
    day = day or monthrange(year, month)[1]
    if (month, day) == (2, 29) and monthrange(year + age, 2)[1] != 29:
        return date(year + age, 3, 1)
    return date(year + age, month, day)


def has_reached(birth_date: str, age: int, today: date) -> bool:
    """Say whether somebody surely has this age today."""
    day = reaches(birth_date, age)
    return day is not None and day <= today
