"""A question to a provider and its answer: the code flow with PKCE (OpenID Connect Core 1.0; RFC 7636)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from ..calling import Answer, Caller, Nonsense, Unreachable
from . import discovery, tokens
from .visits import Departure, Return


class TurnedDown(Exception):
    """Somebody chose over there not to go on."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """What one provider knows the portal as, and what the portal takes from it."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    return_address: str  # as it is registered there
    scopes: tuple[str, ...] = ("openid",)
    algorithm: str = "ES256"  # of discovery.KEYS
    level: str = ""  # acr_values, where a level of assurance is asked for
    levels: tuple[str, ...] = ()  # those that will do
    needs_signed_userinfo: bool = False
    gives_secret_in_form: bool | None = None  # None: as the provider says it takes it


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a provider proved and said of somebody, all of it checked."""

    proof: Mapping[str, Any]  # the id_token
    userinfo: Mapping[str, Any]  # empty where the provider has none
    id_token: str = field(repr=False)


def place(client: Client) -> discovery.Provider:
    """Find the provider, before anything is written. Raises :class:`Unreachable` or :class:`Nonsense`."""
    return discovery.find(client.issuer, Caller())


def question(client: Client, where: discovery.Provider, departure: Departure) -> str:
    """Return the address that asks who somebody is."""
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.return_address,
        "scope": " ".join(client.scopes),
        **({"acr_values": client.level} if client.level else {}),
        "state": departure.state,
        "nonce": departure.nonce,
        "code_challenge": departure.challenge,
        "code_challenge_method": "S256",
    }
    return with_words(where.authorization_endpoint, asked)


def answer(client: Client, brought: Mapping[str, str], back: Return) -> Said:
    """Take what a browser brought back to its end: the code exchanged, every signature and claim checked.

    Raises :class:`TurnedDown`, :class:`Unreachable`, :class:`Nonsense` or :class:`.tokens.Untrusted`.
    """
    if brought.get("iss", client.issuer) != client.issuer:  # RFC 9207: the answer of somebody else
        raise tokens.Untrusted("issuer")
    if error := brought.get("error", ""):
        raise _reason_of(error)
    code = brought.get("code", "")
    if not code:
        raise Nonsense("no-code")
    caller = Caller()
    where = discovery.find(client.issuer, caller)
    id_token, access_token = _exchanged(client, caller, where, code, back)
    keys = tokens.Keys(caller, where, client.algorithm)
    proof = tokens.opened(id_token, keys)
    tokens.check_id_token(
        proof,
        issuer=client.issuer,
        client=client.client_id,
        nonce=back.departure.nonce,
        access_token=access_token,
        now=back.now,
        levels=client.levels,
    )
    userinfo = _userinfo(client, caller, where, keys, access_token, proof["sub"], back)
    return Said(proof=proof, userinfo=userinfo, id_token=id_token)


def farewell(client: Client, id_token: str, *, back_to: str, state: str = "") -> str:
    """Return the address that ends somebody's session over there (RP-Initiated Logout 1.0, SAFETY T43).

    Raises :class:`Unreachable`, or :class:`Nonsense` where there is no such address or no token to show.
    """
    if not id_token:
        raise Nonsense("no-id-token")
    where = discovery.find(client.issuer, Caller(patience=3))
    if not where.end_session_endpoint:
        raise Nonsense("end_session_endpoint")
    asked = {"id_token_hint": id_token, "post_logout_redirect_uri": back_to}
    return with_words(where.end_session_endpoint, asked | ({"state": state} if state else {}))


def with_words(address: str, words: Mapping[str, str]) -> str:
    """Add words to an address."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode(words)}"


def _exchanged(
    client: Client, caller: Caller, where: discovery.Provider, code: str, back: Return
) -> tuple[str, str]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.return_address,
        "code_verifier": back.departure.verifier,
    }
    in_form = client.gives_secret_in_form
    if where.takes_secret_in_form if in_form is None else in_form:
        words = form | {"client_id": client.client_id, "client_secret": client.secret}
        given = _good(caller.post(where.token_endpoint, words), "token").json()
    else:
        by = (client.client_id, client.secret)
        given = _good(caller.post(where.token_endpoint, form, by=by), "token").json()
    id_token, access_token = given.get("id_token"), given.get("access_token")
    if not isinstance(id_token, str) or not isinstance(access_token, str) or not access_token.isascii():
        raise Nonsense("tokens")
    if (
        not access_token
        or not access_token.isprintable()
        or str(given.get("token_type", "")).lower() != "bearer"
    ):
        raise Nonsense("tokens")
    return id_token, access_token


def _userinfo(
    client: Client,
    caller: Caller,
    where: discovery.Provider,
    keys: tokens.Keys,
    access_token: str,
    sub: str,
    back: Return,
) -> Mapping[str, Any]:
    """What comes unsigned comes over TLS from the issuer's own origin, and about the same ``sub``."""
    if not where.userinfo_endpoint:
        if client.needs_signed_userinfo:
            raise Nonsense("userinfo_endpoint")
        return {}
    accept = "application/jwt" if client.needs_signed_userinfo else "application/json, application/jwt"
    told = _good(caller.get(where.userinfo_endpoint, bearer=access_token, accept=accept), "userinfo")
    if told.kind != "application/jwt":
        if client.needs_signed_userinfo:
            raise tokens.Untrusted("userinfo-not-signed")
        said = told.json()
        if said.get("sub") != sub:
            raise tokens.Untrusted("sub")
        return said
    said = tokens.opened(told.body.decode("ascii", "replace"), keys)
    tokens.check_userinfo(said, issuer=client.issuer, client=client.client_id, sub=sub, now=back.now)
    return said


def _good(told: Answer, what: str) -> Answer:
    if told.status != 200:
        raise Nonsense(f"{what}-http-{told.status}")
    return told


def _reason_of(error: str) -> Exception:
    """A provider's own trouble is one to wait for; any other word is about how we asked."""
    if error == "access_denied":
        return TurnedDown()
    if error in ("temporarily_unavailable", "server_error"):
        return Unreachable("error")
    return Nonsense("error")
