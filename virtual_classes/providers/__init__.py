"""Where classes meet: one file for each kind of provider (:mod:`virtual_classes.providers.base`)."""

from __future__ import annotations

from django.conf import settings

from .base import Provider
from .demonstration_room import DemonstrationRoom

__all__ = ["UnknownProvider", "available", "get"]


class UnknownProvider(LookupError):
    """No provider has this code; the text lists those that there are."""


def available(academy: str = "") -> list[Provider]:
    """Return where a class of this académie (a code) could meet, the first choice first. Asks no server."""
    room: Provider = DemonstrationRoom()
    return [room] if settings.DEBUG and room.is_ready(academy) else []


def get(code: str) -> Provider:
    """Return a provider by its code. Raises :class:`UnknownProvider`."""
    for each in available():
        if each.code == code:
            return each
    names = ", ".join(each.code for each in available())
    raise UnknownProvider(f"{code!r} is no provider: {names or 'there are none'}")
