"""Those who are at a provider, or have just come back: their rows, and the cookie they are bound to.

The cookie holds a random secret for each visit of the browser (two tabs are two visits). A visit that comes
back gets a new one, so that whoever saw the cookie before cannot read what was said after.
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

from ..models.visits import Visit

OUTSIDE = timedelta(minutes=30)  # a provider's own patience
HERE = timedelta(minutes=30)  # to become something of the caller's own
TABS = 5


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
        """The verifier as the provider sees it first."""
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


@dataclass(frozen=True, kw_only=True)
class Visits:
    """The visits of one door: its table, its cookie, and the word that keeps its secrets from another's.

    ``purpose`` also names what a session keeps for the way out.
    """

    table: type[Visit]
    cookie: str
    purpose: str

    def open(self, request: HttpRequest, next_step: str, **columns: Any) -> tuple[Departure, str]:
        """Write down a visit; return it, and the secret for :meth:`remember`.

        Who was here before at this browser is forgotten: the next person must not find them. ``columns``
        are those that the table has besides.
        """
        departure = Departure(*(secrets.token_urlsafe(32) for _ in range(3)))
        secret = secrets.token_urlsafe(32)
        with transaction.atomic():
            self.table.objects.open_to(self._hashes(request)).exclude(arrived_at=None).delete()
            self.table.objects.create(
                state=self._hash(departure.state),
                begun_by=self._hash(secret),
                browser=self._hash(secret),
                next_step=next_step,
                sealed=self._seal(secret, {"nonce": departure.nonce, "verifier": departure.verifier}),
                expires_at=Now() + Value(OUTSIDE),
                **columns,
            )
        return departure, secret

    def listen(self, request: HttpRequest, state: str, **columns: Any) -> Return:
        """Take the one answer of a visit, for good: whatever comes of it, a second one is refused.

        ``columns`` must hold of the visit. Raises :class:`Unknown`, :class:`Elsewhere` (an answer carried to
        another browser changes nothing), :class:`Answered` or :class:`Expired`.
        """
        held = {self._hash(secret): secret for secret in self._secrets(request)}
        with transaction.atomic():
            visit = (
                self.table.objects.select_for_update()
                .filter(state=self._hash(state), **columns)
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
            self.table.objects.filter(pk=visit.pk).update(answered_at=Now())
        known = self._unseal(secret, visit.sealed)
        return Return(
            visit=visit.public_id,
            secret=secret,
            next_step=visit.next_step,
            departure=Departure(state, known["nonce"], known["verifier"]),
            now=visit.now,
        )

    def keep(self, back: Return, said: dict[str, Any]) -> str:
        """Keep what was said of who came back, under a new secret for :meth:`remember`, which is returned."""
        secret = secrets.token_urlsafe(32)
        self.table.objects.filter(public_id=back.visit).update(
            browser=self._hash(secret),
            sealed=self._seal(secret, said),
            arrived_at=Now(),
            expires_at=Now() + Value(HERE),
        )
        return secret

    def last_arrived(self, request: HttpRequest) -> dict[str, Any] | None:
        """Return what was said of who came back to this browser last, while it counts."""
        held = {self._hash(secret): secret for secret in self._secrets(request)}
        if not held:
            return None
        visit = self.table.objects.open_to(list(held)).alive().arrived().first()
        if visit is None:
            return None
        try:
            return self._unseal(held[visit.browser], visit.sealed)
        except (InvalidToken, ValueError):
            return None  # sealed by another version of the portal

    def keep_for_signing_out(
        self, request: HttpRequest, response: HttpResponseBase, id_token: str, **more: str
    ) -> None:
        """Keep in a session what a provider asks for at its end, to be read with the browser's cookie only.

        It goes with the session, however that ends.
        """
        secret = secrets.token_urlsafe(32)
        request.session[self.purpose] = self._seal(secret, {"id_token": id_token, **more})
        self.write_cookie(response, secret)

    def kept_for_signing_out(self, request: HttpRequest) -> dict[str, str] | None:
        """Return it; ``None`` where no provider opened this session, empty where it cannot be read."""
        sealed = request.session.get(self.purpose)
        if sealed is None:
            return None
        for secret in self._secrets(request):
            try:
                return self._unseal(secret, sealed)
            except InvalidToken:
                continue  # of another tab
        return {}

    def forget(self, request: HttpRequest) -> None:
        """Erase the visits of this browser."""
        self.table.objects.open_to(self._hashes(request)).delete()

    def purge(self) -> None:
        """Erase every visit whose time is over."""
        self.table.objects.filter(expires_at__lte=Now()).delete()

    # --- the cookie ---------------------------------------------------------------------------

    def remember(
        self, request: HttpRequest, response: HttpResponseBase, secret: str, *, instead_of: str = ""
    ) -> None:
        """Put a visit's secret into the browser, beside those of its other tabs, until it is closed."""
        others = [each for each in self._secrets(request) if each != instead_of]
        self.write_cookie(response, "~".join([secret, *others][:TABS]))

    def write_cookie(self, response: HttpResponseBase, value: str) -> None:
        """Write the cookie; an empty value takes it away."""
        if not value:
            response.delete_cookie(self.cookie, samesite="Lax")
            return
        # Lax: the browser comes back from another site. No age: the next person at a shared computer.
        response.set_cookie(self.cookie, value, secure=settings.HTTPS, httponly=True, samesite="Lax")

    def read_cookie(self, request: HttpRequest) -> str:
        """Return the cookie as it is."""
        return request.COOKIES.get(self.cookie, "")

    def _secrets(self, request: HttpRequest) -> list[str]:
        return [each for each in self.read_cookie(request).split("~")[:TABS] if 32 <= len(each) <= 64]

    def _hashes(self, request: HttpRequest) -> list[str]:
        return [self._hash(each) for each in self._secrets(request)]

    # --- what a row holds -----------------------------------------------------------------------

    def _hash(self, text: str) -> str:
        return hashlib.sha256(f"{self.purpose}|{text}".encode(errors="replace")).hexdigest()

    def _box(self, secret: str) -> Fernet:
        key = hashlib.sha256(f"{self.purpose}.seal|{secret}".encode()).digest()
        return Fernet(base64.urlsafe_b64encode(key))

    def _seal(self, secret: str, value: dict[str, Any]) -> str:
        return self._box(secret).encrypt(json.dumps(value).encode()).decode()

    def _unseal(self, secret: str, sealed: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self._box(secret).decrypt(sealed.encode()))
        return value
