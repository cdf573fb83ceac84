"""How PostgreSQL would run a statement, and which tables it would read from end to end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from benchmarks.statements import first_word

from .tables import Tables

EXPLAINED = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "DECLARE"})
MANY = 3_000  # rows: a table with fewer is read from end to end for nothing
_VALUES = re.compile(r"'(?:[^']|'')*'(?:::\w+(?:\[\])?)?|\b\d+\b")


class Scan(NamedTuple):
    """A table that a statement reads from end to end."""

    table: str
    rows: int  # how many the planner takes it to have
    statement: str

    def __str__(self) -> str:
        return f"{self.table} ({self.rows:,} rows): {' '.join(self.statement.split())[:400]}"


def shape(statement: str) -> str:
    """Return a statement without its values: those of one shape are run in one way or another."""
    return _VALUES.sub("?", statement)


def big_tables(tables: Tables) -> dict[str, int]:
    """Return the tables with more than :data:`MANY` rows, as the last ANALYZE saw them."""
    found = tables.rows(
        "SELECT relname, reltuples::bigint FROM pg_class WHERE relkind = 'r'"
        " AND relnamespace = 'public'::regnamespace AND reltuples > %s",
        [MANY],
    )
    return dict(found)


def scans(tables: Tables, statements: Iterable[str]) -> Iterator[Scan]:
    """Explain each statement, without running it; yield every big table that is read from end to end."""
    big = big_tables(tables)
    for statement in statements:
        if first_word(statement) not in EXPLAINED:
            continue
        [[plan]] = tables.rows(f"EXPLAIN (FORMAT JSON) {statement}")
        for table in _read_whole(plan[0]["Plan"]):
            if table in big:
                yield Scan(table, big[table], statement)


def explained(statements: Iterable[str]) -> int:
    """Return how many of the statements can be explained."""
    return sum(first_word(each) in EXPLAINED for each in statements)


# What hands rows on as they come: a LIMIT above it ends the scan below it.
PASSES_ON = frozenset({"Limit", "Subquery Scan", "Result", "Append", "LockRows"})


def _read_whole(node: dict[str, Any], *, limit: float | None = None) -> Iterator[str]:
    """Yield the tables that a plan reads from end to end.

    ``limit`` is what the planner expects a LIMIT above to cost: where that is less than half of the scan,
    it takes the scan to be ended early.
    """
    kind, cost = node["Node Type"], float(node["Total Cost"])
    if kind in ("Seq Scan", "Sample Scan") and (limit is None or limit > cost / 2):
        yield node["Relation Name"]
    if kind == "Limit":
        limit = cost
    elif kind not in PASSES_ON:
        limit = None
    for below in node.get("Plans", ()):
        yield from _read_whole(below, limit=limit)
