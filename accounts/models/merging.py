"""Two accounts of one person put together, and what is needed to take them apart again."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from .people import User
from .sign_ups import random_secret

PROPOSAL_LIVES = timedelta(minutes=10)  # between the proof of the other account and « Fusionner »
UNDO_LIVES = timedelta(days=30)


class MergeQuerySet(models.QuerySet["Merge"]):
    """Merges, by where they stand; every time is PostgreSQL's (SAFETY F16)."""

    def proposed(self) -> MergeQuerySet:
        """Keep what both accounts proved, and what waits to be confirmed."""
        return self.filter(made_at=None, proposed_at__gt=Now() - PROPOSAL_LIVES)

    def made(self) -> MergeQuerySet:
        """Keep what was done less than thirty days ago, undone or not."""
        return self.filter(made_at__gt=Now() - UNDO_LIVES)

    def in_force(self) -> MergeQuerySet:
        """Keep what was done and not undone: the source is closed."""
        return self.filter(made_at__isnull=False, undone_at=None)

    def of(self, user: User) -> MergeQuerySet:
        """Keep what concerns an account, whichever of the two it is."""
        return self.filter(Q(target=user) | Q(source=user))


class Merge(models.Model):
    """« Fusion de comptes » (SCREENS C7): what is of ``source`` goes to ``target``, and ``source`` is closed.

    First proposed, then made, perhaps undone. :class:`MergedRow` keeps each thing that was moved.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    target = models.ForeignKey(User, on_delete=models.CASCADE, related_name="merges_here")
    source = models.ForeignKey(User, on_delete=models.CASCADE, related_name="merges_away")
    source_proof = models.CharField(max_length=64)  # the password that proved it is still the same one
    owes_code = models.BooleanField(default=False)  # the source's second factor has not been shown yet
    # Password and epoch of the account that stayed, when it was made: what has been closed since.
    target_proof = models.CharField(max_length=64, blank=True, default="", db_default="")
    link_secret = models.CharField(max_length=32, default=random_secret)
    proposed_at = models.DateTimeField(db_default=Now())
    made_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    # The undo gave the source back without its password: what was known before is known to a thief (G16).
    is_sealed = models.BooleanField(default=False, db_default=False)

    objects = MergeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["target"], condition=Q(made_at=None), name="one_merge_proposed_to_an_account"
            ),
            models.UniqueConstraint(
                fields=["source"],
                condition=Q(made_at__isnull=False, undone_at=None),
                name="an_account_is_merged_once",
            ),
            models.CheckConstraint(condition=~Q(target=F("source")), name="merge_of_two_accounts"),
            models.CheckConstraint(
                condition=Q(made_at=None) | Q(owes_code=False), name="merge_made_with_every_proof"
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(made_at__isnull=False), name="merge_made_before_undone"
            ),
        ]
        indexes = [
            models.Index(fields=["proposed_at"], condition=Q(made_at=None), name="merge_proposed"),
            models.Index(fields=["made_at"], condition=~Q(made_at=None), name="merge_made"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class MergedRow(models.Model):
    """One value that a merge changed: of which row, which field, from what to what.

    ``handed_by`` is set where a value went from a field of one row to the same field of another, such as
    the record of a school's staff from one account to the other.
    """

    merge = models.ForeignKey(Merge, on_delete=models.CASCADE, related_name="rows")
    model = models.CharField(max_length=100)  # as Django labels it: « accounts.Enrolment »
    key = models.BigIntegerField()
    field = models.CharField(max_length=60)
    old = models.JSONField(null=True)  # keys and yes or no: never what somebody wrote
    new = models.JSONField(null=True)
    handed_by = models.BigIntegerField(null=True)
    is_left = models.BooleanField(default=False)  # an undo found another value, or no row, and let it be

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merge", "model", "key", "field"], name="a_merge_moves_once")
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.key}: {self.field}"
