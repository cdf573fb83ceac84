"""FranceConnect as a provider: what the portal is registered as there, and what it asks for."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from accounts.openid.exchange import Client

# What the register says to tell two people of one name apart, and no more: no address, no place of birth.
SCOPES = ("openid", "given_name", "family_name", "preferred_username", "birthdate", "gender")
ALGORITHM = "ES256"  # what the portal's registration asks for
LEVEL = "eidas1"
LEVELS = ("eidas1", "eidas2", "eidas3")  # asked for: the first. Higher ones are at least that.


def is_there() -> bool:
    """Say whether this portal is a client of FranceConnect at all."""
    return bool(settings.FRANCECONNECT_ISSUER)


def return_address() -> str:
    """Return the address that FranceConnect sends people back to, as it is registered there."""
    return settings.SITE_URL + reverse("franceconnect_callback")


def client() -> Client:
    """Return the portal as FranceConnect knows it."""
    return Client(
        issuer=settings.FRANCECONNECT_ISSUER,
        client_id=settings.FRANCECONNECT_CLIENT_ID,
        secret=settings.FRANCECONNECT_CLIENT_SECRET,
        return_address=return_address(),
        scopes=SCOPES,
        algorithm=ALGORITHM,
        level=LEVEL,
        levels=LEVELS,
        needs_signed_userinfo=True,
        gives_secret_in_form=True,
    )
