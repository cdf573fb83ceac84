"""A school declares a child with hundreds of contacts: each is found again, and none is held against all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from schools.models import GuardianContact, GuardianTie
from schools.rosters.rows import Row

from .declared import contact, declare, division, letters, pupil, tie

pytestmark = pytest.mark.usefixtures("academies", "in_autumn")
MANY = 300


def _rows_of(plan: dict[str, Any]) -> Iterator[float]:
    yield plan["Actual Rows"] * plan["Actual Loops"] + plan.get("Rows Removed by Join Filter", 0)
    for inner in plan.get("Plans", ()):
        yield from _rows_of(inner)


def most_rows(rows: list[Row]) -> float:
    """Declare them, and return how many rows the widest step of matching contacts went through."""
    seen: list[float] = []

    def explain(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        if "kin AS MATERIALIZED" not in sql:
            return execute(sql, values, many, context)
        done = execute("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + sql, values, many, context)
        said = context["cursor"].fetchone()[0]
        seen.extend(_rows_of((json.loads(said) if isinstance(said, str) else said)[0]["Plan"]))
        return done

    with connection.execute_wrapper(explain):
        declare(rows)
    assert seen
    return max(seen)


def test_a_child_with_hundreds_of_contacts_costs_each_of_them_once() -> None:
    names = [f"Anne{letters(number)}" for number in range(MANY)]
    rows: list[Row] = [
        division(),
        pupil("Léa"),
        *(contact(name, mobile=f"+3363998{number:04d}") for number, name in enumerate(names)),
        *(tie("Léa", name) for name in names),
    ]
    declare(rows)
    before = set(GuardianContact.objects.values_list("pk", flat=True))
    assert most_rows(rows) < 10 * MANY
    assert set(GuardianContact.objects.values_list("pk", flat=True)) == before


def test_hundreds_of_one_name_are_told_apart_by_their_numbers() -> None:
    children = [f"Léa{letters(number)}" for number in range(MANY)]
    rows: list[Row] = [
        division(),
        *(pupil(name, ine=f"{number:010d}A", line=number) for number, name in enumerate(children)),
        *(
            contact("Anne", key=f"c-{name}", mobile=f"+3363998{number:04d}")
            for number, name in enumerate(children)
        ),
        *(tie(name, name) for name in children),
    ]
    declare(rows)
    before = dict(GuardianTie.objects.values_list("student_id", "contact_id"))
    assert len(before) == MANY
    assert most_rows(rows) < 10 * MANY
    assert dict(GuardianTie.objects.filter(removed_at=None).values_list("student_id", "contact_id")) == before


def test_a_contact_of_hundreds_of_children_stays_one() -> None:
    children = [f"Léa{letters(number)}" for number in range(MANY)]
    rows: list[Row] = [
        division(),
        contact("Anne"),
        *(pupil(name, ine=f"{number:010d}A", line=number) for number, name in enumerate(children)),
        *(tie(name, "Anne") for name in children),
    ]
    declare(rows)
    assert most_rows(rows) < 10 * MANY
    assert GuardianContact.objects.count() == 1
    assert GuardianTie.objects.filter(removed_at=None).count() == MANY
