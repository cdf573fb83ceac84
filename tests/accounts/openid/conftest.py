"""A teacher at a browser, and the sign-in service of her académie: the real library, or one that forges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import IdentityProvider, User
from economy.remembered import forget_now
from schools.models import Academy, StaffMember
from tests.guardians.franceconnect import fake_provider, real_provider
from tests.guardians.franceconnect.fake_provider import FakeForgingProvider
from tests.guardians.franceconnect.real_provider import BrowserThere, RealProvider
from tests.schools.rosters.declared import school as declaring_school

LYON = "10"
KEY = UUID("5f0c7a52-6e0f-4b7e-9a38-6b6f2c6a1d10")
DOOR, BACK = f"/fournisseurs/{KEY}/", f"/fournisseurs/{KEY}/retour/"


def trouble(kind: str) -> str:
    """Return the address of a page of trouble."""
    return f"{DOOR}souci/{kind}/"


def question(address: str) -> dict[str, str]:
    """Return what the portal asks, from the address it sends a browser to."""
    return dict(parse_qsl(urlsplit(address).query, strict_parsing=True))


@dataclass
class Teacher:
    """Somebody at a browser."""

    browser: Client = field(default_factory=Client)
    there: BrowserThere = field(default_factory=BrowserThere)

    def begins(self) -> str:
        """Press « Continuer »; return where that leads."""
        response = self.browser.post(DOOR)
        assert response.status_code == 302, response.content
        return str(response["Location"])

    def comes_back(self, address: str) -> Any:
        """Open the address that the provider sends the browser to."""
        parts = urlsplit(address)
        return self.browser.get(f"{parts.path}?{parts.query}")

    def signs_in(self, person: str = "claire") -> Any:
        """Go all the way there and back."""
        return self.comes_back(self.there.signs_in(self.begins(), person))

    def account(self) -> User | None:
        """Return whose session is open in this browser."""
        response = self.browser.get("/plan-du-site/")
        user = response.wsgi_request.user
        return user if isinstance(user, User) else None


@pytest.fixture
def teacher(portal: None) -> Teacher:
    """A teacher who has not begun."""
    return Teacher()


@pytest.fixture
def record(portal: None) -> StaffMember:
    """What her school in Lyon declares of her."""
    return declared("0690001B", LYON)


def declared(uai: str, academy: str, **facts: Any) -> StaffMember:
    """Write down somebody among the staff of a school."""
    known = {"family_name": "Dubois", "first_name": "Claire", "role": "teacher", "identifier": "cdubois"}
    return StaffMember.objects.create(school=declaring_school(uai, academy), **{**known, **facts})


def provider_row(issuer: str, client: str, secret: str, **facts: Any) -> IdentityProvider:
    """Set up the provider as an admin does."""
    row = IdentityProvider(
        **{
            "public_id": KEY,
            "name": "Portail de l’académie de Lyon",
            "issuer": issuer,
            "client_id": client,
            "academy": Academy.objects.get(code=LYON),
            "is_on": True,
            **facts,
        }
    )
    row.keep_secret(secret)
    row.save()
    return row


@pytest.fixture(scope="package")
def running() -> Iterator[RealProvider]:
    """The library, running as an académie has it."""
    from django.conf import settings

    provider = RealProvider(
        settings.SITE_URL, program="academy.mjs", mount="/sso", back=BACK, bye="/fournisseurs/au-revoir/"
    )
    yield provider
    provider.stop()


@pytest.fixture
def academy(running: RealProvider, portal: None) -> RealProvider:
    """The same, which the portal of this test is a client of."""
    provider_row(running.issuer, real_provider.CLIENT, real_provider.SECRET)
    return running


@pytest.fixture
def forger(portal: None) -> Iterator[FakeForgingProvider]:
    """A FAKE provider that forges, which the portal of this test takes for the académie's."""
    provider = FakeForgingProvider()
    provider.proof["preferred_username"] = "cdubois"
    provider_row(provider.issuer, fake_provider.CLIENT, fake_provider.SECRET, algorithm="ES256")
    yield provider
    provider.stop()


@pytest.fixture
def forget_addresses() -> Any:
    """Return what makes the portal ask for a provider's addresses again."""
    return forget_now
