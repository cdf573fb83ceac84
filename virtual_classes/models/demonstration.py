"""The demonstration room, in rows: who is there, whose hand is up, what was said. With ``DEBUG`` only."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now


class RoomPresence(models.Model):
    """Somebody in the demonstration room: seen as long as their page asks what is new."""

    room = models.CharField(max_length=64, db_index=False)
    person = models.CharField(max_length=64)
    name = models.CharField(max_length=201)
    is_moderator = models.BooleanField(default=False)
    has_hand_up = models.BooleanField(default=False)
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "person"], name="one_presence_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.room}: {self.pk}"


class RoomMessage(models.Model):
    """Something written in the demonstration room."""

    submission = models.UUIDField(unique=True, default=uuid.uuid4)  # of the form: sent twice, it is said once
    room = models.CharField(max_length=64)
    name = models.CharField(max_length=201)
    text = models.CharField(max_length=500)
    said_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["room", "id"], name="room_message")]

    def __str__(self) -> str:
        return f"{self.room}: {self.pk}"
