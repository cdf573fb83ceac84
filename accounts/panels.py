"""What a person sees of each app on « Mon espace », « Mon compte », « Résumé » and the page of a school.

Any app registers its panels in a module ``panels.py``; ``mcm_portal`` puts « Mon espace » and a school's page
together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from schools.models import School, Schooling
from schools.school_year import SchoolYear
from schools.scope import Scope

from . import custody, standing
from .models import Power, User, is_staff_door
from .openid import parting

HOME, ACCOUNT, SUMMARY = "home", "account", "summary"  # the pages that panels stand on
_panels: list[tuple[int, str, Callable[[User], Panel | None]]] = []
_school_panels: list[tuple[int, Callable[[User, School], Panel | None]]] = []


@dataclass(frozen=True)
class Panel:
    """A part of a page: its heading, a template, and what the template reads as ``data``."""

    title: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)


def register(order: int, show: Callable[[User], Panel | None], *, on: str = HOME) -> None:
    """Add a panel to a page. ``show(user)`` returns ``None`` when there is nothing for this person."""
    _panels.append((order, on, show))
    _panels.sort(key=lambda entry: entry[0])


def panels_for(user: User, *, on: str = HOME) -> list[Panel]:
    """Return what this person sees on a page, in order."""
    return [panel for _order, page, show in _panels if page == on and (panel := show(user)) is not None]


def register_for_school(order: int, show: Callable[[User, School], Panel | None]) -> None:
    """Add a panel to the page of a school (SCREENS C6), for who belongs to it: 10 is who one is there.

    ``show(user, school)`` returns ``None`` when there is nothing for this person at this school.
    """
    _school_panels.append((order, show))
    _school_panels.sort(key=lambda entry: entry[0])


def panels_of_school(user: User, school: School) -> list[Panel]:
    """Return what this person sees on the page of a school of theirs, in order."""
    return [panel for _order, show in _school_panels if (panel := show(user, school)) is not None]


def _enrolments(user: User) -> Panel | None:
    year = SchoolYear.current()
    stands = standing.of(user)
    enrolments = stands.enrolments
    if not enrolments and (user.is_staff or not stands.is_in_mcm):
        return None
    return Panel(
        title=_("Mon inscription %(year)s") % {"year": year.label},
        template="accounts/panels/enrolments.html",
        context={"enrolments": enrolments, "year": year},
    )


def _administration(user: User) -> Panel | None:
    if not user.is_staff:
        return None
    roles = list(user.staff_roles.select_related("academy"))
    return Panel(
        title=_("Administration"), template="accounts/panels/administration.html", context={"roles": roles}
    )


def _own_school(user: User) -> Panel | None:
    own = Scope(schools=user.scope(Power.SEE_SCHOOL).schools)
    school = School.objects.open_to(own).first() if own else None
    if school is None:
        return None
    return Panel(
        title=_("Mon établissement"),
        template="accounts/panels/own_school.html",
        context={"school": school, "imports": bool(user.scope(Power.IMPORT_ROSTERS).schools)},
    )


def _own_pupils(user: User) -> Panel | None:
    if not any(map(is_staff_door, standing.of(user).doors)):
        return None
    if not user.posts().filter(divisions__isnull=False, divisions__closed_at=None).exists():
        return None
    return Panel(title=_("Mes élèves"), template="accounts/panels/own_pupils.html")


def _today(user: User) -> Panel | None:
    names = standing.of(user).names
    if not names and not user.is_staff:
        return None
    return Panel(title=_("Aujourd’hui"), template="accounts/panels/today.html", context={"names": names})


def _providers(user: User) -> Panel | None:
    if user.staff_member_id is None and not any(map(is_staff_door, standing.of(user).doors)):
        return None  # nobody else comes by one: no statement for families
    identities = parting.identities_of(user)
    if not identities:
        return None
    return Panel(
        title=_("Connexion par votre académie"),
        template="accounts/panels/providers.html",
        context={"identities": identities},
    )


def _notices(user: User) -> Panel | None:
    notices = custody.unread(user)
    if not notices:
        return None
    return Panel(title=_("À savoir"), template="accounts/panels/notices.html", context={"notices": notices})


def _where_it_is(user: User, school: School) -> Panel:
    return Panel(
        title=_("L’établissement"),
        template="accounts/panels/school_contact.html",
        context={"school": school},
    )


def _as_staff(user: User, school: School) -> Panel | None:
    if user.staff_member_id is None:
        return None
    member = user.posts().filter(school=school).prefetch_related("divisions").first()
    if member is None:
        return None
    return Panel(
        title=_("Ma fonction"),
        template="accounts/panels/school_staff.html",
        context={
            "role": member.get_role_display(),
            "divisions": [each for each in member.divisions.all() if each.closed_at is None],
            "is_head": user.school_headed() == school.uai,
        },
    )


def _as_pupil(user: User, school: School) -> Panel | None:
    if user.student is None:
        return None
    records = [user.student_id, user.student.merged_into_id or user.student_id]
    here = Schooling.objects.with_access().filter(student__in=records, school=school)
    schooling = here.prefetch_related("divisions").first()
    if schooling is None:
        return None
    return Panel(
        title=_("Ma classe"),
        template="accounts/panels/school_pupil.html",
        context={"divisions": [each for each in schooling.divisions.all() if each.closed_at is None]},
    )


register_for_school(10, _as_staff)
register_for_school(12, _as_pupil)
register_for_school(90, _where_it_is)
register(3, _notices)
register(5, _administration)
register(7, _own_school)
register(9, _own_pupils)
register(10, _today)
register(20, _enrolments)
register(5, _providers, on=ACCOUNT)
