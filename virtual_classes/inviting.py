"""Inviting to a class: by name, by address; the division needs no invitation (SCREENS B4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from accounts.addresses import mailbox_key
from accounts.models import User
from notifications import outbox
from throttling import limits

from . import scheduling
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


def invite(virtual_class: VirtualClass, *, names: list[str], addresses: list[str], by: User) -> Invited:
    """Note who is expected, and write to those of whom the teacher gave an address.

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
        scheduling.expect(virtual_class, by=by, names=names, addresses=addresses)
        for address in to_write:
            outbox.post(
                kind=KIND,
                reference=str(virtual_class.public_id),
                to=address,
                academy=virtual_class.academy.code,
            )
    return Invited(len(set(names)), len(to_write), tuple(held_back))
