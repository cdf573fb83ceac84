"""What the worker does for this app by the clock."""

from __future__ import annotations

from celery import shared_task

from . import activation, bringing, children_accounts, mobiles, pairing
from .franceconnect.visits import VISITS


@shared_task
def share_children_accounts() -> None:
    """Let whoever became a legal guardian by the school's record hold the accounts of the children."""
    children_accounts.share_all()


@shared_task
def purge() -> None:
    """Forget first sign-ins and new numbers whose time is over, and what FranceConnect said (SAFETY G13)."""
    activation.purge()
    mobiles.NUMBERS.purge()
    bringing.purge()
    pairing.purge()
    VISITS.purge()
