"""Budgets of the ENT's doors and steps: statements and hashes (SAFETY G2; docs/performance.md)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import otp_keys
from accounts.models import PolicyDocument, User
from schools.school_year import today
from tests.accounts.conftest import shape_of
from tests.accounts.letters import (
    ANOTHER,
    CODE,
    IDENTIFIER,
    OWN,
    Letters,
    accept_charter,
    choose_password,
    come_in,
    open_letter,
    teacher,
)
from tests.accounts.letters import letters as letters
from tests.accounts.test_what_a_page_costs import costs, hashes

pytestmark = pytest.mark.django_db
DOOR = "/personnels/70/connexion/"


@pytest.fixture
def colleague(letters: Letters) -> User:
    """Somebody who came in, and went."""
    letters.give(teacher())
    browser, _answer = open_letter()
    return come_in(browser)


@pytest.mark.parametrize(
    "address",
    [DOOR, "/eleves/connexion/", "/lettre/", "/eleves/acces-oublie/", f"/lettre/{IDENTIFIER}/{CODE}/"],
)
def test_strangers_at_a_door_cost_the_database_nothing(portal: None, address: str) -> None:
    Client().get(address)
    with costs(0):
        answer = Client().get(address)
    assert answer.status_code == 200 and "sid" not in answer.cookies


@pytest.mark.parametrize("login", [IDENTIFIER, "personne9"])
@pytest.mark.parametrize("typed", ["faux", ANOTHER, "12345678901234", CODE])
def test_what_is_wrong_at_the_door_costs_one_hash_known_or_not(
    colleague: User, login: str, typed: str
) -> None:
    with hashes(1):
        assert Client().post(DOOR, {"login": login, "password": typed}).status_code == 200


def test_a_wrong_passcode_costs_no_second_hash(colleague: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key's own judgement spends the one there is."""
    asked: list[str] = []
    monkeypatch.setattr(otp_keys, "verify", lambda _user, typed, name: asked.append(typed) or False)
    with hashes(0):
        Client().post(DOOR, {"login": IDENTIFIER, "password": "1234 567890"})
    assert asked == ["1234 567890"]
    monkeypatch.setattr(otp_keys, "verify", lambda _user, _typed, name: True)
    assert Client().post(DOOR, {"login": IDENTIFIER, "password": "1234 567890"}).status_code == 302


@pytest.mark.parametrize("login", [IDENTIFIER, "personne9"])
def test_passcodes_are_refused_as_soon_at_a_name_that_nobody_has(colleague: User, login: str) -> None:
    answers = [Client().post(DOOR, {"login": login, "password": f"{number:014}"}) for number in range(6)]
    assert ["Réessayez" in answer.content.decode() for answer in answers] == [False] * 5 + [True]


def test_passcodes_and_passwords_are_guessed_at_together(colleague: User) -> None:
    for number in range(4):
        Client().post(DOOR, {"login": IDENTIFIER, "password": f"{number:014}"})
    for number in range(21):
        answer = Client().post(DOOR, {"login": IDENTIFIER, "password": f"Faux-{number}"})
        assert "Réessayez" not in answer.content.decode()
    assert "Réessayez" in Client().post(DOOR, {"login": IDENTIFIER, "password": OWN}).content.decode()


@pytest.mark.parametrize("typed", ["faux", ANOTHER, "12345678901234"])
def test_known_and_unknown_are_met_by_the_same_statements(colleague: User, typed: str) -> None:
    Client().post(DOOR, {"login": "premier.venu", "password": "faux"})  # what all ask for is remembered
    shapes, pages = [], []
    for login in (IDENTIFIER, "personne9"):
        with CaptureQueriesContext(connection) as captured:
            answer = Client().post(DOOR, {"login": login, "password": typed})
        shapes.append(shape_of(captured))
        pages.append(len(answer.content.decode().replace(login, "")))
    assert shapes[0] == shapes[1]
    assert pages[0] == pages[1]


def test_a_page_behind_the_door_asks_for_the_session_alone(colleague: User) -> None:
    """What its owner has accepted comes with it; which charter is in force is remembered."""
    browser = Client()
    browser.post(DOOR, {"login": IDENTIFIER, "password": OWN})
    browser.get("/mon-compte/nom/")
    with costs(1):
        assert browser.get("/mon-compte/nom/").status_code == 200


def test_each_step_of_a_first_sign_in_has_its_budget(letters: Letters) -> None:
    letters.give(teacher())
    browser, _answer = open_letter()
    browser.get("/premiere-connexion/charte/")  # what all ask for is remembered
    with costs(1):
        browser.get("/premiere-connexion/charte/")
    with costs(6):
        accept_charter(browser)
    with costs(3):
        browser.get("/premiere-connexion/mot-de-passe/")
    with costs(13):
        choose_password(browser)


def test_a_charter_that_comes_into_force_is_met_at_the_next_page(colleague: User) -> None:
    """Also by who was shown a moment ago that they owe nothing (SAFETY T38)."""
    browser = Client()
    browser.post(DOOR, {"login": IDENTIFIER, "password": OWN})
    assert browser.get("/mon-compte/nom/").status_code == 200
    new = PolicyDocument.objects.in_force("charter_staff").get()
    new.pk, new.version, new.in_force_from = None, "2099-1", today()
    new.save(force_insert=True)
    assert browser.get("/mon-compte/nom/").url.startswith("/premiere-connexion/charte/")
    accept_charter(browser)
    assert browser.get("/mon-compte/nom/").status_code == 200
