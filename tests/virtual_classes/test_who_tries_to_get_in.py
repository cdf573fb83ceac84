"""Who tries to get in, to pass for somebody else, or to stay (SAFETY T35, T37, T44 to T46)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from psycopg2.extras import DateTimeTZRange

from accounts import merging, personal_data
from accounts.models import Enrolment, User
from schools.models import Division, StaffDivision, StaffMember
from throttling.models import Counter
from virtual_classes import demonstration, joining, lobby, lookalikes, roll_call, running, scheduling, volume
from virtual_classes.forms import settings_of
from virtual_classes.models import ClassSession, Entry, Membership, Parents, RollCallLine, VirtualClass
from virtual_classes.providers import UnknownProvider

from .conftest import ROOM, MadeUpRoom, by_link, knock, link, signed_in, teacher_by_address, teacher_of
from .test_standing_at_the_door import act, text

pytestmark = pytest.mark.django_db(transaction=True)
Opened = Callable[..., ClassSession]


def page_of(session: ClassSession) -> str:
    return f"/classes/seances/{session.public_id}/"


def mode(session: ClassSession, wanted: str, by: User) -> None:
    """Change how a class is entered, whatever the rules say."""
    kept = session.virtual_class
    said = {**settings_of(kept), "mode": wanted, "degree": kept.degree, "division": kept.division}
    scheduling.change(kept, scheduling.Wanted(**said), by=by)


# --- hiding others, and being another -------------------------------------------------------------


def test_who_knocks_and_leaves_hundreds_of_times_hides_nobody(
    opened: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    session = opened()
    Entry.objects.bulk_create(
        Entry(session=session, browser=f"{number:064}", name="Zoé Roche", role="visitor", state=state)
        for number, state in enumerate(["left", "refused"] * 210)
    )
    knock(signed_in(pupil()), session)
    browser = signed_in(teacher)
    page = text(browser.get(page_of(session)))
    assert "Léa Moreau" in page and "Faire entrer 1 élève attendu" in page
    assert "210 personnes sont refusées" in page
    act(browser, session, "admit-expected")
    assert "Dans la classe (1/40)" in text(browser.get(page_of(session)))


def test_an_account_that_took_the_name_of_a_pupil_or_a_teacher_is_said_to_look_like_them(
    opened: Opened, teacher: User, pupil: Callable[..., User], person: Callable[..., User]
) -> None:
    session = opened()
    pupil("Tom", "Petit")
    for name, first, last in (("a", "Tom", "Petit"), ("b", "Claire", "Dubois"), ("c", "Zoé", "Roche")):
        user = person(f"faux.{name}")
        User.objects.filter(pk=user.pk).update(first_name=first, last_name=last)
        knock(signed_in(User.objects.get(pk=user.pk)), session)
    knock(signed_in(User.objects.get(student__family_name="Petit")), session)
    assert list(Entry.objects.order_by("pk").values_list("resembles", flat=True)) == [
        "pupil", "teacher", "", "",
    ]  # fmt: skip
    assert "Ressemble au nom d’un enseignant" in text(signed_in(teacher).get(page_of(session)))


@pytest.mark.parametrize(
    ("address", "role"), [("tom@exemple.fr", "other"), ("tom.roux@ac-lyon.fr", "colleague")]
)
def test_who_only_says_that_they_teach_is_not_announced_as_a_teacher(
    opened: Opened, person: Callable[..., User], address: str, role: str
) -> None:
    session = opened()
    user = person("tom.roux")
    Enrolment.objects.filter(user=user).update(profile="enseignant")
    EmailAddress.objects.filter(user=user).update(email=address)
    knock(signed_in(user), session)
    assert Entry.objects.get().role == role


@pytest.mark.parametrize(
    ("typed", "teacher"),
    [
        ("Clairedubois", "Claire Dubois"),
        ("Madame Du Bois", "Claire Dubois"),
        ("M. D u b o i s", "Claire Dubois"),
        ("Monsieur Dubois", "Jean Pierre Dubois"),
    ],
)
def test_spaces_hide_no_teachers_name(typed: str, teacher: str) -> None:
    assert lookalikes.resembles(typed, teachers=[teacher], pupils=[]) == "teacher"


@pytest.mark.parametrize("typed", ["Léa Moreau", "Tom Leroyer", "Marie Boisset"])
def test_other_names_are_left_alone(typed: str) -> None:
    assert lookalikes.resembles(typed, teachers=["Claire Dubois", "Ana Roy"], pupils=["Lou Petit"]) == ""


def test_parents_who_always_wait_do_not_come_in_with_the_pupils(
    opened: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    session = opened(parents="waiting")
    knock(signed_in(pupil()), session)
    knock(signed_in(pupil("Tom", "Petit")), session)
    Entry.objects.filter(user__last_name="Petit").update(role="guardian")
    browser = signed_in(teacher)
    assert "Faire entrer 1 élève attendu" in text(browser.get(page_of(session)))
    assert lobby.admit_expected(session, by=teacher) == 1
    assert Entry.objects.get(role="guardian").state == "waiting"
    VirtualClass.objects.update(parents="allowed")
    assert lobby.admit_expected(session, by=teacher) == 1


# --- what changes while people wait ---------------------------------------------------------------


def test_a_class_that_becomes_one_by_account_keeps_no_stranger(
    opened: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    session = by_link(opened())
    inside, waits, lea = Client(), Client(), signed_in(pupil())
    doors = [knock(inside, session, name="Zoé Roche").url, knock(waits, session, name="Ali Roche").url]
    knock(lea, session)
    lobby.admit(session.entries.get(name="Zoé Roche"), by=teacher)
    mode(session, "account", teacher)
    assert set(Entry.objects.filter(user=None).values_list("state", flat=True)) == {"left"}
    assert Entry.objects.exclude(user=None).get().state == "waiting"
    session.refresh_from_db()
    assert session.seats_taken == 0
    for browser, door in zip((inside, waits), doors, strict=True):
        assert browser.post(f"{door}entrer/").url == door
        assert "Tu as quitté la porte" in text(browser.get(door))


@pytest.mark.parametrize("change", ["renewed", "by account", "closed"])
def test_a_knock_under_way_while_the_link_changes_comes_too_late(
    opened: Opened, teacher: User, change: str
) -> None:
    session = by_link(opened())
    seen = joining.session_at_the_door(
        scheduling.found_by(scheduling.link_of(session.virtual_class)) or session.virtual_class
    )
    assert seen is not None
    done: list[Any] = []
    locked, go_on = Event(), Event()

    def changes() -> None:
        try:
            with transaction.atomic():
                if change == "renewed":
                    scheduling.renew_link(session.virtual_class, by=teacher)
                elif change == "by account":
                    mode(session, "account", teacher)
                else:
                    ClassSession.objects.select_for_update().get(pk=session.pk)
                    VirtualClass.objects.update(closed_at=timezone.now())
                locked.set()
                go_on.wait(5)
        finally:
            connection.close()

    def knocks() -> None:
        try:
            done.append(joining.knock(seen, joining.Knocker(None, "Zoé Roche", "b" * 64), client="::1"))
        except (joining.LinkChanged, joining.AccountWanted, joining.NotYet) as refusal:
            done.append(type(refusal).__name__)
        finally:
            connection.close()

    one, other = Thread(target=changes), Thread(target=knocks)
    one.start()
    assert locked.wait(5)
    other.start()
    other.join(0.5)  # it waits at the door's lock, or has done harm already
    go_on.set()
    one.join()
    other.join()
    assert done == [{"renewed": "LinkChanged", "by account": "AccountWanted", "closed": "NotYet"}[change]]
    assert not Entry.objects.exists()


def test_a_visitor_is_told_kindly_that_the_link_changed_under_their_hand(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = by_link(opened())
    old = link(session)
    found = scheduling.found_by(old.rstrip("/").rpartition("/")[2])
    VirtualClass.objects.update(link_secret="f" * 32)
    monkeypatch.setattr(scheduling, "found_by", lambda token: found)
    answer = Client().post(old, {"name": "Zoé Roche"})
    assert answer.status_code == 404 and "Ce lien n’ouvre plus de classe" in text(answer)


def test_pupils_of_this_hour_are_not_sent_to_the_class_that_was_forgotten_open(
    opened: Opened, teacher: User, division: Division, person: Callable[..., User], pupil: Callable[..., User]
) -> None:
    forgotten = opened()
    colleague = teacher_of(person, division, "Paul", "Petit")
    now = timezone.now()
    ClassSession.objects.filter(pk=forgotten.pk).update(
        during=DateTimeTZRange(now - timedelta(hours=1), now - timedelta(minutes=5))
    )
    mine = scheduling.plan(
        forgotten.virtual_class, starts_at=now, lasts=timedelta(minutes=55), by=colleague, submission=uuid4()
    )
    running.open(mine, by=colleague)
    knock(signed_in(pupil()), mine)
    assert Entry.objects.get().session_id == mine.pk


def test_visitors_use_up_nobodys_knocks(opened: Opened, pupil: Callable[..., User]) -> None:
    session = by_link(opened())
    knock(Client(), session, name="Zoé Roche")
    Counter.objects.update(count=600)
    assert "frappé très souvent" in text(knock(Client(), session, name="Ali Roche"))
    assert knock(signed_in(pupil()), session).status_code == 302


def parent_of(person: Callable[..., User], child: User) -> User:
    """Make a parent whom the school ties to a pupil, by the account's profile."""
    parent = person("karim.benali")
    Enrolment.objects.filter(user=parent).update(profile="responsable")
    Membership.objects.create(virtual_class=VirtualClass.objects.get(), user=parent)
    return parent


