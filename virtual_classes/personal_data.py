"""What this app holds of people (GDPR 15, 17). Discovered by ``accounts``."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.moving import Fate, Pointer
from accounts.personal_data import Claim, register

from . import joining, running
from .models import (
    ClassSession,
    Entry,
    Membership,
    RollCallLine,
    RoomMessage,
    RoomPresence,
    SessionRecord,
    VirtualClass,
)


def _memberships(user: User) -> Any:
    mine = Q(user=user)
    if address := user.address():
        mine |= Q(address=address)
    if names := list(user.sign_in_names.filter(authority="mcm").values_list("name", flat=True)):
        mine |= Q(name__in=names)
    return Membership.objects.filter(mine)


def _export(user: User) -> dict[str, Any]:
    sessions = user.class_sessions.select_related("virtual_class", "record").order_by("pk")
    lines = RollCallLine.objects.filter(Q(user=user) | Q(student=user.student_id, student__isnull=False))
    return {
        "classes_held": [
            {
                "title": each.title,
                "mode": each.mode,
                "created_at": each.created_at.isoformat(),
                "invited": list(
                    each.memberships.filter(student=None).order_by("pk").values_list("name", "address")
                ),
            }
            for each in user.virtual_classes.order_by("pk")
        ],
        "sessions_held": [
            {
                "class": each.virtual_class.title,
                "from": each.starts_at.isoformat(),
                "to": each.ends_at.isoformat(),
                "notes": each.record.notes if hasattr(each, "record") else "",
            }
            for each in sessions
        ],
        "classes_expected_in": [
            {"class": each.virtual_class.title}
            for each in _memberships(user).select_related("virtual_class").order_by("pk")
        ],
        "at_the_door_of": [
            {
                "class": each.session.virtual_class.title,
                "state": each.state,
                "came_in": each.came_in,
                "knocked_at": each.knocked_at.isoformat(),
            }
            for each in user.class_entries.select_related("session__virtual_class").order_by("pk")
        ],
        # A teacher's notes of the term; the person they are about may read what stands there of them.
        "roll_calls": [
            {"session": each.record.session.starts_at.isoformat(), "present": each.is_present}
            for each in lines.select_related("record__session").order_by("pk")
        ],
    }


def _erase(user: User) -> None:
    _memberships(user).delete()
    for entry in Entry.objects.inside().filter(user=user):
        joining.leave(entry)  # their seat is another's
    Entry.objects.filter(user=user).delete()
    _hand_on_shared_classes(user)
    RollCallLine.objects.filter(user=user).delete()
    held = ClassSession.objects.filter(Q(teacher=user) | Q(virtual_class__teacher=user))
    with transaction.atomic():
        running.leave_to_the_sweeper(held)  # who sits in a room of theirs is sent out
        held.delete()
    VirtualClass.objects.filter(teacher=user).delete()


def _hand_on_shared_classes(user: User) -> None:
    """Leave the class of a division to a colleague who holds sessions in it: their notes are theirs."""
    for shared in VirtualClass.objects.filter(teacher=user).exclude(division=None):
        others = shared.sessions.exclude(teacher=user).order_by("-during__startswith", "pk")
        if (colleague := others.first()) is not None:
            VirtualClass.objects.filter(pk=shared.pk).update(teacher=colleague.teacher_id)


def _classes_in_words(rows: QuerySet[VirtualClass]) -> list[str]:
    return [
        _("La classe virtuelle « %(title)s »") % {"title": title}
        for title in rows.order_by("pk").values_list("title", flat=True)
    ]


register(
    Claim(
        models=(VirtualClass, ClassSession, Membership, Entry, SessionRecord, RollCallLine),
        export=_export,
        erase=_erase,
        pointers=(
            Pointer(VirtualClass, "teacher", Fate.MOVES, says=_classes_in_words),
            Pointer(ClassSession, "teacher", Fate.MOVES),  # none at the same hour: virtual_classes.merging
            Pointer(Membership, "user", Fate.MOVES, alike=("virtual_class",)),
            Pointer(RollCallLine, "user", Fate.MOVES, alike=("record",)),
            # Where somebody stands at a door is forgotten the next morning; nothing of it goes into a merge.
            Pointer(Entry, "user", Fate.STAYS),
        ),
    )
)


def _export_nothing(_user: User) -> dict[str, Any]:
    """Nothing: the demonstration room knows nobody's account, and exists with ``DEBUG`` only."""
    return {}


def _leave_to_the_clock(_user: User) -> None:
    """Nothing: its rows are erased the next morning (virtual_classes.volume)."""


register(Claim(models=(RoomPresence, RoomMessage), export=_export_nothing, erase=_leave_to_the_clock))
