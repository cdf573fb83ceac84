"""What the portal remembers in a browser that has not signed in: four small signed cookies.

- ``device``: a random number, so that limits count a browser and not a whole school behind one
  address, and so that the browser that signed up is known again.
- ``consent``: which terms were accepted, and when (SCREENS A3).
- ``registration``: the sign-up that « Vérifiez vos messages » speaks of.

- ``known``: for each account that signed in here, a number that gives this browser a budget of its own
  for wrong passwords (SAFETY G6). It proves nothing else.

And one plain cookie, ``name``: the user name, where its owner asked for it (SCREENS A2). Strangers
have no session, so that a sign-up costs the database nothing before its form is sent.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from .models import User

DEVICE = f"{settings.COOKIE_PREFIX}device"
CONSENT = f"{settings.COOKIE_PREFIX}consent"
REGISTRATION = f"{settings.COOKIE_PREFIX}registration"
NAME = f"{settings.COOKIE_PREFIX}name"
KNOWN = f"{settings.COOKIE_PREFIX}known"
ACCOUNTS = 5  # a family's computer
NEW_NUMBER = "browsers_new_number"  # of a request: the one that its answer gives the browser
YEAR = timedelta(days=365)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Consent:
    """Terms accepted in this browser."""

    document: int  # PolicyDocument's key
    at: datetime
    used: bool  # a sign-up was made under it: the next one begins with a consent of its own


def _remember(response: HttpResponse, key: str, value: str, lifetime: timedelta) -> None:
    response.set_signed_cookie(
        key,
        value,
        salt=key,
        max_age=int(lifetime.total_seconds()),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _recall(request: HttpRequest, key: str, lifetime: timedelta) -> str:
    value = request.get_signed_cookie(key, default="", salt=key, max_age=int(lifetime.total_seconds()))
    return value or ""


def device(request: HttpRequest) -> str:
    """Return this browser's random number; an empty string when it has none yet."""
    return _recall(request, DEVICE, YEAR)


def device_hash(request: HttpRequest) -> str:
    """Return what a row keeps of the browser: nothing that could be put back into a cookie."""
    return hash_of(device(request))


def hash_of(number: str) -> str:
    """Return what a row keeps of a browser's number; nothing for none."""
    return hashlib.sha256(f"accounts.browsers|{number}".encode()).hexdigest() if number else ""


def recognised(request: HttpRequest, response: HttpResponse) -> str:
    """Return what a row keeps of the browser, which gets a number with this answer if it has none.

    One number for one request, whichever of several answers leaves in the end: what was counted under it
    goes on being counted (SAFETY G7).
    """
    number = device(request)
    if not number:
        number = vars(request).setdefault(NEW_NUMBER, secrets.token_urlsafe(16))
        _remember(response, DEVICE, number, YEAR)
    return hash_of(number)


def give_number(response: HttpResponse) -> str:
    """Give the browser a number, and return it."""
    number = secrets.token_urlsafe(16)
    _remember(response, DEVICE, number, YEAR)
    return number


def remember_consent(
    request: HttpRequest, response: HttpResponse, *, document: int, at: datetime, used: bool = False
) -> None:
    """Keep the consent, and give the browser a number if it has none."""
    if not device(request):
        give_number(response)
    _remember(response, CONSENT, f"{document}:{int(at.timestamp())}:{int(used)}", DAY)


def consent(request: HttpRequest) -> Consent | None:
    """Return the consent given in this browser within the last day."""
    try:
        document, at, used = map(int, _recall(request, CONSENT, DAY).split(":"))
        given = Consent(document=document, at=datetime.fromtimestamp(at, tz=UTC), used=bool(used))
    except (ValueError, OverflowError):
        return None
    return given if device(request) else None


def remember_registration(response: HttpResponse, public_id: uuid.UUID) -> None:
    """Keep which sign-up was made here."""
    _remember(response, REGISTRATION, public_id.hex, DAY)


def forget_registration(response: HttpResponse) -> None:
    """Forget it, for the next person at this computer."""
    response.delete_cookie(REGISTRATION, samesite="Lax")


def registration(request: HttpRequest) -> uuid.UUID | None:
    """Return which sign-up was made in this browser."""
    try:
        return uuid.UUID(hex=_recall(request, REGISTRATION, DAY))
    except ValueError:
        return None


def remember_name(response: HttpResponse, name: str) -> None:
    """Keep a user name, or forget it when it is empty."""
    if name:
        _remember(response, NAME, name, YEAR)
    else:
        response.delete_cookie(NAME, samesite="Lax")


def name(request: HttpRequest) -> str:
    """Return the user name that its owner asked to remember here."""
    return _recall(request, NAME, YEAR)


def remember_language(response: HttpResponse, language: str) -> None:
    """Keep the language chosen here, for strangers too."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


def remember_account(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Keep that this person signed in here; of several, the last ones."""
    if known_as(request, user):
        return
    others = [entry for entry in _known(request) if not entry.startswith(f"{user.public_id.hex}:")]
    entry = f"{user.public_id.hex}:{_seal(user)}:{secrets.token_urlsafe(9)}"
    _remember(response, KNOWN, "~".join([entry, *others][:ACCOUNTS]), YEAR)


def known_as(request: HttpRequest, user: User) -> str:
    """Return the number under which this browser is known for a person; empty if it is not.

    A new password, or sessions ended by the staff, make every browser a stranger again.
    """
    start = f"{user.public_id.hex}:{_seal(user)}:"
    return next((entry.removeprefix(start) for entry in _known(request) if entry.startswith(start)), "")


def has_seen(request: HttpRequest, user: User) -> bool:
    """Say whether this person has signed in here before, be it under an older password: no new device."""
    return any(entry.startswith(f"{user.public_id.hex}:") for entry in _known(request))


def _known(request: HttpRequest) -> list[str]:
    return [entry for entry in _recall(request, KNOWN, YEAR).split("~") if entry]


def _seal(user: User) -> str:
    text = f"{user.public_id}|{user.password}|{user.session_epoch}"
    return salted_hmac("accounts.browsers.known", text, algorithm="sha256").hexdigest()[:16]
