"""Where classes meet: one file for each kind of provider (:mod:`virtual_classes.providers.base`)."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from django.conf import settings
from django.utils.module_loading import import_string

from .base import NotConfigured, Provider

__all__ = ["UnknownProvider", "available", "get"]


class UnknownProvider(NotConfigured):
    """No provider has this code; the text lists those that there are."""

    def __init__(self, wanted: str, known: Iterable[str]) -> None:
        super().__init__("unknown-provider")
        self.args = (f"{wanted!r} is no provider here; there are: {', '.join(known) or 'none'}",)


def available(academy: str = "") -> list[Provider]:
    """Return where a class of this académie (a code) could meet, the first choice first. Asks no server."""
    return [each for each in _every().values() if each.is_ready(academy)]


def get(code: str) -> Provider:
    """Return a provider by its code, ready or not. Raises :class:`UnknownProvider`."""
    every = _every()
    if code not in every:
        raise UnknownProvider(code, every)
    return every[code]


def _every() -> dict[str, Provider]:
    return _made(tuple(settings.VIRTUAL_CLASS_PROVIDERS))


@functools.cache
def _made(paths: tuple[str, ...]) -> dict[str, Provider]:
    made: list[Provider] = [import_string(path)() for path in paths]
    return {each.code: each for each in made}
