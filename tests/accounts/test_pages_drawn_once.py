"""Pages that are the same for every stranger (docs/performance.md)."""

from __future__ import annotations

import gc
import re
import weakref
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import INFO
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.models import PolicyDocument
from economy import pages
from schools import openings
from schools.models import Academy
from tests.accounts.conftest import PASSWORD, Family

pytestmark = pytest.mark.django_db
SIGN_IN, CONSENT, FORM = "/college/connexion/", "/college/conditions/", "/college/inscription/"


def page(address: str, browser: Client | None = None, **headers: Any) -> str:
    return (browser or Client()).get(address, **headers).content.decode()


def token_of(shown: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w{64})"', shown)
    assert found
    return found[1]


def test_every_stranger_gets_a_token_of_their_own_and_it_is_good(person) -> None:
    person()
    page(SIGN_IN)
    first, second = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    tokens = [token_of(page(SIGN_IN, browser)) for browser in (first, second)]
    assert tokens[0] != tokens[1] and first.cookies["csrf"].value != second.cookies["csrf"].value
    typed = {"login": "jeanne.dupont", "password": PASSWORD}
    stolen = second.post(SIGN_IN, {**typed, "csrfmiddlewaretoken": tokens[0]})
    assert stolen.status_code == 403
    own = second.post(SIGN_IN, {**typed, "csrfmiddlewaretoken": tokens[1]})
    assert own.status_code == 302


def test_every_form_has_a_key_of_its_own(family: Family) -> None:
    family.accept_terms()
    keys = {
        match[1]
        for _ in range(3)
        if (match := re.search(r'name="submission" value="([0-9a-f-]{36})"', page(FORM, family.browser)))
    }
    assert len(keys) == 3


def test_each_level_and_each_language_has_its_own_page(portal: None) -> None:
    shown = {
        (address, language): page(address, HTTP_ACCEPT_LANGUAGE=language)
        for _twice in range(2)
        for address in (SIGN_IN, "/lycee/connexion/", CONSENT)
        for language in ("fr", "en")
    }
    assert "Le collège" in shown[SIGN_IN, "fr"] and "Le lycée" in shown["/lycee/connexion/", "fr"]
    assert "Sign in" in shown[SIGN_IN, "en"] and "Première visite" in shown[SIGN_IN, "fr"]
    assert 'lang="en"' in shown[CONSENT, "en"] and 'lang="fr"' in shown[CONSENT, "fr"]


def test_what_one_reader_brings_is_shown_to_nobody_else(person) -> None:
    person()
    known = Client()
    known.post(SIGN_IN, {"login": "jeanne.dupont", "password": PASSWORD, "remember_name": "on"})
    known.post("/deconnexion/")
    assert 'value="jeanne.dupont"' in page(SIGN_IN, known)
    assert "jeanne.dupont" not in page(SIGN_IN)
    assert "/mon-compte/" in page(f"{SIGN_IN}?next=/mon-compte/")
    assert "/mon-compte/" not in page(SIGN_IN)
    refused = Client().post(SIGN_IN, {"login": "<b>moi</b>", "password": "x"}).content.decode()
    assert "&lt;b&gt;moi" in refused and "moi" not in re.sub("mois|moins", "", page(SIGN_IN))


def test_a_message_that_waits_is_shown_to_its_reader_only(portal: None) -> None:
    first = Client()
    request = RequestFactory().get("/")
    storage = CookieStorage(request)
    storage.add(INFO, "Pour vous seul")
    answer = HttpResponse()
    storage.update(answer)
    first.cookies["messages"] = answer.cookies["messages"].value
    assert "Pour vous seul" in page(SIGN_IN, first)
    assert "Pour vous seul" not in page(SIGN_IN)


def test_home_and_sign_in_ask_the_database_nothing_and_leave_no_session(portal: None) -> None:
    with CaptureQueriesContext(connection) as captured:
        for address in ("/", SIGN_IN, "/connexion/"):
            answer = Client().get(address)
            assert answer.status_code == 200 and "sid" not in answer.cookies
    assert [query["sql"] for query in captured] == []


def test_an_academie_that_closes_is_shown_closed_at_once_where_it_was_decided(family: Family) -> None:
    family.accept_terms()
    assert "Lyon — fermée" not in page(FORM, family.browser)
    openings.decide(
        academies=Academy.objects.filter(code="10"),
        opens=False,
        effective_on=date.today(),
        decided_on=date.today(),
        reference="Arrêté 7",
        actor="system",
    )
    assert "Lyon — fermée" in page(FORM, family.browser)


def test_a_new_version_of_the_terms_is_shown_at_once_where_it_was_published(portal: None) -> None:
    before = PolicyDocument.objects.in_force("terms").get()
    page(CONSENT)
    PolicyDocument.objects.create(
        kind="terms",
        version="2099",
        title="Nouvelles conditions",
        body="Nouveau texte",
        in_force_from=date.today(),
        published_at=before.published_at,
    )
    assert f'value="{before.pk}"' not in page(CONSENT)


def test_the_first_reader_is_not_kept_with_the_page(portal: None) -> None:
    request = RequestFactory().get("/quelque-part/")
    request.user = AnonymousUser()
    pages.draw(request, "mcm_portal/404.html", dict, own={})
    first = weakref.ref(request)
    del request
    gc.collect()
    assert first() is None
