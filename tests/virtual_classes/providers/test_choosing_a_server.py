"""Each new class finds a server with room for it, and passes by the one that is down (SAFETY G9, F13)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from accounts.sealing import seal
from schools.models import Academy
from virtual_classes.models import HeldPlaces, MeetingServer
from virtual_classes.models.servers import SEALED_FOR
from virtual_classes.providers.base import NotConfigured, Refused, Unavailable
from virtual_classes.providers.bigbluebutton import BigBlueButton, check

from .big_blue_button_server import FakeBigBlueButton
from .conftest import PUPIL, ROOM, opened

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("academies")]
PROVIDER = BigBlueButton()
More = Callable[[], FakeBigBlueButton]


def declare(there: FakeBigBlueButton, academy: str = "", capacity: int = 100, **more: Any) -> MeetingServer:
    return MeetingServer.objects.create(
        name="Un serveur",
        url=there.url,
        sealed_secret=seal(SEALED_FOR, there.secret),
        capacity=capacity,
        academy=Academy.objects.filter(code=academy).first(),
        **more,
    )


def room(number: int, **changes: Any) -> Any:
    return replace(ROOM, key=f"classe-{number:04d}", **changes)


def test_the_server_of_the_settings_is_there_from_the_start(bbb: FakeBigBlueButton) -> None:
    assert MeetingServer.objects.get(from_settings=True).address == bbb.url
    PROVIDER.create(ROOM)
    assert ROOM.key in bbb.meetings


def test_a_database_that_was_emptied_finds_it_again(bbb: FakeBigBlueButton) -> None:
    MeetingServer.objects.all().delete()
    PROVIDER.create(ROOM)
    assert ROOM.key in bbb.meetings


def test_without_any_server_no_class_is_promised(settings: Any) -> None:
    settings.BBB_URL = ""
    assert not PROVIDER.is_ready()
    with pytest.raises(NotConfigured) as refusal:
        PROVIDER.create(ROOM)
    assert refusal.value.code == "no-server"


def test_classes_spread_over_the_servers_by_their_free_seats(bbb: FakeBigBlueButton, another: More) -> None:
    second = another()
    MeetingServer.objects.update(capacity=70)
    declare(second, capacity=60)
    for number in range(4):
        PROVIDER.create(room(number))
    assert (len(bbb.meetings), len(second.meetings)) == (2, 2)
    with pytest.raises(Unavailable) as refusal:
        PROVIDER.create(room(5))
    assert refusal.value.code == "full"
    PROVIDER.create(room(6, capacity=10))
    assert len(bbb.meetings) == 3


def test_an_academie_fills_its_own_servers_first_and_never_anothers(
    bbb: FakeBigBlueButton, another: More
) -> None:
    norman, lyonnais = another(), another()
    declare(norman, academy="70", capacity=40)
    declare(lyonnais, academy="10", capacity=1000)
    PROVIDER.create(room(1, academy="70"))
    PROVIDER.create(room(2, academy="70"))
    PROVIDER.create(room(3))
    assert (len(norman.meetings), len(lyonnais.meetings), len(bbb.meetings)) == (1, 0, 2)


def test_a_server_switched_off_takes_no_new_class_and_keeps_those_it_has(
    bbb: FakeBigBlueButton, another: More
) -> None:
    there = another()
    server = declare(there, capacity=1000)
    going_on = opened(ROOM, PROVIDER.create(ROOM))
    MeetingServer.objects.filter(pk=server.pk).update(is_on=False)
    PROVIDER.create(room(1))
    assert (len(there.meetings), len(bbb.meetings)) == (1, 1)
    there.enter(PROVIDER.join_address(going_on, PUPIL).url)
    assert PROVIDER.head_count(going_on) == 1


@pytest.mark.parametrize("trouble", ["slow", "500", "html", "redirect"])
def test_a_server_that_is_down_is_passed_by_and_left_alone_for_a_moment(
    bbb: FakeBigBlueButton, another: More, trouble: str
) -> None:
    down = another()
    server = declare(down, capacity=1000)
    down.trouble["create"] = trouble
    assert PROVIDER.create(room(1)).server != str(server.public_id)
    asked = down.asked["create"]
    down.trouble.clear()
    PROVIDER.create(room(2))
    assert down.asked["create"] == asked
    MeetingServer.objects.filter(pk=server.pk).update(down_until=Now())
    assert PROVIDER.create(room(3)).server == str(server.public_id)
    assert not MeetingServer.objects.get(pk=server.pk).last_trouble


def test_a_server_with_a_wrong_secret_is_passed_by(bbb: FakeBigBlueButton, another: More) -> None:
    there = another()
    server = declare(there, capacity=1000)
    MeetingServer.objects.filter(pk=server.pk).update(sealed_secret=seal(SEALED_FOR, "un-secret-mal-copié"))
    PROVIDER.create(ROOM)
    assert len(bbb.meetings) == 1 and not there.meetings
    server.refresh_from_db()
    assert server.last_trouble == "secret"


def test_where_all_are_down_the_class_is_told_so_and_holds_nothing(
    bbb: FakeBigBlueButton, another: More
) -> None:
    there = another()
    declare(there)
    bbb.stop()
    there.stop()
    for code in ("silence", "down"):  # tried, then left alone for a moment
        with pytest.raises(Unavailable) as refusal:
            PROVIDER.create(ROOM)
        assert refusal.value.code == code
    assert not HeldPlaces.objects.exists()
    MeetingServer.objects.update(down_until=None)


def test_an_open_class_never_moves_by_itself(bbb: FakeBigBlueButton, another: More) -> None:
    there = another()
    server = declare(there, capacity=1000)
    going_on = opened(ROOM, PROVIDER.create(ROOM))
    there.trouble["create"] = "500"
    with pytest.raises(Unavailable):
        PROVIDER.create(going_on)
    assert not bbb.meetings
    assert HeldPlaces.objects.get().server == server


def test_a_class_whose_answer_was_lost_is_asked_for_where_it_was(
    bbb: FakeBigBlueButton, another: More
) -> None:
    there = another()
    declare(there, capacity=1000)
    PROVIDER.create(ROOM)  # the portal died before it kept where
    MeetingServer.objects.filter(from_settings=True).update(capacity=5000)
    PROVIDER.create(ROOM)
    assert not bbb.meetings and there.asked["create"] == 2


def test_seats_of_a_class_that_nobody_ended_are_free_after_a_day(bbb: FakeBigBlueButton) -> None:
    MeetingServer.objects.update(capacity=30)
    PROVIDER.create(room(1))
    with pytest.raises(Unavailable):
        PROVIDER.create(room(2))
    HeldPlaces.objects.update(until=Now())
    PROVIDER.create(room(2))
    assert HeldPlaces.objects.get().room == room(2).key


def test_an_end_gives_the_seats_back(bbb: FakeBigBlueButton) -> None:
    MeetingServer.objects.update(capacity=30)
    PROVIDER.end(opened(room(1), PROVIDER.create(room(1))))
    PROVIDER.create(room(2))
    assert MeetingServer.objects.with_seats().get().free == 0


@pytest.mark.django_db(transaction=True)
def test_of_45_classes_that_open_at_once_none_gets_a_seat_of_another(settings: Any) -> None:
    settings.BBB_URL, settings.BBB_SECRET = "https://bbb.exemple.fr", "un-secret"
    MeetingServer.objects.all().delete()
    MeetingServer.objects.create(name="BBB_URL", from_settings=True, capacity=300)
    for number in range(2):
        MeetingServer.objects.create(
            name="x", url=f"https://{number}.exemple.fr", sealed_secret=seal(SEALED_FOR, "x"), capacity=310
        )

    def hold(number: int) -> int:
        try:
            found = MeetingServer.objects.hold(f"classe-{number % 40:04d}", seats=30)
            return found.pk if found else 0
        finally:
            connection.close()

    with ThreadPoolExecutor(15) as crowd:
        given = list(crowd.map(hold, range(45)))
    assert given[40:] == given[:5]  # asked for twice at once: the same place
    assert sum(1 for each in given[:40] if each) == 30  # ten on each
    for server in MeetingServer.objects.with_seats():
        assert 0 <= server.free < 30 and server.held == 300


def test_what_a_former_key_sealed_is_read_and_what_another_sealed_is_said_to_be_lost(
    bbb: FakeBigBlueButton, another: More, settings: Any
) -> None:
    there = another()
    server = declare(there)
    former, settings.SECRET_KEY = settings.SECRET_KEY, "une-autre-clef"
    settings.SECRET_KEY_FALLBACKS = [former]
    check(server)
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(NotConfigured) as refusal:
        check(server)
    assert refusal.value.code == "unreadable-secret"


def test_the_secret_is_unreadable_in_the_database(another: More) -> None:
    there = another()
    server = declare(there)
    assert there.secret not in str(MeetingServer.objects.filter(pk=server.pk).values())
    assert server.secret == there.secret


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("http://bbb.exemple.fr/", "x"),
        ("http://localhost.exemple.fr/", "x"),
        ("http://127.0.0.1.exemple.fr/", "x"),
        ("ftp://bbb.exemple.fr/", "x"),
        ("https://bbb.exemple.fr/", ""),
        ("", "x"),
    ],
)
def test_the_database_keeps_no_server_without_https_or_without_its_secret(url: str, secret: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        MeetingServer.objects.create(name="x", url=url, sealed_secret=secret)


def test_verifying_asks_for_the_secret_and_takes_a_server_back(bbb: FakeBigBlueButton) -> None:
    server = MeetingServer.objects.get()
    server.skip("late")
    check(server)
    server.refresh_from_db()
    assert server.down_until is None and not server.last_trouble
    bbb.secret = "un-secret-changé-là-bas"
    with pytest.raises(Refused) as refusal:
        check(server)
    assert refusal.value.code == "secret"
    server.refresh_from_db()
    assert server.last_trouble == "secret"
