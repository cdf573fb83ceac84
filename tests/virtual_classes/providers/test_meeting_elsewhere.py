"""A class meets on Jitsi, behind a pasted link, or in the demonstration room (FORMATS 7, SAFETY T44, T45)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import time_machine
from django.core import signing
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path

from mcm_portal import env
from virtual_classes import providers
from virtual_classes.models import SpentEntry
from virtual_classes.providers import demonstration_room
from virtual_classes.providers.base import NotConfigured, Refused, Unavailable
from virtual_classes.providers.demonstration_room import DemonstrationRoom
from virtual_classes.providers.jitsi import Jitsi
from virtual_classes.providers.link import Link, clean_link

from .big_blue_button_server import FakeBigBlueButton
from .conftest import PUPIL, ROOM, TEACHER, opened

urlpatterns = [
    path("demonstration/salle/<str:token>/", lambda _request: HttpResponse(), name="demonstration_room")
]
NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
GUEST = replace(PUPIL, name="\u202e")


# Jitsi ----------------------------------------------------------------------------------------


@pytest.fixture
def jitsi(settings: Any) -> Jitsi:
    settings.JITSI_URL = "https://Meet.exemple.fr"
    settings.JITSI_APP_ID, settings.JITSI_SECRET = "portail", "un-secret-de-trente-deux-octets-et-plus"
    return Jitsi()


def token(url: str) -> dict[str, Any]:
    said = parse_qs(urlsplit(url).query)["jwt"][0]
    assert jwt.get_unverified_header(said)["alg"] == "HS256"
    read: dict[str, Any] = jwt.decode(
        said,
        "un-secret-de-trente-deux-octets-et-plus",
        algorithms=["HS256"],
        audience="portail",
        issuer="portail",
        options={"require": ["exp", "nbf", "iss", "aud", "sub", "room"]},
    )
    return read


RUNNING = replace(ROOM, created="x", opened=NOW)


def test_a_token_is_for_one_person_in_one_room_for_a_minute(jitsi: Jitsi) -> None:
    before = int(time.time())
    way = jitsi.join_address(RUNNING, PUPIL)
    said = token(way.url)
    assert before < said["exp"] <= time.time() + 60 and way.good_for == timedelta(seconds=60)
    assert said["room"] == urlsplit(way.url).path.strip("/")
    assert said["sub"] == "meet.exemple.fr"
    assert said["context"]["user"] == {
        "id": PUPIL.key,
        "name": "Léa Martin",
        "moderator": "false",
        "affiliation": "member",
    }
    assert token(jitsi.join_address(RUNNING, TEACHER).url)["context"]["user"]["moderator"] == "true"


def test_every_value_of_its_context_is_text_and_nothing_is_recorded(jitsi: Jitsi) -> None:
    context = token(jitsi.join_address(RUNNING, PUPIL).url)["context"]
    assert all(isinstance(value, str) for part in context.values() for value in part.values())
    assert context["features"]["recording"] == context["features"]["livestreaming"] == "false"
    assert set(context) == {"user", "features"}


def test_a_token_is_no_good_after_its_minute(jitsi: Jitsi) -> None:
    with time_machine.travel(NOW, tick=False):
        url = jitsi.join_address(RUNNING, PUPIL).url
        token(url)
    with (
        time_machine.travel(NOW + timedelta(seconds=61), tick=False),
        pytest.raises(jwt.ExpiredSignatureError),
    ):
        token(url)


def test_a_room_cannot_be_guessed_from_its_key_and_is_never_all_rooms(jitsi: Jitsi, settings: Any) -> None:
    rooms = {jitsi.join_address(replace(RUNNING, key=f"classe-{n:04d}"), PUPIL).url for n in range(20)}
    names = {urlsplit(url).path.strip("/") for url in rooms}
    assert len(names) == 20
    assert all(len(name) == 32 and name.islower() and name.isalnum() for name in names)
    assert all("classe" not in name for name in names)
    settings.JITSI_SECRET = "un-autre-secret-de-trente-deux-octets"
    assert urlsplit(jitsi.join_address(RUNNING, PUPIL).url).path.strip("/") not in names
    with pytest.raises(ValueError, match="letters, digits"):
        jitsi.join_address(replace(RUNNING, key="*"), PUPIL)


def test_a_tenant_is_named_in_the_token(jitsi: Jitsi, settings: Any) -> None:
    settings.JITSI_URL = "https://8x8.exemple.fr/vpaas-Ecole/"
    way = jitsi.join_address(RUNNING, PUPIL)
    assert token(way.url)["sub"] == "vpaas-ecole"
    assert way.url.startswith("https://8x8.exemple.fr/vpaas-Ecole/")
    assert jitsi.origin(RUNNING) == "https://8x8.exemple.fr"


def test_pupils_come_in_silently_and_the_teacher_is_heard(jitsi: Jitsi) -> None:
    pupil, teacher = (jitsi.join_address(RUNNING, each).url for each in (PUPIL, TEACHER))
    assert "config.startWithAudioMuted=true" in urlsplit(pupil).fragment
    assert "config.startWithAudioMuted=false" in urlsplit(teacher).fragment


def test_whoever_has_no_readable_name_is_a_guest(jitsi: Jitsi) -> None:
    assert token(jitsi.join_address(RUNNING, GUEST).url)["context"]["user"]["name"] == "Invité"
    english = replace(RUNNING, language="en")
    assert token(jitsi.join_address(english, GUEST).url)["context"]["user"]["name"] != ""


def test_a_class_is_not_opened_on_a_jitsi_that_does_not_answer(jitsi: Jitsi, settings: Any) -> None:
    with FakeBigBlueButton() as server:  # any server that answers will do
        settings.JITSI_URL = server.url.removesuffix("/bigbluebutton/")
        room = opened(ROOM, jitsi.create(ROOM))
        assert room.created == jitsi.create(ROOM).created
        assert jitsi.join_address(room, PUPIL).url.startswith(settings.JITSI_URL)
    with pytest.raises(Unavailable):
        jitsi.create(ROOM)
    with pytest.raises(Refused):
        jitsi.join_address(ROOM, PUPIL)


def test_without_its_settings_jitsi_is_not_offered(jitsi: Jitsi, settings: Any) -> None:
    assert jitsi.is_ready()
    settings.JITSI_URL = ""
    assert not jitsi.is_ready()
    with pytest.raises(NotConfigured):
        jitsi.join_address(RUNNING, PUPIL)


# A link that the teacher pastes ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("https://visio.education.fr/abc-def", "https://visio.education.fr/abc-def"),
        ("  https://Visio.Education.fr/A?b=C#d \n", "https://visio.education.fr/A?b=C#d"),
        ("https://visio.education.fr:8443/x", "https://visio.education.fr:8443/x"),
        ("https://école.example.com/x", "https://xn--cole-9oa.example.com/x"),
        ("https://visio.education.fr", "https://visio.education.fr"),
    ],
)
def test_a_link_is_kept_as_it_was_pasted(pasted: str, kept: str) -> None:
    assert clean_link(pasted) == kept
    room = replace(ROOM, link=clean_link(pasted), created="link")
    way = Link().join_address(room, PUPIL)
    assert way.url == kept
    assert way.url.startswith(Link().origin(room))


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "http://visio.education.fr/x",
        "javascript:alert(1)",
        "data:text/html,x",
        "visio.education.fr/x",
        "//visio.education.fr/x",
        "https:visio.education.fr",
        "https:///x",
        "https://prof:secret@visio.education.fr/x",
        "https://visio.education.fr@evil.example/x",
        "https://@visio.education.fr/x",
        "https://localhost/x",
        "https://portail.localhost/x",
        "https://serveur/x",
        "https://serveur.local/x",
        "https://serveur.lan/x",
        "https://serveur.internal./x",
        "https://127.0.0.1/x",
        "https://10.1.2.3/x",
        "https://192.168.1.1/x",
        "https://8.8.8.8/x",
        "https://[::1]/x",
        "https://[fe80::1]/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://0x7f000001/x",
        "https://127.1/x",
        "https://visio.education.fr\\@evil.example/x",
        "https://visio.education.fr/un lien",
        "https://visio.education.fr/\nSet-Cookie:x",
        "https://visio.education.fr/\u202egpj.exe",
        'https://visio.education.fr/"><script>',
        "https://visio.education.fr:99999/x",
        "https://visio.education.fr:port/x",
        "https://[visio/x",
        "https://-visio.fr/x",
        "https://visio..fr/x",
        "Rejoignez-nous : https://visio.education.fr/x",
        "https://visio.education.fr/" + "x" * 500,
        "https://①②⑦.⓪.⓪.①/x",
    ],
)
def test_what_is_no_link_to_a_public_meeting_is_refused_in_a_sentence(pasted: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        clean_link(pasted)
    assert refusal.value.messages[0].endswith((".", "portail."))
    with pytest.raises(Refused):
        Link().create(replace(ROOM, link=pasted))
    with pytest.raises(Refused):
        Link().join_address(replace(ROOM, link=pasted, created="link"), PUPIL)


def test_a_link_to_the_portal_itself_is_refused(settings: Any) -> None:
    settings.SITE_URL = "https://mcm.example.fr"
    with pytest.raises(ValidationError):
        clean_link("https://MCM.example.fr/deconnexion/")


def test_nobody_gets_the_link_before_the_class_is_open() -> None:
    with pytest.raises(Refused) as refusal:
        Link().join_address(replace(ROOM, link="https://visio.education.fr/x"), PUPIL)
    assert refusal.value.code == "not-open"


# The demonstration room -----------------------------------------------------------------------


def token_of(url: str) -> str:
    start, token, end = urlsplit(url).path.rsplit("/", 2)
    assert (start, end) == ("/demonstration/salle", "")
    return token


@pytest.fixture
def entry(db: None) -> str:
    """A token of the pupil's."""
    with override_settings(ROOT_URLCONF=__name__):
        way = DemonstrationRoom().join_address(RUNNING, PUPIL)
    assert way.good_for == timedelta(seconds=60)
    return token_of(way.url)


