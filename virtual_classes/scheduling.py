"""Making a class and its sessions, changing them, renewing a link, closing (SCREENS B2, B3)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.functions import RandomUUID
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg2.extras import DateTimeTZRange

from accounts import links
from accounts.models import User
from accounts.models.sign_ups import random_secret
from audit import journal
from schools.models import Division, School, Student
from schools.school_year import SchoolYear

from . import joining, teaching
from .models import ClassSession, Degree, Entry, Membership, Mode, Parents, Role, VirtualClass
from .models.classes import MOST_SEATS

LINK = "virtual_classes.link"  # the purpose of a class's link
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=6)
MOST_CLASSES = 60  # alive, of one teacher
MOST_SESSIONS = 300  # to come, of one class

CREATED = journal.register_act("class.created", _("Classe virtuelle créée"))
CHANGED = journal.register_act("class.changed", _("Classe virtuelle modifiée"))
LINK_RENEWED = journal.register_act("class.link_renewed", _("Lien de classe virtuelle renouvelé"))
CLOSED = journal.register_act("class.closed", _("Classe virtuelle fermée"))


class NotAllowed(Exception):
    """The rules of the place do not leave this choice."""


class Overlap(Exception):
    """The teacher, or the division, has another session at that time."""


class TooMany(Exception):
    """More than anybody needs."""


class NotNow(Exception):
    """The session has ended, or was cancelled."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A class as a teacher wants it, cleaned."""

    title: str
    degree: Degree
    mode: Mode
    provider: str
    school: School | None = None  # for which it is made; none: where the teacher teaches first
    division: Division | None = None
    capacity: int = 40
    opens_before: int = 10
    has_lobby: bool = True
    parents: Parents = Parents.WAITING
    pasted_link: str = ""


def create(*, by: User, wanted: Wanted, submission: uuid.UUID) -> VirtualClass:
    """Make a class; the same form sent twice makes one.

    A class of a division is made for the division's school. Raises :class:`teaching.NotATeacher`,
    :class:`NotAllowed`, also for a school where they do not teach, and :class:`TooMany`.
    """
    place = wanted.division.school if wanted.division else wanted.school
    teaches = teaching.of(by, place.pk if place else None)
    if place is not None and teaches.school != place:
        raise NotAllowed
    _check(teaches, wanted.degree, wanted.mode, wanted.division)
    with transaction.atomic():
        # Two forms of one teacher wait for each other here.
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        made = VirtualClass.objects.filter(submission=submission, teacher=by).first()
        if made is not None:
            return made
        if VirtualClass.objects.filter(submission=submission).exists():  # the form of somebody else
            raise NotAllowed
        if VirtualClass.objects.alive().filter(teacher=by).count() >= MOST_CLASSES:
            raise TooMany
        made = VirtualClass.objects.create(
            submission=submission,
            title=wanted.title,
            teacher=by,
            division=wanted.division,
            academy=teaches.academy,
            school=teaches.school,
            degree=wanted.degree,
            school_year=SchoolYear.current().year,
            mode=wanted.mode,
            has_lobby=wanted.has_lobby,
            parents=wanted.parents,
            provider=wanted.provider,
            pasted_link=wanted.pasted_link,
            capacity=wanted.capacity,
            opens_before=wanted.opens_before,
        )
        _note(CREATED, made, by)
    return made


def create_and_plan(
    *, by: User, wanted: Wanted, starts_at: datetime, lasts: timedelta, submission: uuid.UUID
) -> ClassSession:
    """Make a class with its first session, or neither; the same form sent twice makes one of each.

    Raises what :func:`create` and :func:`plan` raise.
    """
    with transaction.atomic():
        made = create(by=by, wanted=wanted, submission=submission)
        return plan(made, starts_at=starts_at, lasts=lasts, by=by, submission=submission)


def clashes_with(
    *, by: User, division: Division | None, starts_at: datetime, lasts: timedelta
) -> ClassSession | None:
    """Return the session that stands in the way of one at that time: the teacher's own first."""
    live = ClassSession.objects.filter(
        state__in=ClassSession.LIVE, during__overlap=DateTimeTZRange(starts_at, starts_at + lasts)
    ).select_related("virtual_class", "teacher")
    return live.filter(teacher=by).first() or (
        live.filter(division=division).first() if division is not None else None
    )


