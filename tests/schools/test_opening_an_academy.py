"""MCM is open in an académie where, and from the day on which, its rector says so."""

from __future__ import annotations

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from audit.models import Record
from schools.models import Academy, OpeningDecision
from schools.reference import academies_with_departments
from schools.school_year import today

pytestmark = pytest.mark.usefixtures("reference_data")

SEPTEMBER = date(2026, 9, 1)
NOVEMBER = date(2026, 11, 2)


def decide(*arguments: str) -> str:
    """Run the command, with a reference, and return what it says."""
    out = StringIO()
    call_command("decide_opening", *arguments, "--reference", "Arrêté du 28 août 2026", stdout=out)
    return out.getvalue()


def open_codes(on: date) -> list[str]:
    """Return the codes of the académies open on a day."""
    return list(Academy.objects.open_on(on).values_list("code", flat=True))


def test_without_a_decision_every_academy_is_closed() -> None:
    assert open_codes(date(2999, 1, 1)) == []


def test_a_decision_acts_from_its_day_on_and_the_last_one_counts() -> None:
    decide("70", "--open", "--on", "2026-09-01")
    decide("70", "--close", "--on", "2026-11-02")
    assert open_codes(date(2026, 8, 31)) == []
    assert open_codes(SEPTEMBER) == ["70"]
    assert open_codes(date(2026, 11, 1)) == ["70"]
    assert open_codes(NOVEMBER) == []


def test_of_two_decisions_for_one_day_the_one_entered_last_counts() -> None:
    decide("70", "--open", "--on", "2026-09-01")
    decide("70", "--close", "--on", "2026-09-01")
    assert open_codes(SEPTEMBER) == []
    decide("70", "--open", "--on", "2026-09-01")
    assert open_codes(SEPTEMBER) == ["70"]
    assert OpeningDecision.objects.count() == 3


def test_a_decision_entered_late_does_not_outdo_a_later_day() -> None:
    decide("70", "--close", "--on", "2026-11-02")
    decide("70", "--open", "--on", "2026-09-01")
    assert open_codes(NOVEMBER) == []


def test_all_academies_open_at_once_and_again_without_a_second_row() -> None:
    assert "34" in decide("--all", "--open", "--on", "2026-09-01")
    assert ": 0." in decide("--all", "--open", "--on", "2026-09-01")
    assert OpeningDecision.objects.count() == 34
    assert len(open_codes(SEPTEMBER)) == 34


def test_a_decision_acts_today_at_once() -> None:
    decide("70", "--open", "--on", today().isoformat())
    assert [academy.code for academy in academies_with_departments() if academy.is_open] == ["70"]


def test_a_decision_keeps_its_dates_and_reference_and_is_in_the_journal() -> None:
    decide("70", "--open", "--on", "2026-09-01", "--decided-on", "2026-08-28")
    decision = OpeningDecision.objects.get()
    assert (decision.decided_on, decision.reference) == (date(2026, 8, 28), "Arrêté du 28 août 2026")
    record = Record.objects.get()
    assert (record.act, record.actor, record.subject) == ("academy.opening_decided", "system", "academy:70")
    assert (record.reason, record.academy) == ("Arrêté du 28 août 2026", "70")


def test_a_decision_needs_a_reference() -> None:
    with pytest.raises(CommandError):
        call_command("decide_opening", "70", "--open", "--on", "2026-09-01", "--reference", " ")
    assert not OpeningDecision.objects.exists()
    with pytest.raises(IntegrityError, match="opening_has_a_reference"), transaction.atomic():
        OpeningDecision.objects.create(
            academy=Academy.objects.get(code="70"),
            opens=True,
            effective_on=SEPTEMBER,
            decided_on=SEPTEMBER,
            reference="",
        )


@pytest.mark.parametrize(
    "arguments",
    [
        ["99", "--open", "--on", "2026-09-01"],
        ["70", "--on", "2026-09-01"],
        ["70", "--open", "--close", "--on", "2026-09-01"],
        ["70", "--all", "--open", "--on", "2026-09-01"],
        ["--open", "--on", "2026-09-01"],
        ["70", "--open", "--on", "1er septembre"],
    ],
)
def test_a_command_that_leaves_a_doubt_is_refused(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        decide(*arguments)
    assert not OpeningDecision.objects.exists()


def test_openness_is_asked_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    decide("70", "--open", "--on", "2026-09-01")
    with django_assert_num_queries(1):
        openness = {academy.code: academy.is_open for academy in Academy.objects.with_openness(SEPTEMBER)}
    assert openness["70"] is True
    assert openness["01"] is False
    assert len(openness) == 34
