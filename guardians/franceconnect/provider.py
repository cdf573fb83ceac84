"""Where FranceConnect is, what it offers there, and the keys it signs with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from economy.remembered import remembered

from .calling import Caller, Nonsense

# For these many seconds a process asks neither again. A key that is not among them is asked for at once.
REMEMBERED = 3600
MOST_KEYS = 20


def is_there() -> bool:
    """Say whether this portal is a client of FranceConnect at all."""
    return bool(settings.FRANCECONNECT_ISSUER)


@dataclass(frozen=True)
class Provider:
    """The addresses that the issuer publishes; all of them on its own origin."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    end_session_endpoint: str


def find(caller: Caller) -> Provider:
    """Return the provider of ``FRANCECONNECT_ISSUER`` (OpenID Connect Discovery 1.0, section 4).

    Refused: a document in another's name, and an address elsewhere than at the issuer, since the page's
    content policy lets a form lead there only. Raises :class:`.calling.Unreachable` or
    :class:`.calling.Nonsense`.
    """
    return _find(settings.FRANCECONNECT_ISSUER, _By(caller))


def keys(caller: Caller, provider: Provider) -> dict[str, dict[str, Any]]:
    """Return the issuer's signing keys by their id, remembered for a while. Raises as :func:`find`."""
    return _keys(provider.jwks_uri, _By(caller))


def fresh_keys(caller: Caller, provider: Provider) -> dict[str, dict[str, Any]]:
    """Ask again, whatever is remembered."""
    return keys_at(provider.jwks_uri, caller)


@dataclass(frozen=True)
class _By:
    """Who asks; it makes no difference to what is remembered."""

    caller: Caller

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _By)

    def __hash__(self) -> int:
        return 0


@remembered(REMEMBERED)
def _find(issuer: str, by: _By) -> Provider:
    answer = by.caller.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if answer.status != 200:
        raise Nonsense(f"http-{answer.status}")
    document = answer.json()
    if document.get("issuer") != issuer:
        raise Nonsense("issuer")
    return Provider(
        issuer=issuer,
        **{
            name: _address(document, name, issuer)
            for name in (
                "authorization_endpoint",
                "token_endpoint",
                "userinfo_endpoint",
                "jwks_uri",
                "end_session_endpoint",
            )
        },
    )


def _address(document: dict[str, Any], name: str, issuer: str) -> str:
    address = document.get(name)
    if not isinstance(address, str) or origin(address) != origin(issuer):
        raise Nonsense(name)
    return address


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port of an address, the port of the scheme where none is written."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return ("", None, None)
    return (parts.scheme, parts.hostname, port)


@remembered(REMEMBERED)
def _keys(address: str, by: _By) -> dict[str, dict[str, Any]]:
    return keys_at(address, by.caller)


def keys_at(address: str, caller: Caller) -> dict[str, dict[str, Any]]:
    """Read a JWK set: its keys for ES256 only, a few of them, by id (RFC 7517)."""
    answer = caller.get(address)
    if answer.status != 200:
        raise Nonsense(f"http-{answer.status}")
    listed = answer.json().get("keys")
    if not isinstance(listed, list):
        raise Nonsense("keys")
    found: dict[str, dict[str, Any]] = {}
    for key in listed:
        if not isinstance(key, dict) or not isinstance(key.get("kid"), str):
            continue
        if (key.get("kty"), key.get("crv")) == ("EC", "P-256") and key.get("use", "sig") == "sig":
            found.setdefault(key["kid"], key)
        if len(found) == MOST_KEYS:
            break
    return found
