"""Rows of the outbox for these tests, and ways to move them through time."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F
from django.db.models.functions import Now

from notifications import outbox
from notifications.models import Channel, Message
from tests.notifications.hello import KIND


def post(reference: str = "r1", to: str = "ana@example.org", channel: Channel = Channel.MAIL) -> Message:
    """Post a greeting."""
    return outbox.post(kind=KIND, reference=reference, to=to, channel=channel)


def again(message: Message) -> Message:
    """Return the row as it stands now."""
    return Message.objects.get(pk=message.pk)


def age(time: timedelta) -> None:
    """Let time pass for every message."""
    Message.objects.update(
        created_at=F("created_at") - time,
        next_attempt_at=F("next_attempt_at") - time,
        lease_until=F("lease_until") - time,
    )


def make_due() -> None:
    """Let the time of the next attempt come."""
    Message.objects.update(next_attempt_at=Now())


def minutes_to_wait(message: Message) -> float:
    """Return how long until the next attempt, by the clock of the database."""
    row = Message.objects.annotate(wait=F("next_attempt_at") - Now()).get(pk=message.pk)
    return row.wait.total_seconds() / 60
