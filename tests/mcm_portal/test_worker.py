"""A worker obeys nobody who found the way to the broker (SAFETY T58)."""

from __future__ import annotations

import base64
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings

from benchmarks.machine import wait_until

from .conftest import ROOT

QUEUE = "test-of-refusals"


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (os.system, (f"touch {self.path}",))


def message(*, body: bytes, content_type: str, task: str) -> str:
    """Return a message as kombu writes it into a Redis list."""
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": "binary",
            "content-type": content_type,
            "headers": {"lang": "py", "task": task, "id": "b6d1f0a2-0000-4000-8000-000000000000"},
            "properties": {
                "body_encoding": "base64",
                "correlation_id": "b6d1f0a2-0000-4000-8000-000000000000",
                "delivery_info": {"exchange": "", "routing_key": QUEUE},
                "delivery_mode": 2,
                "delivery_tag": "b6d1f0a2-0000-4000-8000-000000000000",
                "priority": 0,
            },
        }
    )


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Path]:
    """A real worker; the value is the file of all it says."""
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "mcm_portal", "worker", "--pool", "solo", "-Q", QUEUE]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "-n", "refusals@test"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_until(lambda: "ready" in log.read_text() or process.poll() is not None, seconds=30)
            yield log
        finally:
            process.terminate()
            process.wait(timeout=30)
            redis.Redis.from_url(settings.CELERY_BROKER_URL).delete(QUEUE)


@pytest.mark.long
def test_a_worker_refuses_a_pickle_and_a_task_it_does_not_know(worker: Path, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    pickled = pickle.dumps(([Trap(trap), "jeanne.martin@example.org"], {}, {}))
    for content_type in ("application/x-python-serialize", "application/x-yaml"):
        broker.lpush(
            QUEUE, message(body=pickled, content_type=content_type, task="notifications.tasks.deliver")
        )
    unknown = json.dumps([["jeanne.martin@example.org"], {}, {}]).encode()
    broker.lpush(QUEUE, message(body=unknown, content_type="application/json", task="os.system"))
    wait_until(lambda: broker.llen(QUEUE) == 0)
    # Still there, and still at work: a message of the portal's own is taken after those.
    known = json.dumps([[], {}, {}]).encode()
    broker.lpush(
        QUEUE, message(body=known, content_type="application/json", task="notifications.tasks.deliver")
    )
    wait_until(lambda: "Task notifications.tasks.deliver" in worker.read_text())
    assert not trap.exists()
    output = worker.read_text()
    assert "jeanne" not in output
    assert "Traceback" not in output
