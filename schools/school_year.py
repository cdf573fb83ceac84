"""The school year: from 1 September to 31 August, by the clock of Paris (DESIGN section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def today(now: datetime | None = None) -> date:
    """Return the date in Paris, now or at an aware ``now``; a naive one is refused (``ValueError``)."""
    if now is None:
        return datetime.now(PARIS).date()
    if now.tzinfo is None:
        raise ValueError("A moment without a time zone has no date in Paris")
    return now.astimezone(PARIS).date()


@dataclass(frozen=True, order=True)
class SchoolYear:
    """One school year. ``year``, in which it starts, is what a row stores: 2026 for 2026-2027."""

    year: int

    @classmethod
    def containing(cls, day: date) -> SchoolYear:
        """Return the school year in which ``day`` falls."""
        return cls(day.year if day.month >= 9 else day.year - 1)

    @classmethod
    def current(cls, now: datetime | None = None) -> SchoolYear:
        """Return the school year of today in Paris, or of an aware ``now``."""
        return cls.containing(today(now))

    @property
    def start(self) -> date:
        """Its first day, 1 September."""
        return date(self.year, 9, 1)

    @property
    def end(self) -> date:
        """Its last day, 31 August."""
        return date(self.year + 1, 8, 31)

    @property
    def label(self) -> str:
        """How it is written: « 2026-2027 »."""
        return f"{self.year}-{self.year + 1}"

    @property
    def next(self) -> SchoolYear:
        """The school year after this one."""
        return SchoolYear(self.year + 1)

    def __str__(self) -> str:
        return self.label
