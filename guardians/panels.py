"""What a guardian sees on « Mon espace » and « Mon compte » (SCREENS D10). Discovered by ``accounts``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from accounts import standing
from accounts.models import User
from accounts.panels import ACCOUNT, SUMMARY, Panel, register, register_for_school
from schools.models import Responsibility, School, Schooling

from . import alerts, bringing, linking, mobiles
from .identifiers import EDUCONNECT
from .models import Guardianship


@dataclass
class ChildOfMine:
    """A child as its guardian sees it."""

    name: str
    schools: list[School] = field(default_factory=list)
    is_legal: bool = False  # else a person in charge: sees, and does not consent


def _children_of(user: User) -> list[ChildOfMine]:
    ties = (
        Guardianship.objects.in_force()
        .filter(user=user)
        .select_related("tie__student", "tie__contact__school")
        .order_by("tie__student__first_name", "pk")
    )
    children: dict[int, ChildOfMine] = {}
    for each in ties:
        child = children.setdefault(each.tie.student_id, ChildOfMine(str(each.tie.student)))
        child.schools.append(each.tie.contact.school)
        child.is_legal |= each.tie.responsibility == Responsibility.LEGAL
    return list(children.values())


def _with_the_way_on(user: User, children: list[ChildOfMine]) -> dict[str, Any]:
    """Add where the children of an account without any went, if its owner brought them to another."""
    return {"children": children, "went_to": "" if children else bringing.went_to(user)}


def _children(user: User) -> Panel | None:
    if EDUCONNECT not in standing.of(user).doors:
        return None
    return Panel(
        title=_("Les élèves dont je suis le représentant légal"),
        template="guardians/panels/children.html",
        context=_with_the_way_on(user, _children_of(user)),
    )


def _own_account(user: User) -> Panel | None:
    if EDUCONNECT not in standing.of(user).doors:
        return None
    return Panel(
        title=_("Les élèves dont je suis le représentant légal"),
        template="guardians/panels/own_account.html",
        context={
            **_with_the_way_on(user, _children_of(user)),
            "has_franceconnect": linking.is_joined(user),
            "mobile": mobiles.of(user),
            "is_own_mobile": mobiles.is_own(user),
            "mobile_change": mobiles.NUMBERS.pending(user),
            "shows_alerts": alerts.are_on(user),
            "moves": bringing.undoable_by(user),
        },
    )


def _children_accounts(user: User) -> Panel | None:
    if EDUCONNECT not in standing.of(user).doors:
        return None
    if not Guardianship.objects.consenting().filter(user=user).exists():
        return None
    return Panel(
        title=_("Les comptes de mes enfants"), template="guardians/panels/children_accounts.html", context={}
    )


@dataclass(frozen=True)
class ChildThere:
    """A child as its guardian sees it on the page of a school."""

    name: str
    divisions: list[str]


def _children_there(user: User, school: School) -> Panel | None:
    ties = Guardianship.objects.in_force().filter(user=user, tie__contact__school=school)
    found = (
        Schooling.objects.with_access()
        .filter(school=school, student__in=ties.values("tie__student"))
        .select_related("student")
        .prefetch_related("divisions")
        .order_by("student__first_name", "pk")
    )
    children = [
        ChildThere(str(each.student), [str(one) for one in each.divisions.all() if one.closed_at is None])
        for each in found
    ]
    if not children:
        return None
    return Panel(
        title=_("Mes enfants ici"),
        template="guardians/panels/school_children.html",
        context={"children": children, "school": school},
    )


def _mobile(user: User) -> Panel | None:
    if EDUCONNECT not in standing.of(user).doors:
        return None
    return Panel(
        title=_("Mon téléphone portable"),
        template="guardians/panels/mobile.html",
        context={
            "mobile": mobiles.of(user),
            "is_own": mobiles.is_own(user),
            "waits": mobiles.NUMBERS.pending(user) is not None,
        },
    )


register(8, _children)
register(8, _own_account, on=ACCOUNT)
register(10, _children_accounts, on=ACCOUNT)
register(10, _mobile, on=SUMMARY)
register_for_school(15, _children_there)
