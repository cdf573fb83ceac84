"""A class meets on a BigBlueButton server, as its API Reference says (FORMATS 6, SAFETY T45)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from virtual_classes.models import HeldPlaces, MeetingServer
from virtual_classes.providers import troubles
from virtual_classes.providers.base import NotConfigured, Refused, Room, RoomSettings, Unavailable
from virtual_classes.providers.bigbluebutton import Api, BigBlueButton, checksum

from .big_blue_button_server import FakeBigBlueButton
from .conftest import PUPIL, ROOM, TEACHER, opened

pytestmark = pytest.mark.django_db
PROVIDER = BigBlueButton()
SECRET = "639259d4-9dd8-4b25-bf01-95f9567eaf4b"
QUERY = "name=Test+Meeting&meetingID=abc123&attendeePW=111222&moderatorPW=333444"


def query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query, strict_parsing=True))


def open_room(room: Room = ROOM) -> Room:
    return opened(room, PROVIDER.create(room))


# The checksum ---------------------------------------------------------------------------------


def test_the_checksums_that_bigbluebutton_publishes_are_ours() -> None:
    assert (
        checksum("create", QUERY, SECRET)
        == "da9185f7f333cfdfcd6eeac32dca3777510c4c436020d8b887ba5515bd1d189e"
    )
    # Its SHA-1 is of the same string: what is signed is right, whatever signs it.
    signed = hashlib.sha1(f"create{QUERY}{SECRET}".encode()).hexdigest()
    assert signed == "1fcbb0c4fc1f039f73aa6d697d2db9ba7f803f17"


@pytest.mark.parametrize(
    "address",
    [
        "https://bbb.exemple.fr/bigbluebutton",
        "https://bbb.exemple.fr/bigbluebutton/",
        "https://bbb.exemple.fr/bigbluebutton/api",
        "https://bbb.exemple.fr/bigbluebutton/api/",
    ],
)
def test_an_address_is_understood_in_each_way_people_write_it(address: str) -> None:
    made = Api(address, SECRET).signed(
        "create", name="Test Meeting", meetingID="abc123", attendeePW="111222", moderatorPW="333444"
    )
    assert made == (
        f"https://bbb.exemple.fr/bigbluebutton/api/create?{QUERY}"
        "&checksum=da9185f7f333cfdfcd6eeac32dca3777510c4c436020d8b887ba5515bd1d189e"
    )


# From the opening to the end ------------------------------------------------------------------


def test_a_class_is_opened_entered_counted_and_ended(bbb: FakeBigBlueButton) -> None:
    room = open_room()
    assert PROVIDER.is_running(room) and PROVIDER.head_count(room) == 0
    assert "Mme Dupont (MODERATOR)" in bbb.enter(PROVIDER.join_address(room, TEACHER).url)
    assert "Léa Martin (VIEWER)" in bbb.enter(PROVIDER.join_address(room, PUPIL).url)
    assert PROVIDER.is_running(room) and PROVIDER.head_count(room) == 2
    PROVIDER.end(room)
    assert not PROVIDER.is_running(room) and PROVIDER.head_count(room) == 0
    assert "meetingForciblyEnded" in bbb.enter(PROVIDER.join_address(room, PUPIL).url)


def test_opening_twice_is_opening_once(bbb: FakeBigBlueButton) -> None:
    first, second = PROVIDER.create(ROOM), PROVIDER.create(ROOM)
    assert first == second == PROVIDER.create(opened(ROOM, first))
    assert len(bbb.meetings) == 1
    assert bbb.asked == {"create": 3}  # the server itself knew it again
    assert HeldPlaces.objects.get().seats == 30


def test_ending_twice_or_before_the_opening_is_ending_once(bbb: FakeBigBlueButton) -> None:
    PROVIDER.end(ROOM)
    room = open_room()
    PROVIDER.end(room)
    PROVIDER.end(room)
    assert not HeldPlaces.objects.exists()


def test_a_room_whose_opening_was_never_answered_is_ended_where_it_may_be(bbb: FakeBigBlueButton) -> None:
    PROVIDER.create(ROOM)
    PROVIDER.end(ROOM)  # the portal never learned where
    assert bbb.meetings[ROOM.key].is_ended


def test_a_room_opened_under_a_former_secret_is_found_again(bbb: FakeBigBlueButton, settings: Any) -> None:
    room = open_room()
    bbb.secret = settings.BBB_SECRET = "un-nouveau-secret-apres-l-incident"
    assert PROVIDER.create(ROOM).created == room.created
    assert bbb.asked["getMeetingInfo"] == 1


def test_a_room_that_may_be_recorded_is_not_used(bbb: FakeBigBlueButton, settings: Any) -> None:
    open_room()
    bbb.meetings[ROOM.key].words["record"] = "true"
    bbb.secret = settings.BBB_SECRET = "un-nouveau-secret-apres-l-incident"
    with pytest.raises(Refused) as refusal:
        PROVIDER.create(ROOM)
    assert refusal.value.code == "recorded"


# What is asked of the server ------------------------------------------------------------------


def test_nothing_is_recorded_and_nobody_counts_what_a_pupil_does(bbb: FakeBigBlueButton) -> None:
    room = open_room()
    words = bbb.meetings[ROOM.key].words
    for never in ("record", "autoStartRecording", "allowStartStopRecording", "meetingKeepEvents"):
        assert words[never] == "false"
    assert "learningDashboard" in words["disabledFeatures"].split(",")
    assert query(PROVIDER.join_address(room, PUPIL).url)["excludeFromDashboard"] == "true"


def test_a_class_is_opened_as_the_teacher_wishes(bbb: FakeBigBlueButton) -> None:
    wishes = RoomSettings(
        mute_on_start=False,
        lock_microphone=True,
        lock_camera=True,
        lock_private_chat=False,
        lock_public_chat=True,
        lock_notes=False,
        cameras_for_teacher_only=True,
        hide_names=True,
    )
    open_room(replace(ROOM, settings=wishes))
    words = bbb.meetings[ROOM.key].words
    assert {name: words[name] for name in words if name.startswith("lockSettings")} == {
        "lockSettingsDisableCam": "true",
        "lockSettingsDisableMic": "true",
        "lockSettingsDisablePrivateChat": "false",
        "lockSettingsDisablePublicChat": "true",
        "lockSettingsDisableNotes": "false",
        "lockSettingsHideUserList": "true",
        "lockSettingsLockOnJoin": "true",
    }
    assert (words["muteOnStart"], words["webcamsOnlyForModerator"]) == ("false", "true")


def test_by_default_microphones_are_closed_and_pupils_write_nothing_behind_the_teachers_back(
    bbb: FakeBigBlueButton,
) -> None:
    open_room()
    words = bbb.meetings[ROOM.key].words
    assert words["muteOnStart"] == words["lockSettingsDisablePrivateChat"] == "true"
    assert words["allowModsToUnmuteUsers"] == "false"
    assert (words["maxParticipants"], words["guestPolicy"], words["endWhenNoModerator"]) == (
        "30",
        "ALWAYS_DENY",
        "true",
    )


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Maths\r\n6e B", "Maths 6e B"),
        ("  ", "Classe virtuelle"),
        ("M", "Classe virtuelle"),
        ("\u202eB e6", "B e6"),
        ("é" * 80, "é" * 64),
        ("Œuvres & <b>“fêtes”</b>", "Œuvres & <b>“fêtes”</b>"),
    ],
)
def test_any_title_becomes_a_name_that_the_server_takes(
    bbb: FakeBigBlueButton, title: str, shown: str
) -> None:
    open_room(replace(ROOM, title=title))
    assert bbb.meetings[ROOM.key].words["name"] == shown


@pytest.mark.parametrize(
    "key", ["a,b,c,d,e,f", "court", "x" * 65, "espace ici", "../../create", "é" * 12, "*" * 8]
)
def test_a_key_that_a_server_could_read_otherwise_is_never_sent(bbb: FakeBigBlueButton, key: str) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        PROVIDER.create(replace(ROOM, key=key))
    with pytest.raises(ValueError, match="letters, digits"):
        PROVIDER.join_address(open_room(), replace(PUPIL, key=key))
    assert key not in bbb.meetings


# The way in -----------------------------------------------------------------------------------


def test_a_way_in_is_for_one_person_with_their_role_and_holds_no_password(bbb: FakeBigBlueButton) -> None:
    room = open_room()
    way = PROVIDER.join_address(room, PUPIL)
    said = query(way.url)
    assert (said["fullName"], said["role"], said["userID"]) == ("Léa Martin", "VIEWER", PUPIL.key)
    assert said["createTime"] == room.created
    assert not {"password", "attendeePW", "moderatorPW", "guest"} & said.keys()
    passwords = {bbb.meetings[ROOM.key].words[name] for name in ("attendeePW", "moderatorPW")}
    assert not passwords & set(said.values()) and bbb.secret not in way.url
    assert way.good_for <= timedelta(seconds=60)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("role=VIEWER", "role=MODERATOR"),
        ("L%C3%A9a+Martin", "Mme+Dupont"),
        (PUPIL.key, TEACHER.key),
        ("redirect=true", "redirect=true&guest=true"),
        ("redirect=true", "redirect=true&role=MODERATOR"),
    ],
)
def test_a_way_in_that_was_changed_leads_nowhere(bbb: FakeBigBlueButton, old: str, new: str) -> None:
    url = PROVIDER.join_address(open_room(), PUPIL).url
    assert old in url
    assert "checksumError" in bbb.enter(url.replace(old, new))
    assert not bbb.meetings[ROOM.key].people


def test_a_way_in_kept_from_the_last_time_is_refused_the_next_time(bbb: FakeBigBlueButton) -> None:
    room = open_room()
    kept = PROVIDER.join_address(room, PUPIL).url
    PROVIDER.end(room)
    again = open_room()
    assert again.created != room.created
    assert "mismatchCreateTimeParam" in bbb.enter(kept)
    assert not PROVIDER.is_running(room) and PROVIDER.head_count(room) == 0


def test_a_way_in_used_on_a_second_device_is_the_same_person_there(bbb: FakeBigBlueButton) -> None:
    room = open_room()
    first, second = (PROVIDER.join_address(room, PUPIL).url for _time in range(2))
    assert (
        query(first)["userID"]
        == query(second)["userID"]
        != query(PROVIDER.join_address(room, TEACHER).url)["userID"]
    )
    bbb.enter(first)
    bbb.enter(second)
    assert PROVIDER.head_count(room) == 1  # on a server that is set up as docs/operations.md says


def test_nobody_gets_a_way_into_a_room_that_is_not_open(bbb: FakeBigBlueButton) -> None:
    with pytest.raises(Refused) as refusal:
        PROVIDER.join_address(ROOM, PUPIL)
    assert refusal.value.code == "not-open"
    assert not bbb.asked


def test_the_page_before_may_lead_to_the_server_and_to_no_other(bbb: FakeBigBlueButton) -> None:
    room = open_room()
    parts = urlsplit(PROVIDER.join_address(room, PUPIL).url)
    assert PROVIDER.origin(room) == f"{parts.scheme}://{parts.netloc}"


# What may go wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ("slow", "late"),
        ("drip", "late"),
        ("cut", "silence"),
        ("500", "server-error"),
        ("huge", "too-long"),
        ("html", "nonsense"),
        ("other-xml", "nonsense"),
        ("bomb", "nonsense"),
        ("empty", "nonsense"),
        ("redirect", "redirect"),
    ],
)
def test_a_server_that_is_not_itself_is_unavailable_and_holds_no_seats(
    bbb: FakeBigBlueButton, trouble: str, code: str
) -> None:
    bbb.trouble["create"] = trouble
    with pytest.raises(Unavailable) as refusal:
        PROVIDER.create(ROOM)
    assert refusal.value.code == code
    assert not HeldPlaces.objects.exists()
    assert not bbb.asked["elsewhere"]
    server = MeetingServer.objects.get()
    assert server.last_trouble == code and server.down_until is not None


def test_a_server_that_is_off_is_unavailable(bbb: FakeBigBlueButton) -> None:
    room = open_room()
    bbb.stop()
    for call in (PROVIDER.create, PROVIDER.is_running, PROVIDER.head_count, PROVIDER.end):
        with pytest.raises(Unavailable) as refusal:
            call(room)
        assert refusal.value.code == "silence"
    assert HeldPlaces.objects.exists()  # the end is to be asked for again


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("checksumError", "secret"),
        ("unsupportedRequest", "no-such-call"),
        ("maxParticipantsReached", "full-room"),
        ("aKeyOfTomorrow", "refused"),
        ("", "refused"),
    ],
)
def test_what_the_server_refuses_is_said_in_our_words(bbb: FakeBigBlueButton, key: str, code: str) -> None:
    bbb.instead["create"] = bbb.failed(key, "Détail anglais <& secret>")
    with pytest.raises(Refused) as refusal:
        PROVIDER.create(ROOM)
    assert refusal.value.code == code
    assert "Détail" not in troubles.sentence(refusal.value)
    assert not HeldPlaces.objects.exists()


@pytest.mark.parametrize("call", ["isMeetingRunning", "getMeetingInfo"])
def test_a_room_that_is_not_found_is_not_running(bbb: FakeBigBlueButton, call: str) -> None:
    room = open_room()
    bbb.instead[call] = bbb.failed("notFound")
    assert not PROVIDER.is_running(room)


def test_a_refusal_is_not_taken_for_an_end(bbb: FakeBigBlueButton) -> None:
    room = open_room()
    for call in ("isMeetingRunning", "getMeetingInfo", "end"):
        bbb.instead[call] = bbb.failed("checksumError")
    for ask in (PROVIDER.is_running, PROVIDER.head_count, PROVIDER.end):
        assert HeldPlaces.objects.exists()
        with pytest.raises(Refused):
            ask(room)
    assert not HeldPlaces.objects.exists()  # asking for the end once more would change nothing


@pytest.mark.parametrize("said", ["", "<createTime>demain</createTime>", "<createTime>-1</createTime>"])
def test_an_opening_without_its_time_is_none(bbb: FakeBigBlueButton, said: str) -> None:
    bbb.instead["create"] = f"<response><returncode>SUCCESS</returncode>{said}</response>"
    with pytest.raises(Unavailable):
        PROVIDER.create(ROOM)


def test_a_server_that_is_no_more_declared_is_not_configured(bbb: FakeBigBlueButton) -> None:
    for gone in ("00000000-0000-4000-8000-000000000000", "n'importe quoi"):
        with pytest.raises(NotConfigured):
            PROVIDER.head_count(replace(ROOM, server=gone, created="1"))


def test_every_trouble_has_its_sentence_and_every_sentence_its_trouble() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted((Path(troubles.__file__).parent).glob("*.py"))
        if path.name != "troubles.py"
    )
    raised = set(re.findall(r'(?:Unavailable|Refused|NotConfigured)\(\s*"([a-z0-9-]+)"', sources))
    named = {code for code in troubles.SENTENCES if f'"{code}"' in sources}
    assert raised <= set(troubles.SENTENCES)
    assert named == set(troubles.SENTENCES)


# The end, as the server tells it --------------------------------------------------------------


def test_the_end_that_the_server_tells_is_believed_and_a_forged_one_is_not(bbb: FakeBigBlueButton) -> None:
    open_room()
    told = bbb.call_back(ROOM.key)
    ended = PROVIDER.read_callback(told)
    assert ended is not None and ended.key == ROOM.key
    assert PROVIDER.read_callback({**told, "room": "une-autre-classe-0123"}) is None
    assert PROVIDER.read_callback({**told, "proof": told["proof"][:-1] + "é"}) is None
    assert PROVIDER.read_callback({"room": ROOM.key}) is None
    assert PROVIDER.read_callback({}) is None
    assert PROVIDER.read_callback({"meetingID": ROOM.key, "recordingmarks": "false"}) is None
