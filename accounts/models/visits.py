"""The rows of those who are at a provider, or have just come back (:mod:`accounts.openid.visits`)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class VisitQuerySet(models.QuerySet["Visit"]):
    """Visits, by whose browser they belong to and whether they still count."""

    def open_to(self, browsers: Collection[str]) -> Self:
        """Return the visits of a browser, named by the hashes of the secrets in its cookie."""
        return self.filter(browser__in=browsers)

    def alive(self) -> Self:
        """Keep those whose time is not over, by PostgreSQL's clock (SAFETY F16)."""
        return self.filter(expires_at__gt=Now())

    def arrived(self) -> Self:
        """Keep those that the provider has said something of, the last one first."""
        return self.exclude(arrived_at=None).order_by("-arrived_at", "-pk")


class Visit(models.Model):
    """One going to a provider and coming back, for an hour at most; it belongs to no account.

    The row alone tells nobody anything: ``state`` and ``browser`` are hashes of what only the provider's
    answer and the browser's cookie hold, and ``sealed`` (on the way out the nonce and the proof of the code,
    on the way back what was said of somebody) can be read only with that cookie.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(max_length=64, unique=True)
    begun_by = models.CharField(max_length=64)  # the browser as it was on the way out
    browser = models.CharField(max_length=64)  # as it is now
    next_step = models.CharField(max_length=100)  # the name of the page that asked
    sealed = models.TextField()
    began_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)  # the one answer that is listened to
    arrived_at = models.DateTimeField(null=True)  # it was a good one

    objects = VisitQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.public_id)


def visit_constraints(name: str) -> list[models.BaseConstraint]:
    """Return what holds of every visit; ``name`` begins the names that a table needs of its own."""
    return [
        models.CheckConstraint(
            name=f"{name}_answered_before_arrived",
            condition=Q(arrived_at=None) | Q(answered_at__isnull=False),
        ),
        models.CheckConstraint(name=f"{name}_ends", condition=Q(expires_at__gt=F("began_at"))),
    ]


def visit_indexes(name: str) -> list[models.Index]:
    """Return how visits are looked for, likewise."""
    return [
        models.Index(fields=["browser"], name=f"{name}_browser"),
        models.Index(fields=["expires_at"], name=f"{name}_expires"),
    ]
