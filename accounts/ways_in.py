"""A way into an account that its owner takes off: « Ne plus venir par … » (SCREENS C7; SAFETY T31, T42).

An app that lets people come by somebody else's sign-in (a provider of an académie, FranceConnect) says of it
what :class:`WayIn` asks; :func:`accounts.views.ways_in.part_with` is the page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class OnlyWay(Exception):
    """Nothing else would open this account."""


@dataclass(frozen=True, kw_only=True)
class WayIn:
    """One way into the account of who asks, and what its page says in the language of the page."""

    heading: str
    alone: str  # why it has to stay, where nothing else opens the account
    says: tuple[str, ...]  # what happens then
    submit: str
    done: str  # the word by which « Mon compte » says that it was done
    recover_url: str  # where a password is chosen first
    is_only_way: Callable[[], bool]
    part: Callable[[str | None], None]  # keeps the session of this key; raises :class:`OnlyWay`
