"""The roll call and the notes of a session: the teacher's own, for a term (SCREENS B6, B7)."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from schools.school_year import today

from . import joining
from .models import ClassSession, Entry, RollCallLine, SessionRecord


class NotAllowed(Exception):
    """This session is not this person's."""


class NotNow(Exception):
    """Before a session everybody would be absent; from the next morning on nobody knows who was there."""


def end_of_term(day: date) -> date:
    """Return the last day of the term in which ``day`` falls: 31 December, 31 March or 31 August."""
    if day.month >= 9:
        return date(day.year, 12, 31)
    return date(day.year, 3, 31) if day.month <= 3 else date(day.year, 8, 31)


def call(session: ClassSession, *, by: User) -> SessionRecord:
    """Call the roll: who is expected, and whether they are in the class now; who else is there, as well.

    Called again, it adds who came since; what the teacher ticked stays. Of a session that has ended it says
    who had come in, as long as that is known: until the next morning (SCREENS B7). Raises
    :class:`NotAllowed`, and :class:`NotNow` before and after.
    """
    with transaction.atomic():
        record = _record(session, by)
        held = ClassSession.objects.with_a_roll_to_call().filter(pk=session.pk).first()
        if held is None:
            raise NotNow
        entered = Entry.objects.filter(session=session, state=Entry.State.ENTERED)
        if not held.is_running:
            entered = Entry.objects.filter(session=session, state=Entry.State.LEFT, came_in=True)
        inside = list(entered.select_related("user").order_by("pk"))
        there = {each.user.student_id for each in inside if each.user is not None}
        lines = {line.student_id: line for line in record.lines.exclude(student=None)}
        known = {line.user_id for line in record.lines.exclude(user=None)}
        pupils = joining.expected_pupils(session.virtual_class)
        for pupil in pupils:
            line = lines.get(pupil.pk)
            if line is None:
                RollCallLine.objects.create(
                    record=record, student=pupil, name=str(pupil), is_present=pupil.pk in there
                )
            elif not line.is_present and pupil.pk in there:
                RollCallLine.objects.filter(pk=line.pk).update(is_present=True)
        declared = {pupil.pk for pupil in pupils}
        for entry in inside:
            user = entry.user
            if user is None or user.pk in known or user.student_id in declared or entry.role != "pupil":
                continue
            RollCallLine.objects.create(record=record, user=user, name=user.full_name, is_present=True)
        SessionRecord.objects.filter(pk=record.pk).update(called_at=Now())
    record.refresh_from_db()
    return record


def can_be_called(session: ClassSession) -> bool:
    """Say whether the portal knows who is in a session, or was until a few hours ago."""
    return ClassSession.objects.with_a_roll_to_call().filter(pk=session.pk).exists()


def write(session: ClassSession, *, notes: str, present: set[int] | None, by: User) -> None:
    """Keep what was done, and who was there as ticked (keys of lines; ``None``: no roll was shown).

    Raises :class:`NotAllowed`.
    """
    with transaction.atomic():
        record = _record(session, by)
        SessionRecord.objects.filter(pk=record.pk).update(notes=notes, written_at=Now())
        if present is not None:
            record.lines.filter(pk__in=present).update(is_present=True)
            record.lines.exclude(pk__in=present).update(is_present=False)


def erase(session: ClassSession, *, by: User) -> None:
    """Forget the roll call and the notes before their time. Raises :class:`NotAllowed`."""
    with transaction.atomic():
        _record(session, by).delete()


def purge() -> int:
    """Forget the notes of terms that are over."""
    return SessionRecord.objects.filter(kept_until__lt=today()).delete()[0]


def _record(session: ClassSession, by: User) -> SessionRecord:
    mine = ClassSession.objects.run_by(by).select_for_update(of=("self",)).filter(pk=session.pk).first()
    if mine is None:
        raise NotAllowed
    record, _new = SessionRecord.objects.get_or_create(
        session=mine, defaults={"kept_until": end_of_term(today(mine.starts_at))}
    )
    return record