def test_parents_who_shall_stay_out_are_out_though_they_had_come_in(
    opened: Opened, teacher: User, pupil: Callable[..., User], person: Callable[..., User]
) -> None:
    session = opened(has_lobby=False, parents=Parents.ALLOWED)
    lea = pupil()
    knock(signed_in(lea), session)
    parent = signed_in(parent_of(person, lea))
    door = knock(parent, session).url
    parent.post(f"{door}entrer/")
    assert parent.get(f"{door}salle/").status_code == 302
    kept = VirtualClass.objects.get()
    wanted = {**settings_of(kept), "parents": Parents.REFUSED, "degree": kept.degree}
    scheduling.change(kept, scheduling.Wanted(**wanted), by=teacher)
    session.refresh_from_db()
    assert session.seats_taken == 1 and dict(Entry.objects.values_list("role", "state")) == {
        "pupil": "admitted",
        "guardian": "left",
    }
    assert parent.get(f"{door}salle/").url == door
    assert "les parents n’entrent pas" in text(knock(parent, session))


def test_who_is_taken_off_the_list_while_waiting_does_not_come_in_with_the_list(
    opened: Opened, teacher: User, pupil: Callable[..., User], person: Callable[..., User]
) -> None:
    session = opened()
    lea, invited = pupil(), person("lou.martin")
    for name in ("lou.martin", "lea.moreau"):
        Membership.objects.create(virtual_class=session.virtual_class, name=name)
    for user in (lea, invited):
        knock(signed_in(user), session)
    assert Entry.objects.filter(is_expected=True).count() == 2
    before = ClassSession.objects.get().door_version
    for key in Membership.objects.values_list("pk", flat=True):
        scheduling.expect_no_more(session.virtual_class, key, by=teacher)
    assert ClassSession.objects.get().door_version > before  # the page that is open shows it
    assert lobby.admit_expected(session, by=teacher) == 1
    # A pupil of the division is expected all the same.
    assert dict(Entry.objects.values_list("user", "state")) == {lea.pk: "admitted", invited.pk: "waiting"}


