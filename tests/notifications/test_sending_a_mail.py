"""What happens to a mail between the outbox and the server of the family's address."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from notifications import delivery, letters
from notifications.gateways import smtp
from notifications.gateways.base import Parcel
from notifications.letters import Letter
from notifications.models import Message, State
from tests.notifications import hello
from tests.notifications.outbox_rows import again, age, make_due, minutes_to_wait, post
from tests.peers import DISCONNECT, SILENCE, SmtpServer, free_port

pytestmark = pytest.mark.django_db


def test_a_mail_arrives_as_text_and_html(smtp_server: SmtpServer, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "Ma classe à la maison <mcm@example.fr>"
    settings.ADMIN_CONTACT = "aide@example.fr"
    message = post()
    delivery.drain()
    (mail,) = smtp_server.messages
    headers = mail.parsed
    assert (mail.sender, mail.to) == ("mcm@example.fr", "ana@example.org")
    assert headers["From"] == "Ma classe à la maison <mcm@example.fr>"
    assert headers["To"] == "ana@example.org"
    assert headers["Reply-To"] == "aide@example.fr"
    assert headers["Subject"] == "Bonjour r1"
    assert headers["Message-ID"] == f"<{message.public_id}@example.fr>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Content-Language"] == "fr"
    assert headers["Date"].datetime is not None
    assert mail.text.splitlines() == ["Bonjour,", "", "voici votre lien :", hello.LINK]
    assert f'href="{hello.LINK}"' in mail.html
    message = again(message)
    assert (message.state, message.attempts, message.last_error) == (State.SENT, 1, "")
    assert message.sent_at is not None
    assert message.lease_until is None


def test_a_batch_leaves_over_one_connection_for_less_than_two_statements_a_mail(
    smtp_server: SmtpServer, django_assert_max_num_queries: Any
) -> None:
    for number in range(40):
        post(f"r{number}")
    with django_assert_max_num_queries(40 + 2 + 2):  # a result each, a claim by twenty, two that find none
        delivery.drain()
    assert len(smtp_server.messages) == 40
    assert smtp_server.connections == 1


def test_an_address_that_does_not_exist_ends_its_message_and_no_other(smtp_server: SmtpServer) -> None:
    smtp_server.to["nobody@example.org"] = "550 5.1.1 <nobody@example.org>: user unknown"
    dead = post("r1", "nobody@example.org")
    sent = post("r2")
    delivery.drain()
    dead = again(dead)
    assert (dead.state, dead.attempts, dead.last_error) == (State.DEAD, 1, "550 5.1.1")
    assert dead.reason_in_words.startswith("Cette adresse n’existe pas")
    assert again(sent).state == State.SENT


@pytest.mark.parametrize(
    ("command", "answer", "code"),
    [
        ("RCPT", "552 5.2.2 full", "552 5.2.2"),
        ("RCPT", "554 5.7.1 no", "554 5.7.1"),
        ("DATA", "554 5.6.0 no", "554 5.6.0"),
        ("DATA", "550 no", "550"),
    ],
)
def test_a_refusal_for_good_is_not_tried_again(
    smtp_server: SmtpServer, command: str, answer: str, code: str
) -> None:
    smtp_server.answers[command] = [answer]
    message = post()
    delivery.drain()
    assert (again(message).state, again(message).last_error) == (State.DEAD, code)
    make_due()
    delivery.drain()
    assert again(message).attempts == 1


@pytest.mark.parametrize(
    ("command", "answer", "code"),
    [
        ("RCPT", "450 4.2.0 greylisted", "450 4.2.0"),
        ("RCPT", "452 4.2.2 full", "452 4.2.2"),
        ("RCPT", "421 4.3.2 shutting down", "421 4.3.2"),
        ("DATA", "451 later", "451"),
        ("DATA", SILENCE, "silence"),
        ("DATA", DISCONNECT, "silence"),
        ("RCPT", SILENCE, "timeout"),
        ("RCPT", DISCONNECT, "disconnected"),
    ],
)
def test_a_trouble_that_may_pass_is_tried_again_a_minute_later(
    smtp_server: SmtpServer, command: str, answer: str, code: str
) -> None:
    smtp_server.answers[command] = [answer]
    message = post()
    other = post("r2", "bob@example.org")
    delivery.drain()
    message = again(message)
    assert (message.state, message.attempts, message.last_error) == (State.WAITING, 1, code)
    assert message.situation == "retrying"
    assert 0.8 < minutes_to_wait(message) < 1.2
    assert again(other).state == State.SENT
    make_due()
    delivery.drain()
    assert again(message).state == State.SENT
    assert len({mail.id for mail in smtp_server.messages if mail.to == "ana@example.org"}) == 1


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("MAIL", "550 5.7.1 sender refused"),
        ("MAIL", "530 5.7.0 authentication required"),
        ("RCPT", "530 5.7.0 authentication required"),
        ("RCPT", "535 5.7.8 bad credentials"),
        ("DATA", "503 5.5.1 bad sequence"),
    ],
)
def test_a_fault_of_ours_costs_nobody_their_message(
    smtp_server: SmtpServer, command: str, answer: str
) -> None:
    smtp_server.answers[command] = [answer]
    tried, untried = post("r1"), post("r2", "bob@example.org")
    delivery.drain()
    tried, untried = again(tried), again(untried)
    assert [tried.state, untried.state] == [State.WAITING, State.WAITING]
    assert [tried.attempts, untried.attempts] == [1, 0]
    assert "indisponible" in tried.reason_in_words
    assert 0.8 < minutes_to_wait(untried) < 1.2
    make_due()
    delivery.drain()
    assert {again(tried).state, again(untried).state} == {State.SENT}


def test_a_server_that_is_away_is_asked_once_a_batch(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MAIL_GATEWAY = "notifications.gateways.smtp.Gateway"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    asked = []
    open_for_real = smtp._open
    monkeypatch.setattr(smtp, "_open", lambda: asked.append(1) or open_for_real())
    for number in range(60):
        post(f"r{number}")
    delivery.drain()
    assert len(asked) == 1
    assert Message.objects.filter(last_error="unreachable").count() == delivery.BATCH
    assert Message.objects.filter(attempts=1).count() == 1


def test_a_server_that_is_back_is_found_again_within_minutes(settings: Any) -> None:
    settings.MAIL_GATEWAY = "notifications.gateways.smtp.Gateway"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    message = post()
    Message.objects.update(attempts=9)
    delivery.drain()
    assert 4 < minutes_to_wait(message) < 6


def test_a_server_that_tires_of_a_connection_does_not_delay_the_next_mail(smtp_server: SmtpServer) -> None:
    smtp_server.answers["MAIL"] = ["250 OK", "421 4.7.0 too many messages for one connection"]
    first, second = post("r1"), post("r2")
    delivery.drain()
    assert (again(first).state, again(second).state) == (State.SENT, State.SENT)
    assert smtp_server.connections == 2


def test_after_48_hours_of_trouble_a_message_is_dead_and_keeps_its_reason(smtp_server: SmtpServer) -> None:
    smtp_server.to["ana@example.org"] = "451 4.7.1 greylisted"
    message = post()
    age(timedelta(hours=47, minutes=30))
    Message.objects.update(attempts=12)
    delivery.drain()
    assert again(message).state == State.WAITING
    assert 29 < minutes_to_wait(message) < 31  # not the four hours that would be due: a last try at 48 h
    age(timedelta(minutes=31))
    delivery.drain()
    message = again(message)
    assert (message.state, message.last_error) == (State.DEAD, "451 4.7.1")
    assert message.situation_in_words.endswith("Nous avons essayé pendant deux jours.")


def test_a_message_that_waited_for_a_worker_too_long_is_still_tried(smtp_server: SmtpServer) -> None:
    message = post()
    age(timedelta(hours=72))
    delivery.drain()
    assert again(message).state == State.SENT


@given(st.floats(0, 1))
def test_the_delays_are_1_2_5_10_20_40_minutes_and_so_on_give_or_take_a_tenth(luck: float) -> None:
    minutes = [delivery.delay_after(attempt, luck) / timedelta(minutes=1) for attempt in range(1, 9)]
    for delay, nominal in zip(minutes, (1, 2, 5, 10, 20, 40, 80, 160), strict=True):
        assert nominal * 0.9 <= delay <= nominal * 1.1


@given(st.floats(0, 1), st.integers(1, 30_000))
def test_the_delays_never_shrink_nor_exceed_four_hours(luck: float, attempt: int) -> None:
    first, second = (delivery.delay_after(number, luck) for number in (attempt, attempt + 1))
    assert first <= second <= timedelta(hours=4) * 1.1


def test_a_dozen_and_some_attempts_fit_into_48_hours() -> None:
    ends = [sum((delivery.delay_after(n, 0.5) for n in range(1, k)), timedelta()) for k in range(1, 30)]
    assert all(earlier < later for earlier, later in pairwise(ends))
    assert 15 < sum(end < delivery.KEEP_TRYING for end in ends) < 22


def test_a_letter_without_purpose_is_closed_and_nothing_leaves(smtp_server: SmtpServer) -> None:
    message = post("void-1")
    delivery.drain()
    assert (again(message).state, again(message).attempts) == (State.VOID, 0)
    assert smtp_server.messages == []


def test_a_letter_that_cannot_be_written_is_given_up_after_five_attempts_and_holds_up_no_other(
    smtp_server: SmtpServer,
    caplog: pytest.LogCaptureFixture,
    our_lines: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    poison, other = post("poison-1"), post("r2")
    for attempt in range(1, 5):
        delivery.drain()
        assert (again(poison).state, again(poison).attempts) == (State.WAITING, attempt)
        make_due()
    delivery.drain()
    assert (again(poison).state, again(poison).last_error) == (State.DEAD, "render")
    assert again(other).state == State.SENT
    said = caplog.text + "".join([*our_lines, *capsys.readouterr()])
    assert str(poison.public_id) in said and "ana@example.org" not in said


def test_a_letter_that_was_greylisted_for_long_may_fail_to_be_written_once(smtp_server: SmtpServer) -> None:
    message = post("poison-1")
    Message.objects.update(attempts=7, last_error="450 4.2.0")
    delivery.drain()
    assert (again(message).state, again(message).last_error) == (State.WAITING, "render")


def test_a_letter_that_the_database_refused_for_a_moment_is_not_given_up(
    smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_time(context: letters.Context) -> Letter:
        raise OperationalError("statement timeout")

    monkeypatch.setitem(letters._renderers, hello.KIND, out_of_time)
    message = post()
    Message.objects.update(attempts=7)
    delivery.drain()
    assert again(message).state == State.WAITING


def test_a_gateway_with_a_bug_costs_nobody_their_message(settings: Any) -> None:
    settings.MAIL_GATEWAY = "tests.notifications.test_sending_a_mail.BrokenGateway"
    message = post()
    Message.objects.update(attempts=7)
    delivery.drain()
    assert (again(message).state, again(message).last_error) == (State.WAITING, "unexpected")


class BrokenGateway:
    def send(self, parcel: Parcel) -> None:
        raise TypeError(parcel.to)

    def close(self) -> None: ...


@pytest.mark.parametrize("nasty", ["a\r\nBcc: eve@evil.example", "a\nb", "a\u2028b", "a\x85b", "é\r\nX: y"])
def test_nothing_typed_can_add_a_header(smtp_server: SmtpServer, nasty: str) -> None:
    post(nasty)
    delivery.drain()
    (mail,) = smtp_server.messages
    assert set(mail.parsed.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "Reply-To",
        "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert mail.parsed["Subject"] == " ".join(f"Bonjour {nasty}".split())


@pytest.mark.parametrize(
    "nasty",
    ["a@b.c\r\nBcc: eve@evil.example", "a@b.c,eve@evil.example", "<a@b.c>", "é@b.c", "ana", "a b@c.d"],
)
def test_what_is_no_address_is_refused_before_any_server_is_asked(
    smtp_server: SmtpServer, nasty: str
) -> None:
    message = post(to=nasty)
    delivery.drain()
    assert again(message).state == State.DEAD
    assert smtp_server.connections == 0


def test_long_and_foreign_text_arrives_whole(smtp_server: SmtpServer) -> None:
    text = "Đào L’Haÿ « œuvre »\n.\n..\nFrom here = on\n" + "x" * 3000 + "\n"
    parcel = Parcel(
        post().public_id, "mail", "ana@example.org", "fr", Letter("É" * 200, text, f"<p>{text}</p>")
    )
    gateway = smtp.Gateway()
    gateway.send(parcel)
    gateway.close()
    (mail,) = smtp_server.messages
    assert mail.text == text
    assert mail.html.strip() == f"<p>{text}</p>"
    assert mail.parsed["Subject"] == "É" * 200
    assert all(len(line) <= 78 for line in mail.raw.decode("ascii").split("\r\n"))


def test_without_a_gateway_outside_debug_messages_wait(settings: Any) -> None:
    settings.MAIL_GATEWAY = "notifications.gateways.closed.Gateway"
    message = post()
    delivery.drain()
    assert (again(message).state, again(message).last_error) == (State.WAITING, "closed")


def test_an_sms_gateway_in_clear_is_for_this_machine_only(settings: Any) -> None:
    from notifications.gateways import http_sms

    settings.SMS_URL = "http://token@sms.example/send"
    with pytest.raises(ImproperlyConfigured, match="https"):
        http_sms.Gateway()
    for url in ("https://token@sms.example/send", "http://token@127.0.0.1/send", "http://token@[::1]/send"):
        settings.SMS_URL = url
        http_sms.Gateway()
