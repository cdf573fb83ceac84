"""What happens to an SMS between the outbox and an operator: npm ``smpp`` stands there (SAFETY F22)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from notifications import delivery, letters
from notifications.gateways import smpp
from notifications.letters import Context, Letter
from notifications.models import Channel, Message, State
from notifications.sms import cut
from tests.notifications import hello
from tests.notifications.outbox_rows import again, make_due, minutes_to_wait, post
from tests.peers import free_port, wait_until
from tests.smsc import USER, Smsc

pytestmark = pytest.mark.django_db
THROTTLED, SYSTEM_ERROR, NO_SUCH_NUMBER, QUEUE_FULL, BIND_FAILED = 0x58, 0x08, 0x0B, 0x14, 0x0D


@pytest.fixture(scope="module")
def running() -> Iterator[Smsc]:
    server = Smsc()
    yield server
    server.stop()


@pytest.fixture
def smsc(running: Smsc, settings: Any) -> Smsc:
    settings.SMS_GATEWAY = "notifications.gateways.smpp.Gateway"
    settings.SMS_URL = running.url
    running.answers()
    return running


@pytest.fixture
def impatient(settings: Any) -> None:
    settings.EMAIL_TIMEOUT = 0.3


def post_sms() -> Message:
    return post(to="+33639980001", channel=Channel.SMS)


def write(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let the letter of these tests say something else."""

    def render(context: Context) -> Letter:
        return Letter(subject="", text=text)

    monkeypatch.setattr(letters, "_renderers", {hello.KIND: render})


def test_an_sms_arrives_and_the_line_is_let_go_of(smsc: Smsc) -> None:
    message = post_sms()
    delivery.drain()
    assert again(message).state == State.SENT
    (sms,) = smsc.received
    assert (sms["to"], sms["to_kind"], sms["from"]) == ("33639980001", [1, 1], "")
    assert (sms["coding"], sms["receipt"], sms["header"]) == (0, 0, [])
    assert hello.LINK in sms["text"]
    wait_until(lambda: smsc.of("close"))
    assert [each["event"] for each in smsc.events] == ["told", "bind", "submit", "unbind", "close"]


def test_the_sender_is_the_one_that_the_operator_knows(smsc: Smsc, settings: Any) -> None:
    settings.SMS_URL += "/?from=MaClasse"
    post_sms()
    delivery.drain()
    assert smsc.received[0]["from"] == "MaClasse"


@pytest.mark.parametrize(
    ("text", "read", "coding"),
    [
        ("Très bien\u202f: n’oubliez pas, 3\u00a0€ [ici]", "Très bien : n'oubliez pas, 3 € [ici]", 0),
        ("Zoë a été reçue, François aussi", "Zoë a été reçue, François aussi", 8),
        ("À bientôt 🎒", "À bientôt 🎒", 8),
    ],
    ids=["what phones have", "what they have not", "beyond sixteen bits"],
)
def test_a_text_arrives_as_it_was_written(
    smsc: Smsc, monkeypatch: pytest.MonkeyPatch, text: str, read: str, coding: int
) -> None:
    write(monkeypatch, text)
    post_sms()
    delivery.drain()
    (sms,) = smsc.received
    assert (sms["text"], sms["coding"]) == (read, coding)


@pytest.mark.parametrize("sign", ["€", "ê", "🎒"])
def test_a_long_text_arrives_in_parts_that_belong_together(
    smsc: Smsc, monkeypatch: pytest.MonkeyPatch, sign: str
) -> None:
    text = "a" + sign * 200  # no part ends between the two halves of a sign
    write(monkeypatch, text)
    message = post_sms()
    delivery.drain()
    parts = smsc.received
    assert len(parts) > 2 and "".join(part["text"] for part in parts) == text
    reference = message.public_id.int & 0xFF
    assert [part["header"] for part in parts] == [
        [0, 3, reference, len(parts), number] for number in range(1, len(parts) + 1)
    ]


def test_a_long_text_is_cut_where_phones_expect_it() -> None:
    assert [len(part) for part in cut("a" * 160, reference=7)[1]] == [160]
    assert [len(part) for part in cut("a" * 161, reference=7)[1]] == [6 + 153, 6 + 8]
    assert [len(part) for part in cut("ê" * 70, reference=7)[1]] == [140]
    assert [len(part) for part in cut("ê" * 71, reference=7)[1]] == [6 + 134, 6 + 8]


