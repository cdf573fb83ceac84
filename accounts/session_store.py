"""Django's sessions in PostgreSQL, with one statement where it takes three to begin one.

Django asks whether the new key is taken (it has 165 random bits), writes an empty row at once, and
writes it again at the end of the page. Here the row is written once, at the end.
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.utils.crypto import get_random_string


class SessionStore(db.SessionStore):
    """A session that is first written when the page that begins it is done."""

    _is_new = False

    def _get_new_session_key(self) -> str:
        """Draw a key. Two alike would meet the table's primary key, and that page would fail."""
        return get_random_string(32, VALID_KEY_CHARS)

    def create(self) -> None:
        """Begin a session under a new key; nothing is written yet."""
        self._session_key = self._get_new_session_key()
        self._session_cache = getattr(self, "_session_cache", {})
        self._is_new = self.modified = True

    def save(self, must_create: bool = False) -> Any:
        """Write it: an INSERT the first time, an UPDATE afterwards."""
        if self.session_key is None:
            self.create()
        written = super().save(must_create=must_create or self._is_new)
        self._is_new = False
        return written
