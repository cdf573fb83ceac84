"""The way into a class: knocking, waiting, entering (SAFETY G9, T44, T45, T46).

A person has one place at a door, a browser without an account too. Who is let in takes a seat by one
conditional statement, in whose row everybody at this door waits for the others: seats are never oversold.
The address of the room is made when somebody who was let in asks for it, and stands nowhere before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import standing
from accounts.models import Profile, SignInName, User
from guardians.models import Guardianship
from schools import reference
from schools.models import DivisionPupil, Schooling, StaffDivision, Student
from throttling import limits

from . import running
from .lookalikes import resembles
from .models import ClassSession, Entry, Membership, Mode, Parents, Role, VirtualClass
from .providers.base import JoinAddress

MOST_WAITING = 30  # visitors at one door
HOUR = timedelta(hours=1)


class NotYet(Exception):
    """The door is not open."""


class Locked(Exception):
    """The teacher locked the door."""


class Crowded(Exception):
    """As many visitors wait as a teacher can look at."""


class LinkChanged(Exception):
    """The link by which a visitor came was renewed meanwhile."""


class AccountWanted(Exception):
    """This class is for people with an account."""


class ParentsStayOut(Exception):
    """The teacher lets no parents in."""


class NotLetIn(Exception):
    """This person was not let in, or is no more."""


@dataclass(frozen=True)
class Knocker:
    """Who knocks: an account, or the name that a visitor typed, cleaned, and their browser's hash."""

    user: User | None
    name: str = ""
    browser: str = ""


@dataclass(frozen=True)
class _Known:
    """What the account of who knocks says."""

    role: Role
    is_expected: bool
    badge: str = ""


def session_at_the_door(virtual_class: VirtualClass) -> ClassSession | None:
    """Return the session that one comes for: what runs, else what comes next; ``None`` for none.

    Of two that run, that of this hour: the one before it may have been forgotten open by a colleague.
    """
    alive = virtual_class.sessions.alive()
    of_this_hour = alive.running().filter(during__contains=Now()).first()
    found = of_this_hour or alive.running().in_order().last() or alive.in_order().first()
    if found is not None:
        found.virtual_class = virtual_class  # as it was when its link was looked at
    return found


def knock(session: ClassSession, who: Knocker, *, client: str) -> Entry:
    """Stand at the door of a session; who stands there already is who they were.

    An expected pupil enters at once where nobody is made to wait; a visitor always waits (T44). Who
    was refused stays so for the whole session. What the teacher changes at the same moment counts: the
    settings are read behind the door's lock. Raises the refusals above, and
    :class:`throttling.limits.Refused`.
    """
    virtual_class = session.virtual_class
    before = Entry.objects.filter(session=session).of(who.user, who.browser).first()
    if before is not None and before.state != Entry.State.LEFT:
        return before
    limits.hit(*_limits(who, client))
    known = _known(virtual_class, who.user) if who.user else _Known(Role.VISITOR, is_expected=False)
    name = who.user.full_name if who.user else who.name
    # The name of an account is what its owner typed, unless the school or the teacher named them.
    likeness = "" if known.is_expected else _resemblance(session, name)
    with transaction.atomic():
        door = ClassSession.objects.select_for_update().get(pk=session.pk)
        entry = Entry.objects.filter(session=door).of(who.user, who.browser).first()
        if entry is not None and entry.state != Entry.State.LEFT:
            return entry  # of two that were sent at once, the second
        now = VirtualClass.objects.get(pk=virtual_class.pk)
        _check_class(now, virtual_class, known)
        _check_door(door, now)
        if known.role == Role.VISITOR and _visitors_waiting(door) >= MOST_WAITING:
            raise Crowded
        entry = entry or Entry(session=door, user=who.user, browser="" if who.user else who.browser)
        entry.name = name
        entry.badge, entry.role, entry.is_expected = known.badge, known.role, known.is_expected
        entry.resembles = likeness
        entry.state = Entry.State.WAITING
        if _walks_in(now, known) and not door.is_full:
            entry.state = Entry.State.ADMITTED
            door.seats_taken += 1
        entry.save()
        door.door_version += 1
        door.save(update_fields=["seats_taken", "door_version"])
    return entry


def _limits(who: Knocker, client: str) -> list[limits.Limit]:
    """Whom an account names is counted by it alone: a stranger of the same network shuts nobody out."""
    if who.user is not None:
        return [limits.Limit("classes.knock", who.user.subject, 30, HOUR)]
    return [
        limits.Limit("classes.knock", who.browser, 30, HOUR),
        limits.Limit("classes.knock_network", client, 600, HOUR),
    ]


