"""What the worker does for the journal by the clock. None of it is brought back with a lost worker: the
next round does it."""

from __future__ import annotations

import structlog
from celery import shared_task

from . import retention, sealing, verification

logger = structlog.get_logger(__name__)


@shared_task(acks_late=False, soft_time_limit=50, time_limit=55, expires=60)
def seal() -> None:
    """Seal what was written since the last round."""
    sealing.seal()


@shared_task(acks_late=False)
def purge() -> None:
    """Delete the lines whose time is over (SAFETY G13)."""
    retention.purge()


@shared_task(acks_late=False, soft_time_limit=3_500, time_limit=3_600, expires=3_600)
def verify() -> None:
    """Compare the journal with its seals, and write down what was found."""
    verdict = verification.verify()
    verification.note(verdict)
    if not verdict.intact:
        logger.error("journal_found_broken", count=len(verdict.faults) + verdict.more_faults)
