"""How long what schools declare is kept: three months after a child, a tie or a colleague is gone.

The order on digital workspaces wants it so (30 November 2006, art. 6; FORMATS 11). By the clock of the
database, in batches: may be stopped and run again at any moment. Whoever is enrolled at another school
stays (SAFETY 2.2, « Purge »).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.models import GuardianContact, GuardianTie, RosterImport, Schooling, StaffMember, Student
from schools.models.imports import KEPT_UNAPPLIED
from schools.models.pupils import KEPT_AFTER_LEAVING

from . import importing

STUDENT_DELETED = journal.register_act("student.deleted", _("Fiche d’un élève parti supprimée"))
STAFF_DELETED = journal.register_act("staff.deleted", _("Fiche d’un membre du personnel parti supprimée"))

IMPORTS_KEPT = timedelta(days=365)  # their counts and refused lines: they name nobody
BATCH = 500


@dataclass
class Purged:
    """How many rows went, or would go."""

    schoolings: int = 0
    students: int = 0
    ties: int = 0
    contacts: int = 0
    staff: int = 0
    imports: int = 0


def purge() -> Purged:
    """Delete who left more than three months ago, and files that nobody applied in seven days."""
    done = Purged()
    while _purge_schoolings(done):
        pass
    while _purge_ties(done):
        pass
    while _purge_staff(done):
        pass
    _purge_imports(done)
    return done


def foresee() -> Purged:
    """Count what :func:`purge` would delete now: schoolings, ties, staff, and unapplied files."""
    return Purged(
        schoolings=_past_schoolings().count(),
        students=_past_schoolings().filter(~Exists(_elsewhere())).values("student").distinct().count(),
        ties=_past_ties().count(),
        staff=_past_staff().count(),
        imports=_unapplied().count(),
    )


def _past_schoolings() -> QuerySet[Schooling]:
    return Schooling.objects.filter(gone_at__lt=Now() - KEPT_AFTER_LEAVING)


def _elsewhere() -> QuerySet[Schooling]:
    """Return the schoolings of a pupil that are not past."""
    return Schooling.objects.filter(student=OuterRef("student")).exclude(
        gone_at__isnull=False, gone_at__lt=Now() - KEPT_AFTER_LEAVING
    )


def _past_ties() -> QuerySet[GuardianTie]:
    return GuardianTie.objects.filter(removed_at__lt=Now() - KEPT_AFTER_LEAVING)


def _past_staff() -> QuerySet[StaffMember]:
    return StaffMember.objects.filter(gone_at__lt=Now() - KEPT_AFTER_LEAVING)


def _unapplied() -> QuerySet[RosterImport]:
    return RosterImport.objects.filter(
        state__in=(RosterImport.State.MAPPING, RosterImport.State.READY),
        created_at__lt=Now() - KEPT_UNAPPLIED,
    )


def _purge_schoolings(done: Purged) -> bool:
    """Delete a batch of pupils who left: at that school, and altogether when they are at no other."""
    with transaction.atomic():
        past = list(_past_schoolings().select_for_update(skip_locked=True).order_by("pk")[:BATCH])
        for schooling in past:
            ties = GuardianTie.objects.filter(
                student=schooling.student_id, contact__school=schooling.school_id
            )
            _delete_ties(ties, done)
        students = {schooling.student_id for schooling in past}
        done.schoolings += len(past)
        Schooling.objects.filter(pk__in=[schooling.pk for schooling in past]).delete()
        # A lock on the child: an import that takes them in at this moment comes before, or after.
        homeless = (
            Student.objects.select_for_update()
            .filter(pk__in=students)
            .exclude(Exists(Schooling.objects.filter(student=OuterRef("pk"))))
        )
        for student in list(homeless):
            journal.record(act=STUDENT_DELETED, actor="system", subject=student.subject)
            student.delete()
            done.students += 1
    return bool(past)


def _purge_ties(done: Purged) -> bool:
    with transaction.atomic():
        keys = list(
            _past_ties()
            .select_for_update(skip_locked=True)
            .order_by("pk")
            .values_list("pk", flat=True)[:BATCH]
        )
        _delete_ties(GuardianTie.objects.filter(pk__in=keys), done)
    return bool(keys)


def _delete_ties(ties: QuerySet[GuardianTie], done: Purged) -> None:
    """Delete ties, and the contacts that are then tied to nobody."""
    contacts = set(ties.values_list("contact", flat=True))
    done.ties += ties.delete()[0]
    alone = GuardianContact.objects.filter(pk__in=contacts).exclude(
        Exists(GuardianTie.objects.filter(contact=OuterRef("pk")))
    )
    for contact in list(alone):
        contact.delete()
        done.contacts += 1


def _purge_staff(done: Purged) -> bool:
    with transaction.atomic():
        past = list(
            _past_staff()
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("school__academy")
            .order_by("pk")[:BATCH]
        )
        for member in past:
            journal.record(
                act=STAFF_DELETED,
                actor="system",
                subject=member.subject,
                academy=member.school.academy.code,
            )
            member.delete()
        done.staff += len(past)
    return bool(past)


def _purge_imports(done: Purged) -> None:
    for old in list(_unapplied()[:BATCH]):
        done.imports += importing.fail(old, "expired", old.state)
    RosterImport.objects.filter(finished_at__lt=Now() - IMPORTS_KEPT).delete()