def test_an_address_of_the_room_is_made_for_nobody_who_is_not_in_the_class_now(
    opened: Opened, teacher: User, pupil: Callable[..., User], room: MadeUpRoom
) -> None:
    session = by_link(opened())
    visitor, other = Client(), Client()
    door = knock(visitor, session, name="Zoé Roche").url
    knock(other, session, name="Tom Petit")
    entry = Entry.objects.get(name="Zoé Roche")
    lobby.admit(entry, by=teacher)
    visitor.post(f"{door}entrer/")
    first = visitor.get(f"{door}salle/").url
    # Another browser with the page's address, the pupil of another place, and one who signs in there.
    for stranger in (Client(), other, signed_in(pupil())):
        for page in ("", "salle/", "ouverture/"):
            assert stranger.get(f"{door}{page}").status_code == 404
        for page in ("entrer/", "partir/"):
            assert stranger.post(f"{door}{page}").status_code == 404
    made = len(room.joined)
    # A new link puts out who waits, not who sits; sent back and let in again they are somebody else's key.
    scheduling.renew_link(session.virtual_class, by=teacher)
    assert dict(Entry.objects.values_list("name", "state")) == {"Zoé Roche": "entered", "Tom Petit": "left"}
    lobby.send_back(entry, by=teacher)
    assert visitor.get(f"{door}salle/").url == door and len(room.joined) == made
    lobby.admit(entry, by=teacher)
    assert visitor.get(f"{door}salle/").url == door  # let in, and not gone in yet
    visitor.post(f"{door}entrer/")
    assert visitor.get(f"{door}salle/").url != first
    lobby.refuse(entry, by=teacher)
    running.end(session, by=teacher)
    made = len(room.joined)
    for browser in (visitor, other):
        assert browser.post(f"{door}entrer/").status_code in (302, 404)
        assert ROOM not in str(browser.get(f"{door}salle/").headers.get("Location", ""))
    assert len(room.joined) == made and ClassSession.objects.get().seats_taken == 0


