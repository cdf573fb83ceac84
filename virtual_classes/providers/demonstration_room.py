"""The demonstration room of ``make run``: a page of the portal itself. Only with ``DEBUG``.

No sound or picture is pretended: those who are in it see each other's names, raised hands and messages.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .base import (
    LONGEST_STAY_OF_AN_ADDRESS,
    Created,
    JoinAddress,
    OutOfSight,
    Person,
    Refused,
    Room,
    checked,
)

SALT = "virtual_classes.demonstration_room"
PAGE = "demonstration_room"  # its name among the portal's addresses, with the token

SPEND = """
INSERT INTO virtual_classes_spententry (entry, until)
SELECT %s, to_timestamp(%s) WHERE to_timestamp(%s) > now()
ON CONFLICT DO NOTHING
"""
IS_GOOD = """
SELECT 1 WHERE to_timestamp(%s) > now()
   AND NOT EXISTS (SELECT FROM virtual_classes_spententry WHERE entry = %s)
"""
FORGET = "DELETE FROM virtual_classes_spententry WHERE until < now() - interval '1 minute'"


@dataclass(frozen=True)
class Visit:
    """Who comes in, and where."""

    room: str
    person: str
    name: str
    is_moderator: bool


class DemonstrationRoom(OutOfSight):
    """See :class:`virtual_classes.providers.base.Provider`."""

    code = "demonstration_room"
    label = _("Salle de démonstration (sans son ni image)")

    def is_ready(self, academy: str = "") -> bool:
        """Say yes: it stands in the list of providers with ``DEBUG`` only."""
        return True

    def create(self, room: Room) -> Created:
        """Nothing to call."""
        return Created(server="", created=checked(room.key))

    def join_address(self, room: Room, person: Person) -> JoinAddress:
        """Sign a token for one person, one use and a minute."""
        if not room.created:
            raise Refused("not-open")
        said = [checked(room.key), checked(person.key), person.name, person.moderator]
        until = time.time() + LONGEST_STAY_OF_AN_ADDRESS.total_seconds()
        token = signing.dumps([*said, until, secrets.token_urlsafe(8)], salt=SALT)
        return JoinAddress(settings.SITE_URL + reverse(PAGE, args=[token]))

    def origin(self, room: Room) -> str:
        """The portal itself."""
        return ""


def read_token(token: str) -> Visit | None:
    """Return whose token it is, and spend nothing: for the page that shows a button.

    ``None`` for one that is forged, used, or older than a minute by PostgreSQL's clock.
    """
    found = _read(token)
    if found is None:
        return None
    visit, until = found
    with connection.cursor() as cursor:
        cursor.execute(IS_GOOD, [until, _hash(token)])
        return visit if cursor.fetchone() else None


def spend(token: str) -> Visit | None:
    """Take a token, for good: for the button. ``None`` likewise, and for the second time."""
    found = _read(token)
    if found is None:
        return None
    visit, until = found
    with connection.cursor() as cursor:
        cursor.execute(FORGET)
        cursor.execute(SPEND, [_hash(token), until, until])
        return visit if cursor.rowcount else None


def _read(token: str) -> tuple[Visit, float] | None:
    try:
        room, person, name, moderator, until, _number = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Visit(str(room), str(person), str(name), bool(moderator)), float(until)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
