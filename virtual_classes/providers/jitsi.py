"""Jitsi Meet with tokens (lib-jitsi-meet, ``doc/tokens.md``): who has none signed by us enters no room.

LIMITS: Jitsi has no call to end a meeting, to count who is in it, or to say that it ended. Those who are in
it stay until they leave; nobody comes in after the class, since no token is made any more, and each opening
has a room of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from urllib.parse import urlencode, urlsplit

import jwt
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from . import calling
from .base import (
    LONGEST_STAY_OF_AN_ADDRESS,
    Created,
    JoinAddress,
    NotConfigured,
    OutOfSight,
    Person,
    Refused,
    Room,
    checked,
    shown_name,
)

CLOCKS = 10  # seconds by which the clock of their server may be behind ours
FEATURES = ("recording", "livestreaming", "transcription", "outbound-call", "sip-outbound-call")


class Jitsi(OutOfSight):
    """See :class:`virtual_classes.providers.base.Provider`."""

    code = "jitsi"
    label = "Jitsi Meet"

    def is_ready(self, academy: str = "") -> bool:
        """Say whether the settings name a server: it serves all académies."""
        return bool(settings.JITSI_URL)

    def create(self, room: Room) -> Created:
        """See that the server answers: a room begins with whoever comes first."""
        checked(room.key)
        calling.get(f"{_base()}/config.js")
        return Created(server="", created=room_name(room.key))

    def join_address(self, room: Room, person: Person) -> JoinAddress:
        """Sign a token for one room and one minute: Jitsi reads it as somebody enters."""
        if not room.created:
            raise Refused("not-open")
        name = room_name(room.key)
        site = urlsplit(_base())
        tenant = site.path.strip("/").rpartition("/")[2]
        now = int(time.time())
        with override(room.language):
            instead = _("Invité")
        token = jwt.encode(
            {
                "iss": settings.JITSI_APP_ID,
                "aud": settings.JITSI_APP_ID,
                "sub": (tenant or site.hostname or "").lower(),
                "room": name,
                "nbf": now - CLOCKS,
                "exp": now + int(LONGEST_STAY_OF_AN_ADDRESS.total_seconds()),
                "context": {
                    # All of it text: their server refuses anything else.
                    "user": {
                        "id": checked(person.key),
                        "name": shown_name(person.name, instead=instead),
                        "moderator": "true" if person.moderator else "false",
                        "affiliation": "owner" if person.moderator else "member",
                    },
                    "features": dict.fromkeys(FEATURES, "false"),  # all off
                },
            },
            settings.JITSI_SECRET,
            algorithm="HS256",
        )
        # What stands behind # is for the page that opens, and is sent to no server.
        wishes = {
            "config.startWithAudioMuted": _js(room.settings.mute_on_start and not person.moderator),
            "config.startWithVideoMuted": _js(room.settings.lock_camera and not person.moderator),
            "config.disablePrivateChat": _js(room.settings.lock_private_chat and not person.moderator),
            "config.prejoinConfig.enabled": "false",
            "config.defaultLanguage": f'"{room.language}"',
        }
        return JoinAddress(f"{_base()}/{name}?{urlencode({'jwt': token})}#{urlencode(wishes)}")

    def origin(self, room: Room) -> str:
        """Return where the server is."""
        parts = urlsplit(_base())
        return f"{parts.scheme}://{parts.netloc}"


def room_name(key: str) -> str:
    """Return the name of a room: always the same for a key, 160 bits that nobody can guess.

    In small letters, as Jitsi writes rooms, and never ``*``, which would be all of them.
    """
    mac = hmac.digest(settings.JITSI_SECRET.encode(), f"room|{checked(key)}".encode(), hashlib.sha256)
    return base64.b32encode(mac[:20]).decode().lower()


def _base() -> str:
    if not settings.JITSI_URL:
        raise NotConfigured("no-settings")
    return str(settings.JITSI_URL).rstrip("/")


def _js(value: bool) -> str:
    return "true" if value else "false"
