"""A teacher runs a session; a room that is down; the roll call; what is forgotten (SCREENS B6, B7)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import personal_data
from accounts.models import User
from schools.models import Division
from tests.accounts.staff import appoint, staff_client
from virtual_classes import lobby, roll_call, running, tasks, volume
from virtual_classes.models import (
    ClassSession,
    Entry,
    HoursHeld,
    Membership,
    RollCallLine,
    SessionRecord,
    VirtualClass,
)

from .conftest import MadeUpRoom, by_link, knock, signed_in, teacher_of
from .test_standing_at_the_door import act, text

pytestmark = pytest.mark.django_db(transaction=True)
Planned = Callable[..., ClassSession]


def moved(session: ClassSession, **by: float) -> None:
    """Let time go by for a session: what it has of moments lies so much earlier."""
    ago = timedelta(**by)
    session.refresh_from_db()
    changes: dict[str, Any] = {"during": (session.starts_at - ago, session.ends_at - ago)}
    for name in ("opened_at", "ended_at"):
        if getattr(session, name):
            changes[name] = getattr(session, name) - ago
    ClassSession.objects.filter(pk=session.pk).update(**changes)
    session.refresh_from_db()


def test_what_begins_is_the_first_thing_a_teacher_sees(teacher: User, planned: Planned) -> None:
    session = planned(after=4)
    class_ = signed_in(teacher)
    home = text(class_.get("/mon-espace/"))
    assert home.index("Mes classes virtuelles") < home.index("Mon inscription")
    assert (
        f'class="fr-btn" href="/classes/seances/{session.public_id}/"' in home and "Ouvrir la séance" in home
    )
    page = f"/classes/seances/{session.public_id}/"
    assert class_.get(page).status_code == 200 and ClassSession.objects.get().state == "planned"
    act(class_, session, "open")
    act(class_, session, "open")
    session.refresh_from_db()
    assert session.state == "open" and session.server == "s1"
    assert "Entrer dans la salle" in text(class_.get(page))


def test_a_class_is_not_opened_hours_before(teacher: User, planned: Planned) -> None:
    session = planned(after=90)
    act(signed_in(teacher), session, "open")
    session.refresh_from_db()
    assert session.state == "planned"


def test_buttons_that_nobody_has_do_nothing(teacher: User, planned: Planned) -> None:
    session = planned()
    class_ = signed_in(teacher)
    for what in (
        "",
        "x",
        "admit:",
        "admit:zz",
        "refuse:" + "0" * 32,
        "room:nulle-part",
        "end",
        "again",
        "back:é",
    ):
        assert act(class_, session, what).status_code in (302, 404), what
    session.refresh_from_db()
    assert session.state == "planned" and session.provider == "made_up"


def test_a_room_that_is_down_loses_nobody_and_opens_when_it_is_back(
    teacher: User, planned: Planned, pupil: Callable[..., User], room: MadeUpRoom
) -> None:
    session = planned()
    room.trouble = "down"
    class_, lea = signed_in(teacher), signed_in(pupil())
    act(class_, session, "open")
    page = text(class_.get(f"/classes/seances/{session.public_id}/"))
    assert "La salle ne répond pas" in page and "Réessayer" in page and "Prendre une autre salle" in page
    door = knock(lea, session).url
    assert "La salle met du temps" in text(lea.get(door))
    lobby.admit(Entry.objects.get(), by=teacher)
    assert lea.post(f"{door}entrer/").url == door
    running.sweep()  # too early
    session.refresh_from_db()
    assert (session.state, session.trouble) == ("opening", "unavailable")
    room.trouble = ""
    ClassSession.objects.update(try_again_at=timezone.now() - timedelta(seconds=1))
    tasks.sweep()
    session.refresh_from_db()
    assert (session.state, session.trouble, session.try_again_at) == ("open", "", None)
    assert "Tu peux entrer" in text(lea.get(door))


def test_another_room_is_taken_and_those_who_wait_keep_their_place(
    teacher: User, planned: Planned, pupil: Callable[..., User], room: MadeUpRoom
) -> None:
    session = planned()
    room.trouble = "refused"
    class_ = signed_in(teacher)
    act(class_, session, "open")
    knock(signed_in(pupil()), session)
    act(class_, session, "room:other")
    session.refresh_from_db()
    assert (session.state, session.provider, session.tries) == ("open", "other", 2)
    assert session.room_key.endswith("-2") and Entry.objects.get().state == "waiting"


def test_a_room_that_fails_at_the_last_step_is_said_kindly(
    teacher: User, planned: Planned, pupil: Callable[..., User], room: MadeUpRoom
) -> None:
    session = running.open(planned(), by=teacher)
    lea = signed_in(pupil())
    door = knock(lea, session).url
    lobby.admit(Entry.objects.get(), by=teacher)
    lea.post(f"{door}entrer/")
    room.trouble = "down"
    assert "La salle ne répond pas" in text(lea.get(f"{door}salle/", follow=True))
    assert "La salle ne répond pas" in text(
        signed_in(teacher).get(f"/classes/seances/{session.public_id}/salle/", follow=True)
    )
    assert Entry.objects.get().state == "entered"


def test_an_ended_session_ends_for_everybody_and_its_room_is_told(
    teacher: User, planned: Planned, pupil: Callable[..., User], room: MadeUpRoom
) -> None:
    session = running.open(planned(), by=teacher)
    lea, class_ = signed_in(pupil()), signed_in(teacher)
    door = knock(lea, session).url
    lobby.admit(Entry.objects.get(), by=teacher)
    lea.post(f"{door}entrer/")
    room.trouble = "down"
    act(class_, session, "end")
    act(class_, session, "end")
    session.refresh_from_db()
    assert (session.state, session.seats_taken, session.owes_an_end) == ("ended", 0, True)
    assert lea.get(f"{door}salle/").url == door and "La classe est finie" in text(lea.get(door))
    room.trouble = ""
    ClassSession.objects.update(try_again_at=timezone.now() - timedelta(seconds=1))
    running.sweep()
    running.sweep()
    session.refresh_from_db()
    assert room.ended == [session.room_key] and not session.owes_an_end


def test_a_session_forgotten_open_closes_itself(teacher: User, planned: Planned, room: MadeUpRoom) -> None:
    session = running.open(planned(), by=teacher)
    moved(session, minutes=80)
    running.sweep()
    session.refresh_from_db()
    assert session.state == "open"  # twenty-five minutes late
    moved(session, minutes=10)
    running.sweep()
    session.refresh_from_db()
    assert session.state == "ended"


def test_a_room_that_says_it_is_over_is_believed_with_its_secret_only(
    teacher: User, planned: Planned, client: Client, room: MadeUpRoom
) -> None:
    session = running.open(planned(), by=teacher)
    address = "/classes/salle-terminee/made_up/"
    for said in ({"key": session.room_key}, {"key": session.room_key, "secret": "faux"}):
        assert client.get(address, said).status_code == 404
    for key in ("", "x", session.room_key + "0", session.public_id.hex, "é-1"):
        assert client.get(address, {"key": key, "secret": "juste"}).status_code == 204
    assert client.get("/classes/salle-terminee/personne/", {"secret": "juste"}).status_code == 404
    client.get(address, {"key": session.room_key, "secret": "juste"})  # an older call: the room is there
    session.refresh_from_db()
    assert session.state == "open"
    room.ended.append(session.room_key)
    client.get(address, {"key": session.room_key, "secret": "juste"})
    client.get(address, {"key": session.room_key, "secret": "juste"})
    session.refresh_from_db()
    assert session.state == "ended" and not session.owes_an_end


def test_the_roll_is_called_corrected_and_taken_away(
    teacher: User,
    planned: Planned,
    pupil: Callable[..., User],
    person: Callable[..., User],
    division: Division,
) -> None:
    session = by_link(running.open(planned(), by=teacher))
    lea, class_ = signed_in(pupil()), signed_in(teacher)
    tom = pupil("Tom", "Petit")
    knock(Client(), session, name="Zoé Roche")
    door = knock(lea, session).url
    for entry in Entry.objects.all():
        lobby.admit(entry, by=teacher)
    lea.post(f"{door}entrer/")
    page = f"/classes/seances/{session.public_id}/appel/"
    assert class_.get(page).status_code == 200 and not SessionRecord.objects.exists()
    class_.post(page, {"call": "1"})
    assert dict(RollCallLine.objects.values_list("name", "is_present")) == {
        "Léa Moreau": True,
        "Tom Petit": False,
    }
    late = RollCallLine.objects.get(student=tom.student)
    present = [each.pk for each in RollCallLine.objects.all()]
    class_.post(
        page, {"roll": "1", "present": [*present, "x", "9" * 30], "notes": "=1+1\nAccord du participe"}
    )
    class_.post(page, {"call": "1"})
    late.refresh_from_db()
    assert late.is_present and RollCallLine.objects.count() == 2
    answer = class_.post(f"{page}fichier/")
    body = answer.getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body), delimiter=";"))
    assert [row["Élève"] for row in rows] == ["Léa Moreau", "Tom Petit"]
    assert rows[0]["Ce qui a été fait"].startswith("'=1+1") and "no-store" in answer["Cache-Control"]
    # A colleague of the division shares them; another teacher has no such page.
    other = Division.objects.create(school=division.school, school_year=division.school_year, code="5B")
    assert "Accord du participe" in text(signed_in(teacher_of(person, division, "Paul", "Petit")).get(page))
    stranger = signed_in(teacher_of(person, other, "Luc", "Noir"))
    assert stranger.get(page).status_code == stranger.post(f"{page}fichier/").status_code == 404
    class_.post(page, {"erase": "1"})
    assert not SessionRecord.objects.exists() and not RollCallLine.objects.exists()


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 9, 1), date(2026, 12, 31)),
        (date(2026, 12, 31), date(2026, 12, 31)),
        (date(2027, 1, 4), date(2027, 3, 31)),
        (date(2027, 4, 1), date(2027, 8, 31)),
        (date(2027, 8, 31), date(2027, 8, 31)),
    ],
)
def test_notes_live_until_the_end_of_the_term(day: date, last: date) -> None:
    assert roll_call.end_of_term(day) == last


def test_the_next_morning_nobody_knows_who_was_there_and_the_hours_are_counted_once(
    teacher: User, planned: Planned, pupil: Callable[..., User]
) -> None:
    session = running.open(planned(), by=teacher)
    knock(signed_in(pupil()), session)
    act(signed_in(teacher), session, "admit-expected")
    roll_call.call(session, by=teacher)
    running.end(session, by=teacher)
    tasks.nightly()
    assert Entry.objects.exists() and not HoursHeld.objects.exists()  # today's are left alone
    moved(session, days=1)
    ClassSession.objects.update(opened_at=session.ended_at - timedelta(minutes=50, seconds=30))
    tasks.nightly()
    tasks.nightly()
    held = HoursHeld.objects.get()
    assert (held.academy.code, held.sessions, held.minutes) == ("70", 1, 51)
    assert not Entry.objects.exists() and SessionRecord.objects.exists()
    SessionRecord.objects.update(kept_until=timezone.localdate() - timedelta(days=1))
    moved(session, days=40)
    tasks.nightly()
    assert not ClassSession.objects.exists() and VirtualClass.objects.exists()
    VirtualClass.objects.update(school_year=2020)
    volume.purge()
    assert not VirtualClass.objects.exists() and HoursHeld.objects.get().minutes == 51


def test_a_running_class_is_left_alone_in_the_night(
    teacher: User, planned: Planned, pupil: Callable[..., User]
) -> None:
    session = running.open(planned(), by=teacher)
    knock(signed_in(pupil()), session)
    moved(session, days=1)
    volume.purge()
    assert Entry.objects.exists()


def test_the_dane_sees_hours_and_no_class(
    teacher: User, planned: Planned, pupil: Callable[..., User]
) -> None:
    session = running.open(planned(), by=teacher)
    knock(signed_in(pupil()), session)
    running.end(session, by=teacher)
    moved(session, days=1)
    volume.count_up()
    office = staff_client(appoint(None, "dane", "70"))
    listed = text(office.get("/administration/virtual_classes/hoursheld/"))
    assert "Normandie" in listed and "Claire" not in listed and "Français 6 A" not in listed
    for name in ("classsession", "virtualclass", "entry", "sessionrecord", "membership"):
        assert office.get(f"/administration/virtual_classes/{name}/").status_code == 404
    elsewhere = staff_client(appoint(None, "dane", "10"))
    assert "Normandie" not in text(elsewhere.get("/administration/virtual_classes/hoursheld/"))


def test_an_erased_pupil_and_an_erased_teacher_leave_nothing(
    teacher: User, planned: Planned, pupil: Callable[..., User]
) -> None:
    session = running.open(planned(), by=teacher)
    lea = pupil()
    Membership.objects.create(virtual_class=session.virtual_class, name="lea.moreau")
    Membership.objects.create(virtual_class=session.virtual_class, address="lea.moreau@exemple.fr")
    knock(signed_in(lea), session)
    roll_call.call(session, by=teacher)
    known = str(personal_data.export(lea))
    assert known.count("Français 6 A") == 3 and "'present': False" in known
    personal_data.erase(lea)
    assert not Entry.objects.exists() and not Membership.objects.exists()
    assert "Français 6 A" in str(personal_data.export(teacher))
    personal_data.erase(teacher)
    for model in (VirtualClass, ClassSession, SessionRecord, RollCallLine):
        assert not model.objects.exists()
