"""Whoever watches the portal learns how it is, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from benchmarks.machine import free_port, wait_until
from mcm_portal import health, metrics
from mcm_portal.embedded import valkey
from notifications.models import Heartbeat, Message

from .conftest import ROOT


@pytest.fixture
def watcher() -> Client:
    """A balancer: it asks by address, with a host name nobody allowed."""
    return Client(headers={"host": "10.1.2.3:8000"})


@pytest.fixture
def worker_alive(db: None) -> None:
    """The worker gave a sign of life just now."""
    Heartbeat.objects.update_or_create(name="worker")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A broker of the test's own, which it may stop and fill."""
    port = free_port()
    server = subprocess.Popen(
        [valkey.binary(), "--port", str(port), "--save", "", "--dir", str(tmp_path), "--bind", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
    )
    before, settings.CELERY_BROKER_URL = settings.CELERY_BROKER_URL, f"redis://127.0.0.1:{port}/0"
    wait_until(lambda: health.broker_check().ok)
    yield server
    settings.CELERY_BROKER_URL = before
    server.kill()
    server.wait()


def ago(model: type, field: str, seconds: int) -> None:
    """Age every row of a table by the clock of the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {model._meta.db_table} SET {field} = statement_timestamp() - %s * interval '1 second'",
            [seconds],
        )


def test_the_portal_says_that_it_is_alive_without_the_database(watcher: Client) -> None:
    response = watcher.get("/healthz")  # this test has no database: a query would fail it
    assert response.status_code == 200
    assert response.json() == {"status": "alive"}
    assert not response.cookies
    assert watcher.head("/healthz").status_code == 200
    assert watcher.post("/healthz").status_code == 405


def test_the_portal_is_ready_when_all_it_stands_on_answers(
    watcher: Client, worker_alive: None, broker: object
) -> None:
    response = watcher.get("/readyz")
    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "ready"
    assert set(body["checks"]) == {"database", "broker", "worker", "outbox"}
    assert all(check["ok"] for check in body["checks"].values())
    assert response["Cache-Control"] == "no-store"


def test_without_the_broker_people_are_still_served(
    watcher: Client, worker_alive: None, broker: subprocess.Popen[bytes]
) -> None:
    broker.kill()
    broker.wait()
    response = watcher.get("/readyz")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["checks"]["broker"] == {"ok": False}


def test_a_frozen_broker_keeps_no_probe_waiting(broker: subprocess.Popen[bytes]) -> None:
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(1) as someone:
            assert someone.submit(health.broker_check).result(timeout=4) == health.Check(ok=False)
    finally:
        os.kill(broker.pid, signal.SIGCONT)


def test_a_broker_that_is_nearly_full_is_told_before_it_is(
    watcher: Client, worker_alive: None, broker: object
) -> None:

    client = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    used = client.info("memory")["used_memory"]
    client.config_set("maxmemory", int(used * 1.25))
    check = watcher.get("/readyz").json()["checks"]["broker"]
    assert not check["ok"]
    assert 0.7 < check["filled"] < 1.1


def test_a_worker_that_is_silent_or_was_never_there_is_told(watcher: Client, worker_alive: None) -> None:
    ago(Heartbeat, "seen_at", 61)
    worker = watcher.get("/readyz").json()["checks"]["worker"]
    assert not worker["ok"]
    assert 61 <= worker["seconds"] < 70
    Heartbeat.objects.all().delete()
    assert watcher.get("/readyz").json()["checks"]["worker"] == {"ok": False, "seconds": None, "most": 60}


def test_a_message_that_waits_for_more_than_five_minutes_is_told(watcher: Client, worker_alive: None) -> None:
    Message.objects.create(kind="any", reference="1", to="jeanne.martin@example.org", channel="mail")
    ago(Message, "created_at", 290)
    assert watcher.get("/readyz").json()["checks"]["outbox"]["ok"]
    ago(Message, "created_at", 301)
    response = watcher.get("/readyz")
    assert response.json()["status"] == "degraded"
    assert not response.json()["checks"]["outbox"]["ok"]
    assert b"jeanne" not in response.content


def test_without_postgresql_the_portal_is_down_and_says_so_in_numbers_only(
    watcher: Client, monkeypatch: pytest.MonkeyPatch
) -> None:

    def refuse(*args: object, **kwargs: object) -> None:
        raise OperationalError("password authentication failed for user mcm at db.example.org")

    monkeypatch.setattr(connection, "cursor", refuse)
    monkeypatch.setattr(connection, "close", lambda: None)
    response = watcher.get("/readyz")
    assert response.status_code == 503
    body = response.json()
    assert body["status"] == "down"
    assert body["checks"]["database"] == body["checks"]["worker"] == body["checks"]["outbox"] == {"ok": False}
    assert "example.org" not in json.dumps(body)


@pytest.mark.django_db
def test_metrics_count_pages_by_name_and_the_outbox_by_state(watcher: Client) -> None:
    here = Client()
    here.get("/")
    here.get("/nulle-part/Jeton01xQ7Zk3vT9mLw?x=jeanne.martin")
    Message.objects.create(kind="any", reference="1", to="jeanne.martin@example.org", channel="mail")
    response = watcher.get("/metrics")
    assert response.status_code == 200
    text = response.content.decode()
    assert 'portal_request_seconds_count{method="GET",status="200",view="home"}' in text
    assert 'portal_request_seconds_count{method="GET",status="404",view="-"}' in text
    assert 'portal_outbox_messages{state="waiting"} 1.0' in text
    assert "portal_database_up 1.0" in text
    assert "portal_outbox_oldest_unsent_seconds" in text
    assert "Jeton" not in text
    assert "jeanne" not in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.7", {}, 200),
        ("192.168.1.7", {}, 200),
        ("8.8.8.8", {}, 404),
        ("127.0.0.1", {"x-forwarded-for": "8.8.8.8"}, 404),
        ("127.0.0.1", {"x-forwarded-for": ""}, 404),
        ("127.0.0.1", {"forwarded": "for=8.8.8.8"}, 404),
        ("", {}, 404),
    ],
)
def test_metrics_are_for_neighbours_only(peer: str, headers: dict[str, str], status: int) -> None:
    assert Client(REMOTE_ADDR=peer).get("/metrics", headers=headers).status_code == status


def test_the_numbers_of_several_web_processes_are_added_up(tmp_path: Path) -> None:
    script = (
        "import django; django.setup()\n"
        "from mcm_portal import metrics\n"
        "metrics.REQUESTS.labels('home', 'GET', '200').observe(0.02)\n"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    for _ in range(2):
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=True)
    last = script + "metrics.PortalCollector.collect = lambda self: []\nprint(metrics.exposition().decode())"
    done = subprocess.run(
        [sys.executable, "-c", last], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    assert 'portal_request_seconds_count{method="GET",status="200",view="home"} 3.0' in done.stdout


def test_a_strange_method_makes_no_new_series() -> None:
    assert {"GET", "HEAD", "POST"} == metrics.METHODS
