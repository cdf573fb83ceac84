"""« Connexion » (SCREENS A2; SAFETY T3, T30, T33, T57, G5)."""

from __future__ import annotations

import re
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import browsers, hashers
from accounts.models import User
from tests.accounts.conftest import PASSWORD, errors_of, shape_of

pytestmark = pytest.mark.django_db
WRONG = "n’est pas bon"


@pytest.fixture
def jeanne(person) -> User:
    """A person with an account."""
    return person()


def sign_in(browser: Client, login: str, password: str = PASSWORD, **more: str):
    return browser.post("/college/connexion/", {"login": login, "password": password, **more})


@pytest.mark.parametrize(
    "login",
    [
        "jeanne.dupont",
        " Jeanne.Dupont ",
        "JEANNE.DUPONT",
        "jeanne.dupont@exemple.fr",
        "Jeanne.Dupont@Exemple.FR ",
    ],
)
def test_the_name_or_the_address_serves_in_any_letter_case(jeanne: User, login: str) -> None:
    browser = Client()
    assert sign_in(browser, login).headers["Location"] == "/mon-espace/"
    assert "Bonjour Jeanne" in browser.get("/mon-espace/").content.decode()


@pytest.mark.parametrize(
    "door", ["/ecole/connexion/", "/college/connexion/", "/lycee/connexion/", "/connexion/"]
)
def test_every_level_has_a_door_and_all_lead_in(jeanne: User, door: str) -> None:
    browser = Client()
    assert browser.get(door).status_code == 200
    assert browser.post(door, {"login": "jeanne.dupont", "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("jeanne.dupont", "Autre-chose-1"),
        ("personne.ici", PASSWORD),
        ("personne@exemple.fr", PASSWORD),
        ("jeanne.dupont@exemple.fr", "Autre-chose-1"),
        ("\u0458eanne.dupont", PASSWORD),
        ("jeanne.dupont\x00", PASSWORD),
    ],
)
def test_one_sentence_for_every_reason(jeanne: User, login: str, password: str) -> None:
    response = sign_in(Client(), login, password)
    assert response.status_code == 200
    assert WRONG in errors_of(response) or "caractère nul" in errors_of(response).lower()


def test_known_and_unknown_names_cost_the_same_statements_and_one_hash(jeanne: User) -> None:
    shapes, hashes = [], []
    for login in ("jeanne.dupont", "personne.ici", "jeanne.dupont@exemple.fr", "personne@exemple.fr"):
        with (
            CaptureQueriesContext(connection) as captured,
            mock.patch.object(hashers, "_argon2id", wraps=hashers._argon2id) as hashing,
        ):
            sign_in(Client(), login, "Autre-chose-1")
        shapes.append(shape_of(captured))
        hashes.append(hashing.call_count)
    assert shapes[0] == shapes[1] and shapes[2] == shapes[3]
    assert hashes == [1, 1, 1, 1]


def test_who_has_an_account_cannot_be_told_from_the_page(jeanne: User) -> None:
    blind = r'name="csrfmiddlewaretoken" value="\w+"|value="[\w.]+"'
    known, unknown = (
        re.sub(blind, "", sign_in(Client(), login, "Autre-chose-1").content.decode())
        for login in ("jeanne.dupont", "personne.aucun")
    )
    assert known == unknown


def test_twenty_five_guesses_a_day_over_name_and_address(jeanne: User) -> None:
    for number in range(25):
        login = "jeanne.dupont" if number % 2 else "jeanne.dupont@exemple.fr"
        assert WRONG in errors_of(sign_in(Client(), login, "Autre-chose-1"))
    for login in ("jeanne.dupont", "JEANNE.dupont@exemple.fr"):
        assert "Trop d’essais" in errors_of(sign_in(Client(), login, PASSWORD))


def test_an_unknown_name_is_refused_after_as_many_guesses(portal: None) -> None:
    for _ in range(25):
        sign_in(Client(), "personne.ici", "Autre-chose-1")
    assert "Trop d’essais" in errors_of(sign_in(Client(), "personne.ici", "Autre-chose-1"))


def test_the_right_password_is_not_counted(jeanne: User) -> None:
    for _ in range(30):
        assert sign_in(Client(), "jeanne.dupont").status_code == 302


def test_the_name_alone_is_remembered_when_asked_for(jeanne: User) -> None:
    browser = Client()
    sign_in(browser, "Jeanne.Dupont", remember_name="on")
    browser.post("/deconnexion/")
    page = browser.get("/college/connexion/").content.decode()
    assert 'value="jeanne.dupont"' in page and PASSWORD not in page
    sign_in(browser, "Jeanne.Dupont@exemple.fr", remember_name="on")
    browser.post("/deconnexion/")
    assert 'value="jeanne.dupont"' in browser.get("/college/connexion/").content.decode()
    sign_in(browser, "jeanne.dupont")
    browser.post("/deconnexion/")
    assert browsers.NAME not in {key for key, morsel in browser.cookies.items() if morsel.value}


