"""Who has an account already, and needs no letter: said by the apps above, in a module ``known.py``.

::

    known.register(Audience.PUPIL, lambda person: User.objects.filter(student=person))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import OuterRef, QuerySet

from schools.models import Audience

_registered: dict[Audience, Callable[[OuterRef], QuerySet[Any, Any]]] = {}


def register(audience: Audience, people: Callable[[OuterRef], QuerySet[Any, Any]]) -> None:
    """Say who of an audience has an account: the rows that are there for such a person, by an index."""
    _registered[audience] = people


def accounts_of(audience: str, person: OuterRef) -> QuerySet[Any, Any] | None:
    """Return what is there for a person who has an account; ``None`` where no app says it."""
    people = _registered.get(Audience(audience))
    return people(person) if people is not None else None
