"""Random texts: as good as one draw for each sign, for one draw."""

from __future__ import annotations

import secrets
from collections import Counter
from unittest import mock

import pytest
from django.middleware import csrf
from django.test import Client

from economy import randomness

LETTERS = csrf.CSRF_ALLOWED_CHARS


def test_every_sign_is_as_likely_as_every_other() -> None:
    every_byte = bytes(range(256))
    with mock.patch.object(secrets, "token_bytes", return_value=every_byte):
        counted = Counter(randomness.text(248, LETTERS))
    assert set(counted) == set(LETTERS) and set(counted.values()) == {4}


def test_bytes_that_would_favour_some_signs_are_drawn_again() -> None:
    with mock.patch.object(secrets, "token_bytes", side_effect=[b"\xff" * 40, b"\xf8\x00", bytes(range(40))]):
        assert randomness.text(32, LETTERS) == LETTERS[0] + LETTERS[:31]


@pytest.mark.parametrize("length", [0, 1, 32, 500])
def test_it_is_as_long_as_asked(length: int) -> None:
    made = randomness.text(length, LETTERS)
    assert len(made) == length and set(made) <= set(LETTERS)


@pytest.mark.django_db
def test_the_sign_in_page_draws_twice_for_its_token() -> None:
    """One text for the browser, one for the mask; a letter each would be 64 draws."""
    Client().get("/college/connexion/")
    browser = Client(enforce_csrf_checks=True)
    with mock.patch.object(secrets, "token_bytes", wraps=secrets.token_bytes) as drawing:
        page = browser.get("/college/connexion/")
    assert drawing.call_count == 2
    form = page.content.decode().partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    sent = {"login": "", "password": "", "csrfmiddlewaretoken": form}
    assert browser.post("/college/connexion/", sent).status_code == 200
    assert browser.post("/college/connexion/", {**sent, "csrfmiddlewaretoken": form[::-1]}).status_code == 403
