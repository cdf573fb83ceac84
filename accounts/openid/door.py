"""Going to an identity provider that an admin has set up, coming back as a person, and leaving it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse

from throttling import limits
from throttling.clients import client_address

from .. import sessions
from ..calling import Nonsense, Unreachable
from ..first_sign_in import begin_for_staff
from ..models import IdentityProvider, ProviderVisit
from . import exchange, people, tokens, visits
from .exchange import Client
from .troubles import Trouble, Troubled

log = structlog.get_logger(__name__)
PROVIDER = f"{settings.COOKIE_PREFIX}provider"
VISITS = visits.Visits(table=ProviderVisit, cookie=PROVIDER, purpose="accounts.provider")
BEGINNINGS = 600  # an hour from one network, behind which a whole school may stand
LONGEST_PATH = 100  # of the page that was wanted before


def return_address(provider: IdentityProvider) -> str:
    """Return the address that a provider sends people back to: its own, so that none answers as another."""
    return settings.SITE_URL + reverse("provider_callback", args=[provider.public_id])


def farewell_address() -> str:
    """Return the address that providers send people back to after signing out."""
    return settings.SITE_URL + reverse("provider_left")


def client_of(provider: IdentityProvider) -> Client:
    """Return the portal as a provider knows it."""
    return Client(
        issuer=provider.issuer,
        client_id=provider.client_id,
        secret=provider.secret(),
        return_address=return_address(provider),
        scopes=tuple(dict.fromkeys(["openid", *provider.scope.split()])),
        algorithm=provider.algorithm,
    )


def origin_of(issuer: str) -> str:
    """Return the origin of an issuer, for a page's content policy."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}"


def let_forms_lead_to(response: HttpResponse, issuers: list[str]) -> None:
    """Let the forms of this page be answered by a redirect to these issuers: Chromium asks the policy."""
    if issuers:
        vars(response)["_csp_update"] = {"form-action": sorted({origin_of(each) for each in issuers})}


def begin(request: HttpRequest, provider: IdentityProvider, wanted: str = "") -> HttpResponse:
    """Send this browser to a provider; ``wanted`` is a path of this site to go on to afterwards.

    Called for a POST only. Where the provider does not answer, or after too many beginnings from one
    network, the browser is led to a page that says so.
    """
    try:
        limits.hit(limits.Limit("provider.network", client_address(request), BEGINNINGS, timedelta(hours=1)))
        client = client_of(provider)
        where = exchange.place(client)
    except limits.Refused:
        return _to(provider, Trouble.TOO_OFTEN)
    except Unreachable as reason:
        return _to(provider, _told(provider, Trouble.AWAY, reason))
    except Nonsense as reason:
        return _to(provider, _told(provider, Trouble.NONSENSE, reason))
    wanted = wanted if len(wanted) <= LONGEST_PATH else ""
    departure, secret = VISITS.open(request, wanted, provider=provider)
    response = HttpResponseRedirect(exchange.question(client, where, departure))
    VISITS.remember(request, response, secret)
    return response


def come_back(request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
    """Take a provider's answer and open the account it leads to; return where to go.

    An answer that this browser has brought already is not looked at again: whoever is signed in goes on.
    Raises :class:`Troubled`, or :class:`.people.Unknown` for somebody whom no record leads to.
    """
    try:
        back = VISITS.listen(request, request.GET.get("state", ""), provider=provider)
    except (visits.Unknown, visits.Expired):
        raise Troubled(Trouble.EXPIRED) from None
    except visits.Elsewhere:
        raise Troubled(Trouble.ELSEWHERE) from None
    except visits.Answered as visit:
        if not request.user.is_authenticated:
            raise Troubled(Trouble.REPLAYED) from None
        return HttpResponseRedirect(visit.next_step or reverse("my_space"))
    try:
        said = exchange.answer(client_of(provider), request.GET.dict(), back)
    except exchange.TurnedDown:
        raise Troubled(Trouble.REFUSED) from None
    except Unreachable as reason:
        raise Troubled(_told(provider, Trouble.AWAY, reason)) from None
    except (Nonsense, tokens.Untrusted) as reason:
        raise Troubled(_told(provider, Trouble.NONSENSE, reason)) from None
    response = _open_account(request, provider, said, back.next_step)
    VISITS.forget(request)
    VISITS.keep_for_signing_out(request, response, said.id_token, provider=str(provider.public_id))
    return response


def _open_account(
    request: HttpRequest, provider: IdentityProvider, said: exchange.Said, wanted: str
) -> HttpResponse:
    try:
        if (user := people.known(provider, said)) is not None:
            return sessions.sign_in(request, user, next_url=wanted)
        record = people.member(provider, said)
    except people.Unknown as reason:
        log.warning("provider_knows_a_stranger", provider=provider.name, where=str(reason))
        raise
    response = begin_for_staff(request, record, people.authority_of(provider.academy))
    if response.status_code == 302:  # else it says why nobody was let in
        people.tie(request, provider, said, record)
    return response


def sign_out(request: HttpRequest) -> HttpResponse | None:
    """Return the page that ends the session at the provider too; ``None`` for sessions of other doors (T43).

    A page and not a redirect: the content policy lets no form of the portal be answered by another site, and
    the session here is over whatever the provider does.
    """
    kept = VISITS.kept_for_signing_out(request)
    if kept is None:
        return None
    address = ""
    provider = IdentityProvider.objects.filter(public_id=kept["provider"]).first() if kept else None
    if provider is not None:
        try:
            address = exchange.farewell(client_of(provider), kept["id_token"], back_to=farewell_address())
        except (Unreachable, Nonsense) as reason:
            _told(provider, Trouble.AWAY, reason)
    shown = {"provider": provider, "address": address, "user": None}
    response = render(request, "accounts/openid/leaving.html", shown)
    if address:
        response.headers["Refresh"] = f"0;url={address}"
    VISITS.write_cookie(response, "")
    return response


def _told(provider: IdentityProvider, trouble: Trouble, reason: Exception) -> Trouble:
    """Leave a line for who looks after the portal: which check, nothing of the person."""
    log.warning("provider_failed", provider=provider.name, trouble=trouble.value, where=str(reason) or "-")
    return trouble


def _to(provider: IdentityProvider, trouble: Trouble) -> HttpResponse:
    return redirect("provider_trouble", provider.public_id, trouble.value)
