"""The demonstration room of ``make run``: a page of the portal itself. Only with ``DEBUG``.

No sound or picture is pretended: those who are in it see each other's names, raised hands and messages.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .base import (
    LONGEST_STAY_OF_AN_ADDRESS,
    Created,
    Ended,
    JoinAddress,
    Person,
    Refused,
    Room,
    checked,
)

SALT = "virtual_classes.demonstration_room"
PAGE = "demonstration_room"  # its name among the portal's addresses; the entry is ?entree=…

SPEND = """
INSERT INTO virtual_classes_spententry (entry, until)
SELECT %s, to_timestamp(%s) WHERE to_timestamp(%s) > now()
ON CONFLICT DO NOTHING
"""
FORGET = "DELETE FROM virtual_classes_spententry WHERE until < now() - interval '1 minute'"


@dataclass(frozen=True)
class Entry:
    """Who comes in, and where."""

    room: str
    title: str
    person: str
    name: str
    moderator: bool


class DemonstrationRoom:
    """See :class:`virtual_classes.providers.base.Provider`."""

    code = "demonstration"
    label = _("Salle de démonstration (sans son ni image)")

    def is_ready(self, academy: str = "") -> bool:
        """Say yes: it stands in the list of providers with ``DEBUG`` only."""
        return True

    def create(self, room: Room) -> Created:
        """Nothing to call."""
        return Created(server="", created=checked(room.key))

    def join_address(self, room: Room, person: Person) -> JoinAddress:
        """Sign an entry for one person, one use and a minute."""
        if not room.created:
            raise Refused("not-open")
        entry = signing.dumps(
            {
                "room": checked(room.key),
                "title": room.title,
                "person": checked(person.key),
                "name": person.name,
                "moderator": person.moderator,
                "until": time.time() + LONGEST_STAY_OF_AN_ADDRESS.total_seconds(),
            },
            salt=SALT,
        )
        return JoinAddress(f"{settings.SITE_URL}{reverse(PAGE)}?{urlencode({'entree': entry})}")

    def origin(self, room: Room) -> str:
        """The portal itself."""
        return ""

    def is_running(self, room: Room) -> bool:
        """Say what the portal knows."""
        return room.opened is not None

    def head_count(self, room: Room) -> int | None:
        """The page knows who is there, not its provider."""
        return None

    def end(self, room: Room) -> None:
        """Nothing to call: the page closes with its session."""

    def read_callback(self, request_data: Mapping[str, str]) -> Ended | None:
        """Nobody calls back."""
        return None


def spend(entry: str) -> Entry | None:
    """Take the entry of an address, for good; ``None`` for one that is forged, used or older than a minute.

    For the page :data:`PAGE`. Whose it is it must still compare with who is at the browser: ``person`` is the
    key that was given to :meth:`DemonstrationRoom.join_address`.
    """
    try:
        said = signing.loads(entry, salt=SALT, max_age=None)
    except signing.BadSignature:
        return None
    hashed = hashlib.sha256(entry.encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(FORGET)
        cursor.execute(SPEND, [hashed, said["until"], said["until"]])
        if not cursor.rowcount:
            return None
    return Entry(said["room"], said["title"], said["person"], said["name"], said["moderator"])
