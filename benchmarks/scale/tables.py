"""Rows by COPY, which is the only way to put millions of them into tables within minutes."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

import psycopg2

from schools.copying import copies

ROWS_AT_ONCE = 500
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Tables:
    """The tables of one database, behind a psycopg2 cursor."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor
        self.touched: dict[str, int] = {}  # rows written, by table

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; return its rows."""
        self.cursor.execute(statement, values or None)
        return list(self.cursor.fetchall())

    def next_key(self, table: str) -> int:
        """Return the smallest key that is above those in a table."""
        [[key]] = self.rows(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")
        return int(key)

    def copy(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> int:
        """Copy rows into a table, in their order; return how many. Keys that are given count on from there.

        ``columns`` are their names, with spaces between.
        """
        names = columns.split()
        with copies():
            self.cursor.copy_expert(f"COPY {table} ({', '.join(names)}) FROM STDIN", _Text(rows))
        count = int(self.cursor.rowcount)
        self.touched[table] = self.touched.get(table, 0) + count
        if "id" in names:
            self.cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
        return count


@contextmanager
def opened(url: str) -> Iterator[Tables]:
    """Reach into a database to read or fill it, each statement a transaction of its own."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        yield Tables(cursor)


class _Text(io.TextIOBase):
    """Rows as the text that COPY reads, made while it reads."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self.lines = (("\t".join([_cell(value) for value in row]) + "\n") for row in rows)

    def read(self, _size: int | None = -1, /) -> str:
        """Return the next rows; nothing at the end. More than was asked for is welcome."""
        return "".join(itertools.islice(self.lines, ROWS_AT_ONCE))


def _cell(value: Any) -> str:
    if type(value) is str:
        return value.translate(_ESCAPED) if ("\\" in value or "\t" in value or "\n" in value) else value
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
