"""How long the outbox knows addresses, and how one is forgotten earlier.

A message that has nothing left to do loses its address seven days after it was posted, the time that
a registration may live, and its row after thirty.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from .models import LocalMessage, Message, State

FORGET_AFTER = timedelta(days=7)
DELETE_AFTER = timedelta(days=30)


def purge() -> int:
    """Forget addresses and delete rows that are past their time; return how many were touched.

    By the clock of the database; may be stopped and run again at any moment.
    """
    done = Message.objects.exclude(state=State.WAITING)
    deleted, _ = done.filter(created_at__lt=Now() - DELETE_AFTER).delete()
    kept, _ = LocalMessage.objects.filter(kept_at__lt=Now() - DELETE_AFTER).delete()
    return deleted + kept + done.filter(created_at__lt=Now() - FORGET_AFTER).exclude(to="").update(to="")


def export(*, address: str) -> list[dict[str, object]]:
    """Return what the outbox knows of an address or phone number, for the person it belongs to."""
    known = (
        Message.objects.filter(to=address)
        .exclude(to="")
        .order_by("id")
        .values("kind", "channel", "to", "state", "created_at", "sent_at")
    )
    return [dict(row) for row in known]


def forget(*, address: str) -> int:
    """Forget an address or phone number; what waits for it is withdrawn. Return how many messages."""
    if not address:
        return 0
    with transaction.atomic():
        known = Message.objects.filter(to=address)
        known.filter(state=State.WAITING).update(state=State.WITHDRAWN)
        LocalMessage.objects.filter(to=address).delete()
        return known.update(to="")
