"""The sessions of a person that are open: on which device, from where, and how they end (SAFETY T31).

Our own table: a session itself says nothing of its device, and could only be found by reading them all.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone

from throttling.clients import client_address

from . import devices
from .models import OpenSession, User

IDLE = timedelta(minutes=30)  # without a page: the next person at a shared computer
LONGEST = timedelta(hours=12)
NOTED_EVERY = timedelta(minutes=1)
OPENED, SEEN = "portal.opened", "portal.seen"  # what the session itself keeps, in seconds


@dataclass(frozen=True)
class Line:
    """One open session, as its owner reads it."""

    public_id: uuid.UUID
    device: str
    network: str
    opened_at: datetime
    seen_at: datetime
    is_this_one: bool
    is_near: bool  # from the same network as the page that shows it


def network_of(request: HttpRequest) -> str:
    """Return the network somebody comes from: an address without its last part, never a whole one."""
    client = client_address(request)
    if "/" in client:  # IPv6: a /64 already
        return client
    try:
        return str(ip_network(f"{client}/24", strict=False))
    except ValueError:
        return ""


def opened(request: HttpRequest, user: User) -> None:
    """Note a session that has just begun: one INSERT."""
    now = timezone.now().timestamp()
    request.session[OPENED] = request.session[SEEN] = int(now)
    OpenSession.objects.create(
        user=user,
        session_key=request.session.session_key or "",
        device=devices.code_of(request.headers.get("User-Agent", "")),
        network=network_of(request),
    )


def is_over(request: HttpRequest) -> bool:
    """Say whether a signed-in browser has been idle for too long, or signed in for too long.

    A session that lives is noted as seen, once a minute at most: no page costs a write.
    """
    now = timezone.now().timestamp()
    seen = request.session.get(SEEN, now)
    if now - seen > IDLE.total_seconds():
        return True
    if now - request.session.get(OPENED, now) > LONGEST.total_seconds():
        return True
    if SEEN not in request.session or now - seen > NOTED_EVERY.total_seconds():
        request.session[SEEN] = int(now)
        request.session.setdefault(OPENED, int(now))
        OpenSession.objects.filter(session_key=request.session.session_key).update(seen_at=Now())
    return False


def of(user: User, request: HttpRequest) -> list[Line]:
    """Return the open sessions of a person, this one first, then the latest seen."""
    here = network_of(request)
    now = timezone.now()
    rows = OpenSession.objects.filter(user=user, seen_at__gt=now - IDLE, opened_at__gt=now - LONGEST)
    lines = [
        Line(
            public_id=row.public_id,
            device=devices.in_words(row.device),
            network=row.network,
            opened_at=row.opened_at,
            seen_at=row.seen_at,
            is_this_one=row.session_key == request.session.session_key,
            is_near=bool(here) and row.network == here,
        )
        for row in rows.order_by("-seen_at")[:50]
    ]
    return sorted(lines, key=lambda line: not line.is_this_one)


def how_many(user: User) -> int:
    """Return how many sessions of a person are open: all that staff are told of them."""
    now = timezone.now()
    return OpenSession.objects.filter(user=user, seen_at__gt=now - IDLE, opened_at__gt=now - LONGEST).count()


def close(user: User, public_id: uuid.UUID) -> bool:
    """End one session: its next click leads to the sign-in page. ``False`` if it is not this person's."""
    row = OpenSession.objects.filter(user=user, public_id=public_id).first()
    if row is None:
        return False
    _end([row.session_key])
    return True


def close_all(user: User, *, keep: str | None = None) -> int:
    """End every session of a person but the one whose key is ``keep``; return how many."""
    keys = OpenSession.objects.filter(user=user).exclude(session_key=keep or "")
    return _end(list(keys.values_list("session_key", flat=True)))


def renamed(request: HttpRequest, user: User) -> None:
    """Note that this session has another key: Django changes it with the password."""
    OpenSession.objects.filter(user=user).update(session_key=request.session.session_key)


def closed(request: HttpRequest) -> None:
    """Forget the session of a browser that signs out."""
    OpenSession.objects.filter(session_key=request.session.session_key or "").delete()


def purge(now: datetime) -> int:
    """Forget sessions that ended by themselves. Returns how many."""
    return OpenSession.objects.filter(opened_at__lt=now - LONGEST).delete()[0]


def _end(keys: list[str]) -> int:
    with transaction.atomic():
        Session.objects.filter(session_key__in=keys).delete()
        OpenSession.objects.filter(session_key__in=keys).delete()
    return len(keys)