def test_an_entry_opens_once_for_whom_it_was_made(entry: str) -> None:
    pupil = demonstration_room.Visit(ROOM.key, PUPIL.key, PUPIL.name, is_moderator=False)
    assert demonstration_room.read_token(entry) == demonstration_room.read_token(entry) == pupil
    assert demonstration_room.spend(entry) == pupil
    assert demonstration_room.spend(entry) is None and demonstration_room.read_token(entry) is None
    assert PUPIL.name not in str(SpentEntry.objects.values())


def test_whoever_comes_back_at_once_has_an_entry_of_their_own(entry: str) -> None:
    with override_settings(ROOT_URLCONF=__name__):
        other = token_of(DemonstrationRoom().join_address(RUNNING, PUPIL).url)
    assert demonstration_room.spend(entry) == demonstration_room.spend(other) is not None


def test_an_entry_is_no_good_after_its_minute(db: None) -> None:
    a_minute_ago = datetime.now(UTC) - timedelta(seconds=61)
    with time_machine.travel(a_minute_ago), override_settings(ROOT_URLCONF=__name__):
        late = token_of(DemonstrationRoom().join_address(RUNNING, PUPIL).url)
    assert demonstration_room.read_token(late) is None and demonstration_room.spend(late) is None


def test_a_forged_entry_opens_nothing(entry: str) -> None:
    said = signing.loads(entry, salt=demonstration_room.SALT)
    elsewhere = signing.dumps([*said[:3], True, *said[4:]], salt="autre")
    for forged in ("", "x", entry[:-2] + "xx", "A" + entry, elsewhere, "\x00", "é"):
        assert demonstration_room.read_token(forged) is None and demonstration_room.spend(forged) is None
    assert demonstration_room.spend(entry) is not None


