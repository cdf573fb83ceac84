"""The room of ``make run``: a page of the portal itself, with ``DEBUG`` only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse

from .base import MOST, Created, Ended, JoinAddress, Person, Room

SALT = "virtual_classes.demonstration_room"


@dataclass(frozen=True)
class Visit:
    """Who comes into which room."""

    room: str
    person: str
    name: str
    is_moderator: bool


class Provider:
    """The demonstration room."""

    code = "demonstration_room"

    def create(self, room: Room) -> Created:
        """Nothing is to be made."""
        return Created(server="", created=room.key)

    def join_address(self, room: Room, person: Person) -> JoinAddress:
        """Return the page of the portal, signed for one person."""
        said = signing.dumps([room.key, person.key, person.name, person.moderator], salt=SALT)
        return JoinAddress(settings.SITE_URL + reverse("demonstration_room", args=[said]), MOST)

    def is_running(self, room: Room) -> bool:
        """It always is."""
        return True

    def head_count(self, room: Room) -> int | None:
        """Nobody is counted."""
        return None

    def end(self, room: Room) -> None:
        """Nothing is to be closed."""

    def read_callback(self, data: Mapping[str, str]) -> Ended | None:
        """It sends nothing."""
        return None


def read_token(token: str) -> Visit | None:
    """Return who comes with an address of this room; ``None`` once its minute is over."""
    try:
        room, person, name, moderator = signing.loads(token, salt=SALT, max_age=MOST)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Visit(str(room), str(person), str(name), bool(moderator))
