"""A pupil whose session of the portal ended at the door comes back to their place (SAFETY T31, T45)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import OpenSession, User
from tests.accounts.conftest import PASSWORD
from tests.accounts.test_open_sessions import wait
from virtual_classes import lobby
from virtual_classes.models import ClassSession, Entry

from .conftest import by_link, knock, signed_in
from .test_standing_at_the_door import text

pytestmark = pytest.mark.django_db
Opened = Callable[..., ClassSession]


def signs_in(browser: Client, page: str, **typed: str) -> str:
    """Sign in as Léa on the page where one was led, as a browser sends its form; return where it leads."""
    back = parse_qs(urlsplit(page).query).get("next", [""])[0]
    shown = browser.get(page)
    assert shown.status_code == 200
    assert not back or f'name="next" value="{back}"' in text(shown)
    sent = {"login": "lea.moreau", "password": PASSWORD, "next": back, **typed}
    answer = browser.post(urlsplit(page).path, sent)
    assert answer.status_code == 302, text(answer)
    return str(answer.url)


def idle(how: str, browser: Client) -> None:
    """Let more than half an hour go by; what ended by itself may be forgotten by then, or the browser's."""
    wait(31)
    if how == "forgotten":
        OpenSession.objects.all().delete()
    elif how == "browser closed":
        device = {name: kept for name, kept in browser.cookies.items() if "session" not in name.lower()}
        browser.cookies.clear()
        browser.cookies.update(device)


def lea_at_the_door(session: ClassSession, pupil: Callable[..., User]) -> tuple[Client, str]:
    """Let Léa sign in and knock; return her browser, and where she waits."""
    lea = Client()
    pupil()
    lea.post("/connexion/", {"login": "lea.moreau", "password": PASSWORD})
    return lea, knock(lea, session).url


@pytest.mark.parametrize("how", ["ended", "forgotten", "browser closed"])
def test_after_signing_in_again_the_place_in_the_queue_is_the_same(
    opened: Opened, teacher: User, pupil: Callable[..., User], how: str
) -> None:
    session = opened()
    lea, door = lea_at_the_door(session, pupil)
    tom = Client()
    tom.force_login(pupil("Tom", "Petit"))
    knock(tom, session)
    place = Entry.objects.get(user__first_name="Léa")
    watch = text(lea.get(door)).partition('data-watch="')[2].partition('"')[0]
    idle(how, lea)
    # What asks by itself needs no session, and hears of being let in all the same.
    assert Client().get(watch).json() == {"stands": "waiting-open-"}
    led = lea.get(door).url
    assert "/connexion/" in led and parse_qs(urlsplit(led).query)["next"] == [door]
    assert signs_in(lea, led) == door
    assert "Tu attends à la porte" in text(lea.get(door))
    assert Entry.objects.waiting().order_by("pk").first() == place and Entry.objects.count() == 2


@pytest.mark.parametrize("how", ["ended", "forgotten"])
def test_a_button_that_was_pressed_too_late_leads_back_too(
    opened: Opened, teacher: User, pupil: Callable[..., User], how: str
) -> None:
    session = opened()
    lea, door = lea_at_the_door(session, pupil)
    lobby.admit(Entry.objects.get(), by=teacher)
    idle(how, lea)
    led = lea.post(f"{door}entrer/", headers={"Referer": f"http://testserver{door}"}).url
    assert signs_in(lea, led) == door
    assert "Tu peux entrer" in text(lea.get(door)) and Entry.objects.get().state == "admitted"
    session.refresh_from_db()
    assert session.seats_taken == 1


def test_no_other_site_says_where_to_come_back_to(opened: Opened, pupil: Callable[..., User]) -> None:
    session, lea = opened(), pupil()
    door = knock(signed_in(lea), session).url
    for said in (
        "https://evil.example/classe/",
        "http://testserver.evil.example/x/",
        "http://testserver@evil.example/x/",
        "javascript:alert(1)",
        "http://testserver/",
        "//evil.example/x/",
        "http://testserver//evil.example/x/",
        "http://testserver/\\evil.example/x/",
        "/\\evil.example/x/",
        "",
    ):
        browser = signed_in(lea)
        idle("ended", browser)
        led = browser.post(f"{door}entrer/", headers={"Referer": said}).url
        assert "expiree=1" in led and "next" not in led, said
    assert signs_in(browser, "/connexion/", next="//evil.example/x/") == "/mon-espace/"


def test_somebody_else_who_signs_in_there_does_not_take_the_place(
    opened: Opened, pupil: Callable[..., User]
) -> None:
    session, lea = opened(), Client()
    pupil()
    pupil("Tom", "Petit")
    lea.post("/connexion/", {"login": "lea.moreau", "password": PASSWORD})
    door = knock(lea, session).url
    idle("forgotten", lea)
    assert signs_in(lea, lea.get(door).url, login="tom.petit") == door
    for page in (door, f"{door}ouverture/", f"{door}salle/"):
        assert lea.get(page).status_code == 404
    assert lea.post(f"{door}partir/").status_code == 404
    assert Entry.objects.get().state == "waiting"


def test_the_address_of_a_place_tells_another_browser_nothing(
    opened: Opened, pupil: Callable[..., User], client: Client
) -> None:
    door = knock(signed_in(pupil()), opened()).url
    assert client.get(door).status_code == client.post(f"{door}entrer/").status_code == 404


def test_a_visitors_place_is_their_browsers_and_signing_in_is_not_asked_of_anybody(
    opened: Opened, client: Client
) -> None:
    session = by_link(opened())
    door = knock(Client(), session, name="Zoé Roche").url
    assert client.get(door).status_code == 404
    assert client.post(f"{door}entrer/").status_code == 404