# Which of them there are ----------------------------------------------------------------------

ALL = [
    "virtual_classes.providers.bigbluebutton.BigBlueButton",
    "virtual_classes.providers.jitsi.Jitsi",
    "virtual_classes.providers.demonstration_room.DemonstrationRoom",
    "virtual_classes.providers.link.Link",
]


def test_an_unknown_provider_is_refused_with_the_names_of_those_there_are(settings: Any) -> None:
    settings.VIRTUAL_CLASS_PROVIDERS = ALL
    with pytest.raises(providers.UnknownProvider, match="bigbluebutton, jitsi, demonstration_room, link"):
        providers.get("zoom")
    assert [providers.get(code).code for code in ("bigbluebutton", "link")] == ["bigbluebutton", "link"]


def test_only_what_is_configured_is_offered(db: None, settings: Any) -> None:
    settings.VIRTUAL_CLASS_PROVIDERS = ALL
    settings.BBB_URL = settings.JITSI_URL = ""
    assert [each.code for each in providers.available()] == ["demonstration_room", "link"]
    settings.BBB_URL, settings.JITSI_URL = "https://bbb.exemple.fr", "https://meet.exemple.fr"
    assert [each.code for each in providers.available("70")][:2] == ["bigbluebutton", "jitsi"]


def start_with(**given: str) -> subprocess.CompletedProcess[str]:
    """Read the settings of a portal whose environment has these."""
    ask = "from mcm_portal import settings; print(*settings.VIRTUAL_CLASS_PROVIDERS)"
    return subprocess.run(
        [sys.executable, "-c", ask],
        env={**os.environ, **given},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )


