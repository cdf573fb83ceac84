"""BigBlueButton 2.4 and later, on one server or several (its « API Reference »).

LIMITS: BigBlueButton's address of an entry has no end of its own. It is bound to this opening
(``createTime``), to a person and to a role: one that was copied lets in nobody but its owner, a second time.
A server whose administrator set ``maxUserConcurrentAccesses=1`` then puts the first device out
(docs/operations.md); a call cannot ask for that. Whom the teacher removes and bans stays out for the rest of
the meeting, for their ``userID`` is always the same. ``meta_endCallbackUrl`` may reach the browsers of those
who are in the room, so whoever is told of an end asks ``is_running`` before believing it.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode, urlsplit
from uuid import UUID
from xml.etree.ElementTree import Element, ParseError

from cryptography.fernet import InvalidToken
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from virtual_classes.models.servers import HeldPlaces, MeetingServer

from . import calling
from .base import (
    Created,
    Ended,
    JoinAddress,
    NotConfigured,
    Person,
    Refused,
    Room,
    Trouble,
    Unavailable,
    checked,
    shown_name,
)

logger = logging.getLogger(__name__)

GONE = frozenset({"notFound", "invalidMeetingIdentifier", "meetingForciblyEnded"})
OURS = {  # their messageKey → our trouble
    "checksumError": "secret",
    "unsupportedRequest": "no-such-call",
    "maxParticipantsReached": "full-room",
}
UNWATCHED = timedelta(minutes=5)  # a class without its teacher, before it ends
EMPTY = timedelta(minutes=15)  # a room where nobody came yet


class TheirRefusal(Refused):
    """``FAILED``, with their key beside our code."""

    def __init__(self, key: str) -> None:
        super().__init__(OURS.get(key, "refused"))
        self.key = key


def checksum(call: str, query: str, secret: str) -> str:
    """Return what signs a call: SHA-256 of its name, its query and the secret."""
    return hashlib.sha256(f"{call}{query}{secret}".encode()).hexdigest()


class Api:
    """One server, as its documentation has it."""

    def __init__(self, address: str, secret: str) -> None:
        self.base = address.rstrip("/").removesuffix("/api")  # both forms are written down by people
        self.secret = secret

    def signed(self, call: str, **words: str) -> str:
        """Return the address of a call."""
        query = urlencode(words)
        joined = f"{query}&checksum=" if query else "checksum="
        return f"{self.base}/api/{call}?{joined}{checksum(call, query, self.secret)}"

    def ask(self, call: str, **words: str) -> Element:
        """Make a call. Raises :class:`Unavailable`, or :class:`TheirRefusal` for what it says no to."""
        answer = calling.get(self.signed(call, **words))
        try:
            said = fromstring(answer.body)
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            raise Unavailable("nonsense") from None
        verdict = _text(said, "returncode").upper()
        if said.tag != "response" or verdict not in ("SUCCESS", "FAILED"):
            raise Unavailable("nonsense")
        if verdict == "FAILED":
            raise TheirRefusal(_text(said, "messageKey"))
        return said

    def passwords(self, key: str) -> dict[str, str]:
        """Return the passwords of a room, which take part in telling that it is the same room.

        They are sent to the server alone; people enter by their role.
        """
        return {
            name: hmac.digest(self.secret.encode(), f"{name}|{key}".encode(), hashlib.sha256).hex()[:32]
            for name in ("attendeePW", "moderatorPW")
        }


class BigBlueButton:
    """See :class:`virtual_classes.providers.base.Provider`."""

    code = "bigbluebutton"
    label = "BigBlueButton"

    def is_ready(self, academy: str = "") -> bool:
        """Say whether a server is declared, and on, for this académie."""
        if settings.BBB_URL:
            _row_of_the_settings()
        return MeetingServer.objects.serving(academy).filter(provider=self.code).exists()

    def create(self, room: Room) -> Created:
        """Open the room on its server; without one, where most seats are free and the server answers."""
        checked(room.key)
        if room.server:
            return self._create_on(_server(room.server), room)
        if not self.is_ready(room.academy):
            raise NotConfigured("no-server")
        failed: dict[int, Trouble] = {}
        while True:
            server = MeetingServer.objects.filter(provider=self.code).hold(
                room.key, seats=room.capacity, academy=room.academy, without=list(failed)
            )
            if server is None:
                raise next(iter(failed.values()), None) or _no_place(room)
            try:
                return self._create_on(server, room)
            except Trouble as trouble:
                failed[server.pk] = trouble
                server.skip(trouble.code)
                logger.warning("virtual class server failed: %s (%s)", server.public_id, trouble.code)

    def _create_on(self, server: MeetingServer, room: Room) -> Created:
        api = _api(server)
        try:
            said = api.ask("create", **_words_of(room), **api.passwords(room.key))
        except TheirRefusal as refusal:
            if refusal.key != "idNotUnique":
                raise
            # Opened before, when the secret was another one: it is the same key, so the same room.
            said = api.ask("getMeetingInfo", meetingID=room.key)
            if _text(said, "recording") != "false":
                raise Refused("recorded") from None
        created = _text(said, "createTime")
        if not created.isdecimal():
            raise Unavailable("nonsense")
        server.welcome_back()
        return Created(server=str(server.public_id), created=created)

    def join_address(self, room: Room, person: Person) -> JoinAddress:
        """Sign the way in; the server refuses it for another opening of the same class (``createTime``)."""
        if not room.created:
            raise Refused("not-open")
        with override(room.language):
            instead = _("Invité")
        url = _api(_server(room.server)).signed(
            "join",
            fullName=shown_name(person.name, instead=instead),
            meetingID=checked(room.key),
            role="MODERATOR" if person.moderator else "VIEWER",
            userID=checked(person.key),
            createTime=room.created,
            redirect="true",
            excludeFromDashboard="true",
            **({"errorRedirectUrl": room.logout_url} if room.logout_url else {}),
            **{"userdata-bbb_override_default_locale": room.language},
        )
        return JoinAddress(url)

    def origin(self, room: Room) -> str:
        """Return where its server is."""
        parts = urlsplit(_server(room.server).address)
        return f"{parts.scheme}://{parts.netloc}"

    def is_running(self, room: Room) -> bool:
        """Ask whether it is there; « running » alone means that somebody is in it already."""
        if not room.server:
            return False
        api = _api(_server(room.server))
        try:
            if _text(api.ask("isMeetingRunning", meetingID=room.key), "running") == "true":
                return True
        except TheirRefusal as refusal:
            if refusal.key not in GONE:
                raise
            return False
        said = self._info(api, room)
        return said is not None and _text(said, "hasBeenForciblyEnded") != "true"

    def head_count(self, room: Room) -> int | None:
        """Ask how many are in it; nobody where it is not, or not any more."""
        if not room.server:
            return 0
        said = self._info(_api(_server(room.server)), room)
        if said is None:
            return 0
        count = _text(said, "participantCount")
        if not count.isdecimal():
            raise Unavailable("nonsense")
        return int(count)

    @staticmethod
    def _info(api: Api, room: Room) -> Element | None:
        """Return what is said of this opening of the room, ``None`` where it is no more."""
        try:
            said = api.ask("getMeetingInfo", meetingID=room.key)
        except TheirRefusal as refusal:
            if refusal.key in GONE:
                return None
            raise
        return said if _text(said, "createTime") == room.created else None

    def end(self, room: Room) -> None:
        """Close it, and give its seats back: kept only where it is worth asking once more."""
        server = room.server or _server_that_holds(room.key)
        try:
            if server:
                api = _api(_server(server))
                api.ask("end", meetingID=room.key, password=api.passwords(room.key)["moderatorPW"])
        except TheirRefusal as refusal:
            if refusal.key not in GONE:
                _give_back(room)
                raise
        except NotConfigured:
            _give_back(room)
            raise
        _give_back(room)

    def read_callback(self, request_data: Mapping[str, str]) -> Ended | None:
        """Check our own signature in the address that we gave with ``meta_endCallbackUrl``."""
        key, proof = request_data.get("room", ""), request_data.get("proof", "")
        if not proof.isascii() or not hmac.compare_digest(proof, _proof(key)):
            return None
        return Ended(key)


def check(server: MeetingServer) -> None:
    """Ask a server something that needs its secret; take it back among those for new rooms.

    Raises :class:`Trouble`: what is wrong with it.
    """
    try:
        _api(server).ask("isMeetingRunning", meetingID="verification")
    except Trouble as trouble:
        MeetingServer.objects.filter(pk=server.pk).update(last_trouble=trouble.code)
        raise
    server.welcome_back()


def _words_of(room: Room) -> dict[str, str]:
    """Return a room in their words. What is not said is as their administrator chose it."""
    chosen = room.settings
    with override(room.language):
        instead = _("Classe virtuelle")
        welcome = _("Bonjour ! Bienvenue en classe virtuelle.")
    yes_or_no = {
        # Never recorded, and nobody counts what a pupil does (SCREENS B7).
        "record": False,
        "autoStartRecording": False,
        "allowStartStopRecording": False,
        "meetingKeepEvents": False,
        "allowRequestsWithoutSession": False,
        "allowPromoteGuestToModerator": False,
        "muteOnStart": chosen.mute_on_start,
        "allowModsToUnmuteUsers": False,  # the microphone of a child is opened by the child
        "allowModsToEjectCameras": True,
        "webcamsOnlyForModerator": chosen.cameras_for_teacher_only,
        "lockSettingsDisableCam": chosen.lock_camera,
        "lockSettingsDisableMic": chosen.lock_microphone,
        "lockSettingsDisablePrivateChat": chosen.lock_private_chat,
        "lockSettingsDisablePublicChat": chosen.lock_public_chat,
        "lockSettingsDisableNotes": chosen.lock_notes,
        "lockSettingsHideUserList": chosen.hide_names,
        "lockSettingsLockOnJoin": True,
        # No room of pupils without their teacher.
        "endWhenNoModerator": True,
    }
    words = {name: "true" if value else "false" for name, value in yes_or_no.items()} | {
        "name": shown_name(room.title, instead=instead),
        "meetingID": room.key,
        "welcome": welcome,
        "maxParticipants": str(room.capacity),
        "guestPolicy": "ALWAYS_DENY",  # who comes in as a guest did not come through our door
        "disabledFeatures": "learningDashboard,learningDashboardDownloadSessionData",
        "endWhenNoModeratorDelayInMinutes": _minutes(UNWATCHED),
        "meetingExpireIfNoUserJoinedInMinutes": _minutes(EMPTY),
        "meetingExpireWhenLastUserLeftInMinutes": _minutes(UNWATCHED),
    }
    if room.logout_url:
        words["logoutURL"] = room.logout_url
    if room.callback_url:
        query = urlencode({"room": room.key, "proof": _proof(room.key)})
        words["meta_endCallbackUrl"] = f"{room.callback_url}?{query}"
    return words


def _minutes(time: timedelta) -> str:
    return str(int(time.total_seconds() // 60))


def _text(said: Element, name: str) -> str:
    return (said.findtext(name) or "").strip()


def _proof(key: str) -> str:
    return hmac.digest(
        settings.LINK_KEY.encode(), f"virtual_classes.ended|{key}".encode(), hashlib.sha256
    ).hex()


def _api(server: MeetingServer) -> Api:
    try:
        secret = server.secret
    except InvalidToken:
        raise NotConfigured("unreadable-secret") from None
    if not server.address:
        raise NotConfigured("no-settings")
    return Api(server.address, secret)


def _server(public_id: str) -> MeetingServer:
    try:
        return MeetingServer.objects.get(public_id=UUID(public_id))
    except (ValueError, MeetingServer.DoesNotExist):
        raise NotConfigured("unknown-server") from None


def _server_that_holds(key: str) -> str:
    """Return where a room may be whose opening was never answered; empty for nowhere."""
    found = MeetingServer.objects.filter(places__room=key).first()
    return str(found.public_id) if found else ""


def _give_back(room: Room) -> None:
    HeldPlaces.objects.filter(room=room.key).delete()


def _no_place(room: Room) -> Unavailable:
    serving = MeetingServer.objects.serving(room.academy).with_seats().filter(Q(free__gte=room.capacity))
    return Unavailable("down" if serving.exists() else "full")


@transaction.atomic
def _row_of_the_settings() -> None:
    """Put the row of ``BBB_URL`` back where it is missing: in a database that was emptied."""
    if not MeetingServer.objects.filter(from_settings=True).exists():
        MeetingServer.objects.bulk_create(
            [MeetingServer(name="BBB_URL", from_settings=True)], ignore_conflicts=True
        )
