"""The servers of virtual classes: declared, changed and switched on or off by staff."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.powers import Power
from accounts.sealing import seal
from audit import journal
from schools.models import Academy

from .models import MeetingServer
from .models.servers import SEALED_FOR, is_loopback

SHORTEST_SECRET = 8  # characters; bbb-conf makes one of 40

ADDED = journal.register_act("meeting_server.added", _("Serveur de classes virtuelles déclaré"))
CHANGED = journal.register_act("meeting_server.changed", _("Serveur de classes virtuelles modifié"))
SWITCHED_ON = journal.register_act(
    "meeting_server.switched_on", _("Serveur de classes virtuelles mis en service")
)
SWITCHED_OFF = journal.register_act(
    "meeting_server.switched_off", _("Serveur de classes virtuelles mis hors service")
)


class NotAllowed(Exception):
    """Not a server of this person's académie; or an address inside the house, for national staff alone."""


@transaction.atomic
def add(
    *, name: str, url: str, secret: str, capacity: int, academy: Academy | None, by: User, reason: str
) -> MeetingServer:
    """Declare a server, for an académie or (``None``, national staff alone) for all.

    Raises :class:`NotAllowed`, and ``ValidationError`` for an address that is none or is declared already.
    """
    server = MeetingServer(
        name=name, url=url, sealed_secret=seal(SEALED_FOR, secret), capacity=capacity, academy=academy
    )
    _check(server, by)
    server.full_clean()
    server.save()
    _note(ADDED, server, by, ["name", "url", "secret", "capacity"], reason)
    return server


@transaction.atomic
def change(
    server: MeetingServer,
    *,
    name: str = "",
    url: str = "",
    secret: str = "",
    capacity: int = 0,
    by: User,
    reason: str,
) -> MeetingServer:
    """Change what is given; what is empty stays. Of the server of the settings, its name and its seats only.

    Rooms that are open stay where they are. Raises :class:`NotAllowed` and ``ValidationError``; a new address
    needs its secret, or the old one would be sent to whoever answers there.
    """
    server = MeetingServer.objects.select_for_update().get(pk=server.pk)
    _check(server, by)
    if server.from_settings and (url or secret):
        raise ValidationError(_("L’adresse et le secret de ce serveur sont dans les réglages du portail."))
    if url and url != server.url and not secret:
        raise ValidationError(_("Avec une nouvelle adresse, écrivez aussi le secret."))
    given = {
        "name": name,
        "url": url,
        "sealed_secret": secret and seal(SEALED_FOR, secret),
        "capacity": capacity,
    }
    fields = [field for field, value in given.items() if value]
    if not fields:
        return server
    for field in fields:
        setattr(server, field, given[field])
    _check(server, by)
    server.full_clean(exclude=["url", "sealed_secret"] if server.from_settings else None)
    server.save(update_fields=fields)
    _note(CHANGED, server, by, [field.removeprefix("sealed_") for field in fields], reason)
    return server


@transaction.atomic
def switch(server: MeetingServer, *, on: bool, by: User, reason: str) -> None:
    """Take new classes there, or none any more; those that are there go on. Twice is once."""
    _check(server, by)
    if MeetingServer.objects.filter(pk=server.pk, is_on=not on).update(is_on=on):
        _note(SWITCHED_ON if on else SWITCHED_OFF, server, by, ["is_on"], reason)


def _check(server: MeetingServer, by: User) -> None:
    scope = by.scope(Power.RUN_SERVERS)
    if not scope.covers(server.academy.code if server.academy else ""):
        raise NotAllowed
    if not scope.everywhere and not settings.DEBUG and _is_inside(urlsplit(server.url).hostname or ""):
        raise NotAllowed


def _is_inside(host: str) -> bool:
    """Say whether an address is one of the portal's own network: staff of an académie ask nothing there."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return is_loopback(host)


def _note(act: str, server: MeetingServer, by: User, fields: list[str], reason: str) -> None:
    journal.record(
        act=act,
        actor=by.subject,
        subject=f"meeting_server:{server.public_id}",
        fields=fields,
        reason=reason,
        academy=server.academy.code if server.academy else "",
    )
