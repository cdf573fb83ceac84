"""How long the outbox knows addresses, and how one is forgotten earlier.

A message that has nothing left to do loses its address seven days after it was posted, the time that
a registration may live, and its row after thirty.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from .models import LocalMessage, Message, State

FORGET_AFTER = timedelta(days=7)
DELETE_AFTER = timedelta(days=30)
BATCH = 5_000  # rows


def purge() -> int:
    """Forget addresses and delete rows that are past their time; return how many were touched.

    By the clock of the database. In batches, so that no statement meets its time limit however long
    nobody purged; may be stopped and run again at any moment.
    """
    done = Message.objects.exclude(state=State.WAITING)
    past = done.filter(created_at__lt=Now() - DELETE_AFTER)
    known = done.filter(created_at__lt=Now() - FORGET_AFTER).exclude(to="")
    kept = LocalMessage.objects.filter(kept_at__lt=Now() - DELETE_AFTER)
    return (
        _by_batches(past, lambda rows: rows.delete()[0])
        + _by_batches(known, lambda rows: rows.update(to=""))
        + _by_batches(kept, lambda rows: rows.delete()[0])
    )


def _by_batches(rows: QuerySet[Any], act: Callable[[QuerySet[Any]], int]) -> int:
    touched = 0
    while ids := list(rows.order_by().values_list("pk", flat=True)[:BATCH]):
        touched += act(rows.model._default_manager.filter(pk__in=ids))
    return touched


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
