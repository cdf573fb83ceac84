"""Guardians belong to the schools where their children are. Discovered by ``accounts``."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from accounts import standing
from accounts.belonging import Way, register
from accounts.models import User
from schools.models import Schooling

from .identifiers import EDUCONNECT
from .models import Guardianship


def _is_guardian(user: User) -> bool:
    return EDUCONNECT in standing.of(user).doors


def _schools_of_children(user: User) -> QuerySet[Any, Any]:
    """Return the schools whose record ties somebody to a child that is there now (SAFETY T15)."""
    there = Schooling.objects.with_access().filter(
        student=OuterRef("tie__student"), school=OuterRef("tie__contact__school")
    )
    found = Guardianship.objects.in_force().filter(Exists(there), user=user)
    return found.values("tie__contact__school")


register(Way(may=_is_guardian, keys=_schools_of_children))