def _check(
    teaches: teaching.Teaching,
    degree: Degree,
    mode: Mode,
    division: Division | None,
    *,
    before: Mode | None = None,
) -> None:
    if degree not in teaches.degrees:
        raise NotAllowed
    left = teaches.choices(degree)
    if mode not in left.modes and mode != before:
        raise NotAllowed
    if division is None and not left.of_a_teacher:
        raise NotAllowed
    if division is not None and (not left.of_a_division or division not in teaches.divisions):
        raise NotAllowed


def change(virtual_class: VirtualClass, wanted: Wanted, *, by: User) -> None:
    """Change a class. Another mode closes the link there was, at that moment, with whoever waits by it;
    by account, visitors who were let in lose their seat too (SCREENS B3). So do parents, once they stay out.

    The kind of class and its division stay. Raises :class:`NotAllowed` for what is not this person's, or
    not left to choose, and :class:`teaching.NotATeacher`.
    """
    teaches = teaching.of(by, virtual_class.school_id)
    with transaction.atomic():
        kept = _mine(virtual_class, by)
        if wanted.mode != kept.mode and wanted.mode not in teaches.choices(Degree(kept.degree)).modes:
            raise NotAllowed
        fields = [
            "title",
            "mode",
            "has_lobby",
            "parents",
            "provider",
            "pasted_link",
            "capacity",
            "opens_before",
        ]
        changed = [name for name in fields if getattr(kept, name) != getattr(wanted, name)]
        if not changed:
            return
        for name in changed:
            setattr(kept, name, getattr(wanted, name))
        if "mode" in changed:
            kept.link_secret = random_secret()
            changed.append("link_secret")
        kept.save(update_fields=changed)
        if "mode" in changed:
            _put_out(kept, Q(user=None), seated=kept.mode == Mode.ACCOUNT)
        if "parents" in changed and kept.parents == Parents.REFUSED:
            _put_out(kept, Q(role=Role.GUARDIAN), seated=True)
        if "provider" in changed:
            kept.sessions.filter(state=ClassSession.State.PLANNED).update(provider=kept.provider)
        if "capacity" in changed:  # of a session that runs as well, but never fewer than sit there
            live = kept.sessions.filter(state__in=ClassSession.LIVE, seats_taken__lte=kept.capacity)
            live.update(capacity=kept.capacity, door_version=F("door_version") + 1)
        _note(CHANGED, kept, by, changed)


def renew_link(virtual_class: VirtualClass, *, by: User) -> None:
    """Give a class another link: the one there was opens nothing from this moment on (SCREENS B3, T44).

    Whoever waits by the old one waits no more. Raises :class:`NotAllowed`.
    """
    with transaction.atomic():
        kept = _mine(virtual_class, by)
        kept.link_secret = random_secret()
        kept.save(update_fields=["link_secret"])
        _put_out(kept, Q(user=None), seated=False)
        _note(LINK_RENEWED, kept, by)


def _put_out(virtual_class: VirtualClass, whom: Q, *, seated: bool) -> None:
    """Send some people away from the doors of a class, with ``seated`` from their seats too.

    Behind each door's lock: who knocks at this moment comes before and goes, or finds the class changed.
    """
    live = ClassSession.objects.filter(virtual_class=virtual_class, state__in=ClassSession.LIVE)
    for door in live.select_for_update().order_by("pk"):
        entries = Entry.objects.filter(whom, session=door)
        gone = entries.waiting().update(state=Entry.State.LEFT)
        freed = 0
        if seated:
            freed = entries.inside().update(state=Entry.State.LEFT, seat_key=RandomUUID())
        if gone or freed:
            ClassSession.objects.filter(pk=door.pk).update(
                seats_taken=F("seats_taken") - freed, door_version=F("door_version") + 1
            )


def close(virtual_class: VirtualClass, *, by: User) -> None:
    """Close a class for good: its link and what was planned end with it. Twice is once.

    Raises :class:`NotAllowed`, and :class:`NotNow` while a session of it runs.
    """
    with transaction.atomic():
        kept = _mine(virtual_class, by)
        if kept.sessions.running().exists():
            raise NotNow
        if kept.closed_at is not None:
            return
        kept.sessions.filter(state=ClassSession.State.PLANNED).update(
            state=ClassSession.State.CANCELLED, ended_at=Now()
        )
        VirtualClass.objects.filter(pk=kept.pk).update(closed_at=Now(), link_secret=random_secret())
        _note(CLOSED, kept, by)


