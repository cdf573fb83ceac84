"""Pages that are the same for every stranger, drawn once in each language and kept for some seconds.

Two things in them are never the same twice, and are put in anew for each reader: the token against forms
of other sites, and the key that makes a form sent twice act once.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language

from .remembered import remembered

SECONDS = 20
Context = Callable[[], dict[str, Any]]
_HOLE = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")[^"]+|(?<=name="submission" value=")[^"]+')


class _Drawing:
    """A page on its way to be drawn: equal to every other of the same key, asked when there is none."""

    def __init__(self, key: tuple[Any, ...], draw: Callable[[], str]) -> None:
        self.key, self.draw = key, draw

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Drawing) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def draw(request: HttpRequest, template: str, context: Context, *, own: Mapping[str, Any]) -> HttpResponse:
    """Answer with a page whose ``context`` is the same for every stranger who asks for this address.

    ``own`` is what this reader brings: where any of it is true, and for a form that was sent, an address
    with a query or somebody with a session, the page is drawn for them alone. The view has decided before
    whether they may see it.
    """
    is_common = (
        request.method == "GET"
        and not request.META.get("QUERY_STRING")
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and CookieStorage.cookie_name not in request.COOKIES  # a message waits to be shown, once
        and not any(own.values())
    )
    if not is_common:
        return render(request, template, {**own, **context()})

    def drawn() -> str:
        return render_to_string(template, {**own, **context()}, request)

    drawing = _Drawing((template, request.path, get_language(), date.today()), drawn)
    parts = _kept(drawing)
    del drawing.draw  # it stays as a key, and would keep this reader's request as long
    written = list(parts)
    for hole in range(1, len(parts), 2):
        written[hole] = get_token(request) if parts[hole] == "token" else str(uuid.uuid4())
    return HttpResponse("".join(written))


@remembered(SECONDS)
def _kept(drawing: _Drawing) -> tuple[str, ...]:
    """Return the page in parts: text, then the name of a hole, then text again…"""
    page = drawing.draw()
    parts, end = [], 0
    for hole in _HOLE.finditer(page):
        parts += [
            page[end : hole.start()],
            "token" if page[: hole.start()].endswith('middlewaretoken" value="') else "key",
        ]
        end = hole.end()
    return (*parts, page[end:])
