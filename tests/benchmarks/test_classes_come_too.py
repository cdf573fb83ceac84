"""Letters and classes in ``make drill``: held beside the database, and able to fail (SAFETY 2.2, G9, T38)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from benchmarks.drill.comparison import Kept, compare
from benchmarks.drill.flows import FLOWS, ClassHour, Letter, flow_of, kept_of_all
from benchmarks.drill.ledger import Ledger, Promise
from benchmarks.drill.mailbox import Mailbox
from benchmarks.drill.people import Crowd, Person, Trouble
from benchmarks.phones import Phones
from schools.models import Letter as PaperLetter
from virtual_classes.models import ClassSession, Entry, VirtualClass

from .test_letters_come_too import ByTestClient
from .test_letters_come_too import declared as declared
from .test_letters_come_too import sent as sent

LETTER = next(place for place, flow in enumerate(FLOWS) if isinstance(flow, Letter))
CLASS = next(place for place, flow in enumerate(FLOWS) if isinstance(flow, ClassHour))


@pytest.fixture
def crowd(declared: None, sent: ByTestClient, tmp_path: Path) -> Iterator[Crowd]:
    """People of a drill in which nothing fails."""
    with Phones() as phones:
        yield Crowd(["http://localhost"], Mailbox(), phones, Ledger(tmp_path / "told.jsonl"))


def come(crowd: Crowd, number: int) -> Promise:
    """Let one person come for what is theirs to come for; return what they were told."""
    person = Person(number, crowd)
    flow_of(number).walk(person)
    return crowd.ledger.promise(person.name)


def kept() -> dict[str, Kept]:
    def sql(statement: str, *values: object) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    return kept_of_all(sql)


def broken(promise: Promise) -> list[str]:
    return compare([promise], kept(), [], {}, last_fault_ended=0).broken


@pytest.mark.parametrize("number", [LETTER, LETTER + len(FLOWS)], ids=["teacher", "pupil"])
def test_who_came_by_letter_and_was_told_so_has_one_account(crowd: Crowd, number: int) -> None:
    promise = come(crowd, number)
    assert promise.begun_at and promise.done_at and not promise.awaits_message
    assert kept() == {promise.family: Kept(1, 1)}
    assert broken(promise) == []
    PaperLetter.objects.update(spent_at=None, spent_by="")
    assert broken(promise) == [f"contradictory: {promise.family}, an account whose letter was not used"]
    User.objects.filter(last_name__startswith="Ros").update(owes_password=True)
    assert f"lost: {promise.family} was told that it is done, and it is not" in broken(promise)
    User.objects.filter(last_name__startswith="Ros").delete()
    assert f"lost: {promise.family} was told that it is there, and nothing was kept" in broken(promise)


def test_a_class_is_opened_a_pupil_let_in_and_the_one_seat_is_theirs(crowd: Crowd) -> None:
    promise = come(crowd, CLASS)
    assert promise.begun_at and promise.done_at and not promise.awaits_message
    assert kept() == {promise.family: Kept(1, 1)}
    assert broken(promise) == []
    assert sorted(Entry.objects.values_list("role", "state")) == [
        ("pupil", "entered"),
        ("visitor", "waiting"),
    ]

    visitor = Entry.objects.filter(role="visitor")
    visitor.update(state="admitted")
    assert broken(promise) == [f"contradictory: {promise.family}, 2 seated, 1 seats taken of 1"]
    visitor.update(state="waiting")
    ClassSession.objects.update(seats_taken=0)
    assert broken(promise) == [f"contradictory: {promise.family}, 1 seated, 0 seats taken of 1"]
    ClassSession.objects.update(seats_taken=1)

    Entry.objects.filter(role="pupil").update(state="admitted")
    assert broken(promise) == [f"lost: {promise.family} was told that it is done, and it is not"]
    ClassSession.objects.all().delete()
    assert f"contradictory: {promise.family}, a class without its session" in broken(promise)
    VirtualClass.objects.all().delete()
    assert f"lost: {promise.family} was told that it is there, and nothing was kept" in broken(promise)


def test_a_class_that_is_there_twice_breaks_the_promise(crowd: Crowd) -> None:
    promise = come(crowd, CLASS)
    teacher = User.objects.get(last_name=Person(CLASS, crowd).as_teacher.family_name)
    made = VirtualClass.objects.get()
    VirtualClass.objects.create(
        title=made.title,
        teacher=teacher,
        academy=made.academy,
        degree=made.degree,
        mode=made.mode,
        school_year=made.school_year,
        provider=made.provider,
    )
    assert f"more than one: {promise.family} has 2 begun and 1 done" in broken(promise)


def test_a_pupil_who_is_not_let_in_is_turned_away(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ClassHour, "_lets_in", lambda *_words, **_more: None)
    crowd.give_up_at = 0
    with pytest.raises(Trouble, match="Tu peux entrer"):
        come(crowd, CLASS)
