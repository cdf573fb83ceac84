"""Real peers for tests: a mail server that answers as told, and a Redis-protocol server of one's own.

A test package uses them by importing the fixtures in its ``conftest.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.machine import free_port, wait_until
from benchmarks.mail_server import DISCONNECT, SILENCE, Mail, SmtpServer, serving
from benchmarks.private_valkey import PrivateValkey as Valkey
from mcm_portal.celery import app

__all__ = ["DISCONNECT", "SILENCE", "Mail", "SmtpServer", "Valkey", "free_port", "serving", "wait_until"]


@pytest.fixture
def smtp_server(settings: Any) -> Iterator[SmtpServer]:
    """A mail server that the portal of this test sends to, with time-outs that are short."""
    server = SmtpServer()
    settings.MAIL_GATEWAY = "notifications.gateways.smtp.Gateway"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_SSL = settings.EMAIL_USE_TLS = False
    settings.EMAIL_TIMEOUT = 0.5
    with serving(server):
        yield server


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A broker of this test's own, running."""
    server = Valkey(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def broker(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    """The same, which the portal of this test publishes to."""

    def forget_connections() -> None:
        app._pool = app.amqp._producer_pool = None

    monkeypatch.setitem(app.conf, "broker_url", valkey.url)
    forget_connections()
    yield valkey
    forget_connections()