def _check_class(now: VirtualClass, seen: VirtualClass, known: _Known) -> None:
    """Refuse what the teacher does not allow (any more); ``seen`` is the class as its link was looked at."""
    if not now.is_alive:
        raise NotYet
    if known.role == Role.VISITOR and now.mode != Mode.LINK:
        raise AccountWanted
    if known.role == Role.VISITOR and now.link_secret != seen.link_secret:
        raise LinkChanged
    if known.role == Role.GUARDIAN and now.parents == Parents.REFUSED:
        raise ParentsStayOut


def _check_door(door: ClassSession, virtual_class: VirtualClass) -> None:
    if not door.is_live:
        raise NotYet
    if door.state == ClassSession.State.PLANNED and not _is_door_open(door, virtual_class):
        raise NotYet
    if door.is_locked:
        raise Locked


def _is_door_open(session: ClassSession, virtual_class: VirtualClass) -> bool:
    before = timedelta(minutes=virtual_class.opens_before)
    return ClassSession.objects.filter(pk=session.pk, during__startswith__lte=Now() + before).exists()


def _visitors_waiting(door: ClassSession) -> int:
    return Entry.objects.waiting().filter(session=door, user=None).count()


def _walks_in(virtual_class: VirtualClass, known: _Known) -> bool:
    if virtual_class.has_lobby or not known.is_expected:
        return False
    return known.role == Role.PUPIL or (
        known.role == Role.GUARDIAN and virtual_class.parents == Parents.ALLOWED
    )


def _known(virtual_class: VirtualClass, user: User) -> _Known:
    """Read the role of who knocks from their account (SCREENS B4: one link for everybody)."""
    badge = ""
    is_expected = _invited(virtual_class, user).exists()
    if user.student_id is not None:
        schoolings = Schooling.objects.with_access().filter(student=user.student_id)
        divisions = list(
            DivisionPupil.objects.filter(schooling__in=schoolings).select_related("division").order_by("pk")
        )
        here = [each.division for each in divisions if each.division_id == virtual_class.division_id]
        shown = here or [each.division for each in divisions if each.division.kind == "division"]
        badge = str(shown[0]) if shown else ""
        is_expected = is_expected or bool(here)
    profiles = {year.profile for year in standing.of(user).enrolments}
    if user.student_id is not None or Profile.STUDENT in profiles:
        return _Known(Role.PUPIL, is_expected, badge)
    children = Guardianship.objects.in_force().filter(user=user)
    if Profile.GUARDIAN in profiles or children.exists():
        tied = VirtualClass.objects.of_children_of(user).filter(pk=virtual_class.pk).exists()
        return _Known(Role.GUARDIAN, is_expected or tied, badge)
    # « Enseignant » is said of whom a school or an académie knows: anybody can sign up as one (SAFETY T37).
    is_colleague = _is_declared(user) or (
        bool(profiles & {Profile.TEACHER, Profile.STAFF})
        and reference.academy_of_address(user.address()) is not None
    )
    return _Known(Role.COLLEAGUE if is_colleague else Role.OTHER, is_expected)


def _is_declared(user: User) -> bool:
    return user.staff_member_id is not None and user.posts().exists()


def look_at_the_list_again(virtual_class: VirtualClass) -> None:
    """Expect no more, of those who wait, who is on the list no more: one button lets in all who are.

    In the caller's transaction, behind each door's lock.
    """
    live = ClassSession.objects.filter(virtual_class=virtual_class, state__in=ClassSession.LIVE)
    for door in live.select_for_update().order_by("pk"):
        waiting = Entry.objects.waiting().filter(session=door, is_expected=True, user__isnull=False)
        gone = [
            each.pk
            for each in waiting.select_related("user")
            if each.user is not None and not _known(virtual_class, each.user).is_expected
        ]
        if gone:
            Entry.objects.filter(pk__in=gone).update(is_expected=False)
            ClassSession.objects.filter(pk=door.pk).update(door_version=F("door_version") + 1)


def _invited(virtual_class: VirtualClass, user: User) -> QuerySet[Membership]:
    mine = Q(user=user)
    if user.student_id is not None:
        mine |= Q(student=user.student_id)
    if names := standing.of(user).names:
        mine |= Q(name__in=names)
    if address := user.address():
        mine |= Q(address=address)
    return virtual_class.memberships.filter(mine)


