"""What a provider of virtual classes must do. For the author of the next one:

1. One file here, named for the vendor, with one class that keeps to :class:`Provider` and takes no argument.
   The vendor's words stay in that file: its roles, its keys, its errors are translated into ours.
2. Its dotted path into ``VIRTUAL_CLASS_PROVIDERS`` (``mcm_portal/settings.py``), its settings beside the
   others there (docs/development.md, « A setting »).
3. All calls go through :mod:`virtual_classes.providers.calling`, which ends them: none lasts longer than
   ``calling.PATIENCE``, reads more than it should, follows a redirect or accepts a bad certificate.
4. ``create`` and ``end`` may be called twice, by two workers at once, and after a call whose answer was lost.
   They are called outside any transaction: somebody may wait for the row meanwhile.
5. ``join_address`` is called for one person who was admitted, at the moment they enter. The address stands
   in no page before, carries their role, and is good for a minute at most; signed by us or by the vendor's
   rule, so that nobody can change the name or the role in it (SAFETY T45). Say in ``LIMITS`` of the class's
   docstring what the vendor cannot promise.
6. Recording is off, and no vendor's statistics are kept of who did what (SCREENS B7).
7. Tests: a server of our own that answers as the vendor's documentation says, errors included (see
   ``tests/virtual_classes/providers/big_blue_button_server.py``), and the vendor's published examples.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from django.utils.functional import Promise

LONGEST_STAY_OF_AN_ADDRESS = timedelta(seconds=60)  # SAFETY T45
KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")


class Trouble(Exception):
    """Something is wrong; ``code`` says what (``troubles.py`` says it in French, for staff)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unavailable(Trouble):
    """Down, slow, full, or not itself: try again later, or offer another provider."""


class Refused(Trouble):
    """It answers, and says no: trying again changes nothing, staff must look."""


class NotConfigured(Trouble):
    """The portal has no such server, or cannot read its secret any more."""


@dataclass(frozen=True)
class RoomSettings:
    """What pupils may do when they come in. The teacher can open each of it during the class.

    A microphone that is closed at the start spares a class thirty kitchens; pupils do not write to each
    other out of the teacher's sight.
    """

    mute_on_start: bool = True
    lock_microphone: bool = False  # pupils only listen
    lock_camera: bool = False
    lock_private_chat: bool = True
    lock_public_chat: bool = False
    lock_notes: bool = True
    cameras_for_teacher_only: bool = False
    hide_names: bool = False  # pupils do not see who else is there


@dataclass(frozen=True)
class Room:
    """One opening of one session, as a provider needs to know it."""

    key: str  # opaque, the same as long as this opening lasts; :data:`KEY`
    title: str
    capacity: int  # seats, the teacher's among them
    opened: datetime | None = None  # when create() succeeded
    language: str = "fr"
    callback_url: str = ""  # of the portal, absolute, without query: where the provider says that it ended
    logout_url: str = ""  # of the portal, absolute: where people land afterwards
    server: str = ""  # what create() returned; empty: choose one
    created: str = ""  # what create() returned; empty: not created yet
    link: str = ""  # the teacher's own, for the provider of pasted links
    settings: RoomSettings = field(default_factory=RoomSettings)
    academy: str = ""  # code of the académie, whose servers serve it


@dataclass(frozen=True)
class Person:
    """Somebody who enters, once admitted."""

    key: str  # opaque, the same for one person all session long, another for each person; :data:`KEY`
    name: str
    moderator: bool = False


@dataclass(frozen=True)
class Created:
    """Where the room is. Both are kept with the session, and come back in :class:`Room`."""

    server: str
    created: str


@dataclass(frozen=True)
class JoinAddress:
    """The way in, for one person: redirect to it, keep it nowhere, write it into no log."""

    url: str
    good_for: timedelta = LONGEST_STAY_OF_AN_ADDRESS


@dataclass(frozen=True)
class Ended:
    """A provider says that a room has ended. Its address may have been seen: ask ``is_running`` first."""

    key: str


class Provider(Protocol):
    """Where a class meets. Any method but the first two may raise :class:`Trouble`."""

    code: str
    label: str | Promise  # what teachers choose

    def is_ready(self, academy: str = "") -> bool:
        """Say whether a class of this académie (a code) could meet here. Asks no server."""
        ...

    def create(self, room: Room) -> Created:
        """Open the room, or find it open. Twice is once."""
        ...

    def join_address(self, room: Room, person: Person) -> JoinAddress:
        """Make the way in for one admitted person."""
        ...

    def origin(self, room: Room) -> str:
        """Return ``https://host`` of where ``join_address`` leads, empty for the portal itself.

        For ``form-action`` of the page whose button leads there: Chromium follows it through redirects.
        """
        ...

    def is_running(self, room: Room) -> bool:
        """Say whether the room was opened and has not ended; nobody needs to be in it yet.

        A provider that cannot know says what the portal knows: ``room.opened``.
        """
        ...

    def head_count(self, room: Room) -> int | None:
        """Return how many people are in it now; ``None`` from a provider that cannot know."""
        ...

    def end(self, room: Room) -> None:
        """Send everybody out and close the room. Twice is once, and so is one that never was."""
        ...

    def read_callback(self, request_data: Mapping[str, str]) -> Ended | None:
        """Return what the query of a callback says; ``None`` for what the provider did not sign for."""
        ...


class OutOfSight:
    """What a provider says that cannot know what happens in its rooms: only what the portal knows."""

    def is_running(self, room: Room) -> bool:
        """Say what the portal knows."""
        return room.opened is not None

    def head_count(self, room: Room) -> int | None:
        """Nobody can know."""
        return None

    def end(self, room: Room) -> None:
        """Nothing to call: the portal leads nobody in any more."""

    def read_callback(self, request_data: Mapping[str, str]) -> Ended | None:
        """Nobody calls back."""
        return None


def checked(key: str) -> str:
    """Return a key. Raises ``ValueError`` for one that a vendor could read as something else."""
    if not KEY.fullmatch(key):
        raise ValueError("a key of a room or a person is 8 to 64 letters, digits, - and _")
    return key


def shown_name(text: str, *, instead: str, most: int = 64) -> str:
    """Return a name as vendors take it: one line of 2 to ``most`` characters, none invisible."""
    kept = "".join(
        each if unicodedata.category(each)[0] != "C" else " " for each in unicodedata.normalize("NFC", text)
    )
    line = " ".join(kept.split())[:most].rstrip()
    return line if len(line) >= 2 else instead
