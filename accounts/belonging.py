"""Which schools a person belongs to, said once (SCREENS C6).

The staff to each school that declares them, a pupil to those where they are, as the rosters say it now. What
ties a person to a school on the floors above, such as a guardian's child, is registered from a module
``belonging.py``. Whoever asks for another school's page finds none (SAFETY T35).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import OuterRef, QuerySet

from schools.models import School, Schooling, StaffMember

from .models import User

# From the key of a user, in clear or as an ``OuterRef``, to keys of schools: rows of one value.
Way = Callable[[Any], QuerySet[Any, Any]]
_ways: list[Way] = []


def register(way: Way) -> None:
    """Add a way to belong to schools. Called once, from an app's ``belonging.py``.

    It starts from what the person has, by an index: it runs with each page of a signed-in person.
    """
    if way not in _ways:
        _ways.append(way)


def schools_of(user: User) -> QuerySet[School]:
    """Return the schools that somebody belongs to now, in the order of their codes."""
    return _schools(user.pk)


def reachable_from(person: str) -> QuerySet[School]:
    """Return the same within another query; ``person`` names its key of a user there."""
    return _schools(OuterRef(OuterRef(person)))


def deeper(person: Any) -> Any:
    """Return a way's ``person`` as a query within its own query names them."""
    return OuterRef(person) if isinstance(person, OuterRef) else person


def _schools(person: Any) -> QuerySet[School]:
    first, *others = [way(person) for way in _ways]
    return School.objects.filter(pk__in=first.union(*others)).order_by("uai")


def _as_staff(person: Any) -> QuerySet[Any, Any]:
    return StaffMember.objects.with_access().filter(account=person).values("school")


def _as_the_same_staff_elsewhere(person: Any) -> QuerySet[Any, Any]:
    """One identifier in one académie is one person, in however many schools (FORMATS 4)."""
    own = StaffMember.objects.filter(account=deeper(person)).exclude(identifier="")
    found = StaffMember.objects.with_access().exclude(identifier="")
    return found.filter(
        identifier__in=own.values("identifier"), school__academy__in=own.values("school__academy")
    ).values("school")


def _as_pupil(person: Any) -> QuerySet[Any, Any]:
    return Schooling.objects.with_access().filter(student__account=person).values("school")


def _as_pupil_of_a_merged_record(person: Any) -> QuerySet[Any, Any]:
    return Schooling.objects.with_access().filter(student__absorbed__account=person).values("school")


for _way in (_as_staff, _as_the_same_staff_elsewhere, _as_pupil, _as_pupil_of_a_merged_record):
    register(_way)
