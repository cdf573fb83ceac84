"""What a room of virtual classes is asked, whoever provides it.

Words of a provider are translated in its own file; nothing here knows a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

MOST = timedelta(seconds=60)  # a join address lives no longer (SAFETY T45)


class Unavailable(Exception):
    """The room does not answer: ask later, or offer another."""


class Refused(Exception):
    """The provider says no; the text is a sentence for staff."""


class NotConfigured(Exception):
    """There is no such provider here."""


@dataclass(frozen=True)
class RoomSettings:
    """How a room behaves in a school."""

    mute_on_start: bool = True
    lock_camera: bool = False
    lock_private_chat: bool = True


@dataclass(frozen=True)
class Room:
    """One room, as the portal asks for it."""

    key: str  # opaque, stable for a session and a try, at most 64 signs of ASCII
    title: str
    capacity: int
    opened: datetime | None
    language: str
    callback_url: str
    logout_url: str
    server: str = ""  # empty: the provider chooses
    created: str = ""  # what creating it gave back
    link: str = ""  # for a link that the teacher pasted
    settings: RoomSettings = field(default_factory=RoomSettings)


@dataclass(frozen=True)
class Person:
    """Somebody who was let in."""

    key: str  # opaque, one for a person and a session
    name: str
    moderator: bool


@dataclass(frozen=True)
class Created:
    """Where the room is."""

    server: str
    created: str


@dataclass(frozen=True)
class JoinAddress:
    """The way in for one person, and for how long it is one."""

    url: str
    good_for: timedelta


@dataclass(frozen=True)
class Ended:
    """A provider says that a room is over."""

    key: str


class Provider(Protocol):
    """A provider of rooms."""

    code: str

    def create(self, room: Room) -> Created:
        """Make the room; twice is once. Raises the three refusals above."""
        ...

    def join_address(self, room: Room, person: Person) -> JoinAddress:
        """Return the way in for one person who was let in."""
        ...

    def is_running(self, room: Room) -> bool:
        """Say whether the room is there."""
        ...

    def head_count(self, room: Room) -> int | None:
        """Return how many are in it, where the provider says."""
        ...

    def end(self, room: Room) -> None:
        """Close the room; twice is once."""
        ...

    def read_callback(self, data: Mapping[str, str]) -> Ended | None:
        """Read what the provider sent; ``None`` for what is not believed."""
        ...
