"""The sessions of a person that are open: on which device, from where, and how they end (SAFETY T31)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from throttling.clients import client_address

from . import devices
from .models import OpenSession, User
from .session_store import SessionStore, over, session_of


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


def opened(request: HttpRequest) -> None:
    """Note where a session begins; its row is written at the end of the page."""
    session = session_of(request)
    session.device = devices.code_of(request.headers.get("User-Agent", ""))
    session.network = network_of(request)
    session.modified = True


def seen(request: HttpRequest) -> None:
    """Note that a session is in use: once a minute at most, no page costs a write."""
    if session_of(request).is_to_note:
        OpenSession.objects.filter(session_key=request.session.session_key).update(seen_at=Now())


def _open(user: User) -> QuerySet[OpenSession]:
    return OpenSession.objects.filter(user=user).exclude(over())


def of(user: User, request: HttpRequest) -> list[Line]:
    """Return the open sessions of a person, this one first, then the latest seen."""
    here = network_of(request)
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
        for row in _open(user).defer("session_data").order_by("-seen_at")[:50]
    ]
    return sorted(lines, key=lambda line: not line.is_this_one)


def how_many(user: User) -> int:
    """Return how many sessions of a person are open: all that staff are told of them."""
    return _open(user).count()


def close(user: User, public_id: uuid.UUID) -> bool:
    """End one session: its next click leads to the sign-in page. ``False`` if it is not this person's."""
    return bool(OpenSession.objects.filter(user=user, public_id=public_id).delete()[0])


def close_all(user: User, *, keep: str | None = None) -> int:
    """End every session of a person but the one whose key is ``keep``; return how many."""
    return OpenSession.objects.filter(user=user).exclude(session_key=keep or "").delete()[0]


def close_those_of(keys: Sequence[int]) -> int:
    """End every session of many people, by their keys; return how many."""
    return OpenSession.objects.filter(user__in=keys)._raw_delete(using="default")


def purge() -> None:
    """Forget sessions that ended by themselves."""
    SessionStore.clear_expired()
