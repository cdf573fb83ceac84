"""Letters made worthless by the school or the DANE: one, those of a class, all of a school."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.models import Division, Letter, School, StaffMember
from schools.scope import Scope

REVOKED = journal.register_act("letter.revoked", _("Lettre de première connexion annulée"))
DIVISION_REVOKED = journal.register_act("letters.division_revoked", _("Lettres d’une classe annulées"))
SCHOOL_REVOKED = journal.register_act("letters.school_revoked", _("Lettres d’un établissement annulées"))


class NotAllowed(Exception):
    """This school lies outside of where the person may do that."""


def revoke(letter: Letter, *, scope: Scope, by: str, reason: str = "") -> None:
    """Make one letter worthless; one that was used stays used. Twice is once. Raises :class:`NotAllowed`."""
    school = letter.batch.school
    _check(school, scope)
    with transaction.atomic():
        if _revoke(Letter.objects.filter(pk=letter.pk)):
            _note(REVOKED, letter.person.subject, by, reason, school)


def revoke_division(division: Division, *, scope: Scope, by: str, reason: str = "") -> int:
    """Do that to all letters of a class; return how many. Raises :class:`NotAllowed`."""
    _check(division.school, scope)
    with transaction.atomic():
        revoked = _revoke(Letter.objects.filter(division=division, batch__school=division.school_id))
        if revoked:
            _note(DIVISION_REVOKED, f"division:{division.public_id}", by, reason, division.school)
    return revoked


def revoke_school(school: School, *, scope: Scope, by: str, reason: str = "") -> int:
    """Do that to all letters a school gave; return how many. Raises :class:`NotAllowed`."""
    _check(school, scope)
    with transaction.atomic():
        revoked = _revoke(Letter.objects.filter(batch__school=school))
        if revoked:
            _note(SCHOOL_REVOKED, school.subject, by, reason, school)
    return revoked


def outgrow(member: StaffMember, *, by: str) -> None:
    """Have the letters of a colleague open nothing from now on: their rights at the school have just grown.

    Also those that are being made, and the code that began a first sign-in which is not finished
    (:meth:`accounts.models.FirstSignIn`). A paper that lay in a pigeon-hole for a teacher must not open
    what a head may do. In the transaction of whoever gives the right; a roster does the same for who
    becomes head by it (:mod:`schools.rosters.applying`).
    """
    StaffMember.objects.filter(pk=member.pk).update(letters_since=Now())
    if _revoke(Letter.objects.filter(staff_member=member)):
        _note(REVOKED, member.subject, by, "", member.school)


def _revoke(letters: QuerySet[Letter]) -> int:
    return Letter.objects.in_force().filter(pk__in=letters.values("pk")).update(revoked_at=Now())


def _check(school: School, scope: Scope) -> None:
    if not scope.covers(school.academy.code, school.uai):
        raise NotAllowed


def _note(act: str, subject: str, by: str, reason: str, school: School) -> None:
    journal.record(act=act, actor=by, subject=subject, reason=reason, academy=school.academy.code)
