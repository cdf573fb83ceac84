"""Readers of the files that schools have: one doorway for all formats (FORMATS 2 and 3).

A reader makes the rows of :mod:`schools.rosters.rows` and knows no database. It streams: what it keeps
in memory is numbers and digests of pupils and persons, and their count is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from schools.rosters.rows import FileRefused, Heading, Row

from .containers import documents
from .siecle import Siecle


class Kind(TextChoices):
    """What a school hands over."""

    SIECLE = "siecle", _("SIECLE (collège, lycée) : fichiers XML")
    ONDE = "onde", _("ONDE (école) : deux fichiers CSV")
    PUPILS = "pupils", _("Tableau des élèves et de leurs responsables")
    STAFF = "staff", _("Tableau du personnel")


class Reading(Protocol):
    """A file or a set of files, opened and found readable."""

    heading: Heading  # known before the rows

    def rows(self) -> Iterator[Row]:
        """Yield the rows. ``FileRefused`` may still come, for what is cut short in the middle."""
        ...

    def progress(self) -> float:
        """Return how far ``rows()`` is, from 0.0 to 1.0, by bytes."""
        ...


def open_roster(
    files: Sequence[Path], kind: Kind, *, mapping: Mapping[str, str] | None = None, uai: str = ""
) -> Reading:
    """Open what a school handed over as ``kind``, for its import.

    ``mapping`` says for a table which field a column holds, by the header as it is written; ``uai`` which
    school it is for, where the files do not say: phone numbers are written in the way of its region.
    Raises :class:`FileRefused` for what is not read at all: too large, damaged or dangerous archives and
    XML, another kind of file, one missing of a pair (SAFETY T48, F18).
    """
    found = [document for path in files for document in documents(path)]
    if kind == Kind.SIECLE:
        return Siecle(found, uai=uai)
    raise FileRefused("wrong_kind")
