"""What the worker does for the outbox."""

from __future__ import annotations

from celery import shared_task


@shared_task
def deliver() -> None:
    """Send what waits."""
