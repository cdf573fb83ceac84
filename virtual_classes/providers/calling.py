"""Asking a provider's server, within the limits of :mod:`accounts.calling`; its troubles in our words."""

from __future__ import annotations

from accounts.calling import Answer, Caller, Nonsense, Unreachable

from .base import Unavailable

PATIENCE = 6.0  # seconds for one call, from the first packet to the last
MOST = 1024 * 1024  # bytes of one answer: a meeting of some hundred people, with what is said of each


def get(url: str) -> Answer:
    """Ask for an address. Raises :class:`Unavailable`: silence, late, too-long, redirect, server-error.

    Redirects are not followed: they would carry a signed question elsewhere.
    """
    try:
        answer = Caller(PATIENCE, most=MOST).get(url, accept="*/*")
    except Unreachable as trouble:
        code = str(trouble)
        raise Unavailable(code if code in ("silence", "late") else "server-error") from None
    except Nonsense:
        raise Unavailable("too-long") from None
    if 300 <= answer.status < 400:
        raise Unavailable("redirect")
    return answer
