"""Inviting to a class: by name, by address; the division needs no invitation (SCREENS B4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from accounts.addresses import mailbox_key
from accounts.models import User
from notifications import outbox
from schools.models import DivisionPupil, Schooling, Student
from throttling import limits

from . import scheduling, teaching
from .models import VirtualClass

KIND = "virtual_classes.invitation"
DAY = timedelta(days=1)
MOST_AT_ONCE = 60


@dataclass(frozen=True)
class Invited:
    """What became of a list: the same numbers whoever has an account."""

    names: int
    letters: int
    held_back: tuple[str, ...]  # addresses that have had many letters today


def invite(
    virtual_class: VirtualClass,
    *,
    names: list[str],
    addresses: list[str],
    pupils: list[Student],
    by: User,
) -> Invited:
    """Note who is expected, and write to those of whom the teacher gave an address.

    ``pupils`` are of the divisions that the teacher teaches (:func:`pupils_to_invite`).

    An address that was invited before gets its letter again. Nothing tells whether somebody has an account
    (SAFETY G1, T4). At most 200 letters a day of a teacher, 3 a day to a mailbox. Raises
    :class:`scheduling.NotAllowed`, :class:`scheduling.TooMany`, and :class:`throttling.limits.Refused` for a
    teacher who wrote too many.
    """
    to_write, held_back = [], []
    for address in dict.fromkeys(addresses):
        limits.hit(limits.Limit("classes.letters", by.subject, 200, DAY))
        try:
            limits.hit(limits.Limit("classes.invited", mailbox_key(address), 3, DAY))
        except limits.Refused:
            held_back.append(address)
        else:
            to_write.append(address)
    with transaction.atomic():
        scheduling.expect(virtual_class, by=by, names=names, addresses=addresses, pupils=pupils)
        for address in to_write:
            outbox.post(
                kind=KIND,
                reference=str(virtual_class.public_id),
                to=address,
                academy=virtual_class.academy.code,
            )
    return Invited(len(set(names)) + len(pupils), len(to_write), tuple(held_back))


def pupils_to_invite(virtual_class: VirtualClass, *, by: User) -> dict[str, list[Student]]:
    """Return the pupils of the divisions that a teacher teaches, by division, but for the class's own.

    Those of the school of the class: its other teachers see who is invited, and learn of no other school's
    pupils. Raises :class:`teaching.NotATeacher`.
    """
    found: dict[str, list[Student]] = {}
    divisions = [
        each
        for each in teaching.of(by, virtual_class.school_id).divisions
        if each.pk != virtual_class.division_id and virtual_class.school_id in (None, each.school_id)
    ]
    places = DivisionPupil.objects.filter(
        division__in=divisions, schooling__in=Schooling.objects.current()
    ).select_related("division", "schooling__student")
    ordered = places.order_by("division__code", "schooling__student__family_name", "pk")
    for place in ordered:
        found.setdefault(str(place.division), []).append(place.schooling.student)
    return found
