"""A school lets birth dates of a child be tried again, after too many wrong ones (SAFETY G8)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Power, User
from audit import journal
from schools.models import School, Schooling, Student
from throttling import limits

from .declaring import alarm_limit, child_limit, school_limit
from .models import BirthDateTries

REOPENED = journal.register_act("guardian.birth_date_reopened", _("Essais de date de naissance rouverts"))


SCHOOL_REOPENED = journal.register_act(
    "guardian.birth_dates_reopened_at_school", _("Essais de date de naissance rouverts, établissement")
)


class NotAllowed(Exception):
    """This child is at no school of theirs."""


def is_locked(student: Student) -> bool:
    """Say whether dates of this child are refused now, for today or until the school opens it again."""
    tries = BirthDateTries.objects.filter(student=student).first()
    limit = child_limit(student.pk)
    return bool(tries and tries.is_locked) or limits.peek(limit) >= limit.most


def reopen(student: Student, *, by: User, reason: str) -> None:
    """Forget the wrong dates of a child, those in a row and those of the day; twice is once.

    What was counted for the whole school stays (:func:`reopen_school`). Raises :class:`NotAllowed`.
    """
    scope = by.scope(Power.ANSWER_FAMILIES)
    if not Student.objects.open_to(scope).filter(pk=student.pk).exists():
        raise NotAllowed
    places = School.objects.filter(schoolings__in=Schooling.objects.open_to(scope).filter(student=student))
    with transaction.atomic():
        BirthDateTries.objects.filter(student=student).update(wrong_in_a_row=0)
        limits.clear(child_limit(student.pk))
        for code in sorted(set(places.values_list("academy__code", flat=True))):
            journal.record(
                act=REOPENED, actor=by.subject, subject=student.subject, reason=reason, academy=code
            )


def reopen_school(school: School, *, by: User, reason: str) -> None:
    """Let birth dates be tried again at a school that was closed after twenty wrong ones; twice is once.

    By the DANE, whom an alarm has told: a school that is guessed at does not open itself. The next twenty
    close it again and ring again. Raises :class:`NotAllowed`.
    """
    scope = by.scope(Power.MEND_PEOPLE)
    if not (scope.everywhere or school.academy.code in scope.academies):
        raise NotAllowed
    with transaction.atomic():
        limits.clear(school_limit(school.uai), alarm_limit(school.uai))
        journal.record(
            act=SCHOOL_REOPENED,
            actor=by.subject,
            subject=school.subject,
            reason=reason,
            academy=school.academy.code,
        )
