"""Pupils find the door, the teacher lets them in, and nobody else gets in (SCREENS B3; T44 to T46)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Enrolment, User
from guardians.models import ContactAccount, Guardianship
from schools.models import Division
from throttling.models import Counter
from virtual_classes import inviting, joining, lobby, running, scheduling
from virtual_classes.models import ClassSession, Entry, VirtualClass

from .conftest import ROOM, Declared, MadeUpRoom, by_link, knock, link, signed_in, teacher_of

pytestmark = pytest.mark.django_db(transaction=True)
Opened = Callable[..., ClassSession]


def act(browser: Client, session: ClassSession, what: str) -> Any:
    """Press a button of the teacher's page."""
    return browser.post(f"/classes/seances/{session.public_id}/", {"act": what})


def text(answer: Any) -> str:
    return answer.content.decode().replace("\xa0", " ")


def test_a_pupil_waits_is_let_in_and_enters(
    opened: Opened, teacher: User, pupil: Callable[..., User], room: MadeUpRoom
) -> None:
    session = opened()
    lea, class_ = signed_in(pupil()), signed_in(teacher)
    assert "Frapper à la porte" in text(lea.get(link(session)))
    door = knock(lea, session).url
    waits = text(lea.get(door))
    assert "Tu attends à la porte" in waits and ROOM not in waits
    assert lea.post(f"{door}entrer/").url == door  # not yet
    assert lea.get(f"{door}salle/").url == door
    entry = Entry.objects.get()
    page = text(class_.get(f"/classes/seances/{session.public_id}/"))
    assert "Léa Moreau" in page and "6 A" in page and "Nom non vérifié" not in page and ROOM not in page
    act(class_, session, f"admit:{entry.public_id.hex}")
    shown = text(lea.get(door))
    assert "Tu peux entrer" in shown and ROOM not in shown
    opening = lea.post(f"{door}entrer/").url
    answer = lea.get(opening)
    assert ROOM not in text(answer) and answer["Refresh"] == f"0; url={door}salle/"
    way = lea.get(f"{door}salle/")
    assert way.status_code == 302 and way.url.startswith(ROOM) and way.url.endswith("/eleve")
    assert way["Referrer-Policy"] == "no-referrer" and "no-store" in way["Cache-Control"]
    assert room.joined[-1].name == "Léa Moreau" and not room.joined[-1].moderator
    assert class_.get(f"/classes/seances/{session.public_id}/salle/").url.endswith("/moderateur")


