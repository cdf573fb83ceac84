"""Who is signed in, and three rules for every page of theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme

from . import open_sessions, sessions, steps
from .doors import sign_in_page
from .models import User
from .session_store import session_of


def steps_not_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mark a view as open to who still has steps to take: the steps themselves, and the way out."""
    vars(view)["steps_required"] = False
    return view


class StepsMiddleware(MiddlewareMixin):
    """Leads to the next step that is due (:mod:`accounts.steps`), from any page that asks for a sign-in."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Return a redirect while something is due, else let the view answer.

        The page of a step that comes later is none to begin with, whatever address was typed (SAFETY T38).
        """
        if not getattr(view, "login_required", True):
            return None
        here = (request.resolver_match and request.resolver_match.url_name) or ""
        if not getattr(view, "steps_required", True) and not steps.is_one(here):
            return None
        if not request.user.is_authenticated:
            return None
        if request.session.get(sessions.GUESSABLE):
            page = "change_password"
        elif (step := steps.next_due(request.user, request.session, before=here)) is not None:
            page = step.page
        else:
            return None
        if page == here:
            return None
        wanted = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
        return redirect(reverse(page) + wanted)


class PersonMiddleware(AuthenticationMiddleware):
    """Says who is signed in, as the session's row came with them: no second query."""

    def process_request(self, request: HttpRequest) -> None:
        """Ask when somebody wants to know."""
        request.user = cast(User, SimpleLazyObject(lambda: sessions.person_of(request)))


class SessionLifeMiddleware(MiddlewareMixin):
    """Ends a session that was idle for half an hour, or open for half a day (SAFETY T31)."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Lead to the sign-in page of one's own door, which says why and leads back."""
        if SESSION_KEY in request.session:
            open_sessions.seen(request)
            return None
        session = session_of(request)
        if not session.ended:
            return None
        words = {"expiree": "1"}
        if back := _page_shown(request):
            words["next"] = back
        return redirect(f"{sign_in_page(session.ended_at_door)}?{urlencode(words)}")


def _page_shown(request: HttpRequest) -> str:
    """Return the page that was asked for, or the one whose button was pressed; empty where nobody knows.

    What the sign-in page is told to lead back to is checked there (:func:`accounts.views.pages.next_page`).
    """
    if request.method == "GET":
        return request.get_full_path()
    said = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(said, {request.get_host()}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(said)
    back = urlunsplit(("", "", parts.path, parts.query, ""))
    # Of a page with a secret the browser says the site only, and that leads nowhere.
    is_page = parts.netloc and back != "/" and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if is_page else ""


class NoStoreMiddleware(MiddlewareMixin):
    """Keeps the pages of a signed-in person out of every cache (SAFETY T32)."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Add ``no-store`` where a session was read or written."""
        session = getattr(request, "session", None)
        if session is not None and session.session_key:
            add_never_cache_headers(response)
        return response
