"""What forms and rules ask of the reference data."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter

from economy.remembered import remembered

from ..models import Academy
from ..school_year import today

# The local part of an address as académies give them: no quoting, no tag. Whoever has such an
# address has it without a tag too, and one teacher must not count as several.
ACADEMIC_ADDRESS = re.compile(r"[a-z0-9](?:[a-z0-9._'-]{0,62}[a-z0-9])?@(?P<domain>[a-z0-9.-]{1,100})")


@dataclass(frozen=True)
class DepartmentChoice:
    """A department as a form offers it."""

    id: int
    code: str
    name: str


@dataclass(frozen=True)
class AcademyChoice:
    """An académie as a form offers it, open or shown as closed (SCREENS A4)."""

    id: int
    code: str
    name: str
    is_open: bool
    departments: tuple[DepartmentChoice, ...]


def academies_with_departments(on: date | None = None) -> tuple[AcademyChoice, ...]:
    """Return all académies by name, each with its departments by code, for the sign-up page.

    ``on`` is the day on which they are open, today in Paris by default. Remembered for half a minute:
    another process sees a decision of a rector that much later (:mod:`economy.remembered`).
    """
    return _academies_with_departments(on or today())


def academy_code(key: int | None) -> str:
    """Return the code of an académie by its key in the database; empty for none."""
    return _codes().get(key, "") if key else ""


@remembered(300)
def _codes() -> dict[int, str]:
    return dict(Academy.objects.values_list("pk", "code"))


# Of an académie, whether it is open, and one of its départements.
CHOICE = ("id", "code", "name", "is_open", "departments__id", "departments__code", "departments__name")


@remembered(30)
def _academies_with_departments(on: date) -> tuple[AcademyChoice, ...]:
    rows = Academy.objects.with_openness(on).order_by("code", "departments__code").values_list(*CHOICE)
    choices = [
        AcademyChoice(id, code, name, is_open, tuple(DepartmentChoice(*row[4:]) for row in group if row[4]))
        for (id, code, name, is_open), group in groupby(rows, key=itemgetter(0, 1, 2, 3))
    ]
    return tuple(sorted(choices, key=lambda choice: unicodedata.normalize("NFKD", choice.name)))


def academy_of_address(address: str) -> Academy | None:
    """Return the académie that gives out ``address``, by its exact domain; ``None`` for any other address.

    What decides on a teacher's rights is this **and** that the address is confirmed (SCREENS B1,
    SAFETY T37). Nothing but plain ASCII is looked at: no look-alike, quoted local part, tag after
    ``+``, second ``@``, subdomain or space passes. Letter case does not matter.
    """
    if not address.isascii():  # before lower(), which makes a « k » of the Kelvin sign
        return None
    written = ACADEMIC_ADDRESS.fullmatch(address.lower())
    if written is None:
        return None
    return Academy.objects.filter(domains__domain=written["domain"]).first()
