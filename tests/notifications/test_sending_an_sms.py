"""What happens to an SMS between the outbox and the HTTP gateway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from notifications import delivery, letters, sms
from notifications.letters import Letter
from notifications.models import Channel, Message, State
from tests.notifications import hello
from tests.notifications.outbox_rows import again, make_due, minutes_to_wait, post
from tests.peers import free_port
from tests.sms_server import SmsServer
from throttling import limits

pytestmark = pytest.mark.django_db


@pytest.fixture
def sms_server(settings: Any) -> Iterator[SmsServer]:
    server = SmsServer()
    settings.SMS_GATEWAY = "notifications.gateways.http_sms.Gateway"
    settings.SMS_URL = f"http://t%40ken@127.0.0.1:{server.server_port}/send?from=mcm"
    settings.EMAIL_TIMEOUT = 0.3
    with server.running():
        yield server


def post_sms() -> Message:
    return post(to="+33639980001", channel=Channel.SMS)


def test_an_sms_arrives_with_its_id_and_our_token(sms_server: SmsServer) -> None:
    message = post_sms()
    delivery.drain()
    (sms,) = sms_server.received
    assert sms["to"] == "+33639980001"
    assert hello.LINK in sms["text"]
    assert sms["id"] == str(message.public_id)
    assert sms_server.tokens == ["Bearer t@ken"]
    assert again(message).state == State.SENT


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_number_that_is_refused_ends_its_message(sms_server: SmsServer, status: int) -> None:
    sms_server.answers = [status]
    message = post_sms()
    delivery.drain()
    assert (again(message).state, again(message).last_error) == (State.DEAD, "number")
    assert "numéro" in again(message).reason_in_words


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again(sms_server: SmsServer, status: int) -> None:
    sms_server.answers = [status]
    message = post_sms()
    delivery.drain()
    assert (again(message).state, again(message).last_error) == (State.WAITING, f"http-{status}")
    assert 0.8 < minutes_to_wait(message) < 1.2
    make_due()
    delivery.drain()
    assert again(message).state == State.SENT
    assert len({sms["id"] for sms in sms_server.received}) == 1


def test_a_gateway_that_falls_silent_twice_is_not_asked_a_third_time(sms_server: SmsServer) -> None:
    sms_server.answers = [None, None, None]
    message = post_sms()
    for _ in range(4):
        delivery.drain()
        make_due()
    assert len(sms_server.received) == 2
    assert again(message).state == State.DEAD
    assert "Nous ne savons pas" in again(message).situation_in_words


def test_a_gateway_that_is_away_stops_no_mail(settings: Any, smtp_server: Any) -> None:
    settings.SMS_GATEWAY = "notifications.gateways.http_sms.Gateway"
    settings.SMS_URL = f"http://token@127.0.0.1:{free_port()}/"
    sms = [post_sms() for _ in range(delivery.BATCH + 5)]
    mail = post()
    delivery.drain()
    assert again(mail).state == State.SENT
    assert again(sms[0]).last_error == "unreachable"
    assert again(sms[-1]).attempts == 0


def spent() -> int:
    return limits.peek(sms.budget())


def test_what_leaves_in_a_day_is_counted_in_parts_as_operators_do(
    sms_server: SmsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [sms.parts(text) for text in ("a" * 160, "a" * 161, "ê" * 70, "ê" * 71, "€" * 81)] == [
        1,
        2,
        1,
        2,
        2,
    ]
    post_sms()
    delivery.drain()
    assert spent() == 1
    monkeypatch.setattr(letters, "_renderers", {hello.KIND: lambda _about: Letter("", "ê" * 150)})
    post_sms()
    delivery.drain()
    assert spent() == 1 + 3
    post(to="ana@example.org")  # a mail costs nothing of it
    delivery.drain()
    assert spent() == 4


@pytest.mark.parametrize(("answer", "counted"), [(400, 0), (503, 0), (500, 0), (None, 1)])
def test_what_certainly_did_not_leave_is_not_counted(
    sms_server: SmsServer, answer: int | None, counted: int
) -> None:
    sms_server.answers = [answer]
    post_sms()
    delivery.drain()
    assert spent() == counted


def test_over_the_days_budget_an_sms_waits_and_leaves_when_it_is_over(
    sms_server: SmsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms, "BUDGET", 1)
    first, second = post_sms(), post_sms()
    delivery.drain()
    assert len(sms_server.received) == 1
    assert sorted(again(each).state for each in (first, second)) == [State.SENT, State.WAITING]
    late = next(each for each in (first, second) if again(each).state == State.WAITING)
    assert again(late).last_error == "budget" and "Vous n’avez rien à faire" in again(late).reason_in_words
    limits.clear(sms.budget())
    make_due()
    delivery.drain()
    assert again(late).state == State.SENT
