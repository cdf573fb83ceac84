"""The kinds of letters, and who writes them.

An app that has something to send keeps a module ``letters.py`` that registers a renderer for
each kind. The letter is written when it is sent: the secret of its link is made then, in the
app that owns it, so that nothing usable lies in the outbox (DESIGN 1, SAFETY section 4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Context:
    """What a renderer is told: whom the letter concerns (``reference``) and where it goes."""

    reference: str
    to: str
    language: str
    created_at: datetime


@dataclass(frozen=True)
class Letter:
    """What is sent. An SMS has a ``text`` only."""

    subject: str
    text: str
    html: str = ""


class NothingToSend(Exception):
    """Raised by a renderer when the letter has no purpose any more: it is closed as void."""


Renderer = Callable[[Context], Letter]

_renderers: dict[str, Renderer] = {}


def register(kind: str, render: Renderer) -> None:
    """Let ``render`` write the letters of this ``kind``, for example ``accounts.confirmation``.

    It is called in the worker, in the language of the message, outside any transaction, and
    may be called again for the same message. :class:`ValueError` if the kind is taken.
    """
    if _renderers.get(kind, render) is not render:
        raise ValueError(f"two renderers for the letter {kind!r}")
    _renderers[kind] = render


def renderer(kind: str) -> Renderer:
    """Return who writes this kind of letter; :class:`LookupError` if nobody does."""
    try:
        return _renderers[kind]
    except KeyError:
        raise LookupError(f"no letters.py registers the kind {kind!r}") from None
