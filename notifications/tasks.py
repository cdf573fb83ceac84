"""What the worker does for the outbox.

The row is the truth: a task lost with its worker is not brought back, since the sweeper comes anyway.
Acknowledged late, one that kills its worker would be brought back for ever (SAFETY F8). The time
limits end a task before the leases it holds (``delivery.LEASE``).

A sweep never expires: it must come however far the clocks of beat and worker are apart (SAFETY F16), and
those that pile up while no worker is there find nothing to do and take a moment each.
"""

from __future__ import annotations

from celery import shared_task

from . import delivery, retention
from .nudge import nudge

LIMITS = {"acks_late": False, "soft_time_limit": 40, "time_limit": 43}


@shared_task(**LIMITS)
def deliver() -> None:
    """Send what has just been posted: someone waits for it."""
    if delivery.drain(lapsed=False):
        nudge()


@shared_task(**LIMITS)
def sweep() -> None:
    """Send all that is due: what lost its nudge, what comes back, what a dead worker held."""
    delivery.beat()
    if delivery.drain():
        nudge()


@shared_task
def purge() -> None:
    """Forget what is past its time."""
    retention.purge()