def teachers_of(session: ClassSession) -> list[str]:
    """Return the names of those who run a class."""
    names = [session.teacher.full_name, session.virtual_class.teacher.full_name]
    if session.division_id is not None:
        taught = StaffDivision.objects.filter(division=session.division_id, member__gone_at=None)
        names += [str(each.member) for each in taught.select_related("member")]
    return list(dict.fromkeys(names))


def expected_pupils(virtual_class: VirtualClass) -> list[Student]:
    """Return the pupils whom a school's record puts into a class, in the order of their names."""
    here = Q(pk__in=virtual_class.memberships.exclude(student=None).values("student"))
    if virtual_class.division_id is not None:
        declared = DivisionPupil.objects.filter(
            division=virtual_class.division_id, schooling__in=Schooling.objects.current()
        )
        here |= Q(pk__in=declared.values("schooling__student"))
    return list(Student.objects.living().filter(here).order_by("family_name", "first_name", "pk"))


def expected_accounts(virtual_class: VirtualClass) -> list[User]:
    """Return the accounts behind the names and addresses that were invited, for who runs the class.

    Only of those who came to the door: nobody learns from an invitation who has an account (SAFETY G1).
    """
    came = Entry.objects.filter(session__virtual_class=virtual_class, is_expected=True, user__student=None)
    return list(User.objects.filter(pk__in=came.values("user")).order_by("last_name", "first_name", "pk"))


def _resemblance(session: ClassSession, name: str) -> str:
    pupils = [
        f"{each.first_name} {each.usage_name or each.family_name}"
        for each in expected_pupils(session.virtual_class)
    ]
    invited = SignInName.objects.filter(
        authority="mcm", name__in=session.virtual_class.memberships.exclude(name="").values("name")
    )
    pupils += [each.user.full_name for each in invited.select_related("user") if each.user is not None]
    return resembles(name, teachers=teachers_of(session), pupils=pupils)


# --- once one was let in ----------------------------------------------------------------------------


def enter(entry: Entry) -> None:
    """Note that somebody who was let in goes in; twice is once. Raises :class:`NotLetIn`."""
    with transaction.atomic():
        # Behind the door's lock: an update with a condition on the session would not see that somebody was
        # put out a moment ago.
        door = ClassSession.objects.select_for_update().get(pk=entry.session_id)
        rows = Entry.objects.filter(pk=entry.pk)
        if not door.is_open or not rows.inside().exists():
            raise NotLetIn
        if rows.filter(state=Entry.State.ADMITTED).update(state=Entry.State.ENTERED, came_in=True):
            door.door_version += 1
            door.save(update_fields=["door_version"])


def address_for(entry: Entry) -> JoinAddress:
    """Make the way into the room for who went in: it lives a minute, and carries a pupil's role (T45).

    Raises :class:`NotLetIn` for anybody else, and the refusals of the providers.
    """
    now = Entry.objects.select_related("session__virtual_class__academy").filter(pk=entry.pk).first()
    if now is None or now.state != Entry.State.ENTERED or not now.session.is_open:
        raise NotLetIn
    return running.way_in(now.session, key=now.seat_key.hex, name=now.name, moderator=False)


def leave(entry: Entry) -> None:
    """Go away from a door, or out of a class: the seat is another's. Twice is once; a refusal stays."""
    with transaction.atomic():
        door = ClassSession.objects.select_for_update().get(pk=entry.session_id)
        seated = Entry.objects.inside().filter(pk=entry.pk).update(state=Entry.State.LEFT)
        waited = 0 if seated else Entry.objects.waiting().filter(pk=entry.pk).update(state=Entry.State.LEFT)
        if not seated and not waited:
            return
        door.seats_taken -= seated
        door.door_version += 1
        door.save(update_fields=["seats_taken", "door_version"])


# --- watching ---------------------------------------------------------------------------------------


def watchword(public_id: UUID) -> str:
    """Return what a page at the door asks by: it tells where one entry stands, and needs no session."""
    return salted_hmac("virtual_classes.watch", public_id.hex, algorithm="sha256").hexdigest()[:32]


def standing_of(public_id: UUID, word: str) -> str | None:
    """Return where an entry and its session stand, by one indexed query; ``None`` for a wrong word."""
    if not constant_time_compare(word, watchword(public_id)):
        return None
    found = Entry.objects.filter(public_id=public_id).values_list(
        "state", "session__state", "session__trouble"
    )
    states = found.first()
    return "-".join(states) if states else "gone"
