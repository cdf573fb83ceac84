"""Who may create a virtual class, where, and what their académie and school let them choose (SCREENS B1, B3).

Asked anew at each page: an address that changed, a school that declares somebody no more, an académie that
closes take effect at once. A profile by itself gives nothing (SAFETY T37).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from accounts import standing
from accounts.models import Level, Profile, User
from schools import reference
from schools.models import Academy, Division, School, StaffMember
from schools.school_year import SchoolYear

from .models import ClassRules, Degree, Mode


class Why(StrEnum):
    """Why somebody may not create a class."""

    NOT_A_TEACHER = "not_a_teacher"
    ADDRESS = "address"  # a teacher, and their address is none of an académie's
    CLOSED = "closed"  # a teacher of an académie that has not opened the service


class NotATeacher(Exception):
    """This person may not create virtual classes; ``why`` says what is missing."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True)
class Choices:
    """What may be chosen in one place."""

    modes: tuple[Mode, ...]  # the usual one first
    of_a_teacher: bool
    of_a_division: bool


@dataclass(frozen=True)
class Teaching:
    """Where somebody teaches."""

    academy: Academy
    school: School | None  # whose record names them; none for who is known by their address
    degrees: tuple[Degree, ...]
    divisions: tuple[Division, ...]  # that they teach, by the school's record

    @property
    def school_key(self) -> int | None:
        """The key of the school; none for who is known by their address."""
        return self.school.pk if self.school else None

    def choices(self, degree: Degree) -> Choices:
        """Return what may be chosen: what the académie allows, and of that what the school leaves."""
        return choices_at(self.academy, self.school, degree)


def seems_a_teacher(user: User) -> bool:
    """Say whether to speak to somebody of teaching at all; asks the database nothing."""
    said = any(year.profile == Profile.TEACHER for year in standing.of(user).enrolments)
    return said or user.staff_member_id is not None


def places(user: User) -> tuple[Teaching, ...]:
    """Return where somebody may hold classes. Raises :class:`NotATeacher` where that is nowhere.

    By the record of each of their schools (a teacher, or in a primary school its head, who teaches as well),
    the first that was proved first; else by a confirmed address of the exact domains of an académie and the
    profile of a teacher. Only of académies that have opened the service.
    """
    found = _everywhere(user)
    open_now = Academy.objects.open_on().filter(pk__in={each.academy.pk for each in found})
    keys = set(open_now.values_list("pk", flat=True))
    left = tuple(each for each in found if each.academy.pk in keys)
    if not left:
        raise NotATeacher(Why.CLOSED)
    return left


def of(user: User, school: int | None = None) -> Teaching:
    """Return where somebody teaches who holds a class that was made for a school, given by its key.

    A class of no school, and one that a colleague made, is held from where they teach first. Raises
    :class:`NotATeacher`, also where the service is closed there, though it be open at another school.
    """
    found = _everywhere(user)
    here = next((each for each in found if each.school_key == school), found[0])
    if not Academy.objects.open_on().filter(pk=here.academy.pk).exists():
        raise NotATeacher(Why.CLOSED)
    return here


def _everywhere(user: User) -> list[Teaching]:
    return _by_the_record(user) or [_by_the_address(user)]


def _by_the_record(user: User) -> list[Teaching]:
    if user.staff_member_id is None:
        return []
    posts = list(user.posts().select_related("school__academy"))
    posts.sort(key=lambda post: post.pk != user.staff_member_id)
    return [
        _teaching_at(post)
        for post in posts
        if post.role == StaffMember.Role.TEACHER
        or (post.role == StaffMember.Role.HEAD and post.school.kind == School.Kind.ECOLE)
    ]


def _teaching_at(post: StaffMember) -> Teaching:
    school = post.school
    divisions = post.divisions.filter(closed_at=None, school_year=SchoolYear.current().year)
    degree = Degree.FIRST if school.kind == School.Kind.ECOLE else Degree.SECOND
    return Teaching(school.academy, school, (degree,), tuple(divisions.order_by("code")))


def _by_the_address(user: User) -> Teaching:
    levels = [year.level for year in standing.of(user).enrolments if year.profile == Profile.TEACHER]
    if not levels:
        raise NotATeacher(Why.NOT_A_TEACHER)
    academy = reference.academy_of_address(user.address())
    if academy is None:
        raise NotATeacher(Why.ADDRESS)
    degrees = {Degree.of(Level(level)): None for level in levels}
    return Teaching(academy, None, tuple(degrees), ())


def choices_at(academy: Academy, school: School | None, degree: Degree) -> Choices:
    """Return what teachers of a place may choose.

    Where nobody decided: in the first degree by link and by account, in the second by account (SCREENS B3).
    """
    rows = ClassRules.objects.filter(academy=academy, degree=degree)
    rules = {each.school_id: each for each in rows.filter(school=None) | rows.filter(school=school)}
    of_academy, of_school = rules.get(None), rules.get(school.pk) if school else None
    by_link, by_account = degree == Degree.FIRST, True
    of_a_teacher = of_a_division = True
    if of_academy is not None:
        by_link, by_account = of_academy.by_link, of_academy.by_account
        of_a_teacher, of_a_division = of_academy.of_a_teacher, of_academy.of_a_division
    if of_school is not None:
        # A school chooses within its académie's rule; where nothing is left, the académie's holds.
        left = by_link and of_school.by_link, by_account and of_school.by_account
        by_link, by_account = left if any(left) else (by_link, by_account)
        kinds = of_a_teacher and of_school.of_a_teacher, of_a_division and of_school.of_a_division
        of_a_teacher, of_a_division = kinds if any(kinds) else (of_a_teacher, of_a_division)
    modes = [mode for mode, is_left in ((Mode.LINK, by_link), (Mode.ACCOUNT, by_account)) if is_left]
    if degree == Degree.SECOND:
        modes.reverse()
    return Choices(tuple(modes), of_a_teacher, of_a_division)
