"""Who builds or tries the portal comes in by a stand-in for FranceConnect, which exists with DEBUG only."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from accounts.models import User
from guardians.franceconnect.demonstration.people import PEOPLE
from guardians.models import FranceConnectAccount, FranceConnectVisit
from tests.accounts.conftest import portal as portal

from .conftest import IDENTITY, Guardian, trouble

PLACE = "/demonstration/franceconnect"
PAGES = ("/.well-known/openid-configuration", "/jwks", "/authorize", "/token", "/userinfo", "/session/end")
with_stand_in = pytest.mark.urls("tests.guardians.franceconnect.stand_in_urls")


@pytest.fixture
def stand_in(live_server: Any, settings: Any) -> str:
    """The stand-in, answering at the address of a portal that runs; the portal's calls are real ones."""
    settings.DEBUG = True
    settings.SITE_URL = live_server.url
    settings.FRANCECONNECT_STAND_IN = True
    settings.FRANCECONNECT_ISSUER = f"{live_server.url}{PLACE}"
    settings.FRANCECONNECT_CLIENT_ID = settings.FRANCECONNECT_CLIENT_SECRET = "demonstration"
    return str(settings.FRANCECONNECT_ISSUER)


@with_stand_in
@pytest.mark.parametrize("person", PEOPLE)
def test_each_of_the_demonstration_people_can_come_in(stand_in: str, person: str) -> None:
    guardian = Guardian()
    address = guardian.begins()
    assert address.startswith(f"{stand_in}/authorize?")
    back = guardian.browser.post(_path(address), {"person": person})["Location"]
    assert guardian.comes_back(back)["Location"] == IDENTITY
    who = guardian.is_known_as()
    assert who is not None and who.auth_time is not None
    said = PEOPLE[person]
    assert (who.given_names, who.family_name) == (said["given_name"], said["family_name"])
    assert (who.preferred_username, who.birthdate) == (said.get("preferred_username", ""), said["birthdate"])


@with_stand_in
def test_one_can_refuse_there_and_leave_again(stand_in: str) -> None:
    guardian = Guardian()
    back = guardian.browser.post(_path(guardian.begins()), {"person": ""})["Location"]
    assert guardian.comes_back(back)["Location"] == trouble("refus")
    guardian.comes_back(guardian.browser.post(_path(guardian.begins()), {"person": "karim"})["Location"])
    goodbye = guardian.browser.post("/responsables/franceconnect/quitter/")["Location"]
    assert goodbye.startswith(f"{stand_in}/session/end?")
    page = guardian.comes_back(guardian.browser.get(_path(goodbye))["Location"])
    assert "votre session FranceConnect est fermée" in page.content.decode()
    assert not FranceConnectVisit.objects.exists()


@with_stand_in
def test_signing_out_of_an_account_leads_by_there_and_back(stand_in: str, portal: None) -> None:
    guardian = Guardian()
    guardian.comes_back(guardian.browser.post(_path(guardian.begins()), {"person": "karim"})["Location"])
    who = guardian.is_known_as()
    assert who is not None
    owner = User.objects.create_user(password="Ri7ière & galets", first_name="Karim", last_name="Benali")
    FranceConnectAccount.objects.create(issuer=who.issuer, sub=who.sub, user=owner)
    guardian.browser.get(IDENTITY)
    goodbye = guardian.browser.post("/deconnexion/")["Location"]
    assert goodbye.startswith(f"{stand_in}/session/end?")
    page = guardian.comes_back(guardian.browser.get(_path(goodbye))["Location"])
    assert "Votre session est fermée ici et chez FranceConnect." in page.content.decode()


@with_stand_in
def test_its_page_says_that_it_is_a_demonstration(stand_in: str) -> None:
    guardian = Guardian()
    page = guardian.browser.get(_path(guardian.begins())).content.decode()
    assert "<h1>Démonstration de FranceConnect</h1>" in page and "Ceci n’est pas FranceConnect" in page


