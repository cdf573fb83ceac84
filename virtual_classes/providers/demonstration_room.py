"""The demonstration room of ``make run``: a page of the portal itself. Only with ``DEBUG``.

No sound or picture is pretended: those who are in it see each other's names, raised hands and messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.functional import Promise
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
    label: str | Promise = _("Salle de démonstration (sans son ni image)")

    def is_ready(self, academy: str = "") -> bool:
        """Say yes: it is offered with ``DEBUG`` only."""
        return True

    def create(self, room: Room) -> Created:
        """Nothing to call."""
        return Created(server="", created=checked(room.key))

    def join_address(self, room: Room, person: Person) -> JoinAddress:
        """Sign an entry for one person and a minute."""
        if not room.created:
            raise Refused("not-open")
        said = [checked(room.key), room.title, checked(person.key), person.name, person.moderator]
        entry = signing.dumps(said, salt=SALT)
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
    """Take the entry of an address; ``None`` for one that is forged, or older than a minute."""
    try:
        room, title, person, name, moderator = signing.loads(
            entry, salt=SALT, max_age=LONGEST_STAY_OF_AN_ADDRESS
        )
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Entry(str(room), str(title), str(person), str(name), bool(moderator))
