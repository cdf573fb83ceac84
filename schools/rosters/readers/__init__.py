"""Readers of the files that schools have: one doorway for all formats (FORMATS 2 and 3).

A reader makes the rows of :mod:`schools.rosters.rows` and knows no database. It streams: what it keeps
in memory is numbers and digests of pupils and persons, and their count is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from schools.rosters.rows import Heading, Row

from .containers import Document, documents, is_spreadsheet
from .fields import REQUIRED, Columns, fields_of, find_headers, guess
from .fields import template as empty_table
from .onde import Onde
from .plain import Pupils, Staff
from .siecle import Siecle
from .tables import open_table


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
    found = [documents(path) for path in files]
    if kind == Kind.SIECLE:
        return Siecle([document for each in found for document in each], uai=uai)
    if kind == Kind.ONDE:
        return Onde(_files_apart(found), uai=uai)
    together = [document for each in found for document in each]
    return Pupils(together, mapping, uai=uai) if kind == Kind.PUPILS else Staff(together, mapping, uai=uai)


def columns(file: Path, kind: Kind) -> Columns:
    """Say which columns a table has and what each most likely holds, for the page that asks the school.

    Raises :class:`FileRefused` like :func:`open_roster`, and ``ValueError`` for a kind that is no table.
    """
    known = fields_of(_table(kind))
    headers = tuple(dict.fromkeys(filter(None, find_headers(open_table(documents(file)), kind)[1])))
    return Columns(headers, guess(headers, kind), known, REQUIRED[kind])


def template(kind: Kind, form: Literal["csv", "xlsx"]) -> bytes:
    """Return an empty table for a school to fill in; ``ValueError`` for a kind that is no table."""
    return empty_table(_table(kind), form)


def _table(kind: Kind) -> str:
    if kind not in (Kind.PUPILS, Kind.STAFF):
        raise ValueError(f"{kind} is no table")
    return str(kind.value)


def _files_apart(found: Sequence[list[Document]]) -> list[list[Document]]:
    """Return the files of a pair one by one, whether they came in one archive or each by itself."""
    return [[document] for each in found if not is_spreadsheet(each) for document in each] + [
        each for each in found if is_spreadsheet(each)
    ]
