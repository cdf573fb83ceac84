"""People with passkeys at their browsers, for the tests of having one and of showing one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.authenticator import Device, send
from tests.accounts.conftest import PASSWORD, errors_of

from .test_a_second_factor import first_step

ADD, SECURITY, STEP = "/mon-compte/securite/cles/", "/mon-compte/securite/", "/connexion/code/"
AGAIN = "/mon-compte/identite/"
REFUSED = "n’a pas pu être vérifiée"


def signed_in(login: str = "jeanne.dupont", **headers: str) -> Client:
    """Return a browser where this person has just given the password, which was enough."""
    browser = Client(headers=headers)
    answer = browser.post("/college/connexion/", {"login": login, "password": PASSWORD})
    assert answer.headers["Location"] != STEP
    return browser


def asked(browser: Client, page: str) -> dict[str, Any]:
    """Return what the portal hands out for a page."""
    answer = browser.post(f"{page}defi/")
    assert answer.status_code == 200, answer
    options: dict[str, Any] = answer.json()
    return options


def add(browser: Client, device: Device, name: str = "Mon téléphone") -> Any:
    """Add a passkey; return the page that follows."""
    return send(browser, ADD, device.make(asked(browser, ADD)), name=name)


def second_step(device: Device, login: str = "jeanne.dupont", **bent: Any) -> str:
    """Give the password, then show the passkey; return where it leads, or the errors."""
    browser = first_step(login)
    return outcome(send(browser, STEP, device.show(asked(browser, STEP), **bent)))


def outcome(answer: Any) -> str:
    return answer.headers["Location"] if answer.status_code == 302 else errors_of(answer)


def make_old(browser: Client) -> None:
    """Let the last proof of this browser be an hour old."""
    session = browser.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()


def inside(device: Device) -> Client:
    """Return a browser where somebody came in with a passkey, an hour ago."""
    browser = first_step()
    send(browser, STEP, device.show(asked(browser, STEP)))
    make_old(browser)
    return browser


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def jeanne(person: Callable[..., User], device: Device) -> User:
    """Somebody with one passkey and no app."""
    user = person()
    assert add(signed_in(), device).status_code == 200
    return user