def test_the_demonstration_room_exists_for_those_who_build_alone() -> None:
    real = {
        "DEBUG": "0",
        "SITE_URL": "https://mcm.exemple.fr",
        "EMAIL_URL": "smtp://mail.exemple.fr",
        "DEFAULT_FROM_EMAIL": "a@exemple.fr",
    }
    assert "demonstration_room" in start_with(DEBUG="1", SITE_URL="http://localhost:8000").stdout
    in_production = start_with(**real)
    assert "link.Link" in in_production.stdout and "demonstration" not in in_production.stdout


def test_half_of_the_settings_of_a_server_stops_the_start() -> None:
    refused = start_with(JITSI_URL="https://meet.exemple.fr", JITSI_APP_ID="portail")
    assert refused.returncode and "JITSI_SECRET" in refused.stderr


@pytest.mark.parametrize("code", ["jitsi", "link", "demonstration_room"])
def test_who_cannot_know_says_what_the_portal_knows(settings: Any, code: str) -> None:
    settings.VIRTUAL_CLASS_PROVIDERS = ALL
    provider = providers.get(code)
    assert provider.is_running(RUNNING) and not provider.is_running(replace(RUNNING, opened=None))
    assert provider.head_count(RUNNING) is None
    assert provider.read_callback({"room": ROOM.key, "proof": "x"}) is None
    provider.end(RUNNING)
    provider.end(RUNNING)


@pytest.mark.parametrize(
    "url",
    [
        "http://bbb.exemple.fr/",
        "https:///bigbluebutton",
        "https://moi:secret@bbb.exemple.fr/",
        "https://bbb.exemple.fr/?x=1",
    ],
)
def test_a_setting_that_is_no_address_of_a_server_stops_the_start(url: str) -> None:
    environment = env.Environment({"BBB_URL": url})
    with pytest.raises(ImproperlyConfigured, match="BBB_URL"):
        env.server(environment.url("BBB_URL", "", schemes=("https", "http")), "BBB_URL")


def test_a_server_beside_the_portal_may_speak_http() -> None:
    environment = env.Environment({"BBB_URL": "http://127.0.0.1:8090/bigbluebutton/"})
    found = env.server(environment.url("BBB_URL", "", schemes=("https", "http")), "BBB_URL")
    assert found == "http://127.0.0.1:8090/bigbluebutton/"
    assert env.server(None, "BBB_URL") == ""
