"""The counters: how often somebody did something, and until when that counts."""

from __future__ import annotations

from django.db import models


class Counter(models.Model):
    """One window of one limit for one caller.

    ``key`` is a keyed hash (``limits.Limit.digest``), so the table holds no address, name or phone.
    """

    key = models.BinaryField(primary_key=True, max_length=32)
    scope = models.CharField(max_length=60)
    count = models.PositiveIntegerField()
    resets_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.scope}: {self.count}"
