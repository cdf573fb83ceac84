"""How PostgreSQL runs what a page of the administration asks."""

from __future__ import annotations

import re
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def settle(*tables: str) -> None:
    """Check the keys that were just filled in by SQL, and count the tables, as days of use would.

    PostgreSQL keeps the plans of its checks, those too that it made when a table was all but empty: they
    would read all of it for each new row.
    """
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ANALYZE {', '.join(tables)}")


def explained(statement: str) -> str:
    """Return how PostgreSQL runs a statement, below the statement itself."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}".replace("%", "%%"))
        return statement + "\n" + "\n".join(line for (line,) in cursor.fetchall())


def plans_of(browser: Client, address: str, table: str, data: dict[str, Any] | None = None) -> list[str]:
    """Return the plan of each statement of a page that reads ``table``, below the statement itself."""
    assert browser.get(address, data).status_code == 200
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address, data).status_code == 200
    asked = [
        query["sql"]
        for query in captured
        if query["sql"].startswith("SELECT") and f'FROM "{table}"' in query["sql"]
    ]
    assert asked
    plans = []
    for statement in asked:
        if "COUNT(" in statement:
            assert "LIMIT 1001" in statement, statement
        plans.append(explained(statement))
    return plans


def assert_no_scan(plans: list[str], table: str, *, sorts: bool = False) -> None:
    """Fail if a plan reads the table from end to end, or (unless ``sorts``) sorts its rows."""
    for plan in plans:
        assert not re.search(rf"Seq Scan on {table}\b", plan), plan
        # The thirty académies that are joined to it PostgreSQL may sort.
        assert sorts or not re.search(r"Sort Key: (?!schools_academy\.)", plan), plan
