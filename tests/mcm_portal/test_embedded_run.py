"""make run: it starts, watches and stops; killed, it leaves nothing behind and loses nothing."""

from __future__ import annotations

import os
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcm_portal.embedded.valkey import free_port

from .embedded_portal import Run, embedded, processes_of, wait_until

COUNT_SESSIONS = "from accounts.models import OpenSession as S; print('sessions:', S.objects.count())"
MAKE_A_SESSION = "from accounts.session_store import SessionStore as S; s = S(); s['kept'] = 1; s.save()"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Give a portal that runs, in a folder with a space."""
    run = Run(tmp_path_factory.mktemp("run") / "mes données").until_ready()
    yield run
    run.stop(signal.SIGTERM)


@pytest.fixture
def own_portal(tmp_path: Path) -> Iterator[Run]:
    """Give a portal that a test may kill."""
    run = Run(tmp_path / "data").until_ready()
    yield run
    run.stop(signal.SIGTERM)


def shell(data: Path, code: str) -> str:
    """Run code in Django's shell, as ``make manage`` does."""
    done = embedded("manage", "shell", "-v", "0", "-c", code, DATA_DIR=str(data))
    assert done.returncode == 0, done.stderr
    return done.stdout


def page(run: Run, path: str = "/") -> int:
    """Ask the portal for a page; return the status."""
    with urllib.request.urlopen(f"http://127.0.0.1:{run.port}{path}", timeout=30) as answer:
        return int(answer.status)


def child(run: Run, words: str) -> int:
    """Return a process that the supervisor started, by its command."""
    children = Path(f"/proc/{run.supervisor}/task/{run.supervisor}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ") for pid in children}
    return next(pid for pid, command in commands.items() if words.encode() in command)


def test_the_newcomer_reads_the_address_the_accounts_and_the_mailbox(portal: Run) -> None:
    address = f"http://localhost:{portal.port}"
    assert f"{address}/\n" in portal.said
    assert f"{address}/boite-locale/" in portal.said
    assert "lea.moreau" in portal.said
    assert page(portal) == page(portal, "/boite-locale/") == page(portal, "/healthz") == 200


def test_the_worker_and_its_clock_are_heard_of(portal: Run) -> None:
    def ready() -> bool:
        try:
            return page(portal, "/readyz") == 200
        except urllib.error.HTTPError:
            return False

    wait_until(ready, "/readyz says 200")


def test_a_command_finds_the_portal_that_runs(portal: Run) -> None:
    assert "sessions: " in shell(portal.data, COUNT_SESSIONS)


def test_a_second_start_on_the_same_data_is_refused(portal: Run) -> None:
    second = embedded("run", DATA_DIR=str(portal.data))
    assert second.returncode == 1
    assert "already running" in second.stderr
    assert f"http://localhost:{portal.port}" in second.stderr
    assert page(portal) == 200


def test_a_port_already_taken_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = embedded("run", DATA_DIR=str(tmp_path / "data"), PORT=str(port))
    assert refused.returncode == 1
    assert f"Port {port} is taken" in refused.stderr
    assert f"make run PORT={port + 1}" in refused.stderr
    assert not (tmp_path / "data" / "postgresql").exists()
    assert processes_of(tmp_path / "data") == []


def test_a_port_that_is_none_is_told(tmp_path: Path) -> None:
    refused = embedded("run", DATA_DIR=str(tmp_path / "data"), PORT="huit mille")
    assert refused.returncode == 1
    assert "PORT=huit mille is not a port" in refused.stderr


def test_a_setting_that_is_not_understood_is_told_and_all_is_stopped(tmp_path: Path) -> None:
    refused = embedded(
        "run", DATA_DIR=str(tmp_path / "data"), EMAIL_URL="pigeon://roof", PORT=str(free_port())
    )
    assert refused.returncode == 1
    assert "EMAIL_URL must start with one of" in refused.stderr
    assert processes_of(tmp_path / "data") == []


@pytest.mark.long
def test_it_stops_in_order_and_keeps_the_data(own_portal: Run) -> None:
    shell(own_portal.data, MAKE_A_SESSION)
    assert own_portal.stop(signal.SIGINT) == 0
    assert "Nothing is lost" in own_portal.said
    assert "by force" not in own_portal.said
    assert processes_of(own_portal.data) == []
    last_words = [
        (own_portal.data / "logs" / f"{name}.log").stat().st_mtime_ns
        for name in ("web", "worker", "valkey", "postgresql")
    ]
    assert last_words == sorted(last_words)
    assert "database system is shut down" in (own_portal.data / "logs" / "postgresql.log").read_text()
    assert "sessions: 1" in shell(own_portal.data, COUNT_SESSIONS)


@pytest.mark.long
def test_killed_it_leaves_nothing_behind_and_starts_again(own_portal: Run) -> None:
    shell(own_portal.data, MAKE_A_SESSION)
    assert len(processes_of(own_portal.data)) > 8
    os.kill(own_portal.supervisor, signal.SIGKILL)
    own_portal.process.wait()
    again = Run(
        own_portal.data, PORT=str(own_portal.port)
    ).until_ready()  # at once: it waits for the leftovers
    try:
        assert page(again) == 200
        assert "sessions: 1" in shell(again.data, COUNT_SESSIONS)
        os.kill(again.supervisor, signal.SIGKILL)
        again.process.wait()
        wait_until(lambda: processes_of(again.data) == [], "every process has ended")
    finally:
        again.stop(signal.SIGTERM)


@pytest.mark.long
@pytest.mark.parametrize(
    "words", ["gunicorn", "celery -A mcm_portal worker", "beat", "valkey-server", "postgres -D"]
)
def test_what_dies_is_told_and_started_again(own_portal: Run, words: str) -> None:
    before = child(own_portal, words)
    os.kill(before, signal.SIGKILL)

    def back() -> bool:
        try:
            return child(own_portal, words) != before and page(own_portal, "/readyz") == 200
        except (OSError, StopIteration):
            return False

    wait_until(back, f"{words} is back")
    assert "killed by SIGKILL" in own_portal.said
    assert "sessions: 0" in shell(own_portal.data, COUNT_SESSIONS)
    assert own_portal.stop(signal.SIGINT) == 0
    wait_until(lambda: processes_of(own_portal.data) == [], "every process has ended")


@pytest.mark.long
def test_a_frozen_worker_does_not_hold_up_the_end(own_portal: Run) -> None:
    os.kill(child(own_portal, "celery -A mcm_portal worker"), signal.SIGSTOP)
    assert own_portal.stop(signal.SIGTERM) == 0
    assert "worker did not end within" in own_portal.said
    assert processes_of(own_portal.data) == []


@pytest.mark.long
def test_ctrl_c_while_it_starts_stops_what_was_started(tmp_path: Path) -> None:
    run = Run(tmp_path / "data")
    wait_until(lambda: "Preparing the database" in run.said, "it prepares")
    assert run.stop(signal.SIGINT) == 0
    assert processes_of(run.data) == []
    again = Run(tmp_path / "data").until_ready()
    assert again.stop(signal.SIGINT) == 0
