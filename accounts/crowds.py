"""The accounts of a school, crowd by crowd: its pupils, its staff; other apps add theirs.

Any app registers a crowd in a module ``crowds.py``, as a query by an index whose rows are few: those of the
school. What is done to all accounts of a school asks for them here (:mod:`accounts.school_resets`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from schools.models import School

from .models import User

PUPILS, STAFF, SHARED = "pupils", "staff", "shared_staff"


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Some of the accounts of a school. ``is_optional``: they belong to other schools as well."""

    order: int
    code: str
    label: str | Promise
    people: Callable[[School], QuerySet[User]]
    is_optional: bool = False


_crowds: list[Crowd] = []


def register(crowd: Crowd) -> None:
    """Add a crowd. Called once, from an app's ``crowds.py``."""
    _crowds.append(crowd)
    _crowds.sort(key=lambda each: each.order)


def registered() -> tuple[Crowd, ...]:
    """Return every crowd, in order."""
    return tuple(_crowds)


def people_of(school: School, codes: Collection[str], *, but: Q) -> QuerySet[User, int]:
    """Return the keys of the accounts of these crowds, each once; ``but`` says who is left out.

    A query of ``values_list("pk")``, to be ordered and cut by the caller.
    """
    parts = [
        crowd.people(school).exclude(but).values_list("pk", flat=True)
        for crowd in _crowds
        if crowd.code in codes
    ]
    return parts[0].union(*parts[1:]) if parts else User.objects.none().values_list("pk", flat=True)


def _pupils(school: School) -> QuerySet[User]:
    """Those who may come in by this school: declared, or gone for less than seven days."""
    return User.objects.filter(
        Q(student__schoolings__gone_at=None) | Q(student__schoolings__access_until__gt=Now()),
        student__schoolings__school=school,
    )


def _staff(school: School) -> QuerySet[User]:
    return User.objects.filter(
        Q(staff_member__gone_at=None) | Q(staff_member__access_until__gt=Now()), staff_member__school=school
    )


def _other_posts(school: School) -> QuerySet[User]:
    """Those who came by another school first: their account opens this one as well."""
    here = Q(other_posts__staff_member__gone_at=None) | Q(other_posts__staff_member__access_until__gt=Now())
    return User.objects.filter(here, other_posts__staff_member__school=school)


register(Crowd(order=10, code=PUPILS, label=_("Élèves"), people=_pupils))
register(Crowd(order=20, code=STAFF, label=_("Personnel"), people=_staff))
register(
    Crowd(
        order=25,
        code=SHARED,
        label=_("Personnel partagé avec un autre établissement"),
        people=_other_posts,
    )
)
