"""Sessions in PostgreSQL: one statement begins one, one reads it with whom it belongs to.

Django's own store asks whether a new key is taken (it has 165 random bits), writes an empty row at once,
writes it again at the end of the page, and leaves the person to a second query. Here the row is written
once, at the end of the page that begins the session, and read together with its person and where they
stand (:mod:`accounts.standing`). What a session's owner reads of it is in the same row
(:class:`accounts.models.OpenSession`), and every time in it is PostgreSQL's (SAFETY F16).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import IntegrityError
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Now
from django.http import HttpRequest

from economy import clock, randomness
from economy.compiled import Compiled
from schools.school_year import today

from . import standing
from .models import OpenSession, User

IDLE = timedelta(minutes=30)  # without a page: the next person at a shared computer (SAFETY T31)
LONGEST = timedelta(hours=12)
NOTED_EVERY = timedelta(minutes=1)  # no page costs a write within it
PERSON = [field.attname for field in User._meta.concrete_fields]
MARK = "\x01key"  # no session has this key
KEY_LENGTH = 32


def over() -> Q:
    """Return the condition of a session that has ended by itself: idle for too long, or open for too long."""
    return Q(seen_at__lte=Now() - IDLE) | Q(expire_date__lte=Now())


def _read(key: str) -> Any:
    return (
        OpenSession.objects.filter(session_key=key)
        .annotate(
            is_over=ExpressionWrapper(over(), output_field=BooleanField()),
            is_to_note=ExpressionWrapper(Q(seen_at__lte=Now() - NOTED_EVERY), output_field=BooleanField()),
            **standing.columns("user_id"),
        )
        .values_list(
            Now(),
            "session_data",
            "is_over",
            "is_to_note",
            *standing.columns("user_id"),
            *(f"user__{name}" for name in PERSON),
        )
    )


def _variant() -> tuple[date, int]:
    return today(), standing.variant()


_session_with_person = Compiled(_read, MARK, variant=_variant)


DOOR = "sessions.door"  # in a session: the authority of the door that it was opened at


class SessionStore(db.SessionStore):
    """A session that is first written when the page that begins it is done."""

    _is_new = False
    ended = False  # by itself: too long idle, or too long open
    ended_at_door = ""  # of one that has ended: the authority of the name its person signs in with
    is_to_note = False  # that it is in use was last written more than a minute ago
    person: User | None = None  # whom the row belongs to
    device = network = ""  # of a session that begins (accounts.open_sessions)

    @classmethod
    def get_model_class(cls) -> type[OpenSession]:
        """The table."""
        return OpenSession

    def load(self) -> dict[str, Any]:
        """Read the session and its person. One that has ended holds nothing, and says so."""
        rows = _session_with_person.rows(self.session_key)
        if not rows:
            self._session_key = None
            return {}
        now, data, self.ended, self.is_to_note, names, enrolments, owes, accepted, *person = rows[0]
        clock.hear(now)
        if self.ended:
            stands, said = standing.read(names, enrolments, owes, accepted), self.decode(data).get(DOOR, "")
            self.ended_at_door = said if said in stands.doors else stands.own_door
            self.delete(self.session_key)
            self._session_key = None
            return {}
        if person[PERSON.index("id")] is not None:
            self.person = User.from_db("default", PERSON, person)
            self.person.came_with = standing.read(names, enrolments, owes, accepted)
        return self.decode(data)

    def _get_new_session_key(self) -> str:
        """Draw a key. Two alike would meet the table's primary key, and that page would fail."""
        return randomness.text(KEY_LENGTH, VALID_KEY_CHARS)

    def _validate_session_key(self, key: str | None) -> bool:
        """Take a cookie for a key only if one of ours looks like it: PostgreSQL fails at a NUL."""
        return bool(key) and len(key or "") == KEY_LENGTH and set(key or "") <= set(VALID_KEY_CHARS)

    def create(self) -> None:
        """Begin a session under a new key; nothing is written yet."""
        self._session_key = self._get_new_session_key()
        self._session_cache = getattr(self, "_session_cache", {})
        self._is_new = self.modified = True

    def cycle_key(self) -> None:
        """Give a session another key; a row that is there keeps its device and its beginning.

        Raises ``SessionInterrupted``, a page 400, if it was closed meanwhile.
        """
        self.keys()  # reads it: a key that is no session's is taken away
        old = self.session_key
        if not old or self._is_new:
            self.create()
            return
        self._session_key = self._get_new_session_key()
        if not OpenSession.objects.filter(session_key=old).update(session_key=self._session_key):
            raise SessionInterrupted("The session was closed while its page was made.")
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Write it: an INSERT the first time, an UPDATE afterwards.

        Raises ``UpdateError``, a page 400, if it was closed meanwhile, or if the account of who signs in was
        deleted: what has been closed does not come back.
        """
        if self.session_key is None:
            self.create()
        is_new = must_create or self._is_new
        if is_new and not hasattr(self, "_session_cache"):
            self._session_cache = {}
        data = dict(self.items())
        written: dict[str, Any] = {"session_data": self.encode(data), "user_id": data.get(SESSION_KEY)}
        if self.device or self.network:
            written |= {"device": self.device, "network": self.network}
        if is_new:
            try:
                OpenSession.objects.create(
                    session_key=self.session_key or "", expire_date=Now() + LONGEST, **written
                )
            except IntegrityError as gone:
                raise UpdateError from gone
        elif not OpenSession.objects.filter(session_key=self.session_key).update(**written):
            raise UpdateError
        self._is_new = False

    def exists(self, session_key: str) -> bool:
        """Say whether a session has this key."""
        return OpenSession.objects.filter(session_key=session_key).exists()

    def delete(self, session_key: str | None = None) -> None:
        """End it."""
        key = session_key or self.session_key
        if key and not (key == self.session_key and self._is_new):
            OpenSession.objects.filter(session_key=key).delete()

    @classmethod
    def clear_expired(cls) -> None:
        """Forget what has ended by itself."""
        OpenSession.objects.filter(over()).delete()


def session_of(request: HttpRequest) -> SessionStore:
    """Return the session of a request as what it is (``SESSION_ENGINE``)."""
    return cast(SessionStore, request.session)
