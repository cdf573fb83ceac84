"""A school year of MCM: how long an account serves, and how it goes on (SCREENS A2, A8)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.school_year import SchoolYear

from .models import Enrolment, PolicyAcceptance, PolicyDocument, User

ENROLLED = journal.register_act("enrolment.renewed", _("Inscription renouvelée"))
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


def accept(user: User, document: PolicyDocument) -> None:
    """Keep that a person accepted a version of a text, and when; twice is once."""
    with transaction.atomic():
        _acceptance, created = PolicyAcceptance.objects.get_or_create(user=user, document=document)
        if created:
            journal.record(act=TERMS_ACCEPTED, actor=user.subject, subject=user.subject)