# --- who runs it no more --------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["the school", "the division"])
def test_who_lost_the_post_runs_the_class_of_a_division_no_more(
    opened: Opened, teacher: User, pupil: Callable[..., User], lost: str
) -> None:
    session = opened()
    knock(signed_in(pupil()), session)
    browser = signed_in(teacher)
    assert "Léa Moreau" in text(browser.get(page_of(session)))
    if lost == "the school":
        StaffMember.objects.update(gone_at=timezone.now(), access_until=timezone.now())
    else:
        StaffDivision.objects.all().delete()
    class_ = f"/classes/{session.virtual_class.public_id}/"
    for address in (page_of(session), f"{page_of(session)}porte/", f"{page_of(session)}appel/", class_):
        assert browser.get(address).status_code == 404
    assert browser.post(f"{page_of(session)}appel/", {"call": "1"}).status_code == 404
    assert not RollCallLine.objects.exists()
    with pytest.raises(lobby.NotAllowed):
        lobby.admit(Entry.objects.get(), by=teacher)


def test_who_left_the_school_loses_the_classes_made_for_it_and_keeps_those_of_their_own(
    opened: Opened, teacher: User
) -> None:
    session = opened(of=None)
    StaffMember.objects.update(gone_at=timezone.now(), access_until=timezone.now())
    browser = signed_in(User.objects.get(pk=teacher.pk))
    assert browser.get(page_of(session)).status_code == 404
    VirtualClass.objects.update(school=None)
    assert browser.get(page_of(session)).status_code == 200


def test_a_room_that_works_is_not_exchanged_under_those_inside(
    opened: Opened, teacher: User, room: MadeUpRoom
) -> None:
    session = opened()
    act(signed_in(teacher), session, "room:other")
    session.refresh_from_db()
    assert (session.provider, session.state, session.tries) == ("made_up", "open", 1)
    with pytest.raises(UnknownProvider):
        running.change_provider(session, "demonstration_room", by=teacher)


def test_a_session_of_last_week_is_not_opened(planned: Opened, teacher: User, room: MadeUpRoom) -> None:
    session = planned()
    past = timezone.now() - timedelta(days=7)
    ClassSession.objects.update(during=DateTimeTZRange(past, past + timedelta(minutes=55)))
    act(signed_in(teacher), session, "open")
    session.refresh_from_db()
    assert session.state == "planned" and not room.created


