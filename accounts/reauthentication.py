"""Sensitive acts ask for the password again, when the last proof is older than five minutes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
    record_authentication,
)
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from economy import clock
from throttling import limits

from .backends import guesses
from .models import User

FRESH = 5 * 60  # seconds


def is_recent(request: HttpRequest) -> bool:
    """Say whether this session saw a proof (password, code, passkey) within the last five minutes.

    By PostgreSQL's clock, which came with the session: no other is every server's (SAFETY F16).
    """
    records = get_authentication_records(request, request.user if request.user.is_authenticated else None)
    now = clock.now().timestamp()
    return any(now - record.get("at", 0) < FRESH for record in records)


def note(request: HttpRequest, user: User, method: str, **said: str | bool) -> None:
    """Note a proof in the session, and when it was given, by PostgreSQL's clock."""
    record_authentication(request, user, method, at=clock.now().timestamp(), **said)


def date_the_last(request: HttpRequest) -> None:
    """Put PostgreSQL's time on the proof that allauth has just noted by the clock of this machine."""
    if records := request.session.get(AUTHENTICATION_METHODS_SESSION_KEY):
        dated = {**records[-1], "at": clock.now().timestamp()}
        request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [*records[:-1], dated]


def password_is_right(user: User, password: str) -> bool:
    """Check the password of a person outside the sign-in page: 25 wrong ones a day.

    Raises :class:`throttling.limits.Refused`.
    """
    guess = guesses(f"again:{user.subject}")
    limits.hit(guess)
    if not check_password(password, user.password):
        return False
    limits.give_back(guess)
    return True


def prove(request: HttpRequest, user: User, password: str) -> bool:
    """Check the password of who is signed in, and note the proof in the session.

    Raises :class:`throttling.limits.Refused`.
    """
    if not password_is_right(user, password):
        return False
    note(request, user, "password", reauthenticated=True)
    return True


def recently_proved(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Lead to the page that asks for the password, and back, when the last proof is too old."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_recent(request):
            return view(request, *args, **kwargs)
        # A form that was sent is not sent again by itself: its page is shown once more.
        return redirect(f"{reverse('reauthenticate')}?{urlencode({'next': request.path})}")

    return wrapped