def test_a_visitor_by_link_is_marked_and_always_waits(
    opened: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    pupil("Tom", "Petit")
    session = by_link(opened(has_lobby=False))
    for name in ("Zoé Roche", "Claire Dubols", "Tom  Petit"):
        assert knock(Client(), session, name=name).status_code == 302
    assert list(Entry.objects.order_by("pk").values_list("state", "resembles")) == [
        ("waiting", ""), ("waiting", "teacher"), ("waiting", "pupil"),
    ]  # fmt: skip
    page = text(signed_in(teacher).get(f"/classes/seances/{session.public_id}/"))
    assert page.count("Nom non vérifié") == 3
    assert page.count("Ressemble au nom d’un enseignant") == page.count("Ressemble au nom d’un élève") == 1


@pytest.mark.parametrize(
    "name", ["", "<b>Zoé</b>", "Zo\u202eé", "Зоя", "Zoé\x00", "x" * 101, "😀", "Zoé " + "\u0301" * 20, "1234"]
)
def test_what_is_no_name_does_not_knock(opened: Opened, name: str) -> None:
    session = by_link(opened())
    answer = knock(Client(), session, name=name)
    assert answer.status_code == 200 and "fr-message--error" in text(answer)
    assert not Entry.objects.exists()


def test_a_class_by_account_lets_no_stranger_knock(opened: Opened, client: Client) -> None:
    session = opened()
    page = text(client.get(link(session)))
    assert "réservée aux personnes qui ont un compte" in page and 'name="name"' not in page
    knock(client, session, name="Zoé Petit")
    assert not Entry.objects.exists()
    assert (
        f"next={link(session).replace('/', '%2F')}".replace("=%2F", "=%2F") in page.replace("%3D", "=")
        or "next=" in page
    )


def test_expected_pupils_walk_in_where_nobody_is_made_to_wait(
    opened: Opened, pupil: Callable[..., User], person: Callable[..., User]
) -> None:
    session = opened(has_lobby=False)
    expected, other = pupil(), pupil("Tom", "Petit", within=None)
    knock(signed_in(expected), session)
    knock(signed_in(other), session)
    knock(signed_in(person("un.inconnu")), session)
    states = dict(Entry.objects.values_list("user__last_name", "state"))
    assert states == {"Moreau": "admitted", "Petit": "waiting", "Dupont": "waiting"}


def test_an_invited_name_walks_in_and_finds_the_class_in_mon_espace(
    opened: Opened, teacher: User, person: Callable[..., User]
) -> None:
    session = opened(of=None, has_lobby=False)
    inviting.invite(
        session.virtual_class, by=teacher, names=["lou.martin"], addresses=["zoe@exemple.fr"], pupils=[]
    )
    lou, zoe = signed_in(person("lou.martin")), signed_in(person("zoe.petit", address="zoe@exemple.fr"))
    stranger = signed_in(person("tom.roux"))
    own = f"/classe/{session.virtual_class.public_id}/"
    for browser in (lou, zoe):
        assert "Français 6 A" in text(browser.get("/mon-espace/"))
        assert own in text(browser.get("/classes/"))
        assert browser.post(own).status_code == 302
    assert stranger.get(own).status_code == 404
    assert "Français 6 A" not in text(stranger.get("/mon-espace/"))
    assert set(Entry.objects.values_list("state", flat=True)) == {"admitted"}


def test_one_link_serves_everybody_by_their_account(
    opened: Opened, teacher: User, pupil: Callable[..., User], person: Callable[..., User], division: Division
) -> None:
    session = opened()
    assert signed_in(teacher).get(link(session)).url == f"/classes/{session.virtual_class.public_id}/"
    parent = person("karim.benali")
    Enrolment.objects.filter(user=parent).update(profile="responsable")
    other = Division.objects.create(school=division.school, school_year=division.school_year, code="5B")
    colleague = teacher_of(person, other, "Paul", "Petit")
    for user in (pupil(), parent, colleague):
        knock(signed_in(user), session)
    assert list(Entry.objects.order_by("pk").values_list("role", flat=True)) == [
        "pupil",
        "guardian",
        "colleague",
    ]


@pytest.mark.parametrize(
    ("parents", "becomes"), [("refused", None), ("allowed", "admitted"), ("waiting", "waiting")]
)
def test_parents_come_in_as_the_teacher_says(
    opened: Opened,
    pupil: Callable[..., User],
    person: Callable[..., User],
    declare: Callable[..., Declared],
    parents: str,
    becomes: str | None,
) -> None:
    session = opened(has_lobby=False, parents=parents)
    child = pupil().student
    declared = declare([child])
    mother = person("helene.dupont")
    Enrolment.objects.filter(user=mother).update(profile="responsable")
    ContactAccount.objects.create(contact=declared.contact, user=mother)
    Guardianship.objects.create(user=mother, tie=declared.tie())
    browser = signed_in(mother)
    seen = "Français 6 A" in text(browser.get("/classes/"))
    answer = knock(browser, session)
    if becomes is None:
        assert "les parents n’entrent pas" in text(answer) and not Entry.objects.exists() and not seen
    else:
        assert Entry.objects.get().state == becomes and seen


def test_who_was_refused_stays_refused_for_the_whole_session(
    opened: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    session = opened()
    lea = signed_in(pupil())
    door = knock(lea, session).url
    entry = Entry.objects.get()
    lobby.refuse(entry, by=teacher)
    assert "Tu ne peux pas entrer" in text(lea.get(door))
    assert knock(lea, session).url == door
    lea.post(f"{door}partir/")
    knock(lea, session)
    assert Entry.objects.get().state == "refused"
    lobby.admit(entry, by=teacher)
    assert Entry.objects.get().state == "refused"


def test_who_is_sent_back_or_put_out_goes_in_no_more(
    opened: Opened, teacher: User, pupil: Callable[..., User], room: MadeUpRoom
) -> None:
    session = opened()
    lea, class_ = signed_in(pupil()), signed_in(teacher)
    door = knock(lea, session).url
    entry = Entry.objects.get()
    act(class_, session, "admit-expected")
    lea.post(f"{door}entrer/")
    assert lea.get(f"{door}salle/").url.startswith(ROOM)
    act(class_, session, f"back:{entry.public_id.hex}")
    assert lea.get(f"{door}salle/").url == door and lea.post(f"{door}entrer/").url == door
    session.refresh_from_db()
    assert session.seats_taken == 0
    act(class_, session, f"admit:{entry.public_id.hex}")
    act(class_, session, f"refuse:{entry.public_id.hex}")
    assert lea.get(f"{door}salle/").url == door
    session.refresh_from_db()
    assert session.seats_taken == 0 and len(room.joined) == 1


def test_nobody_uses_a_place_at_the_door_that_is_anothers(
    opened: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    session = by_link(opened())
    visitor, lea = Client(), signed_in(pupil())
    places = [knock(visitor, session, name="Zoé Roche").url, knock(lea, session).url]
    for entry in Entry.objects.all():
        lobby.admit(entry, by=teacher)
    strangers = [Client(), signed_in(pupil("Tom", "Petit"))]
    for door, intruders in zip(places, ([*strangers, lea], [*strangers, visitor]), strict=True):
        for intruder in intruders:
            assert intruder.get(door).status_code == 404
            assert intruder.get(f"{door}salle/").status_code == 404
            assert intruder.post(f"{door}entrer/").status_code == 404
    # Nobody lets themselves in.
    other = session.entries.get(user=None)
    for intruder in (visitor, lea):
        answer = act(intruder, session, f"admit:{other.public_id.hex}")
        assert answer.status_code in (302, 404)
        assert "/classes/seances" not in answer.headers.get("Location", "/").partition("?")[0]


def test_each_button_needs_the_pages_token(opened: Opened, teacher: User, pupil: Callable[..., User]) -> None:
    session = opened()
    knock(signed_in(pupil()), session)
    entry = Entry.objects.get()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(teacher)
    assert act(strict, session, f"admit:{entry.public_id.hex}").status_code == 403
    assert Entry.objects.get().state == "waiting"


def test_a_browser_knocks_once_and_thirty_visitors_wait_at_most(opened: Opened, teacher: User) -> None:
    session = by_link(opened())
    one = Client()
    doors = {knock(one, session, name=name).url for name in ("Zoé Roche", "Tom Roche")}
    assert len(doors) == 1 and Entry.objects.get().name == "Zoé Roche"
    for _number in range(40):
        Counter.objects.all().delete()
        knock(Client(), session, name="Zoé Roche")
    assert Entry.objects.waiting().count() == 30
    assert "Beaucoup de personnes attendent" in text(knock(Client(), session, name="Zoé Roche"))
    class_ = signed_in(teacher)
    act(class_, session, "refuse-all")
    act(class_, session, "lock")
    assert Entry.objects.waiting().count() == 0
    assert "fermé la porte à clé" in text(knock(Client(), session, name="Zoé Roche"))
    act(class_, session, "unlock")
    assert knock(Client(), session, name="Zoé Roche").status_code == 302


def test_a_button_pressed_twice_by_a_visitor_is_one_knock(opened: Opened) -> None:
    session = by_link(opened())
    first, second = Client(), Client()
    first.get(link(session))
    second.cookies = first.cookies.copy()  # the page as it was: both presses know what it knew
    doors = {knock(each, session, name="Zoé Roche").url for each in (first, second)}
    assert len(doors) == 1 and Entry.objects.count() == 1


def test_refusing_all_leaves_those_who_are_expected(
    opened: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    session = by_link(opened())
    knock(signed_in(pupil()), session)
    knock(Client(), session, name="Zoé Roche")
    act(signed_in(teacher), session, "refuse-all")
    assert dict(Entry.objects.values_list("name", "state")) == {
        "Léa Moreau": "waiting",
        "Zoé Roche": "refused",
    }


def test_a_full_class_says_so_and_a_seat_that_is_left_is_anothers(
    opened: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    session = opened(capacity=1)
    lea, tom = signed_in(pupil()), signed_in(pupil("Tom", "Petit"))
    doors = [knock(browser, session).url for browser in (lea, tom)]
    first, second = Entry.objects.order_by("pk")
    class_ = signed_in(teacher)
    act(class_, session, f"admit:{first.public_id.hex}")
    page = text(
        class_.post(
            f"/classes/seances/{session.public_id}/", {"act": f"admit:{second.public_id.hex}"}, follow=True
        )
    )
    assert "Toutes les places sont prises" in page
    assert "Toutes les places sont prises" in text(tom.get(doors[1]))
    lea.post(f"{doors[0]}partir/")
    lea.post(f"{doors[0]}partir/")
    act(class_, session, f"admit:{second.public_id.hex}")
    session.refresh_from_db()
    assert Entry.objects.get(pk=second.pk).state == "admitted" and session.seats_taken == 1
    # More seats are there at once, and those that are taken stay.
    settings = {"title": "Français", "mode": "account", "parents": "waiting", "opens_before": "10"}
    page = f"/classes/{session.virtual_class.public_id}/reglages/"
    knock(lea, session)
    class_.post(page, {**settings, "provider": "made_up", "capacity": "2"})
    act(class_, session, f"admit:{first.public_id.hex}")
    class_.post(page, {**settings, "provider": "made_up", "capacity": "1"})
    session.refresh_from_db()
    assert (session.seats_taken, session.capacity) == (2, 2)


def test_a_door_opens_before_the_hour_and_not_earlier(
    planned: Opened, pupil: Callable[..., User], teacher: User
) -> None:
    later = planned(after=30)
    assert "La porte n’est pas encore ouverte" in text(knock(signed_in(pupil()), later))
    scheduling.cancel(later, by=teacher)
    soon = planned(after=9)
    assert knock(signed_in(pupil("Tom", "Petit")), soon).status_code == 302
    assert Entry.objects.get().state == "waiting"


def test_who_watches_costs_one_query_and_no_session(
    opened: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    session = opened()
    lea = signed_in(pupil())
    door = knock(lea, session).url
    watch = re.search(r'data-watch="([^"]+)" data-stands="([^"]+)"', text(lea.get(door)))
    assert watch is not None
    anybody = Client()
    with CaptureQueriesContext(connection) as captured:
        same = anybody.get(watch[1], headers={"if-none-match": f'"{watch[2]}"'})
    assert same.status_code == 304 and len(captured) == 1 and not anybody.cookies
    lobby.admit(Entry.objects.get(), by=teacher)
    changed = anybody.get(watch[1], headers={"if-none-match": f'"{watch[2]}"'})
    assert changed.status_code == 200 and changed.json() == {"stands": "admitted-open-"}
    assert anybody.get(watch[1][:-3] + "00/").status_code == 404


def test_the_teachers_page_hears_of_changes_only(
    opened: Opened, teacher: User, pupil: Callable[..., User]
) -> None:
    session = opened()
    class_ = signed_in(teacher)
    etag = re.search(r'data-etag="([^"]+)"', text(class_.get(f"/classes/seances/{session.public_id}/")))
    assert etag is not None
    said, door = etag[1].replace("&quot;", '"'), f"/classes/seances/{session.public_id}/porte/"
    with CaptureQueriesContext(connection) as captured:
        assert class_.get(door, headers={"if-none-match": said}).status_code == 304
    assert len(captured) == 2  # the session of who asks, then the number of the door
    knock(signed_in(pupil()), session)
    fresh = class_.get(door, headers={"if-none-match": said})
    assert fresh.status_code == 200 and "Léa Moreau" in text(fresh) and fresh["ETag"] != said


def test_the_door_counts_who_knocks_too_often(opened: Opened) -> None:
    session = by_link(opened())
    browser = Client()
    door = knock(browser, session, name="Zoé Roche").url
    answers = []
    for _time in range(31):
        browser.post(f"{door}partir/")
        answers.append(knock(browser, session, name="Zoé Roche"))
    assert "frappé très souvent" in text(answers[-1])
    assert cache.get("anything") is None  # nothing of it is in a cache


def test_an_ended_class_of_last_year_or_another_year_opens_nothing(opened: Opened, teacher: User) -> None:
    session = by_link(opened())
    visitor = Client()
    door = knock(visitor, session, name="Zoé Roche").url
    running.end(session, by=teacher)
    assert "La classe est finie" in text(visitor.get(door))
    assert visitor.post(f"{door}entrer/").url == door
    assert "Aucune séance n’est prévue" in text(visitor.get(link(session)))
    VirtualClass.objects.update(school_year=2020)
    assert visitor.get(link(session)).status_code == 404


def test_who_is_known_at_the_door_is_who_the_account_says(opened: Opened, pupil: Callable[..., User]) -> None:
    session = by_link(opened())
    lea = signed_in(pupil())
    knock(lea, session, name="Claire Dubois", role="teacher", is_expected="1", state="admitted", user="1")
    entry = Entry.objects.get()
    assert (entry.name, entry.role, entry.state, entry.is_verified) == (
        "Léa Moreau",
        "pupil",
        "waiting",
        True,
    )


def test_a_session_long_past_is_no_door(opened: Opened) -> None:
    session = opened()
    ClassSession.objects.filter(pk=session.pk).update(
        during=(timezone.now() - timedelta(hours=3), timezone.now() - timedelta(hours=2))
    )
    assert joining.session_at_the_door(session.virtual_class) is None
