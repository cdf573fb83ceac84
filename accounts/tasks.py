"""What the worker does for this app by the clock."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from schools.school_year import today

from . import address_change, custody, enrolment, merging, open_sessions, recovery, registration


@shared_task
def follow_ages() -> None:
    """Shift the rights of children who are 15 or 18 by today's date in Paris."""
    custody.follow_ages(today())


@shared_task
def purge() -> None:
    """Delete sign-ups, requests, sessions and accounts whose time is over (SAFETY G13, T55)."""
    now = timezone.now()
    registration.purge(now)
    recovery.purge(now)
    open_sessions.purge()
    address_change.purge(now)
    merging.purge()
    enrolment.forget_the_past(today())
