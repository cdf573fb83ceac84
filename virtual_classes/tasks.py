"""What the worker does for this app by the clock."""

from __future__ import annotations

from celery import shared_task

from . import roll_call, running, volume


@shared_task
def sweep() -> None:
    """Ask again for rooms that did not answer, and end sessions that were forgotten open."""
    running.sweep()


@shared_task
def nightly() -> None:
    """Count yesterday's hours, then forget what they were made of (SCREENS B7)."""
    volume.count_up()
    roll_call.purge()
    volume.purge()
