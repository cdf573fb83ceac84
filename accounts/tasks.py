"""What the worker does for this app by the clock."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from schools.school_year import today

from . import (
    address_change,
    custody,
    enrolment,
    local_admins,
    merging,
    open_sessions,
    otp_keys,
    recovery,
    registration,
    school_resets,
    sms_numbers,
)
from .openid.door import VISITS


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
    sms_numbers.NUMBERS.purge()
    merging.purge()
    enrolment.forget_the_past(today())
    otp_keys.purge()
    VISITS.purge()
    local_admins.end_of_who_left()
    school_resets.purge()


# The row is the truth: a task lost with its worker is not brought back, since the sweeper comes (SAFETY F6).
@shared_task(acks_late=False)
def reset_school(public_id: str) -> None:
    """Go on with the reset of a school."""
    school_resets.work(public_id)


@shared_task(expires=60)
def sweep_school_resets() -> None:
    """Find resets that a dead worker left."""
    school_resets.sweep()
