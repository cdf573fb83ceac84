"""Accounts that somebody holds for a child, and what such a child is told on its pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from .people import User

Condition = Callable[[], Combinable | Q]
_conditions: list[Condition] = []


def register(condition: Condition) -> None:
    """Add what must be true of a custody besides its row. Called once, from an app's ``custody.py``.

    ``condition()`` is asked within a query of :class:`Custody`: it may name its columns by ``OuterRef``.
    """
    if condition not in _conditions:
        _conditions.append(condition)


class CustodyQuerySet(models.QuerySet["Custody"]):
    """Who holds whose account."""

    def open(self) -> CustodyQuerySet:
        """Keep those that did not end."""
        return self.filter(until=None)

    def in_force(self) -> CustodyQuerySet:
        """Keep those that give something now, asked anew at each page (SAFETY T15).

        The holder's own account is open, and the apps above still agree: whom the school takes off a
        child's record holds nothing from that moment on, whatever row is left.
        """
        found = self.open().filter(holder__is_active=True)
        for condition in _conditions:
            found = found.filter(condition())
        return found


class Custody(models.Model):
    """An account held for a child who has no address: letters and new passwords go by its holders.

    A child may have several holders, who never learn anything of each other. It ends when the child is 18.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    child = models.ForeignKey(User, on_delete=models.CASCADE, related_name="custodies")
    holder = models.ForeignKey(User, on_delete=models.CASCADE, related_name="holdings")
    since = models.DateTimeField(db_default=Now(), editable=False)
    until = models.DateTimeField(null=True)

    objects = CustodyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["child", "holder"], condition=Q(until=None), name="held_once_by_one_holder"
            ),
            models.CheckConstraint(condition=~Q(child=F("holder")), name="nobody_holds_themselves"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="custody_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.holder_id} → {self.child_id}"


class Notice(models.Model):
    """Something that a child without an address is told on « Mon espace », until they say it was read.

    One of a kind: what happens again is told again.
    """

    class Kind(models.TextChoices):
        """What it tells."""

        PASSWORD_GIVEN = "password_given"  # by a holder, to a child of 15 or more  # noqa: S105
        FIFTEEN = "fifteen"
        EIGHTEEN = "eighteen"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20, choices=Kind)
    told_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="one_notice_of_a_kind"),
            models.CheckConstraint(
                condition=Q(kind__in=["password_given", "fifteen", "eighteen"]), name="notice_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.kind}"
