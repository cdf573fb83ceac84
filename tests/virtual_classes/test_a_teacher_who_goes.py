"""A teacher is erased, closed or sent away while a session runs: nobody stays in a room of no one's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts import personal_data
from accounts.models import User
from schools.models import Division, StaffDivision, StaffMember
from virtual_classes import lobby, running, scheduling, tasks
from virtual_classes.models import ClassSession, Entry, RoomToEnd

from .conftest import MadeUpRoom, by_link, knock, many_teach_at, signed_in, teacher_by_address, teacher_of
from .test_calling_the_roll_afterwards import come_in
from .test_standing_at_the_door import act, text

pytestmark = pytest.mark.django_db(transaction=True)
Opened = Callable[..., ClassSession]


def test_an_erased_teacher_leaves_no_room_open_behind_them(
    opened: Opened, teacher: User, pupil: Callable[..., User], room: MadeUpRoom
) -> None:
    session = opened()
    lea = come_in(pupil(), session, teacher)
    door = f"/classe/porte/{Entry.objects.get().public_id}/"
    with transaction.atomic():
        personal_data.erase(teacher)
        assert room.ended == [] and RoomToEnd.objects.count() == 1
    assert not ClassSession.objects.exists()
    assert lea.get(f"{door}salle/").status_code == 404
    room.trouble = "down"
    tasks.sweep()
    tasks.sweep()  # too early to ask again
    assert RoomToEnd.objects.count() == 1 and room.ended == []
    room.trouble = ""
    RoomToEnd.objects.update(try_again_at=timezone.now() - timedelta(seconds=1))
    tasks.sweep()
    tasks.sweep()
    assert room.ended == [session.room_key] and not RoomToEnd.objects.exists()


@pytest.mark.parametrize("trouble", ["refused", "down for hours"])
def test_a_room_that_cannot_be_told_is_left_alone_in_the_end(
    opened: Opened, teacher: User, room: MadeUpRoom, trouble: str
) -> None:
    opened()
    with transaction.atomic():
        personal_data.erase(teacher)
    room.trouble = trouble.partition(" ")[0]
    if room.trouble == "down":
        RoomToEnd.objects.update(since=timezone.now() - timedelta(hours=3))
    tasks.sweep()
    assert not RoomToEnd.objects.exists()


def test_an_erasure_that_is_taken_back_ends_nothing(opened: Opened, teacher: User, room: MadeUpRoom) -> None:
    opened()
    with pytest.raises(RuntimeError), transaction.atomic():
        personal_data.erase(teacher)
        raise RuntimeError
    tasks.sweep()
    assert room.ended == [] and ClassSession.objects.get().state == "open"


@pytest.mark.parametrize("how", ["closed", "post ended", "division taken", "role changed"])
@pytest.mark.parametrize("of_a_division", [True, False])
def test_a_session_whose_teacher_may_run_it_no_more_ends_within_the_minute(
    opened: Opened,
    teacher: User,
    division: Division,
    pupil: Callable[..., User],
    room: MadeUpRoom,
    how: str,
    of_a_division: bool,
) -> None:
    session = by_link(opened(of=division if of_a_division else None))
    visitor = Client()
    door = knock(visitor, session, name="Zoé Roche").url
    lobby.admit(Entry.objects.get(), by=teacher)
    visitor.post(f"{door}entrer/")
    tasks.sweep()
    session.refresh_from_db()
    assert session.state == "open"  # theirs
    if how == "closed":
        User.objects.filter(pk=teacher.pk).update(is_active=False)
    elif how == "post ended":
        StaffMember.objects.update(gone_at=timezone.now(), access_until=timezone.now())
    elif how == "role changed":
        StaffMember.objects.update(role="other")
    else:
        StaffDivision.objects.all().delete()
    tasks.sweep()
    session.refresh_from_db()
    if how == "division taken" and not of_a_division:
        assert session.state == "open"  # a class of their own needs no division
        return
    assert (session.state, session.seats_taken) == ("ended", 0)
    assert room.ended == [session.room_key]
    assert "La classe est finie" in text(visitor.get(door)) and visitor.get(f"{door}salle/").url == door


def test_a_teacher_known_by_their_address_keeps_their_session(
    opened: Opened, person: Callable[..., User]
) -> None:
    claire = teacher_by_address(person, "claire.petit", "claire.petit@ac-normandie.fr")
    session = opened(by=claire, of=None)
    tasks.sweep()
    session.refresh_from_db()
    assert session.state == "open"
    User.objects.filter(pk=claire.pk).update(is_active=False)
    tasks.sweep()
    session.refresh_from_db()
    assert session.state == "ended"


def test_a_colleague_takes_over_what_was_planned_by_who_has_left(
    planned: Opened, teacher: User, division: Division, person: Callable[..., User]
) -> None:
    session = planned()
    colleague = teacher_of(person, division, "Paul", "Petit")
    User.objects.filter(pk=teacher.pk).update(is_active=False)
    running.open(session, by=colleague)
    tasks.sweep()
    session.refresh_from_db()
    assert (session.state, session.teacher) == ("open", colleague)


def test_a_colleague_who_holds_another_session_at_that_hour_takes_over_nothing(
    planned: Opened, teacher: User, division: Division, person: Callable[..., User]
) -> None:
    session = planned()
    colleague = teacher_of(person, division, "Paul", "Petit")
    planned(by=colleague, of=None)
    User.objects.filter(pk=teacher.pk).update(is_active=False)
    act(signed_in(colleague), session, "open")
    session.refresh_from_db()
    assert (session.state, session.teacher) == ("planned", teacher)


def test_who_asks_for_the_rooms_without_a_teacher_reads_no_list_of_all_who_teach(
    opened: Opened, teacher: User, division: Division
) -> None:
    opened()
    many_teach_at(division.school)
    plan = ClassSession.objects.running().without_their_teacher().explain()
    assert "Seq Scan on schools_staffmember" not in plan, plan


def test_a_session_under_way_is_put_together_with_its_teachers_other_account(
    opened: Opened, teacher: User, person: Callable[..., User], room: MadeUpRoom
) -> None:
    session = opened(of=None)
    other = teacher_by_address(person, "claire.dubois2", "claire.dubois@ac-normandie.fr")
    # What a merge does with the rows of the closed account (accounts.moving).
    ClassSession.objects.update(teacher=other)
    session.virtual_class.__class__.objects.update(teacher=other)
    member = teacher.staff_member_id
    User.objects.filter(pk=teacher.pk).update(is_active=False, staff_member=None)
    User.objects.filter(pk=other.pk).update(staff_member=member)
    tasks.sweep()
    session.refresh_from_db()
    assert session.state == "open" and room.ended == []
    with transaction.atomic():
        personal_data.erase(User.objects.get(pk=other.pk))
    tasks.sweep()
    assert room.ended == [session.room_key]


def test_a_colleagues_session_goes_on_when_the_owner_of_the_class_is_erased(
    opened: Opened, teacher: User, division: Division, person: Callable[..., User], room: MadeUpRoom
) -> None:
    own = opened()
    running.end(own, by=teacher)
    colleague = teacher_of(person, division, "Paul", "Petit")
    theirs = scheduling.plan(
        own.virtual_class,
        starts_at=timezone.now(),
        lasts=timedelta(minutes=55),
        by=colleague,
        submission=uuid4(),
    )
    running.open(theirs, by=colleague)
    with transaction.atomic():
        personal_data.erase(teacher)
    tasks.sweep()
    theirs.refresh_from_db()
    assert theirs.state == "open" and room.ended == [own.room_key]
