"""What the worker does for this app by the clock."""

from __future__ import annotations

from celery import shared_task

from . import requests


@shared_task
def purge() -> None:
    """Delete requests whose time is over (SAFETY G13)."""
    requests.purge()
