"""The demonstration room, with ``DEBUG`` only: two browsers see each other, through the portal itself."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts import browsers
from accounts.models import User
from accounts.views.pages import holds_a_secret, page

from .. import demonstration
from ..providers.demonstration_room import read_token, spend

View = Callable[..., HttpResponse]


def with_debug(view: View) -> View:
    """Answer where ``DEBUG`` is on only: elsewhere there is no such room."""

    @wraps(view)
    def wrapped(request: HttpRequest, **given: Any) -> HttpResponse:
        if not settings.DEBUG:
            raise Http404
        return view(request, **given)

    return wrapped


@login_not_required
@holds_a_secret
@page
@with_debug
def arrive(request: HttpRequest, token: str) -> HttpResponse:
    """Where the room's address leads: it is good for a minute and for one person, and a button goes in."""
    if request.method != "POST":
        return render(request, "virtual_classes/demonstration_arrive.html")
    visit = read_token(token)
    written = visit and demonstration.come_in(
        visit,
        user=request.user if isinstance(request.user, User) else None,
        browser=browsers.device_hash(request),
    )
    if not written:
        return render(request, "virtual_classes/demonstration_late.html", status=410)
    spend(token)
    return redirect("demonstration_inside", written=written)


@login_not_required
@holds_a_secret
@page
@with_debug
def inside(request: HttpRequest, written: str) -> HttpResponse:
    """The room: who is there, hands, words."""
    person = demonstration.read_pass(written)
    if person is None:
        return render(request, "virtual_classes/demonstration_late.html", status=410)
    if request.method == "POST":
        act = request.POST.get("act", "")
        if act == "leave":
            demonstration.leave(person)
            return redirect("class_left")
        if act in ("up", "down", "here"):
            demonstration.seen(person, hand_up={"up": True, "down": False}.get(act))
        elif act == "say":
            demonstration.say(
                person,
                _words(request.POST.get("text", "")),
                submission=_key(request.POST.get("submission", "")),
            )
        return redirect("demonstration_inside", written=written)
    shown = {"person": person, "written": written, "submission": uuid.uuid4(), **_scene(person)}
    return render(request, "virtual_classes/demonstration_room.html", shown)


def _scene(person: demonstration.Inside) -> dict[str, Any]:
    scene = demonstration.scene(person.room)
    own = next((each for each in scene.people if each.person == person.person), None)
    return {"scene": scene, "has_hand_up": own is not None and own.has_hand_up}


def _words(text: str) -> str:
    return " ".join(text.replace("\0", "").split())[: demonstration.LONGEST_TEXT]


def _key(written: str) -> uuid.UUID:
    try:
        return uuid.UUID(written)
    except ValueError:
        return uuid.uuid4()


@login_not_required
@holds_a_secret
@require_safe
@with_debug
def news(request: HttpRequest, written: str) -> HttpResponse:
    """What changed in the room."""
    person = demonstration.read_pass(written)
    if person is None:
        raise Http404
    shown = _scene(person)
    etag = shown["scene"].etag
    if request.headers.get("If-None-Match") == etag:
        unchanged = HttpResponseNotModified()
        unchanged["ETag"] = etag
        return unchanged
    answer = render(request, "virtual_classes/_demonstration_scene.html", {"person": person, **shown})
    answer["ETag"] = etag
    return answer
