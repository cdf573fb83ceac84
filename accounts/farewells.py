"""Where else somebody must be signed out when they sign out here (SAFETY T43).

Any app whose door leads in by somebody else's session registers a farewell in a module ``farewells.py``;
:func:`accounts.views.signing_in.sign_out` asks each before it ends the session.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from .openid import door

Farewell = Callable[[HttpRequest], HttpResponse | None]
_farewells: list[Farewell] = []


def register(farewell: Farewell) -> None:
    """Add a farewell: it returns the way by elsewhere, ``None`` for a session that did not begin there."""
    _farewells.append(farewell)


def onward(request: HttpRequest) -> HttpResponse | None:
    """Return the way on for whoever signs out here, where it leads by elsewhere."""
    return next((way for farewell in _farewells if (way := farewell(request)) is not None), None)


register(door.sign_out)
