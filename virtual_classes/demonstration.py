"""The demonstration room: who is there, raised hands and words, in rows that live until the next morning.

No sound and no picture is pretended. Whoever comes in does so with the one-minute address of the provider.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from accounts.models import User

from . import running
from .models import ClassSession, Entry, RoomMessage, RoomPresence
from .providers.demonstration_room import Visit

SALT = "virtual_classes.demonstration.pass"
PASS = timedelta(hours=6)
GONE = timedelta(seconds=45)  # without a sign of life
MOST_MESSAGES = 50  # shown
LONGEST_TEXT = 500


@dataclass(frozen=True)
class Inside:
    """Somebody in the room."""

    room: str
    person: str
    name: str
    is_moderator: bool


@dataclass(frozen=True)
class Scene:
    """What there is to see."""

    people: list[RoomPresence]
    messages: list[RoomMessage]
    etag: str
    is_over: bool


def come_in(visit: Visit, *, user: User | None, browser: str) -> str | None:
    """Let somebody in; return the pass by which their page goes on, ``None`` if the address is another's.

    ``browser`` is the hash of the browser's number. An address that was copied opens nothing elsewhere (T45).
    """
    if not _is_whose(visit, user, browser):
        return None
    inside = Inside(visit.room, visit.person, visit.name, visit.is_moderator)
    seen(inside)
    return signing.dumps([inside.room, inside.person, inside.name, inside.is_moderator], salt=SALT)


def _is_whose(visit: Visit, user: User | None, browser: str) -> bool:
    if not visit.is_moderator:
        own = Entry.objects.of(user, browser).filter(state=Entry.State.ENTERED)
        return any(each.hex == visit.person for each in own.values_list("seat_key", flat=True))
    return user is not None and any(
        running.key_of_a_teacher(session, user) == visit.person and session.room_key == visit.room
        for session in ClassSession.objects.running().run_by(user)
    )


def read_pass(written: str) -> Inside | None:
    """Return who has a pass; ``None`` for none, and for who was sent out since (SAFETY T45)."""
    try:
        room, person, name, moderator = signing.loads(written, salt=SALT, max_age=PASS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if not moderator and not Entry.objects.filter(seat_key=str(person), state=Entry.State.ENTERED).exists():
        return None
    return Inside(str(room), str(person), str(name), bool(moderator))


def seen(inside: Inside, *, hand_up: bool | None = None) -> None:
    """Note that somebody is there, and whether their hand is up if that changed."""
    with transaction.atomic():
        here, _new = RoomPresence.objects.get_or_create(
            room=inside.room,
            person=inside.person,
            defaults={"name": inside.name, "is_moderator": inside.is_moderator},
        )
        changes = {"seen_at": Now(), "name": inside.name}
        if hand_up is not None:
            changes["has_hand_up"] = hand_up
        RoomPresence.objects.filter(pk=here.pk).update(**changes)


def leave(inside: Inside) -> None:
    """Go out. Twice is once."""
    RoomPresence.objects.filter(room=inside.room, person=inside.person).delete()


def say(inside: Inside, text: str, *, submission: UUID) -> None:
    """Write something to everybody; sent twice it is said once, and in a room that is over it is not."""
    if text and not is_over(inside.room):
        RoomMessage.objects.get_or_create(
            submission=submission,
            defaults={"room": inside.room, "name": inside.name, "text": text[:LONGEST_TEXT]},
        )


def is_over(room: str) -> bool:
    """Say whether the session of a room runs no more."""
    running = ClassSession.objects.running()
    try:
        return not running.filter(public_id=UUID(hex=room.partition("-")[0])).exists()
    except ValueError:
        return True


def scene(room: str) -> Scene:
    """Return who is in a room, with raised hands first, and the last words."""
    people = list(
        RoomPresence.objects.filter(room=room, seen_at__gt=Now() - GONE).order_by(
            "-has_hand_up", "-is_moderator", "name", "pk"
        )
    )
    last = RoomMessage.objects.filter(room=room).aggregate(last=Max("pk"))["last"]
    messages = list(RoomMessage.objects.filter(room=room).order_by("-pk")[:MOST_MESSAGES])[::-1]
    over = is_over(room)
    said = ".".join(f"{each.pk}{'h' if each.has_hand_up else ''}" for each in people)
    return Scene(people, messages, f'"{last or 0}-{said}-{int(over)}"', over)
