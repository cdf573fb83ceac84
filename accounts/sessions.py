"""Opening and ending a session, through allauth's stages, and who a session belongs to."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.internal import flows
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import get_language

from economy import clock
from notifications import outbox

from . import browsers, correspondence, open_sessions, reauthentication
from .models import User
from .session_store import session_of

KIND_NEW_DEVICE = "accounts.new_device"
DEVICE_LETTERS = 3  # a day
GUESSABLE = "sessions.guessable"  # in a session whose password guessers try early: another is due
PROVED = "sessions.proved"  # in a session that waits for the second factor: which password it began with


class PersonRequest(HttpRequest):
    """A request of somebody who is signed in, as views behind the sign-in receive it."""

    user: User


def sign_in(request: HttpRequest, user: User, *, next_url: str = "") -> HttpResponse:
    """Sign in a person who has just proved to be themselves; return where to go.

    ``next_url`` is a path of this site. It is never left to allauth, which would read it from the request.
    Whoever was signed in here before is not any more, be it the same person.
    """
    if SESSION_KEY in request.session:
        logout(request)
    login = Login(user=user, redirect_url=next_url or reverse("my_space"))
    response = flows.login.perform_password_login(request, {}, login)
    reauthentication.date_the_last(request)
    if request.user.is_authenticated:
        begin(request, response, user)
    else:
        request.session[PROVED] = user.get_session_auth_hash()
    return response


def is_still_proved(request: HttpRequest, user: User) -> bool:
    """Say whether the password given before the second factor still opens this account (SAFETY T31).

    What ends the sessions of a person ends this step too: a new password, their epoch, a suspension.
    """
    kept = request.session.get(PROVED, "")
    return user.is_active and constant_time_compare(kept, user.get_session_auth_hash())


def begin(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Note what begins with a session: the device, and that this browser is known."""
    now = clock.now()
    if user.last_login is None or user.last_login < now - timedelta(days=1):
        User.objects.filter(pk=user.pk).update(last_login=now)
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and user.language != get_language():
        browsers.remember_language(response, user.language)
    open_sessions.opened(request)
    if user.last_login is not None and not browsers.has_seen(request, user):
        _tell_of_new_device(user)
    browsers.remember_account(request, response, user)


def _tell_of_new_device(user: User) -> None:
    """Write to who was declared by a school, or to who holds their account: a thief is noticed (SAFETY T52).

    Three a day at most. Who signed up by themselves is not written to for each computer of a library: they
    see their devices in « Mon compte », and guardians may ask for alerts.
    """
    if user.student_id is None and user.staff_member_id is None:
        return
    reference, day = str(user.public_id), timedelta(days=1)
    if outbox.posted_lately(kind=KIND_NEW_DEVICE, reference=reference, within=day) < DEVICE_LETTERS:
        correspondence.post(KIND_NEW_DEVICE, user)


def sign_out(request: HttpRequest) -> None:
    """End the session of this browser."""
    flows.logout.logout(request)


def person_of(request: HttpRequest) -> User | AnonymousUser:
    """Return who is signed in here.

    A session ends with the password it was opened with, with its person's epoch, and with their account
    (SAFETY T31). One that a former ``SECRET_KEY`` vouches for is vouched for by the present one from then
    on, under the key it has: the other pages of this browser may be under way with it.
    """
    session = session_of(request)
    if SESSION_KEY not in session:
        return AnonymousUser()
    person = session.person or User.objects.filter(pk=session[SESSION_KEY]).first()
    if person is not None and person.is_active:
        kept = session.get(HASH_SESSION_KEY, "")
        if constant_time_compare(kept, person.get_session_auth_hash()):
            return person
        if any(constant_time_compare(kept, each) for each in person.get_session_auth_fallback_hash()):
            session[HASH_SESSION_KEY] = person.get_session_auth_hash()
            return person
    session.flush()
    return AnonymousUser()
