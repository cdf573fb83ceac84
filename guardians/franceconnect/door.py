"""Going to FranceConnect, coming back, and leaving it (OpenID Connect Core 1.0, RP-Initiated Logout 1.0)."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlencode

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from throttling import limits
from throttling.clients import client_address

from . import identity, provider, tokens, visits
from .calling import Caller, Nonsense, Unreachable
from .identity import Identity
from .troubles import Trouble

log = structlog.get_logger(__name__)
# What the register says to tell two people of one name apart, and no more: no address, no place of birth.
SCOPES = ("openid", "given_name", "family_name", "preferred_username", "birthdate", "gender")
LEVEL = "eidas1"
BEGINNINGS = 600  # an hour from one network, behind which a whole school may stand
GOODBYE = "bye"


class Goodbye(StrEnum):
    """Why somebody leaves FranceConnect; the value is in the address of the page that says it is done."""

    NOT_ME = "efface"
    SIGNED_OUT = "deconnexion"


class Troubled(Exception):
    """It did not work out; the trouble says what the person reads."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble


def begin(request: HttpRequest, next_step: str) -> HttpResponse:
    """Send this browser to FranceConnect; it comes back to the page named ``next_step``.

    Called for a POST only. Where FranceConnect does not answer, or after too many beginnings from one
    network, the browser is led to a page that says so, with another way.
    """
    reverse(next_step)  # a page that does not exist is a mistake of ours, and is seen before anybody leaves
    try:
        limits.hit(
            limits.Limit("franceconnect.network", client_address(request), BEGINNINGS, timedelta(hours=1))
        )
        where = provider.find(Caller())
    except limits.Refused:
        return _to(Trouble.TOO_OFTEN)
    except Unreachable as reason:
        return _to(_told(Trouble.AWAY, reason))
    except Nonsense as reason:
        return _to(_told(Trouble.NONSENSE, reason))
    departure, secret = visits.open_visit(request, next_step)
    asked = {
        "response_type": "code",
        "client_id": settings.FRANCECONNECT_CLIENT_ID,
        "redirect_uri": return_address(),
        "scope": " ".join(SCOPES),
        "acr_values": LEVEL,
        "state": departure.state,
        "nonce": departure.nonce,
        "code_challenge": departure.challenge,
        "code_challenge_method": "S256",
    }
    response = HttpResponseRedirect(_with(where.authorization_endpoint, asked))
    visits.remember(request, response, secret)
    return response


def arrived(request: HttpRequest) -> Identity | None:
    """Return who came back from FranceConnect to this browser last, for half an hour; else ``None``."""
    return visits.last_arrived(request)


def forget(request: HttpRequest, response: HttpResponseBase) -> None:
    """Erase what FranceConnect said to this browser, rows and cookie."""
    visits.forget(request)
    visits.write_cookie(response, "")


def settle(request: HttpRequest, response: HttpResponseBase, who: Identity) -> None:
    """Erase what FranceConnect said of somebody whose account has opened.

    What is left, in their session, is what ends the one over there when they sign out (T43).
    """
    visits.forget(request)
    visits.keep_for_signing_out(request, response, who.id_token)


def sign_out(request: HttpRequest) -> HttpResponse | None:
    """Return the way by FranceConnect of a session that it opened; ``None`` for others.

    Of a browser as well where somebody came back from there and then signed in by a password: the session
    over there is open, and the next person at this computer must not find it.
    """
    if not provider.is_there():
        return None
    id_token = visits.kept_for_signing_out(request)
    if not id_token and (who := visits.last_arrived(request)):
        id_token = who.id_token
    return None if id_token is None else leave(request, id_token, Goodbye.SIGNED_OUT)


def leave(request: HttpRequest, id_token: str, why: Goodbye = Goodbye.NOT_ME) -> HttpResponse:
    """Forget here, then end the session at FranceConnect too, for the next person at this computer (T43).

    With FranceConnect away, or without the token that it asks for, the first half holds, and the page says
    how to do the second.
    """
    state = secrets.token_urlsafe(32)
    try:
        if not id_token:
            raise Nonsense("no-id-token")
        where = provider.find(Caller(patience=3))
    except (Unreachable, Nonsense) as reason:
        _told(Trouble.AWAY, reason)
        response = HttpResponseRedirect(f"{reverse('franceconnect_left')}?reste={why}")
        forget(request, response)
        return response
    asked = {
        "id_token_hint": id_token,
        "state": state,
        "post_logout_redirect_uri": settings.SITE_URL + reverse("franceconnect_left"),
    }
    response = HttpResponseRedirect(_with(where.end_session_endpoint, asked))
    visits.forget(request)
    visits.write_cookie(response, f"{GOODBYE}.{why}.{state}")
    return response


