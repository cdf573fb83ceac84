"""Which schools a person belongs to, said once (SCREENS C6).

The staff to each school that declares them, a pupil to those where they are, as the rosters say it now. What
ties a person to a school on the floors above, such as a guardian's child, is registered from a module
``belonging.py``. Whoever asks for another school's page finds none (SAFETY T35).

« Mes accès » stands on every page and must cost none of them a statement: its names are kept with the
session, asked for once in it and again by « Mon espace ». They are words only: the page of a school asks
anew. Within the statement that reads a session, PostgreSQL took ten milliseconds to plan the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet

from schools.models import School, Schooling

from .models import User

KNOWN = "belonging.schools"  # in a session: public id and name of each
_ways: list[Way] = []


@dataclass(frozen=True)
class Way:
    """One way to belong to schools.

    ``may(user)`` asks nothing of the database and says whether there is anything to ask; ``keys(user)`` are
    keys of schools, rows of one value, found by an index from what the person has.
    """

    may: Callable[[User], bool]
    keys: Callable[[User], QuerySet[Any, Any]]


def register(way: Way) -> None:
    """Add a way to belong to schools. Called once, from an app's ``belonging.py``."""
    if way not in _ways:
        _ways.append(way)


def schools_of(user: User) -> QuerySet[School]:
    """Return the schools that somebody belongs to now, in the order of their codes."""
    found = [way.keys(user) for way in _ways if way.may(user)]
    if not found:
        return School.objects.none()
    first, *others = found
    return School.objects.filter(pk__in=first.union(*others) if others else first).order_by("uai")


def known(user: User, session: SessionBase) -> list[dict[str, str]]:
    """Return ``public_id`` and ``name`` of each school of a person, as this session last heard."""
    if KNOWN not in session:
        if not any(way.may(user) for way in _ways):
            return []
        ask_again(user, session)
    return list(session[KNOWN])


def ask_again(user: User, session: SessionBase) -> None:
    """Hear anew which schools a person belongs to; the session is written where that has changed."""
    if KNOWN not in session and not any(way.may(user) for way in _ways):
        return
    found = [
        {"public_id": str(public_id), "name": name}
        for public_id, name in schools_of(user).values_list("public_id", "name")
    ]
    if session.get(KNOWN) != found:
        session[KNOWN] = found


def _as_staff(user: User) -> QuerySet[Any, Any]:
    """Return each school that has proved the person to be one of its staff."""
    return user.posts().order_by().values("school")


def _as_pupil(user: User) -> QuerySet[Any, Any]:
    """Return the schools of a child, by its record or by the one that it was merged into."""
    records = [user.student_id, user.student.merged_into_id if user.student else None]
    return (
        Schooling.objects.with_access()
        .filter(student__in=[each for each in records if each])
        .values("school")
    )


register(Way(may=lambda user: user.staff_member_id is not None, keys=_as_staff))
register(Way(may=lambda user: user.student_id is not None, keys=_as_pupil))
