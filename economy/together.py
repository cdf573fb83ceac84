"""Several rows written by one statement: one way to PostgreSQL and back, all of them or none.

    batch = Batch()
    batch.insert(registration)
    batch.insert(SignInName(name=…, registration=registration))  # its key is not known yet: it will be
    batch.run()

Each row becomes one data-modifying part of a WITH. As such parts do not see each other's rows, a key is
taken from the part that made it; foreign keys are checked when the statement, or the transaction, ends.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault


class Batch:
    """What is to be written together, in order."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._values: list[Any] = []
        self._rows: list[models.Model] = []
        self._names: dict[int, str] = {}

    def part(self, name: str, sql: str, values: Sequence[Any] = ()) -> None:
        """Add a part of one's own under a name that later parts can read from."""
        self._parts.append(f'"{name}" AS ({sql})')
        self._values += values

    def insert(self, row: models.Model, *, where: str = "") -> None:
        """Add a new row. ``where`` is a condition in SQL on the parts before: no row is written without it.

        After :meth:`run` the row knows its key; columns that the database fills in are not read back.
        """
        name = f"row{len(self._rows)}"
        table, key, writable = _columns(type(row))
        columns, written = [], []
        for field, column, place in writable:
            sql, values = self._value(row, field, place)
            if sql:
                columns.append(column)
                written.append(sql)
                self._values += values
        source = f"SELECT {', '.join(written)}" + (f" WHERE {where}" if where else "")
        self._parts.append(
            f'"{name}" AS (INSERT INTO {table} ({", ".join(columns)}) {source} RETURNING {key} AS key)'
        )
        self._names[id(row)] = name
        self._rows.append(row)

    def key_of(self, row: models.Model) -> str:
        """Return the SQL of the key that a row of this batch will have."""
        return f'(SELECT key FROM "{self._names[id(row)]}")'

    def _value(self, row: models.Model, field: models.Field[Any, Any], place: str) -> tuple[str, list[Any]]:
        """Return how a field's value is written; nothing where the database has the word."""
        if isinstance(field, models.ForeignKey) and field.is_cached(row):
            target = field.get_cached_value(row)
            if target is not None and id(target) in self._names:
                return self.key_of(target), []
        value = field.pre_save(row, add=True)
        if isinstance(value, DatabaseDefault):
            return "", []
        return place, [field.get_db_prep_save(value, connection)]

    def run(self) -> bool:
        """Write everything; return whether every row was written (each ``where`` held).

        Raises ``IntegrityError`` as single statements do.
        """
        keys = ", ".join(f'(SELECT key FROM "{self._names[id(row)]}")' for row in self._rows)
        with connection.cursor() as cursor:
            cursor.execute(f"WITH {', '.join(self._parts)} SELECT {keys}", self._values)
            found = cursor.fetchone()
        for row, key in zip(self._rows, found, strict=True):
            if key is not None:
                row.pk = key
                row._state.adding, row._state.db = False, connection.alias
        return None not in found


@functools.cache  # a model's fields are there for good
def _columns(model: type[models.Model]) -> tuple[str, str, list[tuple[models.Field[Any, Any], str, str]]]:
    """Return a model's table, its key, and the fields one can write: column, and place for a value."""
    quoted = connection.ops.quote_name
    writable = [
        (field, quoted(str(field.column)), f"%s::{_type_of(field)}")
        for field in model._meta.concrete_fields
        if not (isinstance(field, models.AutoField) or field.generated)
    ]
    return quoted(str(model._meta.db_table)), quoted(str(model._meta.pk.column)), writable


def _type_of(field: models.Field[Any, Any]) -> str:
    """Return the type of a column, without its length: a cast would cut what an INSERT refuses."""
    kind = field.cast_db_type(connection)
    assert kind is not None
    return re.sub(r"varchar\(\d+\)", "varchar", kind)