def has_left(request: HttpRequest) -> Goodbye | None:
    """Say why this browser went to FranceConnect, if it comes back from :func:`leave`."""
    expected, state = visits.read_cookie(request), request.GET.get("state", "")
    for why in Goodbye:
        if hmac.compare_digest(expected.encode(), f"{GOODBYE}.{why}.{state}".encode()):
            return why
    return None


def come_back(request: HttpRequest) -> HttpResponse:
    """Take FranceConnect's answer, and lead to the next step. Raises :class:`Troubled`.

    An answer that this browser has brought already leads on once more, without being looked at.
    """
    state = request.GET.get("state", "")
    try:
        back = visits.listen(request, state)
    except visits.Unknown:
        raise Troubled(Trouble.EXPIRED) from None
    except visits.Expired:
        raise Troubled(Trouble.EXPIRED) from None
    except visits.Elsewhere:
        raise Troubled(Trouble.ELSEWHERE) from None
    except visits.Answered as visit:
        if arrived(request) is None:
            raise Troubled(Trouble.REPLAYED) from None
        return redirect(visit.next_step)
    try:
        who = _ask_who(request, back)
    except Unreachable as reason:
        raise Troubled(_told(Trouble.AWAY, reason)) from None
    except (Nonsense, tokens.Untrusted, identity.Unfit) as reason:
        raise Troubled(_told(Trouble.NONSENSE, reason)) from None
    secret = visits.keep(back, who)
    response = redirect(back.next_step)
    visits.remember(request, response, secret, instead_of=back.secret)
    return response


def return_address() -> str:
    """Return the address that FranceConnect sends people back to, as it is registered there."""
    return settings.SITE_URL + reverse("franceconnect_callback")


def _ask_who(request: HttpRequest, back: visits.Return) -> Identity:
    issuer, client = settings.FRANCECONNECT_ISSUER, settings.FRANCECONNECT_CLIENT_ID
    if request.GET.get("iss", issuer) != issuer:  # RFC 9207: the answer of somebody else
        raise tokens.Untrusted("issuer")
    if error := request.GET.get("error", ""):
        raise Troubled(Trouble.REFUSED) if error == "access_denied" else _reason_of(error)
    code = request.GET.get("code", "")
    if not code:
        raise Nonsense("no-code")
    caller = Caller()
    where = provider.find(caller)
    answer = caller.post(
        where.token_endpoint,
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": return_address(),
            "client_id": client,
            "client_secret": settings.FRANCECONNECT_CLIENT_SECRET,
            "code_verifier": back.departure.verifier,
        },
    )
    if answer.status != 200:
        raise Nonsense(f"token-http-{answer.status}")
    given = answer.json()
    id_token, access_token = given.get("id_token"), given.get("access_token")
    if not isinstance(id_token, str) or not isinstance(access_token, str) or not access_token.isascii():
        raise Nonsense("tokens")
    if (
        not access_token
        or not access_token.isprintable()
        or str(given.get("token_type", "")).lower() != "bearer"
    ):
        raise Nonsense("tokens")
    keys = tokens.Keys(caller, where)
    proof = tokens.opened(id_token, keys)
    tokens.check_id_token(
        proof,
        issuer=issuer,
        client=client,
        nonce=back.departure.nonce,
        access_token=access_token,
        now=back.now,
    )
    answer = caller.get(where.userinfo_endpoint, bearer=access_token, accept="application/jwt")
    if answer.status != 200:
        raise Nonsense(f"userinfo-http-{answer.status}")
    if answer.kind != "application/jwt":
        raise tokens.Untrusted("userinfo-not-signed")
    said = tokens.opened(answer.body.decode("ascii", "replace"), keys)
    tokens.check_userinfo(said, issuer=issuer, client=client, sub=proof["sub"], now=back.now)
    return identity.read(proof=proof, said=said, visit=back.visit, issuer=issuer, id_token=id_token)


def _reason_of(error: str) -> Exception:
    """FranceConnect's own trouble is one to wait for; any other word is about how we asked."""
    if error in ("temporarily_unavailable", "server_error"):
        return Unreachable("error")
    return Nonsense("error")


def _told(trouble: Trouble, reason: Exception) -> Trouble:
    """Leave a line for who looks after the portal: which check, nothing of the person."""
    log.warning("franceconnect_failed", trouble=trouble.value, where=str(reason) or "-")
    return trouble


def _to(trouble: Trouble) -> HttpResponse:
    return redirect("franceconnect_trouble", trouble.value)


def _with(address: str, words: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(words)}"