@pytest.mark.parametrize(
    ("status", "code"),
    [(BIND_FAILED, "auth"), (SYSTEM_ERROR, "smpp-0x08"), ("silence", "timeout"), ("drop", "timeout")],
)
def test_an_operator_that_does_not_let_us_in_costs_nobody_their_sms(
    smsc: Smsc, impatient: None, settings: Any, status: int | str, code: str
) -> None:
    smsc.answers(bind=[status])
    messages = [post_sms() for _ in range(3)]
    delivery.drain()
    assert [again(each).state for each in messages] == [State.WAITING] * 3
    assert {again(each).last_error for each in messages} == {code}
    assert (len(smsc.of("bind")), smsc.received) == (1, [])  # one is enough to know
    settings.EMAIL_TIMEOUT = 10
    make_due()
    delivery.drain()
    assert [again(each).state for each in messages] == [State.SENT] * 3


def test_an_operator_that_is_away_or_knows_another_password_is_asked_again(smsc: Smsc, settings: Any) -> None:
    message = post_sms()
    for url, code in (
        (f"smpp://{USER}:autre@127.0.0.1:{smsc.port}", "auth"),
        (f"smpp://{USER}:autre@127.0.0.1:{free_port()}", "unreachable"),
    ):
        settings.SMS_URL = url
        make_due()
        delivery.drain()
        assert (again(message).state, again(message).last_error) == (State.WAITING, code)


@pytest.mark.parametrize("status", [THROTTLED, QUEUE_FULL, SYSTEM_ERROR])
def test_what_may_pass_is_tried_again(smsc: Smsc, status: int) -> None:
    smsc.answers(submit=[status])
    message = post_sms()
    delivery.drain()
    assert (again(message).state, again(message).last_error) == (State.WAITING, f"smpp-{status:#04x}")
    assert 0.8 < minutes_to_wait(message) < 1.2
    make_due()
    delivery.drain()
    assert again(message).state == State.SENT


def test_an_operator_that_we_ask_too_much_of_is_left_alone_for_a_while(smsc: Smsc) -> None:
    smsc.answers(submit=[THROTTLED])
    messages = [post_sms() for _ in range(5)]
    delivery.drain()
    assert len(smsc.received) == 1
    assert {again(each).state for each in messages} == {State.WAITING}


def test_a_number_that_is_refused_ends_its_message(smsc: Smsc) -> None:
    smsc.answers(submit=[NO_SUCH_NUMBER])
    message = post_sms()
    delivery.drain()
    assert (again(message).state, again(message).last_error) == (State.DEAD, "number")
    assert "numéro" in again(message).reason_in_words


@pytest.mark.parametrize("how", ["silence", "drop", "garbage", "drip"])
def test_an_operator_that_takes_an_sms_and_says_nothing_is_not_asked_a_third_time(
    smsc: Smsc, impatient: None, how: str
) -> None:
    smsc.answers(submit=[how] * 3)
    message = post_sms()
    delivery.drain()
    assert (again(message).state, again(message).last_error) == (State.WAITING, "silence")
    for _ in range(3):
        make_due()
        delivery.drain()
    assert len(smsc.received) == 2
    assert again(message).state == State.DEAD
    assert "Nous ne savons pas" in again(message).situation_in_words


def test_what_the_operator_asks_meanwhile_is_answered(smsc: Smsc) -> None:
    smsc.answers(submit=["ask"])
    message = post_sms()
    delivery.drain()
    assert again(message).state == State.SENT


def test_an_address_that_cannot_work_is_refused(settings: Any) -> None:
    for url in (
        "smpp:///",
        "https://token@host/",
        "smpp://portail:neuflettres@host",
        "smpp://un-nom-de-plus-de-quinze:a@host",
    ):
        settings.SMS_URL = url
        with pytest.raises(ImproperlyConfigured, match="SMS_URL"):
            smpp.Gateway()
    settings.SMS_URL = "smpp://portail:huit%40car@sms.example"
    gateway = smpp.Gateway()
    assert (gateway.port, gateway.password) == (2775, "huit@car")


def test_a_text_of_which_a_part_was_taken_comes_again_whole_under_the_same_number(
    smsc: Smsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(monkeypatch, "ê" * 100)
    message = post_sms()
    smsc.answers(submit=[0, SYSTEM_ERROR])
    delivery.drain()
    make_due()
    delivery.drain()
    assert again(message).state == State.SENT
    first, second, first_again, second_again = (sms["header"] for sms in smsc.received)
    assert (first, second) == (first_again, second_again) and first != second
