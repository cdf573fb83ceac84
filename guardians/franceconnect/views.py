"""The pages around FranceConnect (SCREENS D3)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts.openid.troubles import Trouble, Troubled

from . import door, provider
from .troubles import WORDS

ABOUT = "https://franceconnect.gouv.fr/"
page = require_http_methods(["GET", "HEAD", "POST"])


def public(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Open a page to strangers, where the portal is a client of FranceConnect; elsewhere there is none."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not provider.is_there():
            raise Http404
        return view(request, *args, **kwargs)

    return login_not_required(never_cache(wrapped))


@public
@page
def enter(request: HttpRequest) -> HttpResponse:
    """« S'identifier avec FranceConnect »: what it is, what it tells us, and the button."""
    if request.method == "POST":
        return door.begin(request, "franceconnect_identity")
    return render(request, "guardians/franceconnect/enter.html", {"about": ABOUT})


@public
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Where FranceConnect sends people back to. The next address holds no code (T26)."""
    try:
        return door.come_back(request)
    except Troubled as refusal:
        return redirect("franceconnect_trouble", refusal.trouble.value)


@public
@require_safe
def trouble(request: HttpRequest, kind: str) -> HttpResponse:
    """Say what happened, and offer to try again or another way."""
    try:
        words = WORDS[Trouble(kind)]
    except ValueError:
        raise Http404 from None
    return render(request, "guardians/franceconnect/trouble.html", {"words": words})


@public
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """« Ce n'est pas moi »: forget, and sign out at FranceConnect."""
    who = door.arrived(request)
    if who is None:
        response = redirect("franceconnect")
        door.forget(request, response)
        return response
    return door.leave(request, who.id_token)


@public
@require_safe
def left(request: HttpRequest) -> HttpResponse:
    """Where FranceConnect sends people back to after it has signed them out."""
    remains = "reste" in request.GET
    why = door.has_left(request)
    if not remains and why is None:
        return redirect("franceconnect")
    is_signed_out = door.Goodbye.SIGNED_OUT in (why, request.GET.get("reste"))
    shown = {"remains": remains, "is_signed_out": is_signed_out}
    response = render(request, "guardians/franceconnect/left.html", shown)
    if not remains:
        door.forget(request, response)
    return response
