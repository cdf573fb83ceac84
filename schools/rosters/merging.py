"""Two records of one child become one by hand, and two again if that was a mistake."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.models import (
    Division,
    GuardianContact,
    GuardianTie,
    RosterImport,
    School,
    Schooling,
    Student,
    StudentMerge,
)
from schools.scope import Scope

MERGED = journal.register_act("student.merged", _("Deux fiches d’un même élève réunies"))
UNMERGED = journal.register_act("student.merge_undone", _("Fiches d’élèves séparées à nouveau"))


class NotAllowed(Exception):
    """One of the two is at a school where this person may not do that."""


class SameRecord(Exception):
    """One record cannot become one with itself."""


class MergedAlready(Exception):
    """One of the two is part of a merge: that is undone first."""


def merge(kept: Student, absorbed: Student, *, scope: Scope, by: str, reason: str) -> StudentMerge:
    """Make one child of two records, for staff who have the schools of both.

    What schools say of the second is said of the first from then on; the second stays, hidden, with its INE,
    so that files which name it find the first. Raises :class:`NotAllowed`, :class:`SameRecord` and
    :class:`MergedAlready`.
    """
    if kept.pk == absorbed.pk:
        raise SameRecord
    with transaction.atomic():
        _check(kept, scope)
        _check(absorbed, scope)
        _take_turns([*_schools_of(kept), *_schools_of(absorbed)])
        locked = Student.objects.select_for_update().filter(pk__in=(kept.pk, absorbed.pk)).order_by("pk")
        if any(each.merged_into_id for each in locked) or absorbed.absorbed.exists():
            raise MergedAlready
        merged = StudentMerge.objects.create(
            kept=kept,
            absorbed=absorbed,
            schoolings=_move(Schooling, "school", absorbed, kept),
            ties=_move(GuardianTie, "contact", absorbed, kept),
            dropped={"schoolings": _drop_schoolings(absorbed), "ties": _drop_ties(absorbed)},
        )
        Student.objects.filter(pk=absorbed.pk).update(merged_into=kept)
        _note(MERGED, merged, by, reason)
    return merged


def undo(merged: StudentMerge, *, scope: Scope, by: str, reason: str) -> None:
    """Make two records of one again: each gets back what it had, as far as it is still there.

    Raises :class:`NotAllowed`.
    """
    with transaction.atomic():
        _check(merged.kept, scope)
        _take_turns(_schools_of(merged.kept))
        for model, keys in ((Schooling, merged.schoolings), (GuardianTie, merged.ties)):
            model._default_manager.filter(pk__in=keys, student=merged.kept_id).update(
                student=merged.absorbed_id
            )
        _make_again(merged)
        Student.objects.filter(pk=merged.absorbed_id).update(merged_into=None)
        _note(UNMERGED, merged, by, reason)
        merged.delete()


def _check(student: Student, scope: Scope) -> None:
    """Every school of the child must lie in the scope, not only one (SAFETY T50)."""
    here = Schooling.objects.filter(student=student)
    if not here.exists() or here.count() != here.open_to(scope).count():
        raise NotAllowed


def _schools_of(student: Student) -> list[int]:
    return list(Schooling.objects.filter(student=student).values_list("school", flat=True))


def _take_turns(schools: list[int]) -> None:
    """Wait for imports of these schools, and have them wait."""
    with connection.cursor() as cursor:
        for school in sorted(set(schools)):
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext('schools.rosters'), %s::int)", [school % 2**31]
            )
    RosterImport.objects.unfinished().filter(school__in=schools).update(is_outdated=True)


def _move(
    model: type[Schooling] | type[GuardianTie], beside: str, source: Student, target: Student
) -> list[int]:
    """Hand the rows of one record to another, but for those that it has already; return which."""
    had = model._default_manager.filter(student=target).values(beside)
    rows = model._default_manager.filter(student=source).exclude(**{f"{beside}__in": had})
    keys = list(rows.values_list("pk", flat=True))
    model._default_manager.filter(pk__in=keys).update(student=target)
    return keys


def _drop_schoolings(student: Student) -> list[dict[str, Any]]:
    """Delete what a record says of schools where the other is too; return what undoes that."""
    rows = Schooling.objects.filter(student=student)
    said = [
        {
            "school": row.school_id,
            "school_year": row.school_year,
            "gone_at": row.gone_at and row.gone_at.isoformat(),
            "access_until": row.access_until and row.access_until.isoformat(),
            "divisions": list(row.divisions.values_list("pk", flat=True)),
        }
        for row in rows
    ]
    rows.delete()
    return said


def _drop_ties(student: Student) -> list[dict[str, Any]]:
    rows = GuardianTie.objects.filter(student=student)
    said = [
        {
            "contact": row.contact_id,
            "responsibility": row.responsibility,
            "relationship": row.relationship,
            "removed_at": row.removed_at and row.removed_at.isoformat(),
        }
        for row in rows
    ]
    rows.delete()
    return said


def _make_again(merged: StudentMerge) -> None:
    """Give the second record what was deleted of it, where school, class and contact are still there."""
    for said in merged.dropped["schoolings"]:
        if not School.objects.filter(pk=said["school"]).exists():
            continue
        schooling, _made = Schooling.objects.get_or_create(
            school_id=said["school"],
            student_id=merged.absorbed_id,
            defaults={name: said[name] for name in ("school_year", "gone_at", "access_until")},
        )
        schooling.divisions.set(Division.objects.filter(pk__in=said["divisions"], closed_at=None))
    for said in merged.dropped["ties"]:
        if GuardianContact.objects.filter(pk=said["contact"]).exists():
            GuardianTie.objects.get_or_create(
                contact_id=said["contact"],
                student_id=merged.absorbed_id,
                defaults={name: said[name] for name in ("responsibility", "relationship", "removed_at")},
            )


def _note(act: str, merged: StudentMerge, by: str, reason: str) -> None:
    for student in (merged.kept, merged.absorbed):
        academy = (
            Schooling.objects.filter(student__in=(merged.kept_id, merged.absorbed_id))
            .values_list("school__academy__code", flat=True)
            .first()
        )
        journal.record(act=act, actor=by, subject=student.subject, reason=reason, academy=academy or "")
