"""What is written together, compiled once, or remembered (docs/performance.md)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from economy.compiled import Compiled
from economy.remembered import forget, remembered
from economy.together import Batch
from schools.models import Academy, AcademyDomain, Department, OpeningDecision

pytestmark = pytest.mark.django_db


def academy(**changes: Any) -> Academy:
    facts = {"code": "98", "slug": "essai", "name": "Essai", "zone": "A"}
    return Academy(**{**facts, **changes})


def test_rows_that_hang_together_are_written_by_one_statement() -> None:
    essai = academy()
    batch = Batch()
    batch.insert(essai)
    batch.insert(AcademyDomain(academy=essai, domain="ac-essai.fr"))
    decision = OpeningDecision(
        academy=essai,
        opens=True,
        effective_on=date(2026, 9, 1),
        decided_on=date(2026, 8, 1),
        reference="d'après « l'arrêté » 100 %",
    )
    batch.insert(decision)
    with CaptureQueriesContext(connection) as captured:
        assert batch.run()
    assert len(captured) == 1
    stored = Academy.objects.get(code="98")
    assert (stored.pk, stored.kind) == (essai.pk, Academy.Kind.ACADEMIE)
    assert stored.domains.get().domain == "ac-essai.fr"
    assert stored.decisions.get().reference == decision.reference
    assert stored.decisions.get().created_at is not None  # by the database


def test_a_row_whose_condition_fails_is_not_written_and_that_is_told() -> None:
    batch = Batch()
    batch.part("nobody", "SELECT 1 WHERE %s = 'never'", ["today"])
    batch.insert(academy(), where="EXISTS (SELECT FROM nobody)")
    assert not batch.run()
    assert not Academy.objects.filter(code="98").exists()


def test_what_the_database_refuses_leaves_nothing() -> None:
    academy().save()
    batch = Batch()
    batch.insert(academy(code="97", slug="autre", name="Autre"))
    batch.insert(academy(code="96", slug="essai", name="Encore"))  # the address is taken
    with pytest.raises(IntegrityError), transaction.atomic():
        batch.run()
    assert not Academy.objects.filter(code__in=["96", "97"]).exists()


def test_what_is_too_long_is_refused_and_never_cut() -> None:
    batch = Batch()
    batch.insert(academy(name="E" * 61))
    with pytest.raises(DataError), transaction.atomic():
        batch.run()


def test_a_compiled_query_takes_other_values_and_is_made_anew_for_another_variant() -> None:
    academy().save()
    lyon = academy(code="10", slug="lyon", name="Lyon")
    lyon.save()
    Department(academy=lyon, code="69", name="Rhône").save()
    made: list[str] = []
    day = [1]

    def build(code: str) -> Any:
        made.append(code)
        return Academy.objects.filter(code=code).values_list("name", "departments__name")

    query = Compiled(build, "\x01code", variant=lambda: day[0])
    assert query.rows("10") == [("Lyon", "Rhône")]
    assert query.rows("98") == [("Essai", None)]
    assert query.rows("' OR 1=1 --") == []
    assert made == ["\x01code"]
    day[0] = 2
    assert query.rows("10") == [("Lyon", "Rhône")]
    assert len(made) == 2


def test_a_value_is_remembered_until_something_changes() -> None:
    asked: list[int] = []

    @remembered(3600)
    def twice(number: int) -> int:
        asked.append(number)
        return 2 * number

    assert [twice(4), twice(4), twice(5)] == [8, 8, 10]
    assert asked == [4, 5]
    forget()
    assert twice(4) == 8
    assert asked == [4, 5, 4]


def test_no_more_is_kept_than_there_is_room_for() -> None:
    asked: list[int] = []

    @remembered(3600)
    def same(number: int) -> int:
        asked.append(number)
        return number

    for number in range(500):
        same(number)
    same(499)
    assert len(asked) == 500  # the last one is still known
    same(0)
    assert len(asked) == 501  # the first is not
