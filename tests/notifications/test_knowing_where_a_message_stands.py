"""What a parent is told of a message, and the operator of all of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db.models import F

from notifications import delivery, retention, tasks
from notifications.models import Heartbeat, LocalMessage, Message, State
from notifications.reasons import smtp_code
from tests.notifications.outbox_rows import again, age, post
from tests.peers import SmtpServer

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("550 5.1.1", "Cette adresse n’existe pas"),
        ("550", "Cette adresse n’existe pas"),
        ("501 5.1.3", "Cette adresse n’existe pas"),
        ("550 5.1.2", "La fin de cette adresse"),
        ("552 5.2.2", "pleine"),
        ("552", "pleine"),
        ("550 5.2.1", "désactivée"),
        ("554 5.7.1", "refuse notre message"),
        ("550 5.7.1", "refuse notre message"),
        ("number", "numéro"),
        ("render", "erreur de notre part"),
        ("interrupted", "erreur de notre part"),
    ],
)
def test_a_refusal_is_told_in_plain_words(code: str, words: str) -> None:
    message = Message(state=State.DEAD, last_error=code)
    assert message.situation == "dead"
    assert words in message.reason_in_words
    assert message.situation_in_words == f"Le message n’a pas pu être remis. {message.reason_in_words}"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("450 4.2.0", "nous demande d’attendre"),
        ("452 4.2.2", "pleine"),
        ("unreachable", "momentanément indisponible"),
        ("auth", "momentanément indisponible"),
        ("http-503", "momentanément indisponible"),
        ("silence", "momentanément indisponible"),
    ],
)
def test_a_delay_is_told_in_plain_words(code: str, words: str) -> None:
    message = Message(state=State.WAITING, last_error=code)
    assert message.situation == "retrying"
    assert words in message.situation_in_words
    assert message.situation_in_words.endswith("Nous réessayons.")


def test_a_new_message_waits() -> None:
    message = Message()
    assert (message.situation, message.reason_in_words) == ("waiting", "")
    assert message.situation_in_words == "Le message va partir."


def test_a_sent_message_tells_when_it_left() -> None:
    message = Message(state=State.SENT, sent_at=datetime(2026, 11, 3, 14, 5, tzinfo=PARIS))
    with time_machine.travel(datetime(2026, 11, 3, 18, 0, tzinfo=PARIS), tick=False):
        assert message.situation_in_words == "Le message est parti à 14\u00a0h\u00a005."
    with time_machine.travel(datetime(2026, 11, 4, 9, 0, tzinfo=PARIS), tick=False):
        assert message.situation_in_words == "Le message est parti le 3\u00a0novembre à 14\u00a0h\u00a005."


@pytest.mark.parametrize("state", [State.VOID, State.WITHDRAWN])
def test_a_message_without_purpose_says_so(state: State) -> None:
    assert Message(state=state).situation_in_words == "Le message a été annulé."


def test_of_a_server_s_words_only_the_codes_are_kept() -> None:
    assert smtp_code(550, b"5.1.1 <ana@example.org>: unknown") == "550 5.1.1"
    assert smtp_code(550, "ana@example.org unknown") == "550"
    assert smtp_code(550, "5.1.1.ana unknown") == "550"
    assert smtp_code(451, b"\xe9") == "451"


@pytest.mark.django_db
def test_the_operator_sees_for_how_long_the_oldest_message_has_waited(
    smtp_server: SmtpServer, django_assert_num_queries: Any
) -> None:
    assert delivery.oldest_unsent_seconds() is None
    post()
    age(timedelta(minutes=10))
    post("r2")
    with django_assert_num_queries(1):
        assert 600 <= (delivery.oldest_unsent_seconds() or 0) < 660
    delivery.drain()
    assert delivery.oldest_unsent_seconds() is None


@pytest.mark.django_db
def test_one_full_mailbox_raises_no_alarm_but_our_own_gateway_does(smtp_server: SmtpServer) -> None:
    smtp_server.answers["RCPT"] = ["452 4.2.2 full"]
    post()
    delivery.drain()
    assert delivery.oldest_unsent_seconds() is None
    smtp_server.answers["MAIL"] = ["530 5.7.0 authentication required"]
    post("r2")
    delivery.drain()
    assert delivery.oldest_unsent_seconds() is not None


@pytest.mark.django_db
def test_the_operator_sees_when_the_worker_was_last_alive(django_assert_num_queries: Any) -> None:
    assert delivery.heartbeat_age_seconds() is None
    tasks.sweep()
    tasks.sweep()
    Heartbeat.objects.update(seen_at=F("seen_at") - timedelta(minutes=2))
    with django_assert_num_queries(1):
        assert 120 <= (delivery.heartbeat_age_seconds() or 0) < 180


@pytest.mark.django_db
def test_addresses_are_forgotten_after_seven_days_and_rows_after_thirty(
    smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    smtp_server.to["nobody@example.org"] = "550 5.1.1 unknown"
    old = [post(), post("void-1"), post("r3", "nobody@example.org")]
    delivery.drain()
    age(timedelta(days=8))
    recent = post("r4")
    delivery.drain()
    late = post("r5")
    Message.objects.filter(pk=late.pk).update(created_at=F("created_at") - timedelta(days=40))
    tasks.purge()
    assert [again(message).to for message in old] == ["", "", ""]
    assert again(recent).to == "ana@example.org"
    age(timedelta(days=23))
    tasks.purge()
    assert list(Message.objects.order_by("id")) == [recent, late]
    assert again(recent).to == ""
    assert again(late).to == "ana@example.org", "what still waits keeps its address"


@pytest.mark.django_db
def test_kept_messages_go_after_thirty_days() -> None:
    kept = LocalMessage.objects.create(message_id=post().public_id, channel="mail", to="a@b.c", text="a")
    tasks.purge()
    assert LocalMessage.objects.get() == kept
    LocalMessage.objects.update(kept_at=F("kept_at") - timedelta(days=31))
    tasks.purge()
    assert not LocalMessage.objects.exists()


@pytest.mark.django_db
def test_a_person_can_have_what_the_outbox_knows_of_them_and_have_it_forgotten(
    smtp_server: SmtpServer,
) -> None:
    sent = post()
    delivery.drain()
    waiting, other = post("r2"), post("r3", "bob@example.org")
    LocalMessage.objects.create(message_id=sent.public_id, channel="mail", to="ana@example.org", text="a")
    known = retention.export(address="ana@example.org")
    assert [row["state"] for row in known] == ["sent", "waiting"]
    assert retention.export(address="") == []
    assert retention.forget(address="ana@example.org") == 2
    assert retention.export(address="ana@example.org") == []
    assert not LocalMessage.objects.exists()
    assert again(waiting).state == State.WITHDRAWN
    assert again(other).to == "bob@example.org"
    assert retention.forget(address="") == 0