@with_stand_in
def test_it_keeps_to_its_own_portal_and_to_the_proof_of_a_code(stand_in: str) -> None:
    browser = Client()
    elsewhere = {"client_id": "demonstration", "redirect_uri": "https://exemple.fr/"}
    assert browser.get(f"{PLACE}/authorize", elsewhere).status_code == 400
    assert (
        browser.get(f"{PLACE}/session/end", {"post_logout_redirect_uri": "https://exemple.fr/"}).status_code
        == 400
    )
    assert browser.post(f"{PLACE}/token", {"code": "x"}).status_code == 400
    back = Guardian().browser.post(_path(Guardian().begins()), {"person": "karim"})["Location"]
    code = dict(pair.split("=") for pair in urlsplit(back).query.split("&"))["code"].replace("%3A", ":")
    assert browser.post(f"{PLACE}/token", {"code": code, "code_verifier": "x"}).status_code == 400
    assert browser.get(f"{PLACE}/userinfo", headers={"Authorization": "Bearer x"}).status_code == 401


@with_stand_in
@pytest.mark.django_db
@pytest.mark.parametrize(("debug", "stand_in"), [(False, True), (True, False), (False, False)])
def test_it_answers_to_nobody_without_debug_or_beside_the_real_one(
    settings: Any, debug: bool, stand_in: bool
) -> None:
    settings.DEBUG, settings.FRANCECONNECT_STAND_IN = debug, stand_in
    for page in PAGES:
        assert Client().get(PLACE + page).status_code == 404
        assert Client().post(PLACE + page).status_code == 404


ASK = """
import django; django.setup()
from django.conf import settings
from django.urls import Resolver404, resolve
try:
    resolve("/demonstration/franceconnect/authorize"); there = True
except Resolver404:
    there = False
print(there, settings.FRANCECONNECT_STAND_IN, settings.FRANCECONNECT_ISSUER or "-",
      " ".join(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"]))
"""
REAL = {
    "FRANCECONNECT_ISSUER": "https://oidc.franceconnect.exemple.fr/api/v2",
    "FRANCECONNECT_CLIENT_ID": "nous",
    "FRANCECONNECT_CLIENT_SECRET": "notre-secret",
}
PRODUCTION = {
    "DEBUG": "0",
    "SITE_URL": "https://mcm.exemple.fr",
    "EMAIL_URL": "smtp://mail.exemple.fr",
    "DEFAULT_FROM_EMAIL": "a@exemple.fr",
}


def portal_with(**settings: str) -> subprocess.CompletedProcess[str]:
    """Start a portal with these settings and ask it about the stand-in."""
    named = dict.fromkeys((*REAL, "EMAIL_URL", "ALLOWED_HOSTS"), "")
    return subprocess.run(
        [sys.executable, "-c", ASK], env={**os.environ, **named, **settings}, capture_output=True, text=True
    )


def test_with_debug_and_nothing_else_it_is_there() -> None:
    done = portal_with(DEBUG="1", SITE_URL="http://localhost:8123")
    assert done.stdout.split() == [
        "True", "True", "http://localhost:8123/demonstration/franceconnect", "'self'",
    ]  # fmt: skip


@pytest.mark.long
def test_in_production_it_has_no_address_whether_franceconnect_is_there_or_not() -> None:
    assert portal_with(**PRODUCTION).stdout.split() == ["False", "False", "-", "'self'"]
    done = portal_with(**PRODUCTION, **REAL)
    assert done.stdout.split() == [
        "False", "False", REAL["FRANCECONNECT_ISSUER"], "'self'", "https://oidc.franceconnect.exemple.fr",
    ]  # fmt: skip


@pytest.mark.long
def test_beside_the_real_one_it_stands_in_for_nothing() -> None:
    done = portal_with(DEBUG="1", SITE_URL="http://localhost:8123", **REAL)
    assert done.stdout.split()[1:3] == ["False", REAL["FRANCECONNECT_ISSUER"]]


@pytest.mark.parametrize("missing", REAL)
def test_half_a_registration_stops_the_portal_and_says_what_is_missing(missing: str) -> None:
    done = portal_with(**PRODUCTION, **{**REAL, missing: ""})
    assert done.returncode != 0
    assert f"set {missing} too, or none of them" in done.stderr


@pytest.mark.parametrize(
    "issuer",
    [
        "http://oidc.franceconnect.exemple.fr/api/v2",
        "https:///api/v2",
        "https://a@b.fr/",
        "https://b.fr/?a=b",
        "b.fr",
    ],
)
def test_an_issuer_that_cannot_be_one_stops_the_portal(issuer: str) -> None:
    done = portal_with(**PRODUCTION, **{**REAL, "FRANCECONNECT_ISSUER": issuer})
    assert done.returncode != 0 and "FRANCECONNECT_ISSUER" in done.stderr


def _path(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"
