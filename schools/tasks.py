"""What the worker does for this app. A task carries the public id of an import, or nothing.

The row is the truth: a task lost with its worker is not brought back, since the sweeper comes anyway, and
counts how often (SAFETY F6, F18).
"""

from __future__ import annotations

from celery import shared_task

from .letters import keeping, making
from .rosters import importing, retention, sweeping

LIMITS = {"acks_late": False, "soft_time_limit": 150, "time_limit": 170}


@shared_task(**LIMITS)
def read_roster(public_id: str) -> None:
    """Read a file that was handed over."""
    importing.read(public_id)


@shared_task(**LIMITS)
def apply_roster(public_id: str) -> None:
    """Apply a file that somebody decided to apply."""
    importing.apply(public_id)


@shared_task(expires=60)
def sweep_rosters() -> None:
    """Find what a dead worker left."""
    sweeping.sweep()


@shared_task
def purge_rosters() -> None:
    """Delete who left long ago, and files that nobody applied."""
    retention.purge()


@shared_task(**LIMITS)
def make_letters(public_id: str) -> None:
    """Go on with a batch of letters."""
    making.make(public_id)


@shared_task(expires=60)
def sweep_letters() -> None:
    """Find batches that a dead worker left."""
    making.sweep()


@shared_task
def purge_letters() -> None:
    """Forget the files of letters after their day, and letters long after their codes."""
    keeping.purge()
