"""Guardians belong to the schools where their children are. Discovered by ``accounts``."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from accounts.belonging import register
from schools.models import Schooling

from .models import Guardianship


def as_guardian(person: Any) -> QuerySet[Any, Any]:
    """Return the schools whose record ties somebody to a child that is there now (SAFETY T15)."""
    there = Schooling.objects.with_access().filter(
        student=OuterRef("tie__student"), school=OuterRef("tie__contact__school")
    )
    found = Guardianship.objects.in_force().filter(Exists(there), user=person)
    return found.values("tie__contact__school")


register(as_guardian)
