"""A mail server that keeps what it receives, and answers as told."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from .machine import free_port

# Answers that are not words.
SILENCE = "silence"
DISCONNECT = "disconnect"


@dataclass
class Mail:
    """A mail as the server received it."""

    sender: str
    to: str
    raw: bytes

    @property
    def parsed(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=email.policy.default)

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
            assert isinstance(server.transport, asyncio.WriteTransport)
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
