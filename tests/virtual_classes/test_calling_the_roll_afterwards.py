"""The roll call that was forgotten during the session is still made that day (SCREENS B6, B7)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from schools.models import Division
from virtual_classes import lobby, roll_call, running, scheduling, tasks
from virtual_classes.models import ClassSession, Entry, RollCallLine, SessionRecord

from .conftest import knock, signed_in, teacher_of
from .test_running_a_class import moved
from .test_standing_at_the_door import act, text

pytestmark = pytest.mark.django_db(transaction=True)
Opened = Callable[..., ClassSession]


def come_in(pupil: User, session: ClassSession, teacher: User) -> Client:
    """Let a pupil knock, be let in, and enter."""
    browser = signed_in(pupil)
    door = knock(browser, session).url
    lobby.admit(Entry.objects.get(user=pupil), by=teacher)
    browser.post(f"{door}entrer/")
    return browser


def test_a_roll_call_that_was_forgotten_is_made_from_the_page_of_the_ended_session(
    opened: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    session = opened()
    come_in(pupil(), session, teacher)
    waited = pupil("Tom", "Petit")
    knock(signed_in(waited), session)  # never let in
    let_in = pupil("Zoé", "Roche")
    knock(signed_in(let_in), session)
    lobby.admit(Entry.objects.get(user=let_in), by=teacher)  # and never came
    left = pupil("Lou", "Martin")
    early = come_in(left, session, teacher)
    early.post(f"/classe/porte/{Entry.objects.get(user=left).public_id}/partir/")
    class_ = signed_in(teacher)
    act(class_, session, "end")
    page = f"/classes/seances/{session.public_id}/appel/"
    assert f'href="{page}"' in text(class_.get(f"/classes/seances/{session.public_id}/"))
    assert "Faire l’appel de ceux qui sont venus" in text(class_.get(page))
    assert not SessionRecord.objects.exists()
    class_.post(page, {"call": "1"})
    class_.post(page, {"call": "1"})
    assert dict(RollCallLine.objects.values_list("name", "is_present")) == {
        "Léa Moreau": True,
        "Tom Petit": False,
        "Zoé Roche": False,
        "Lou Martin": True,
    }
    present = [str(key) for key in RollCallLine.objects.values_list("pk", flat=True)]
    class_.post(page, {"roll": "1", "present": present, "notes": "La Fontaine"})
    assert SessionRecord.objects.get().notes == "La Fontaine"
    assert RollCallLine.objects.filter(is_present=True).count() == 4
    assert "Faire l’appel de ceux" not in text(class_.get(page))


def test_the_next_morning_it_is_too_late_and_notes_are_still_written(
    opened: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    session = opened()
    come_in(pupil(), session, teacher)
    running.end(session, by=teacher)
    moved(session, days=1)
    class_ = signed_in(teacher)
    page = f"/classes/seances/{session.public_id}/appel/"
    assert "Faire l’appel de ceux" in text(class_.get(page))  # nobody has forgotten yet who came
    tasks.nightly()
    assert "Faire l’appel" not in text(class_.get(page))
    assert "jusqu’à la nuit" in text(class_.post(page, {"call": "1"}, follow=True))
    assert not RollCallLine.objects.exists()
    class_.post(page, {"notes": "La Fontaine"})
    assert SessionRecord.objects.get().notes == "La Fontaine"


def test_only_who_may_run_the_class_calls_the_roll_afterwards(
    opened: Opened,
    teacher: User,
    division: Division,
    pupil: Callable[..., User],
    person: Callable[..., User],
) -> None:
    session = opened()
    come_in(pupil(), session, teacher)
    running.end(session, by=teacher)
    other = Division.objects.create(school=division.school, school_year=division.school_year, code="5B")
    stranger = teacher_of(person, other, "Luc", "Noir")
    page = f"/classes/seances/{session.public_id}/appel/"
    assert signed_in(stranger).post(page, {"call": "1"}).status_code == 404
    with pytest.raises(roll_call.NotAllowed):
        roll_call.call(session, by=stranger)
    assert not RollCallLine.objects.exists()
    roll_call.call(session, by=teacher_of(person, division, "Paul", "Petit"))
    assert RollCallLine.objects.get().is_present


def test_nobody_is_called_of_a_session_that_was_never_opened(planned: Opened, teacher: User) -> None:
    session = planned()
    scheduling.cancel(session, by=teacher)
    with pytest.raises(roll_call.NotNow):
        roll_call.call(session, by=teacher)
    assert not SessionRecord.objects.exists()
