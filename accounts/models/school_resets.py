"""Ending every session of a school at once, and having new passwords chosen (SAFETY G16)."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from schools.models import School
from schools.scope import Scope

from .people import User


class SchoolResetQuerySet(models.QuerySet["SchoolReset"]):
    """Resets, and who may see them."""

    def open_to(self, scope: Scope) -> SchoolResetQuerySet:
        """Return the resets of the schools of a scope (SAFETY T35, T50)."""
        return scope.limit(self, "school__academy__code", "school__uai")

    def unfinished(self) -> SchoolResetQuerySet:
        """Keep those that a worker has still to go on with."""
        return self.filter(finished_at=None)


class SchoolReset(models.Model):
    """One reset of one school: what was asked, and how far it is.

    The people are gone through in the order of their keys, some hundred in one transaction, and the last
    key is written in the same: a worker that dies leaves nothing half done (SAFETY F6, F10).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    submission = models.UUIDField(unique=True)  # of the form: sent twice, it is one reset (SAFETY F14)
    school = models.ForeignKey(
        School, verbose_name=_("établissement"), on_delete=models.CASCADE, related_name="+", db_index=False
    )
    crowds = ArrayField(models.CharField(max_length=20))  # codes of accounts.crowds
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asker = models.CharField(max_length=80)  # as the journal names them
    reason = models.CharField(_("motif"), max_length=500)
    asked_at = models.DateTimeField(_("demandée le"), db_default=Now(), editable=False)
    finished_at = models.DateTimeField(_("terminée le"), null=True)
    expected = models.PositiveIntegerField(default=0)  # accounts when it was asked for
    reached = models.BigIntegerField(default=0)  # the key of the last person who is done
    closed = models.PositiveIntegerField(default=0)  # accounts done
    told = models.PositiveIntegerField(default=0)  # of these: somebody was written to
    held_until = models.DateTimeField(db_default=Now())  # then another worker may take over

    objects = SchoolResetQuerySet.as_manager()

    class Meta:
        verbose_name = _("remise à zéro des accès")
        verbose_name_plural = _("remises à zéro des accès")
        indexes = [
            models.Index(fields=["school", "-id"], name="reset_of_a_school"),
            models.Index(fields=["held_until"], condition=Q(finished_at=None), name="reset_at_work"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["school"], condition=Q(finished_at=None), name="one_reset_at_a_time"
            ),
            models.CheckConstraint(condition=Q(told__lte=F("closed")), name="reset_told_of_closed"),
            models.CheckConstraint(condition=~Q(reason=""), name="reset_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.school_id}: {self.closed}"

    @property
    def percent(self) -> int:
        """How far it is, for the page that shows it; 100 only once it is finished."""
        if self.finished_at is not None:
            return 100
        return min(99, 100 * self.closed // self.expected) if self.expected else 0

    @property
    def untold(self) -> int:
        """How many people nobody could be written to about: their school gives them a new letter."""
        return self.closed - self.told

    def counts(self) -> dict[str, Any]:
        """Return what became of it so far, as an export writes it."""
        return {"closed": self.closed, "told": self.told}
