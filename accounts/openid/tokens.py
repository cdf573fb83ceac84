"""Whether a provider itself said something, to us, now, and in answer to our question (SAFETY G14, T41).

Every check of OpenID Connect Core 1.0, section 3.1.3.7, and none left to a library's defaults: one
algorithm, keys of the issuer only, the clock of PostgreSQL.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ..calling import Caller
from . import discovery

SHORTEST_RSA = 2048  # bits (RFC 7518, 3.3)
LONGEST = 16 * 1024
SKEW = 30  # seconds that two clocks may differ
OLDEST = 600  # seconds since an id_token was made for us: one just fetched is younger


class Untrusted(Exception):
    """It did not come from the provider, or not for this. The word says which check failed."""


class Keys:
    """The issuer's keys for one coming back: asked for anew once, when they do not fit."""

    def __init__(self, caller: Caller, where: discovery.Provider, algorithm: str) -> None:
        # What the portal's registration there asks for; nothing else is read, whatever a token names.
        self.caller, self.where, self.algorithm = caller, where, algorithm
        self.renewed = False

    def renew(self) -> bool:
        """Ask again; say whether that was still allowed."""
        if self.renewed:
            return False
        self.renewed = True
        self.latest = discovery.fresh_keys(self.caller, self.where, self.algorithm)
        return True

    def get(self, kid: str) -> dict[str, Any] | None:
        """Return the key of this id, as known now."""
        known = self.latest if self.renewed else discovery.keys(self.caller, self.where, self.algorithm)
        return known.get(kid)


def opened(token: str, keys: Keys) -> dict[str, Any]:
    """Return what a signed token says, once its signature is right. Raises :class:`Untrusted`.

    A key that is not known, or does not fit, may have been changed since it was read: the keys are asked
    for once more, and only once.
    """
    if len(token) > LONGEST:
        raise Untrusted("too-long")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise Untrusted("not-signed") from None
    if header.get("alg") != keys.algorithm:
        raise Untrusted("algorithm")
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise Untrusted("key")
    while True:
        key = keys.get(kid)
        content = _verified(token, key, keys.algorithm) if key is not None else None
        if content is not None:
            break
        if not keys.renew():
            raise Untrusted("key" if key is None else "signature")
    try:
        claims = json.loads(content)
    except (ValueError, RecursionError):
        raise Untrusted("not-json") from None
    if not isinstance(claims, dict):
        raise Untrusted("not-an-object")
    return claims


def _verified(token: str, key: dict[str, Any], algorithm: str) -> bytes | None:
    try:
        public = jwt.PyJWK(key, algorithm=algorithm).key
        if isinstance(public, RSAPublicKey) and public.key_size < SHORTEST_RSA:
            return None
        content: bytes = jwt.PyJWS(algorithms=[algorithm]).decode(token, public, algorithms=[algorithm])
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return content


def check_id_token(
    claims: Mapping[str, Any],
    *,
    issuer: str,
    client: str,
    nonce: str,
    access_token: str,
    now: datetime,
    levels: Collection[str] = (),
) -> None:
    """Refuse what is not a fresh proof, for this portal and this one question. Raises :class:`Untrusted`.

    ``levels`` are the levels of assurance (``acr``) that will do; none where none was asked for.
    """
    _check_sender(claims, issuer=issuer, client=client)
    _check_time(claims, now=now, needed=True)
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise Untrusted("nonce")
    # Not always sent where the token itself comes straight from the server (Core 1.0, 3.1.3.6).
    if "at_hash" in claims and claims["at_hash"] != _half_hash(access_token):
        raise Untrusted("at-hash")
    acr = claims.get("acr")
    if levels and not (isinstance(acr, str) and acr in levels):
        raise Untrusted("acr")


def check_userinfo(claims: Mapping[str, Any], *, issuer: str, client: str, sub: str, now: datetime) -> None:
    """Refuse what is not said to this portal about the person of the id_token (Core 1.0, 5.3.2)."""
    _check_sender(claims, issuer=issuer, client=client)
    _check_time(claims, now=now, needed=False)
    if claims["sub"] != sub:
        raise Untrusted("sub")


def _check_sender(claims: Mapping[str, Any], *, issuer: str, client: str) -> None:
    if claims.get("iss") != issuer:
        raise Untrusted("issuer")
    audience = claims.get("aud")
    if audience != client and not (isinstance(audience, list) and client in audience):
        raise Untrusted("audience")
    if claims.get("azp", client) != client or (isinstance(audience, list) and len(audience) > 1):
        raise Untrusted("audience")
    sub = claims.get("sub")
    if not isinstance(sub, str) or not 0 < len(sub) <= 255:
        raise Untrusted("sub")


def _check_time(claims: Mapping[str, Any], *, now: datetime, needed: bool) -> None:
    """An answer of userinfo need not say when it was made; what it says must hold all the same."""
    moment = now.timestamp()
    for name in ("exp", "iat", "nbf"):
        value = claims.get(name)
        if value is None:
            if needed and name != "nbf":
                raise Untrusted(name)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise Untrusted(name)
        elif name == "exp" and value <= moment - SKEW:
            raise Untrusted("expired")
        elif name != "exp" and value > moment + SKEW:
            raise Untrusted("not-yet")
        elif name == "iat" and value < moment - OLDEST:
            raise Untrusted("old")


def _half_hash(access_token: str) -> str:
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()
