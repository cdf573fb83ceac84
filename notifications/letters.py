"""The kinds of letters, and who writes them.

An app that has something to send keeps a module ``letters.py`` that registers a renderer for
each kind. The letter is written when it is sent: the secret of its link is made then, in the
app that owns it, so that nothing usable lies in the outbox (DESIGN 1, SAFETY section 4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from throttling.limits import Limit


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
Limits = Callable[[str], tuple[Limit, ...]]

_renderers: dict[str, Renderer] = {}
_labels: dict[str, str | Promise] = {}
_limits: dict[str, Limits] = {}


def register(kind: str, render: Renderer, *, label: str | Promise = "", limits: Limits | None = None) -> None:
    """Let ``render`` write the letters of this ``kind``, for example ``accounts.confirmation``.

    It is called in the worker, in the language of the message, outside any transaction, and
    may be called again for the same message. ``label`` is what staff read in the outbox. ``limits``
    says how often an address may be written to: what staff send again by hand counts with the rest
    (SAFETY T28). :class:`ValueError` if the kind is taken.
    """
    if _renderers.get(kind, render) is not render:
        raise ValueError(f"two renderers for the letter {kind!r}")
    _renderers[kind] = render
    if label:
        _labels[kind] = label
    if limits is not None:
        _limits[kind] = limits


def label(kind: str) -> str:
    """Return the words staff read for a kind of letter; its name, for one without."""
    return str(_labels.get(kind, kind))


def limits_for(kind: str, address: str) -> tuple[Limit, ...]:
    """Return how often an address may get letters of this kind: whatever its app counts them with."""
    return _limits[kind](address) if kind in _limits else ()


def renderer(kind: str) -> Renderer:
    """Return who writes this kind of letter; :class:`LookupError` if nobody does."""
    try:
        return _renderers[kind]
    except KeyError:
        raise LookupError(f"no letters.py registers the kind {kind!r}") from None
