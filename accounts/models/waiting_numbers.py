"""What every number that waits for a code has."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models.functions import Now

AT_HAND = timedelta(minutes=30)


class WaitingNumberQuerySet(models.QuerySet["WaitingNumber"]):
    """Numbers that wait for their code."""

    def alive(self) -> Self:
        """Keep those whose code was sent less than thirty minutes ago."""
        return self.filter(lives_until__gt=Now())


class WaitingNumber(models.Model):
    """A number that waits for the code sent to it. The code stands nowhere (:mod:`accounts.sms_codes`).

    Whose it is says ``user`` of each kind, one to one.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    mobile = models.CharField(max_length=16)
    code_number = models.PositiveSmallIntegerField(default=1)  # another one for each code sent again
    guesses = models.PositiveSmallIntegerField(default=0)
    lives_until = models.DateTimeField(db_default=Now() + AT_HAND)

    objects = WaitingNumberQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.public_id)
