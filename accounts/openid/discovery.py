"""Where a provider is, what it offers there, and the keys it signs with (OpenID Connect Discovery 1.0)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from economy.remembered import remembered

from ..calling import Caller, Nonsense

# For these many seconds a process asks neither again. A key that is not among them is asked for at once.
REMEMBERED = 3600
MOST_KEYS = 20
# What a registration may ask for, and the keys that go with it (RFC 7518): no shared secret, no « none ».
KEYS: dict[str, tuple[str, str | None]] = {"ES256": ("EC", "P-256"), "RS256": ("RSA", None)}
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL = ("userinfo_endpoint", "end_session_endpoint")


@dataclass(frozen=True)
class Provider:
    """The addresses that an issuer publishes; all of them on its own origin, empty where it has none."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    end_session_endpoint: str
    takes_secret_in_form: bool


def find(issuer: str, caller: Caller) -> Provider:
    """Return what an issuer publishes (Discovery 1.0, section 4).

    Refused: a document in another's name, and an address elsewhere than at the issuer, since a page's
    content policy lets a form lead there only. Raises :class:`accounts.calling.Unreachable` or
    :class:`accounts.calling.Nonsense`.
    """
    return _find(issuer, _By(caller))


def keys(caller: Caller, provider: Provider, algorithm: str) -> dict[str, dict[str, Any]]:
    """Return the issuer's signing keys by their id, remembered for a while. Raises as :func:`find`."""
    return _keys(provider.jwks_uri, algorithm, _By(caller))


def fresh_keys(caller: Caller, provider: Provider, algorithm: str) -> dict[str, dict[str, Any]]:
    """Ask again, whatever is remembered."""
    return keys_at(provider.jwks_uri, algorithm, caller)


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
    return find_anew(issuer, by.caller)


def find_anew(issuer: str, caller: Caller) -> Provider:
    """Do as :func:`find`, whatever is remembered."""
    answer = caller.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if answer.status != 200:
        raise Nonsense(f"http-{answer.status}")
    document = answer.json()
    if document.get("issuer") != issuer:
        raise Nonsense("issuer")
    ways = document.get("token_endpoint_auth_methods_supported")
    return Provider(
        issuer=issuer,
        **{name: _address(document, name, issuer) for name in NEEDED},
        **{name: _address(document, name, issuer) if name in document else "" for name in OPTIONAL},
        takes_secret_in_form=isinstance(ways, list) and "client_secret_post" in ways,
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
def _keys(address: str, algorithm: str, by: _By) -> dict[str, dict[str, Any]]:
    return keys_at(address, algorithm, by.caller)


def keys_at(address: str, algorithm: str, caller: Caller) -> dict[str, dict[str, Any]]:
    """Read a JWK set: its keys for one algorithm only, a few of them, by id (RFC 7517)."""
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
        if (key.get("kty"), key.get("crv")) == KEYS[algorithm] and key.get("use", "sig") == "sig":
            found.setdefault(key["kid"], key)
        if len(found) == MOST_KEYS:
            break
    return found
