"""Several senders at once, and senders that die."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction

from notifications import delivery, nudge
from notifications.models import Heartbeat, Message, State
from tests.notifications.outbox_rows import again, age, post
from tests.peers import SILENCE, SmtpServer, Valkey, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parent.parent.parent


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process that works on the database of this test."""
    base = connection.settings_dict
    query = f"?host={base['HOST']}&port={base['PORT'] or 5432}"
    password = f":{base['PASSWORD']}" if base["PASSWORD"] else ""
    url = f"postgresql://{base['USER']}{password}@localhost/{base['NAME']}{query}"
    return {**os.environ, "DATABASE_URL": url, "DEBUG": "1", "PYTHONPATH": str(ROOT), **more}


@contextlib.contextmanager
def process(*command: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process in a group of its own, which does not outlive the test."""
    running = subprocess.Popen(
        [sys.executable, "-m", *command], env=environment(**more), cwd=ROOT, start_new_session=True
    )
    try:
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def drain_in_threads(count: int) -> None:
    def drain() -> None:
        try:
            delivery.drain()
        finally:
            connection.close()

    threads = [threading.Thread(target=drain) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("senders", [2, 10])
def test_senders_at_once_send_each_mail_once(smtp_server: SmtpServer, senders: int) -> None:
    for number in range(100):
        post(f"r{number}")
    drain_in_threads(senders)
    assert len(smtp_server.messages) == 100
    assert set(Counter(mail.id for mail in smtp_server.messages).values()) == {1}
    assert Message.objects.filter(state=State.SENT).count() == 100


def test_a_sender_takes_what_others_do_not_hold_and_waits_for_none(smtp_server: SmtpServer) -> None:
    for number in range(delivery.BATCH + 5):
        post(f"r{number}")
    with transaction.atomic():  # this sender has not finished claiming when the other comes
        mine = delivery.claim(delivery._CLAIM_NEW, most=delivery.BATCH, interrupted=0, without=[])
        drain_in_threads(1)
    assert len(smtp_server.messages) == 5
    assert Message.objects.filter(pk__in=[held.id for held in mine], state=State.WAITING).count() == 20


def test_a_sender_killed_after_the_server_took_the_mail_makes_it_leave_twice_and_loses_none(
    smtp_server: SmtpServer,
) -> None:
    smtp_server.answers["DATA"] = ["250 OK", SILENCE]
    messages = [post(f"r{number}") for number in range(4)]
    with process("tests.notifications.worker", EMAIL_URL=smtp_server.url):
        wait_until(lambda: len(smtp_server.messages) == 2)
    delivery.drain()
    assert len(smtp_server.messages) == 2, "what the dead sender holds is left alone until its lease ends"
    age(delivery.LEASE + timedelta(seconds=1))
    delivery.drain()
    assert [again(message).state for message in messages] == [State.SENT] * 4
    copies = Counter(mail.id.partition("@")[0] for mail in smtp_server.messages)
    assert sorted(copies.values()) == [1, 1, 1, 2]
    assert copies[f"<{messages[1].public_id}"] == 2


def test_a_letter_that_kills_its_sender_is_given_up_and_takes_no_other_with_it(
    smtp_server: SmtpServer,
) -> None:
    deadly = post("deadly-1")
    others = [post(f"r{number}") for number in range(3)]
    for _ in range(5):
        with process("tests.notifications.worker", EMAIL_URL=smtp_server.url) as sender:
            assert sender.wait(60) == -signal.SIGKILL
        age(delivery.LEASE + timedelta(seconds=1))
    delivery.drain()
    assert (again(deadly).state, again(deadly).last_error) == (State.DEAD, "interrupted")
    assert {again(other).state for other in others} == {State.SENT}
    assert len(smtp_server.messages) == 3


def test_a_sender_that_lost_its_lease_does_not_undo_what_another_did(smtp_server: SmtpServer) -> None:
    message = post()
    (slow,) = delivery.claim(delivery._CLAIM_NEW, most=1, interrupted=0, without=[])
    age(delivery.LEASE + timedelta(seconds=1))
    delivery.drain()
    assert again(message).state == State.SENT
    delivery.postpone(slow, "timeout")
    delivery.close(slow, State.DEAD, "550")
    delivery.put_back([slow])
    assert again(message).state == State.SENT


def test_a_drain_that_takes_too_long_puts_the_rest_back(
    smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BEGIN_WITHIN", 0.1)
    smtp_server.answers["RCPT"] = [SILENCE]
    messages = [post(f"r{number}") for number in range(3)]
    assert delivery.drain() is True
    assert [again(message).attempts for message in messages] == [1, 0, 0]
    assert not Message.objects.filter(lease_until__isnull=False).exists()
    monkeypatch.setattr(delivery, "BEGIN_WITHIN", 10)
    assert delivery.drain() is False
    assert [again(message).state for message in messages[1:]] == [State.SENT] * 2


def test_a_nudge_makes_a_worker_send_and_nothing_personal_passes_the_broker(
    smtp_server: SmtpServer, broker: Valkey
) -> None:
    seen: list[str] = []
    client = broker.client()
    client.ping()
    watching = threading.Event()

    def watch() -> None:
        with broker.client().monitor() as monitor:
            watching.set()
            with contextlib.suppress(Exception):  # ends with the server
                for command in monitor.listen():
                    seen.append(command["command"])

    threading.Thread(target=watch, daemon=True).start()
    assert watching.wait(10)
    worker = ("celery", "-A", "tests.notifications.worker", "worker", "-c", "1", "-l", "warning")
    with process(*worker, EMAIL_URL=smtp_server.url, REDIS_URL=broker.url):
        message = post()
        wait_until(lambda: again(message).state == State.SENT)
    everything = "\n".join(seen)
    assert "notifications.tasks.deliver" in everything
    for private in ("ana@", "example.org", "secret-of-this-letter", "lien", "r1", str(message.public_id)):
        assert private not in everything


def test_a_worker_keeps_its_connection_to_postgresql_and_makes_another_when_it_breaks(
    smtp_server: SmtpServer, broker: Valkey
) -> None:
    def served() -> list[int]:
        """Have a mail sent; return the processes of PostgreSQL that serve the worker since."""
        message = post()
        wait_until(lambda: again(message).state == State.SENT)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'kept'")
            return [pid for (pid,) in cursor.fetchall()]

    worker = ("celery", "-A", "tests.notifications.worker", "worker", "-c", "1", "-l", "warning")
    with process(*worker, EMAIL_URL=smtp_server.url, REDIS_URL=broker.url, PGAPPNAME="kept"):
        (first,) = served()
        assert served() == [first]
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [first])
        (another,) = served()
        assert another != first


@pytest.mark.parametrize("minutes", ["10", "-10"])
def test_a_worker_whose_clock_is_off_sends_when_it_is_nudged(
    smtp_server: SmtpServer, broker: Valkey, minutes: str
) -> None:
    worker = ("celery", "-A", "tests.notifications.worker", "worker", "-c", "1", "-l", "warning")
    with process("benchmarks.clock", minutes, *worker, EMAIL_URL=smtp_server.url, REDIS_URL=broker.url):
        message = post()
        wait_until(lambda: again(message).state == State.SENT)


def test_the_sweeper_sends_however_far_the_clocks_of_its_nodes_are_apart(
    smtp_server: SmtpServer, valkey: Valkey
) -> None:
    app = ("celery", "-A", "tests.notifications.worker")
    servers = {"EMAIL_URL": smtp_server.url, "REDIS_URL": valkey.url}
    message = post()
    with (
        process("benchmarks.clock", "600", *app, "worker", "-c", "1", "-l", "warning", **servers),
        process(*app, "beat", "-l", "warning", "--pidfile=", **servers),
    ):
        wait_until(lambda: again(message).state == State.SENT)


def test_with_the_broker_stopped_or_frozen_posting_waits_for_nothing_and_the_sweeper_sends(
    smtp_server: SmtpServer, broker: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishers: list[str] = []
    publish = nudge.publish

    def publish_and_tell() -> None:
        publishers.append(threading.current_thread().name)
        publish()

    monkeypatch.setattr(nudge, "publish", publish_and_tell)
    broker.freeze()
    messages = [post("r1")]
    wait_until(lambda: publishers)
    messages += [post("r2"), post("r3")]
    delivery.drain()
    broker.thaw()
    broker.kill()
    messages.append(post("r4"))
    delivery.drain()
    assert [again(message).state for message in messages] == [State.SENT] * 4
    assert set(publishers) == {"nudge"}, "no page publishes"


def test_after_a_freeze_nudges_pass_again(broker: Valkey) -> None:
    broker.freeze()
    post("r1")
    broker.thaw()
    client = broker.client()
    wait_until(lambda: post("r2") and client.llen("celery") > 0)


@pytest.mark.parametrize("fault", [Valkey.kill, Valkey.freeze])
def test_beat_sweeps_by_itself_while_the_broker_is_away(
    smtp_server: SmtpServer, valkey: Valkey, fault: Callable[[Valkey], None]
) -> None:
    fault(valkey)
    message = post()
    beat = ("celery", "-A", "tests.notifications.worker", "beat", "-l", "warning", "--pidfile=")
    with process(*beat, EMAIL_URL=smtp_server.url, REDIS_URL=valkey.url):
        wait_until(lambda: again(message).state == State.SENT)
        wait_until(lambda: Heartbeat.objects.exists())


def test_a_process_forked_in_the_middle_of_a_nudge_is_not_held_up_by_it(nudges: list[str]) -> None:
    post()
    wait_until(lambda: nudges)
    reader, writer = os.pipe()
    with nudge._pending.mutex:  # as any thread may hold it when another forks
        child = os.fork()
        if not child:
            nudge.publish = lambda: os.write(writer, b"!")
            nudge.nudge()
            signal.pause()
    try:
        os.set_blocking(reader, False)

        def heard() -> bytes:
            with contextlib.suppress(BlockingIOError):
                return os.read(reader, 1)
            return b""

        wait_until(heard, seconds=10)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
