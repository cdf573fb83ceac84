"""A portal that is a client of FranceConnect, of the real library or of one that forges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from guardians.franceconnect import door, visits
from guardians.franceconnect.identity import Identity

from . import fake_provider, real_provider
from .fake_provider import FakeForgingProvider
from .real_provider import BrowserThere, RealProvider

DOOR = "/responsables/franceconnect/"
IDENTITY = "/responsables/franceconnect/identite/"


def trouble(kind: str) -> str:
    """Return the address of a page of trouble."""
    return f"/responsables/franceconnect/souci/{kind}/"


@dataclass
class Guardian:
    """Somebody at a browser."""

    browser: Client = field(default_factory=Client)
    there: BrowserThere = field(default_factory=BrowserThere)

    def begins(self) -> str:
        """Press « S'identifier avec FranceConnect »; return where that leads."""
        response = self.browser.post(DOOR)
        assert response.status_code == 302, response.content
        return str(response["Location"])

    def comes_back(self, address: str) -> HttpResponse:
        """Open the address that FranceConnect sends the browser to."""
        parts = urlsplit(address)
        response: HttpResponse = self.browser.get(f"{parts.path}?{parts.query}")
        return response

    def signs_in(self, person: str = "nadia") -> HttpResponse:
        """Go all the way there and back."""
        return self.comes_back(self.there.signs_in(self.begins(), person))

    def is_known_as(self) -> Identity | None:
        """Return what the portal knows of who is at this browser."""
        request = RequestFactory().get("/")
        request.COOKIES = {name: morsel.value for name, morsel in self.browser.cookies.items()}
        return door.arrived(request)

    def cookie(self) -> str:
        """Return the cookie of FranceConnect."""
        morsel = self.browser.cookies.get(visits.FRANCECONNECT)
        return morsel.value if morsel else ""


def question(address: str) -> dict[str, str]:
    """Return what the portal asks, from the address it sends a browser to."""
    return dict(parse_qsl(urlsplit(address).query, strict_parsing=True))


@pytest.fixture
def guardian(db: None) -> Guardian:
    """A guardian who has not begun."""
    return Guardian()


@pytest.fixture(scope="package")
def provider() -> Iterator[RealProvider]:
    """The library FranceConnect is made with, running."""
    from django.conf import settings

    running = RealProvider(settings.SITE_URL)
    yield running
    running.stop()


@pytest.fixture
def franceconnect(provider: RealProvider, settings: Any) -> RealProvider:
    """The same, which the portal of this test is a client of."""
    _use(settings, provider.issuer, real_provider.CLIENT, real_provider.SECRET)
    return provider


@pytest.fixture
def forger(settings: Any) -> Iterator[FakeForgingProvider]:
    """A provider that forges, which the portal of this test takes for FranceConnect."""
    running = FakeForgingProvider()
    _use(settings, running.issuer, fake_provider.CLIENT, fake_provider.SECRET)
    yield running
    running.stop()


def _use(settings: Any, issuer: str, client: str, secret: str) -> None:
    settings.FRANCECONNECT_ISSUER = issuer
    settings.FRANCECONNECT_CLIENT_ID = client
    settings.FRANCECONNECT_CLIENT_SECRET = secret
