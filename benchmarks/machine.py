"""What everything here needs of the machine: a free port, and waiting for something to happen."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import psycopg2


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], *, seconds: float = 30) -> None:
    """Wait for a condition to hold; fail when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def patiently(drop: Callable[[], Any], *, seconds: float = 30) -> None:
    """Drop a database that dead processes of another role were connected to.

    « WITH (FORCE) » ends one's own connections only; the others end by themselves a moment after their
    processes.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            drop()
            return
        except psycopg2.errors.InsufficientPrivilege:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
