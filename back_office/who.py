"""Who is at the browser, as the journal names them. This floor knows no model of people."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def asks(request: HttpRequest) -> str:
    """Return the opaque name of who is signed in, for the use cases of the floors below people."""
    person: Any = request.user
    return str(person.subject)


def is_everywhere(request: HttpRequest, power: str) -> bool:
    """Say whether who is signed in has a power in all académies."""
    person: Any = request.user
    return bool(person.scope(power).everywhere)


def places(request: HttpRequest, power: str) -> frozenset[str]:
    """Return the codes of the académies where who is signed in has a power; none for all of them."""
    person: Any = request.user
    scope = person.scope(power)
    return frozenset() if scope.everywhere else frozenset(scope.academies)
