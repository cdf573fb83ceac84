"""What a teacher does at the door: let in, refuse, send back, lock (SCREENS B6; SAFETY T45, T46).

Each act is done once: who was let in or refused by a colleague, or in another tab, stays as they are. A
decision is a row: a page that is loaded again shows the same door.
"""

from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.db import transaction
from django.db.models import F

from accounts.models import User

from .models import ClassSession, Entry, EntryQuerySet, Parents, Role, VirtualClass


class NotAllowed(Exception):
    """This session is not this person's to run."""


class Full(Exception):
    """Every seat is taken."""


def admit(entry: Entry, *, by: User) -> None:
    """Let somebody in who waits. Raises :class:`NotAllowed`, and :class:`Full` when no seat is left."""
    with transaction.atomic():
        door = _door(entry.session_id, by)
        if _seat(door, [entry.pk]) == 0 and door.is_full and _still_waits(entry):
            raise Full


def admit_expected(session: ClassSession, *, by: User) -> int:
    """Let in all who wait and are expected, as far as there are seats; return how many.

    Raises :class:`NotAllowed`.
    """
    with transaction.atomic():
        door = _door(session.pk, by)
        waiting = on_the_list(Entry.objects.filter(session=door), door.virtual_class)
        return _seat(door, list(waiting.order_by("pk").values_list("pk", flat=True)))


def on_the_list(entries: EntryQuerySet, virtual_class: VirtualClass) -> EntryQuerySet:
    """Keep those who wait and whom one button lets in together: who is expected, and has an account.

    Parents are among them only where they come in as their child does.
    """
    waiting = entries.waiting().filter(is_expected=True, user__isnull=False)
    if virtual_class.parents == Parents.ALLOWED:
        return waiting
    return waiting.exclude(role=Role.GUARDIAN)


def refuse(entry: Entry, *, by: User) -> None:
    """Refuse somebody for the whole session; who had a seat loses it. Raises :class:`NotAllowed`."""
    with transaction.atomic():
        door = _door(entry.session_id, by)
        rows = Entry.objects.filter(pk=entry.pk)
        seated = rows.inside().update(state=Entry.State.REFUSED, seat_key=RandomUUID())
        changed = seated or rows.waiting().update(state=Entry.State.REFUSED)
        _changed(door, freed=seated, changed=changed)


def refuse_all(session: ClassSession, *, by: User) -> int:
    """Refuse all who wait and are not expected; the others go on waiting. Raises :class:`NotAllowed`."""
    with transaction.atomic():
        door = _door(session.pk, by)
        waiting = Entry.objects.waiting().filter(session=door, is_expected=False)
        refused = waiting.update(state=Entry.State.REFUSED)
        _changed(door, changed=refused)
        return refused


def send_back(entry: Entry, *, by: User) -> None:
    """Send somebody back to the door, where they wait again under another key. Raises :class:`NotAllowed`."""
    with transaction.atomic():
        door = _door(entry.session_id, by)
        inside = Entry.objects.inside().filter(pk=entry.pk)
        freed = inside.update(state=Entry.State.WAITING, seat_key=RandomUUID())
        _changed(door, freed=freed, changed=freed)


def lock(session: ClassSession, *, locked: bool, by: User) -> None:
    """Lock the door, or open it: behind a locked one nobody new can knock. Raises :class:`NotAllowed`."""
    with transaction.atomic():
        door = _door(session.pk, by)
        if door.is_locked != locked:
            ClassSession.objects.filter(pk=door.pk).update(
                is_locked=locked, door_version=F("door_version") + 1
            )


def _door(key: int, by: User) -> ClassSession:
    """Return the session, locked until the transaction ends: those at its door wait for each other here."""
    mine = ClassSession.objects.run_by(by).select_for_update(of=("self",)).select_related("virtual_class")
    door = mine.filter(pk=key).first()
    if door is None:
        raise NotAllowed
    return door


def _still_waits(entry: Entry) -> bool:
    return Entry.objects.waiting().filter(pk=entry.pk).exists()


def _seat(door: ClassSession, keys: list[int]) -> int:
    """Give seats to those who wait, in order, as far as there are any; return to how many."""
    if not door.is_live:
        return 0
    left = max(0, door.capacity - door.seats_taken)
    let_in = Entry.objects.waiting().filter(pk__in=keys[:left]).update(state=Entry.State.ADMITTED)
    _changed(door, freed=-let_in, changed=let_in)
    return let_in


def _changed(door: ClassSession, *, changed: int, freed: int = 0) -> None:
    if changed:
        ClassSession.objects.filter(pk=door.pk).update(
            seats_taken=F("seats_taken") - freed, door_version=F("door_version") + 1
        )
