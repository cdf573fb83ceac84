"""What the worker does for this app by the clock."""

from __future__ import annotations

from celery import shared_task

from . import activation, pairing
from .franceconnect import visits


@shared_task
def purge() -> None:
    """Forget first sign-ins whose time is over, and what FranceConnect said to who is gone (SAFETY G13)."""
    activation.purge()
    pairing.purge()
    visits.purge()
