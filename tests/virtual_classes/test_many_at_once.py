"""Forty-five at one door at the same moment: no seat for two, no two seats for one (SAFETY G9, F14)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from schools.models import DivisionPupil, Schooling, Student
from tests.abreast import abreast
from virtual_classes import joining, lobby, running, scheduling
from virtual_classes.models import ClassSession, Entry

from .conftest import by_link

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 45
Opened = Callable[..., ClassSession]


def crowd_of(session: ClassSession, count: int = CROWD) -> list[User]:
    """Make as many pupils of the division, with accounts."""
    people = []
    for number in range(count):
        student = Student.objects.create(family_name=f"Petit{number}", first_name="Tom")
        assert session.division is not None
        schooling = Schooling.objects.create(
            student=student, school=session.division.school, school_year=2026
        )
        DivisionPupil.objects.create(schooling=schooling, division=session.division)
        people.append(User.objects.create(first_name="Tom", last_name=f"Petit{number}", student=student))
    return people


def knocking(session: ClassSession, who: joining.Knocker) -> Callable[[], Entry]:
    return lambda: joining.knock(session, who, client="192.0.2.1")


def check_seats(session: ClassSession) -> None:
    session.refresh_from_db()
    assert session.seats_taken == Entry.objects.inside().count() <= session.capacity


def test_thirty_seats_are_thirty_whoever_knocks_abreast(opened: Opened) -> None:
    session = opened(capacity=30, has_lobby=False)
    people = crowd_of(session)
    answers = abreast(*(knocking(session, joining.Knocker(user)) for user in people))
    assert all(isinstance(each, Entry) for each in answers), answers
    assert Entry.objects.inside().count() == 30 and Entry.objects.waiting().count() == CROWD - 30
    check_seats(session)


@pytest.mark.long
def test_thirty_seats_are_thirty_whoever_lets_in_abreast(opened: Opened, teacher: User) -> None:
    session = opened(capacity=30)
    entries = [knocking(session, joining.Knocker(user))() for user in crowd_of(session)]
    answers = abreast(*(lambda entry=entry: lobby.admit(entry, by=teacher) for entry in entries))
    assert sum(isinstance(each, lobby.Full) for each in answers) == CROWD - 30
    assert sum(each is None for each in answers) == 30
    check_seats(session)


@pytest.mark.long
def test_in_and_out_abreast_the_count_stays_right(opened: Opened, teacher: User) -> None:
    session = opened(capacity=20)
    entries = [knocking(session, joining.Knocker(user))() for user in crowd_of(session, 15)]
    for _round in range(3):
        acts = [
            act
            for entry in entries
            for act in (
                lambda entry=entry: lobby.admit(entry, by=teacher),
                lambda entry=entry: lobby.send_back(entry, by=teacher),
                lambda entry=entry: joining.enter(entry),
            )
        ]
        answers = abreast(*acts)
        assert all(each is None or isinstance(each, joining.NotLetIn) for each in answers), answers
        check_seats(session)


def test_one_person_who_knocks_forty_five_times_sits_once(opened: Opened) -> None:
    session = opened(has_lobby=False)
    one = crowd_of(session, 1)[0]
    answers = abreast(*(knocking(session, joining.Knocker(one)) for _time in range(30)))
    assert {each.pk for each in answers} == {Entry.objects.get().pk}
    check_seats(session)
    assert session.seats_taken == 1


def test_forty_five_visitors_abreast_are_thirty_at_the_door(opened: Opened) -> None:
    session = by_link(opened())
    acts = [knocking(session, joining.Knocker(None, "Zoé Roche", f"{number:064}")) for number in range(CROWD)]
    answers = abreast(*acts)
    assert sum(isinstance(each, joining.Crowded) for each in answers) == CROWD - 30
    assert Entry.objects.waiting().count() == 30


@pytest.mark.long
def test_a_session_opened_and_ended_from_many_tabs_is_opened_and_ended_once(
    planned: Opened, teacher: User
) -> None:
    session = planned()
    abreast(*(lambda: running.open(session, by=teacher) for _tab in range(12)))
    session.refresh_from_db()
    assert session.state == "open"
    abreast(*(lambda: running.end(session, by=teacher) for _tab in range(12)))
    session.refresh_from_db()
    assert session.state == "ended" and session.seats_taken == 0


@pytest.mark.long
def test_of_many_sessions_at_one_hour_one_is_planned(planned: Opened, teacher: User) -> None:
    virtual_class = planned(after=300).virtual_class
    now = timezone.now()
    acts = [
        lambda: scheduling.plan(
            virtual_class, starts_at=now, lasts=scheduling.SHORTEST * 9, by=teacher, submission=uuid4()
        )
        for _tab in range(12)
    ]
    answers = abreast(*acts)
    assert sum(isinstance(each, ClassSession) for each in answers) == 1
    assert sum(isinstance(each, scheduling.Overlap) for each in answers) == 11