def plan(
    virtual_class: VirtualClass, *, starts_at: datetime, lasts: timedelta, by: User, submission: uuid.UUID
) -> ClassSession:
    """Plan a session, aware of the time zone; the same form sent twice plans one.

    Raises :class:`NotAllowed` for a class that is not this person's or closed, :class:`Overlap`,
    :class:`TooMany`, :class:`teaching.NotATeacher`, and ``ValueError`` for hours that no class has.
    """
    teaching.of(by, virtual_class.school_id)
    if timezone.is_naive(starts_at) or not SHORTEST <= lasts <= LONGEST:
        raise ValueError("a session lasts from five minutes to six hours, and begins at an aware moment")
    try:
        with transaction.atomic():
            kept = _mine(virtual_class, by)
            made = ClassSession.objects.filter(submission=submission, virtual_class=kept).first()
            if made is not None:
                return made
            if not kept.is_alive:
                raise NotAllowed
            if kept.sessions.alive().count() >= MOST_SESSIONS:
                raise TooMany
            return ClassSession.objects.create(
                submission=submission,
                virtual_class=kept,
                teacher=by,
                division=kept.division,
                during=DateTimeTZRange(starts_at, starts_at + lasts),
                capacity=kept.capacity,
                provider=kept.provider,
            )
    except IntegrityError as clash:
        if "at_once" in str(clash):
            raise Overlap from clash
        if "submission" in str(clash):  # the form of another class
            raise NotAllowed from clash
        raise


def cancel(session: ClassSession, *, by: User) -> None:
    """Take a planned session back. Twice is once. Raises :class:`NotAllowed` and :class:`NotNow`."""
    with transaction.atomic():
        mine = ClassSession.objects.run_by(by).select_for_update(of=("self",)).filter(pk=session.pk).first()
        if mine is None:
            raise NotAllowed
        if mine.state == ClassSession.State.CANCELLED:
            return
        if mine.state != ClassSession.State.PLANNED:
            raise NotNow
        ClassSession.objects.filter(pk=mine.pk).update(
            state=ClassSession.State.CANCELLED, ended_at=Now(), door_version=F("door_version") + 1
        )


def link_of(virtual_class: VirtualClass) -> str:
    """Return what stands at the end of a class's link: 160 bits that are kept nowhere (SAFETY T44)."""
    return links.token(LINK, virtual_class)


def found_by(token: str) -> VirtualClass | None:
    """Return the class that a link opens; ``None`` for one that was renewed, closed or guessed."""
    public_id = links.public_id(token)
    if public_id is None:
        return None
    found = (
        VirtualClass.objects.alive()
        .select_related("academy", "school", "teacher", "division")
        .filter(public_id=public_id)
        .first()
    )
    return found if found is not None and links.opens(token, LINK, found) else None


def expect(
    virtual_class: VirtualClass,
    *,
    by: User,
    names: Iterable[str] = (),
    addresses: Iterable[str] = (),
    pupils: Iterable[Student] = (),
) -> None:
    """Note who is expected besides the division, in the caller's transaction; twice is once.

    Raises :class:`NotAllowed`, and :class:`TooMany` beyond the places of the largest class.
    """
    kept = _mine(virtual_class, by)
    rows = [
        *(Membership(virtual_class=kept, name=name) for name in dict.fromkeys(names)),
        *(Membership(virtual_class=kept, address=address) for address in dict.fromkeys(addresses)),
        *(Membership(virtual_class=kept, student=pupil) for pupil in dict.fromkeys(pupils)),
    ]
    Membership.objects.bulk_create(rows, ignore_conflicts=True)
    if kept.memberships.count() > MOST_SEATS:
        raise TooMany


def expect_no_more(virtual_class: VirtualClass, key: int, *, by: User) -> None:
    """Take an invitation back: who comes all the same waits like anybody, and so does who waits already.

    Twice is once. Raises :class:`NotAllowed`.
    """
    with transaction.atomic():
        kept = _mine(virtual_class, by)
        kept.memberships.filter(pk=key).delete()
        joining.look_at_the_list_again(kept)


def _mine(virtual_class: VirtualClass, by: User) -> VirtualClass:
    """Return the class, locked until the transaction ends. Raises :class:`NotAllowed`."""
    mine = VirtualClass.objects.run_by(by).select_for_update(of=("self",))
    found = mine.filter(pk=virtual_class.pk).first()
    if found is None:
        raise NotAllowed
    return found


def _note(act: str, virtual_class: VirtualClass, by: User, fields: list[str] | None = None) -> None:
    journal.record(
        act=act,
        actor=by.subject,
        subject=virtual_class.subject,
        fields=fields or [],
        academy=virtual_class.academy.code,
    )
