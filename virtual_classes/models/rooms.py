"""Rooms that are to be closed, though nothing else is left of their session."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class RoomToEnd(models.Model):
    """A provider's room whose session was erased with its teacher: it is owed its end, and names nobody."""

    provider = models.CharField(max_length=40)
    key = models.CharField(max_length=64, unique=True)
    server = models.CharField(max_length=100, blank=True)
    created = models.CharField(max_length=100, blank=True)
    since = models.DateTimeField(db_default=Now(), editable=False)
    try_again_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["try_again_at"], name="room_to_end_due")]

    def __str__(self) -> str:
        return self.key
