"""Going to FranceConnect, coming back, and leaving it (OpenID Connect Core 1.0, RP-Initiated Logout 1.0)."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from enum import StrEnum

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from accounts.calling import Nonsense, Unreachable
from accounts.openid import exchange, tokens, visits
from accounts.openid.troubles import Trouble, Troubled
from throttling import limits
from throttling.clients import client_address

from . import identity, provider
from .identity import Identity
from .visits import VISITS

log = structlog.get_logger(__name__)
BEGINNINGS = 600  # an hour from one network, behind which a whole school may stand
GOODBYE = "bye"


class Goodbye(StrEnum):
    """Why somebody leaves FranceConnect; the value is in the address of the page that says it is done."""

    NOT_ME = "efface"
    SIGNED_OUT = "deconnexion"


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
        client = provider.client()
        where = exchange.place(client)
    except limits.Refused:
        return _to(Trouble.TOO_OFTEN)
    except Unreachable as reason:
        return _to(_told(Trouble.AWAY, reason))
    except Nonsense as reason:
        return _to(_told(Trouble.NONSENSE, reason))
    departure, secret = VISITS.open(request, next_step)
    response = HttpResponseRedirect(exchange.question(client, where, departure))
    VISITS.remember(request, response, secret)
    return response


def arrived(request: HttpRequest) -> Identity | None:
    """Return who came back from FranceConnect to this browser last, for half an hour; else ``None``."""
    said = VISITS.last_arrived(request)
    try:
        return None if said is None else Identity.from_json(said)
    except (TypeError, KeyError, ValueError):
        return None  # kept by another version of the portal


def forget(request: HttpRequest, response: HttpResponseBase) -> None:
    """Erase what FranceConnect said to this browser, rows and cookie."""
    VISITS.forget(request)
    VISITS.write_cookie(response, "")


def settle(request: HttpRequest, response: HttpResponseBase, who: Identity) -> None:
    """Erase what FranceConnect said of somebody whose account has opened.

    What is left, in their session, is what ends the one over there when they sign out (T43).
    """
    VISITS.forget(request)
    VISITS.keep_for_signing_out(request, response, who.id_token)


def sign_out(request: HttpRequest) -> HttpResponse | None:
    """Return the way by FranceConnect of a session that it opened; ``None`` for others.

    Of a browser as well where somebody came back from there and then signed in by a password: the session
    over there is open, and the next person at this computer must not find it.
    """
    if not provider.is_there():
        return None
    kept = VISITS.kept_for_signing_out(request)
    id_token = None if kept is None else kept.get("id_token", "")
    if not id_token and (who := arrived(request)):
        id_token = who.id_token
    return None if id_token is None else leave(request, id_token, Goodbye.SIGNED_OUT)


def leave(request: HttpRequest, id_token: str, why: Goodbye = Goodbye.NOT_ME) -> HttpResponse:
    """Forget here, then end the session at FranceConnect too, for the next person at this computer (T43).

    With FranceConnect away, or without the token that it asks for, the first half holds, and the page says
    how to do the second.
    """
    state = secrets.token_urlsafe(32)
    try:
        address = exchange.farewell(
            provider.client(),
            id_token,
            back_to=settings.SITE_URL + reverse("franceconnect_left"),
            state=state,
        )
    except (Unreachable, Nonsense) as reason:
        _told(Trouble.AWAY, reason)
        response = HttpResponseRedirect(f"{reverse('franceconnect_left')}?reste={why}")
        forget(request, response)
        return response
    response = HttpResponseRedirect(address)
    VISITS.forget(request)
    VISITS.write_cookie(response, f"{GOODBYE}.{why}.{state}")
    return response


def has_left(request: HttpRequest) -> Goodbye | None:
    """Say why this browser went to FranceConnect, if it comes back from :func:`leave`."""
    expected, state = VISITS.read_cookie(request), request.GET.get("state", "")
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
        back = VISITS.listen(request, state)
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
    except exchange.TurnedDown:
        raise Troubled(Trouble.REFUSED) from None
    except Unreachable as reason:
        raise Troubled(_told(Trouble.AWAY, reason)) from None
    except (Nonsense, tokens.Untrusted, identity.Unfit) as reason:
        raise Troubled(_told(Trouble.NONSENSE, reason)) from None
    secret = VISITS.keep(back, who.as_json())
    response = redirect(back.next_step)
    VISITS.remember(request, response, secret, instead_of=back.secret)
    return response


def _ask_who(request: HttpRequest, back: visits.Return) -> Identity:
    client = provider.client()
    said = exchange.answer(client, request.GET.dict(), back)
    return identity.read(
        proof=said.proof,
        said=said.userinfo,
        visit=back.visit,
        issuer=client.issuer,
        id_token=said.id_token,
    )


def _told(trouble: Trouble, reason: Exception) -> Trouble:
    """Leave a line for who looks after the portal: which check, nothing of the person."""
    log.warning("franceconnect_failed", trouble=trouble.value, where=str(reason) or "-")
    return trouble


def _to(trouble: Trouble) -> HttpResponse:
    return redirect("franceconnect_trouble", trouble.value)
