"""Who has an account already, and needs no letter: said by the apps above, in a module ``known.py``.

::

    known.register(Audience.PUPIL, lambda: User.objects.exclude(student=None).values("student"))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from schools.models import Audience

_registered: dict[Audience, Callable[[], QuerySet[Any, Any]]] = {}


def register(audience: Audience, people: Callable[[], QuerySet[Any, Any]]) -> None:
    """Say who of an audience has an account: the keys of their records, none of them null."""
    _registered[audience] = people


def those(audience: str) -> QuerySet[Any, Any] | None:
    """Return the keys of those who have an account; ``None`` where no app says it."""
    people = _registered.get(Audience(audience))
    return people() if people is not None else None
