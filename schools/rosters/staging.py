"""Bringing what a reader says into the database: one COPY for each kind of row, whatever their number."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO

from django.db import connection, models

from schools import copying
from schools.models import (
    RosterImport,
    RosterRefusal,
    Staged,
    StagedContact,
    StagedDivision,
    StagedPupil,
    StagedStaff,
    StagedTie,
)

from .rows import ContactRow, DivisionRow, PupilRow, Refusal, Row, StaffRow, TieRow

MOST_REFUSALS = 5_000  # lines that are kept of them; all are counted
STAGED: tuple[type[Staged], ...] = (StagedDivision, StagedPupil, StagedContact, StagedTie, StagedStaff)

_COLUMNS: dict[type, tuple[type[models.Model], tuple[str, ...]]] = {
    DivisionRow: (StagedDivision, ("source", "line", "code", "name", "kind")),
    PupilRow: (
        StagedPupil,
        (
            "source", "line", "key", "ine", "family_name", "first_name", "usage_name", "other_first_names",
            "birth_date", "sex", "divisions",
        ),
    ),
    ContactRow: (
        StagedContact,
        (
            "source", "line", "key", "title", "family_name", "first_name", "usage_name", "mobile", "phone",
            "email", "sms_consent",
        ),
    ),
    TieRow: (StagedTie, ("source", "line", "pupil", "contact", "responsibility", "relationship")),
    StaffRow: (
        StagedStaff,
        (
            "source", "line", "key", "family_name", "first_name", "role", "identifier", "email",
            "personal_phone", "professional_phone", "mobile", "divisions",
        ),
    ),
    Refusal: (RosterRefusal, ("source", "line", "code", "field", "whole")),
}  # fmt: skip
_VALUES = {kind: attrgetter(*names) for kind, (_model, names) in _COLUMNS.items()}
_WITH_DIVISIONS = frozenset((PupilRow, StaffRow))  # their last column
# What rows are matched by: the planner is told of these columns, and of no other.
_TOLD = ("roster_import_id", "key", "pupil", "contact", "ine", "identity_key")


class Spools:
    """The rows of one file, each kind in a file of its own that has no name: gone with its process.

    Memory stays the same however many rows there are. Written as CSV, for PostgreSQL's COPY.
    """

    def __init__(self, key: int) -> None:
        self._key = key
        self._files: dict[type, IO[str]] = {}
        self._writers: dict[type, Callable[[Sequence[object]], object]] = {}
        self.rows: dict[type, int] = dict.fromkeys(_COLUMNS, 0)
        self.refused = {"whole": 0, "partly": 0}

    def __enter__(self) -> Spools:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()

    @property
    def rows_of_people(self) -> int:
        """How many pupils or members of the staff there are."""
        return self.rows[PupilRow] + self.rows[StaffRow]

    def add(self, row: Row) -> None:
        """Keep a row. Raises ``OSError`` when the disk is full."""
        kind = type(row)
        if kind is Refusal:
            assert isinstance(row, Refusal)
            self.refused["whole" if row.whole else "partly"] += 1
            if self.rows[kind] >= MOST_REFUSALS:
                return
        self.rows[kind] += 1
        write = self._writers.get(kind)
        if write is None:
            file = self._files[kind] = TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115
            write = self._writers[kind] = csv.writer(file, lineterminator="\n").writerow
        values = [self._key, *_VALUES[kind](row)]
        if kind in _WITH_DIVISIONS:
            values[-1] = _array(values[-1])
        if kind is StaffRow:  # nothing is not the same as empty
            values = ["\\N" if value is None else value for value in values]
        write(values)

    def copy(self) -> None:
        """Write all rows into the database: one statement for each kind there is."""
        for kind, file in self._files.items():
            model, columns = _COLUMNS[kind]
            file.flush()
            file.seek(0)
            names = ", ".join(f'"{name}"' for name in ("roster_import_id", *columns))
            copying.copy(
                f'COPY "{model._meta.db_table}" ({names}) '
                "FROM STDIN WITH (FORMAT csv, NULL '\\N', ENCODING 'UTF8')",
                file,
            )


def spool(rows: Iterable[Row], key: int, *, on_the_way: Callable[[], None]) -> Spools:
    """Read all rows for the import with this ``key``; ``on_the_way`` is called every few hundred of them.

    The caller closes what is returned. Raises what the reader does (``FileRefused``), and ``OSError``.
    """
    spools = Spools(key)
    try:
        for number, row in enumerate(rows):
            spools.add(row)
            if number % 500 == 0:
                on_the_way()
    except BaseException:
        spools.__exit__(None, None, None)
        raise
    return spools


def let_planner_know() -> None:
    """Have PostgreSQL look at the tables of staged rows: how many an import has is not to be guessed at.

    With its guess of one row for each, it would go through all of them once for each of them. Outside of
    the transaction that holds the import, since two of these wait for each other; one that would wait
    leaves it to the other.
    """
    tables = ", ".join(_told_of(model) for model in STAGED)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE (SKIP_LOCKED) {tables}")


def _told_of(model: type[Staged]) -> str:
    columns = {field.column for field in model._meta.fields}
    names = ", ".join(f'"{name}"' for name in _TOLD if name in columns)
    return f'"{model._meta.db_table}" ({names})'


def forget(roster_import: RosterImport) -> None:
    """Delete what was read for an import, but not the lines that were refused."""
    for model in STAGED:
        model._default_manager.filter(roster_import=roster_import)._raw_delete(using="default")


def how_many(roster_import: RosterImport) -> dict[str, int]:
    """Count what is staged of an import, one number for each kind of row."""
    return {
        model._meta.model_name or "": model._default_manager.filter(roster_import=roster_import).count()
        for model in STAGED
    }


@lru_cache(maxsize=4_096)
def _array(values: tuple[str, ...]) -> str:
    """Write a set of texts in the form of PostgreSQL: each once, in the order of their letters' numbers."""
    if not values:
        return "{}"
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in sorted(set(values)))
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"
