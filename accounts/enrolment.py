"""A school year of MCM: how long an account serves, and how it goes on (SCREENS A2, A8)."""

from __future__ import annotations

import time
from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.school_year import SchoolYear

from . import personal_data
from .models import Enrolment, PolicyAcceptance, PolicyDocument, User

ENROLLED = journal.register_act("enrolment.renewed", _("Inscription renouvelée"))
ACCOUNT_EXPIRED = journal.register_act("account.expired", _("Compte d’une année passée effacé"))
TERMS_ACCEPTED = journal.register_act("terms.accepted", _("Conditions d’utilisation acceptées"))


def enrol(
    user: User,
    *,
    level: str,
    profile: str,
    academy_id: int | None,
    department_id: int | None,
    country: str,
) -> Enrolment:
    """Enrol a person at a level for the school year that runs, without a new mail; twice is once."""
    with transaction.atomic():
        enrolment, created = Enrolment.objects.get_or_create(
            user=user,
            level=level,
            school_year=SchoolYear.current().year,
            defaults={
                "profile": profile,
                "academy_id": academy_id,
                "department_id": department_id,
                "country": country,
            },
        )
        if created:
            journal.record(
                act=ENROLLED, actor=user.subject, subject=user.subject, fields=["school_year", "level"]
            )
    return enrolment


def forget_the_past(today: date) -> int:
    """Erase who has no enrolment since three months after their school year ended (SCREENS B10, G13).

    Staff, and people who never were enrolled here, are not concerned. It stops after half a minute, well
    before its task would be cut, and goes on at the next call. Returns how many were erased.
    """
    ended = SchoolYear.containing(today - timedelta(days=91)).year
    gone = User.objects.filter(is_staff=False, enrolments__isnull=False).exclude(
        enrolments__school_year__gte=ended
    )
    erased = 0
    stop = time.monotonic() + 30
    for user in gone.distinct().iterator(chunk_size=200):
        if time.monotonic() > stop:
            break
        with transaction.atomic():
            journal.record(act=ACCOUNT_EXPIRED, actor="system", subject=user.subject)
            personal_data.erase(user)
        erased += 1
    return erased


def accept(user: User, document: PolicyDocument, *, by: User | None = None) -> None:
    """Keep that a person accepted a version of a text, in which language, and when; twice is once.

    ``by`` is who did it for a child whose account they hold. A version accepted
    in one language is not accepted again in another.
    """
    with transaction.atomic():
        if user.acceptances.filter(document__kind=document.kind, document__version=document.version).exists():
            return
        _acceptance, created = PolicyAcceptance.objects.get_or_create(
            user=user, document=document, defaults={"by_guardian": by is not None}
        )
        if created:
            journal.record(act=TERMS_ACCEPTED, actor=(by or user).subject, subject=user.subject)