def test_the_form_of_somebody_else_is_no_error_of_the_portal(planned: Opened, teacher: User) -> None:
    first, other = planned(), planned(of=None, after=120)
    answer = signed_in(teacher).post(
        f"/classes/{other.virtual_class.public_id}/",
        {"submission": str(first.submission), "now": "1", "lasts": "15", "day": "", "starts": ""},
    )
    assert answer.status_code == 200
    assert ClassSession.objects.count() == 2


def test_the_roll_is_not_called_where_nobody_can_be(
    planned: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    session = planned()
    pupil()
    browser = signed_in(teacher)
    answer = browser.post(f"{page_of(session)}appel/", {"call": "1"}, follow=True)
    assert "pendant la séance" in text(answer) and not RollCallLine.objects.exists()
    running.open(session, by=teacher)
    roll_call.call(session, by=teacher)
    assert RollCallLine.objects.count() == 1


def test_who_was_sent_out_is_out_of_the_demonstration_room_too(
    opened: Opened, teacher: User, pupil: Callable[..., User], settings: Any
) -> None:
    session = opened()
    knock(signed_in(pupil()), session)
    entry = Entry.objects.get()
    lobby.admit(entry, by=teacher)
    joining.enter(entry)
    visit = demonstration.Visit(session.room_key, entry.seat_key.hex, "Léa Moreau", False)
    written = demonstration.come_in(visit, user=entry.user, browser="")
    assert written and demonstration.read_pass(written) is not None
    lobby.send_back(entry, by=teacher)
    assert demonstration.read_pass(written) is None
    lobby.admit(entry, by=teacher)
    joining.enter(entry)
    assert demonstration.read_pass(written) is None  # the key they had is nobody's any more
    assert demonstration.come_in(visit, user=entry.user, browser="") is None


# --- one's data -----------------------------------------------------------------------------------


def test_a_teacher_who_goes_leaves_their_colleagues_class_and_notes(
    opened: Opened, teacher: User, division: Division, person: Callable[..., User]
) -> None:
    own = opened()
    colleague = teacher_of(person, division, "Paul", "Petit")
    theirs = scheduling.plan(
        own.virtual_class,
        starts_at=timezone.now() + timedelta(hours=2),
        lasts=timedelta(minutes=55),
        by=colleague,
        submission=uuid4(),
    )
    roll_call.write(theirs, notes="La Fontaine", present=None, by=colleague)
    with transaction.atomic():
        personal_data.erase(teacher)
    kept = VirtualClass.objects.get()
    assert kept.teacher == colleague
    assert [each.record.notes for each in kept.sessions.all()] == ["La Fontaine"]


def test_a_pupil_who_is_erased_in_class_leaves_a_seat(
    opened: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    session = opened()
    lea = pupil()
    knock(signed_in(lea), session)
    lobby.admit_expected(session, by=teacher)
    with transaction.atomic():
        personal_data.erase(lea)
    session.refresh_from_db()
    assert session.seats_taken == 0 and not Entry.objects.exists()


def test_two_accounts_with_a_class_at_the_same_hour_are_not_put_together(
    planned: Opened, teacher: User, person: Callable[..., User]
) -> None:
    planned()
    second = teacher_by_address(person, "claire.dubois2", "claire.dubois@ac-lyon.fr")
    User.objects.filter(pk=second.pk).update(first_name="Claire", last_name="Dubois")
    second.refresh_from_db()
    later = planned(by=second, of=None, after=30)
    objection = merging.objection_to(teacher, second)
    assert objection is not None and "même heure" in str(objection.sentence)
    scheduling.cancel(later, by=second)
    assert merging.objection_to(teacher, second) is None


def test_nothing_stays_of_who_was_in_the_last_class_of_the_evening(
    opened: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    session = opened()
    knock(signed_in(pupil()), session)
    running.end(session, by=teacher)
    midnight = volume.this_morning()
    ClassSession.objects.update(
        during=DateTimeTZRange(midnight - timedelta(hours=1), midnight - timedelta(minutes=5)),
        opened_at=midnight - timedelta(hours=1),
        ended_at=midnight - timedelta(minutes=4),
    )
    volume.purge()
    assert not Entry.objects.exists()
