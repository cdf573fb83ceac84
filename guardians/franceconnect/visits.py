"""The rows of those who are at FranceConnect, or have just come back, and the cookie they are bound to.

The cookie holds a random secret for each visit of the browser (two tabs are two visits). A visit that comes
back gets a new one, so that whoever saw the cookie before cannot read the identity after.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, Value
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponseBase

from guardians.models import FranceConnectVisit

from .identity import Identity

FRANCECONNECT = f"{settings.COOKIE_PREFIX}franceconnect"
OUTSIDE = timedelta(minutes=30)  # FranceConnect's own patience
HERE = timedelta(minutes=30)  # to become something of the caller's own
TABS = 5
SESSION = "guardians.franceconnect"  # in the session of an account that was opened by FranceConnect


class Unknown(Exception):
    """No visit of this state, or not any more."""


class Elsewhere(Exception):
    """It began in another browser, or this one has lost its cookie."""


class Answered(Exception):
    """An answer was listened to already."""

    def __init__(self, next_step: str) -> None:
        self.next_step = next_step


class Expired(Exception):
    """It took longer than :data:`OUTSIDE`."""


@dataclass(frozen=True)
class Departure:
    """What only the visit itself knows when it leaves."""

    state: str
    nonce: str
    verifier: str  # of PKCE (RFC 7636)

    @property
    def challenge(self) -> str:
        """The verifier as FranceConnect sees it first."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True)
class Return:
    """A visit that is back, and is listened to this once."""

    visit: uuid.UUID
    secret: str
    next_step: str
    departure: Departure
    now: datetime  # by PostgreSQL's clock


def open_visit(request: HttpRequest, next_step: str) -> tuple[Departure, str]:
    """Write down a visit; return it, and the secret for :func:`remember`.

    Who was here before at this browser is forgotten: the next person must not find them.
    """
    departure = Departure(*(secrets.token_urlsafe(32) for _ in range(3)))
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        FranceConnectVisit.objects.open_to(_hashes(request)).exclude(arrived_at=None).delete()
        FranceConnectVisit.objects.create(
            state=_hash(departure.state),
            begun_by=_hash(secret),
            browser=_hash(secret),
            next_step=next_step,
            sealed=_seal(secret, {"nonce": departure.nonce, "verifier": departure.verifier}),
            expires_at=Now() + Value(OUTSIDE),
        )
    return departure, secret


def listen(request: HttpRequest, state: str) -> Return:
    """Take the one answer of a visit, for good: whatever comes of it, a second one is refused.

    Raises :class:`Unknown`, :class:`Elsewhere` (an answer carried to another browser changes nothing),
    :class:`Answered` or :class:`Expired`.
    """
    held = {_hash(secret): secret for secret in _secrets(request)}
    with transaction.atomic():
        visit = (
            FranceConnectVisit.objects.select_for_update()
            .filter(state=_hash(state))
            .annotate(
                now=Now(),
                is_alive=ExpressionWrapper(Q(expires_at__gt=Now()), output_field=BooleanField()),
            )
            .first()
        )
        if visit is None:
            raise Unknown
        secret = held.get(visit.browser)
        if secret is None:
            # The same browser a moment ago, whose page came twice at once, has not its new secret yet.
            raise Answered(visit.next_step) if visit.begun_by in held else Elsewhere
        if visit.answered_at is not None:
            raise Answered(visit.next_step)
        if not visit.is_alive:
            raise Expired
        FranceConnectVisit.objects.filter(pk=visit.pk).update(answered_at=Now())
    known = _unseal(secret, visit.sealed)
    return Return(
        visit=visit.public_id,
        secret=secret,
        next_step=visit.next_step,
        departure=Departure(state, known["nonce"], known["verifier"]),
        now=visit.now,
    )


def keep(back: Return, identity: Identity) -> str:
    """Keep who came back, under a new secret for :func:`remember`, which is returned."""
    secret = secrets.token_urlsafe(32)
    FranceConnectVisit.objects.filter(public_id=back.visit).update(
        browser=_hash(secret),
        sealed=_seal(secret, identity.as_json()),
        arrived_at=Now(),
        expires_at=Now() + Value(HERE),
    )
    return secret


def last_arrived(request: HttpRequest) -> Identity | None:
    """Return who came back to this browser last, while it counts."""
    held = {_hash(secret): secret for secret in _secrets(request)}
    if not held:
        return None
    visit = FranceConnectVisit.objects.open_to(list(held)).alive().arrived().first()
    if visit is None:
        return None
    try:
        return Identity.from_json(_unseal(held[visit.browser], visit.sealed))
    except (InvalidToken, TypeError, KeyError, ValueError):
        return None  # sealed by another version of the portal


def keep_for_signing_out(request: HttpRequest, response: HttpResponseBase, id_token: str) -> None:
    """Keep in a session what FranceConnect asks for at its end, to be read with the browser's cookie only.

    It goes with the session, however that ends.
    """
    secret = secrets.token_urlsafe(32)
    request.session[SESSION] = _seal(secret, {"id_token": id_token})
    write_cookie(response, secret)


def kept_for_signing_out(request: HttpRequest) -> str | None:
    """Return it; ``None`` where FranceConnect did not open this session, empty where it cannot be read."""
    sealed = request.session.get(SESSION)
    if sealed is None:
        return None
    for secret in _secrets(request):
        try:
            return str(_unseal(secret, sealed)["id_token"])
        except InvalidToken:
            continue  # of another tab
    return ""


def forget(request: HttpRequest) -> None:
    """Erase the visits of this browser."""
    FranceConnectVisit.objects.open_to(_hashes(request)).delete()


def purge() -> None:
    """Erase every visit whose time is over."""
    FranceConnectVisit.objects.filter(expires_at__lte=Now()).delete()


# --- the cookie -------------------------------------------------------------------------------


def remember(request: HttpRequest, response: HttpResponseBase, secret: str, *, instead_of: str = "") -> None:
    """Put a visit's secret into the browser, beside those of its other tabs, until it is closed."""
    others = [each for each in _secrets(request) if each != instead_of]
    write_cookie(response, "~".join([secret, *others][:TABS]))


def write_cookie(response: HttpResponseBase, value: str) -> None:
    """Write the cookie; an empty value takes it away."""
    if not value:
        response.delete_cookie(FRANCECONNECT, samesite="Lax")
        return
    # Lax: the browser comes back from another site. No age: the next person at a shared computer.
    response.set_cookie(FRANCECONNECT, value, secure=settings.HTTPS, httponly=True, samesite="Lax")


def read_cookie(request: HttpRequest) -> str:
    """Return the cookie as it is."""
    return request.COOKIES.get(FRANCECONNECT, "")


def _secrets(request: HttpRequest) -> list[str]:
    return [each for each in read_cookie(request).split("~")[:TABS] if 32 <= len(each) <= 64]


def _hashes(request: HttpRequest) -> list[str]:
    return [_hash(each) for each in _secrets(request)]


# --- what a row holds ---------------------------------------------------------------------------


def _hash(text: str) -> str:
    return hashlib.sha256(f"guardians.franceconnect|{text}".encode(errors="replace")).hexdigest()


def _box(secret: str) -> Fernet:
    key = hashlib.sha256(f"guardians.franceconnect.seal|{secret}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _seal(secret: str, value: dict[str, Any]) -> str:
    return _box(secret).encrypt(json.dumps(value).encode()).decode()


def _unseal(secret: str, sealed: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(_box(secret).decrypt(sealed.encode()))
    return value