def test_a_password_is_taken_exactly_as_typed(person) -> None:
    person("avec.espaces", password="  deux espaces µ devant ")
    assert sign_in(Client(), "avec.espaces", "  deux espaces μ devant ").status_code == 302
    assert WRONG in errors_of(sign_in(Client(), "avec.espaces", "deux espaces µ devant"))


def test_an_overlong_password_costs_one_hash_and_fails(jeanne: User) -> None:
    assert WRONG in errors_of(sign_in(Client(), "jeanne.dupont", PASSWORD + "x" * 5000))


def test_one_comes_back_to_the_page_wanted(jeanne: User) -> None:
    browser = Client()
    page = browser.get("/mon-espace/?depuis=mail")
    assert page.headers["Location"] == "/connexion/?next=/mon-espace/%3Fdepuis%3Dmail"
    shown = browser.get(page.headers["Location"]).content.decode()
    assert 'name="next" value="/mon-espace/?depuis=mail"' in shown
    answer = sign_in(browser, "jeanne.dupont", next="/mon-espace/?depuis=mail")
    assert answer.headers["Location"] == "/mon-espace/?depuis=mail"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "\\\\evil.example/",
        "/\\evil.example/",
        "javascript:alert(1)",
        "http:evil.example",
        "https:///evil.example",
        " https://evil.example",
        "\thttps://evil.example",
        "////evil.example",
        "http://testserver@evil.example/",
        "foo",
        "confirm",
        "%00",
        "?x",
        "é",
    ],
)
def test_nobody_is_led_to_another_site(jeanne: User, wanted: str) -> None:
    assert sign_in(Client(), "jeanne.dupont", next=wanted).headers["Location"] == "/mon-espace/"
    browser = Client()
    sign_in(browser, "jeanne.dupont")
    assert browser.get("/connexion/", {"next": wanted}).headers["Location"] == "/mon-espace/"


def test_a_session_gets_a_new_key_at_sign_in_and_dies_at_sign_out(jeanne: User) -> None:
    browser = Client()
    browser.cookies["sid"] = "a" * 32
    sign_in(browser, "jeanne.dupont")
    key = browser.cookies["sid"].value
    assert key != "a" * 32
    browser.post("/deconnexion/")
    browser.cookies["sid"] = key
    assert browser.get("/mon-espace/").status_code == 302


def test_a_link_alone_signs_nobody_out(jeanne: User) -> None:
    browser = Client()
    sign_in(browser, "jeanne.dupont")
    assert "Vous voulez vous déconnecter" in browser.get("/deconnexion/").content.decode()
    assert browser.get("/mon-espace/").status_code == 200


def test_a_closed_account_does_not_open(jeanne: User) -> None:
    User.objects.update(is_active=False)
    assert WRONG in errors_of(sign_in(Client(), "jeanne.dupont"))


def test_pages_of_a_person_are_not_kept_by_the_browser(jeanne: User) -> None:
    browser = Client()
    sign_in(browser, "jeanne.dupont")
    assert "no-store" in browser.get("/mon-espace/").headers["Cache-Control"]


def test_the_notice_names_the_first_day_of_the_school_year(portal: None) -> None:
    assert re.search(r"avant le 1er septembre 20\d\d", Client().get("/ecole/connexion/").content.decode())


def test_raising_the_epoch_of_a_person_ends_all_their_sessions(jeanne: User) -> None:
    browser = Client()
    sign_in(browser, "jeanne.dupont")
    User.objects.update(session_epoch=1)
    assert browser.get("/mon-espace/").status_code == 302


@pytest.mark.parametrize("wanted", ["/mon-espace/", "/mon-compte/"])
def test_a_password_that_guessers_know_by_now_must_be_replaced(person: Any, wanted: str) -> None:
    """It was chosen before the list knew it (SAFETY T16)."""
    person(password="Azerty123!")
    browser = Client()
    browser.post("/college/connexion/", {"login": "jeanne.dupont", "password": "Azerty123!"})
    led = browser.get(wanted)
    assert led.headers["Location"].startswith("/mon-compte/mot-de-passe/")
    shown = browser.get("/mon-compte/mot-de-passe/").content.decode()
    assert "trop connu" in shown
    browser.post("/mon-compte/mot-de-passe/", {"password": "Marseille13!"})
    assert browser.get(wanted).status_code == 302  # no better
    browser.post("/mon-compte/mot-de-passe/", {"password": "Trois-lunes-vertes-9"})
    assert browser.get(wanted).status_code == 200


def test_a_password_that_nobody_tries_early_leads_straight_on(person: Any) -> None:
    person()
    browser = Client()
    browser.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    assert browser.get("/mon-espace/").status_code == 200
    assert "trop connu" not in browser.get("/mon-compte/mot-de-passe/").content.decode()
