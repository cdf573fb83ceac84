"""The providers of rooms."""

from __future__ import annotations

from django.conf import settings

from .base import NotConfigured, Provider
from .demonstration_room import Provider as DemonstrationRoom

_known: dict[str, Provider] = {DemonstrationRoom.code: DemonstrationRoom()}


def available() -> list[Provider]:
    """Return the providers that can be chosen here."""
    return [each for each in _known.values() if each.code != DemonstrationRoom.code or settings.DEBUG]


def get(code: str) -> Provider:
    """Return a provider; raises :class:`NotConfigured` with the names there are."""
    for each in available():
        if each.code == code:
            return each
    names = ", ".join(each.code for each in available()) or "none"
    raise NotConfigured(f"{code!r} is no provider here; there are: {names}")
