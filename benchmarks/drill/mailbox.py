"""The mail server of the drill: every family's mailbox, and the moods the server can be in."""

from __future__ import annotations

import asyncio
import email
import email.policy
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from benchmarks.mail_server import SmtpServer
from benchmarks.sink import LINK

OK = "250 OK"
GONE = "421 4.3.2 gone"  # nobody is there any more to read it


@dataclass(frozen=True)
class Copy:
    """A mail in somebody's mailbox."""

    at: float
    to: str
    message_id: str
    link: str


class Mood:
    """How the server answers meanwhile; ``met`` counts the answers that were not the usual ones."""

    def __init__(self) -> None:
        self.met = 0

    async def recipient(self, address: str) -> str:
        """Answer whether a mail to this address is welcome."""
        return OK

    async def mail(self, take: Callable[[], None]) -> str:
        """Take the mail in charge, or not, and answer."""
        take()
        return OK


class Postpones(Mood):
    """« Later »: as a busy server says it, as a full mailbox, and after it has read all."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = itertools.cycle(("451 4.3.0 later", "452 4.2.2 full", ""))

    async def recipient(self, address: str) -> str:
        self.met += 1
        return next(self.answers) or OK

    async def mail(self, take: Callable[[], None]) -> str:
        return "451 4.7.1 later"


class Refuses(Mood):
    """« Never »: no such address, or, after it has read all, not this mail."""

    async def recipient(self, address: str) -> str:
        self.met += 1
        return "550 5.1.1 unknown" if self.met % 2 else OK

    async def mail(self, take: Callable[[], None]) -> str:
        return "554 5.7.1 refused"


class FallsSilent(Mood):
    """It listens and says nothing more."""

    async def recipient(self, address: str) -> str:
        self.met += 1
        await asyncio.sleep(60)
        return GONE


class TakesLate(Mood):
    """It takes the mail in charge and says so after the sender has lost patience (RFC 5321, 4.5.3.2.6)."""

    LATER = 25  # seconds; the portal waits for 20

    async def mail(self, take: Callable[[], None]) -> str:
        take()
        self.met += 1
        await asyncio.sleep(self.LATER)
        return OK


class Greylists(Mood):
    """Whom it does not know is to come back."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[str] = set()

    async def recipient(self, address: str) -> str:
        if address in self.known:
            return OK
        self.known.add(address)
        self.met += 1
        return "450 4.2.0 greylisted"


class Holds(Mood):
    """It holds the first mail, before it is written or with its last answer, until told to go on."""

    def __init__(self, *, with_its_answer: bool) -> None:
        super().__init__()
        self.with_its_answer = with_its_answer
        self.go_on = threading.Event()

    async def recipient(self, address: str) -> str:
        if not self.with_its_answer:
            await self._hold()
        return OK

    async def mail(self, take: Callable[[], None]) -> str:
        take()
        if self.with_its_answer:
            await self._hold()
        return OK

    async def _hold(self) -> None:
        self.met += 1
        while not self.go_on.is_set():
            await asyncio.sleep(0.02)


class KillsWhoBringsIt(Mood):
    """One mail, the first that comes, is the death of whoever brings it (SAFETY F8)."""

    def __init__(self, kill: Callable[[], None]) -> None:
        super().__init__()
        self.kill = kill
        self.poison = ""

    async def recipient(self, address: str) -> str:
        self.poison = self.poison or address
        if address == self.poison:
            self.met += 1
            self.kill()
            return GONE
        return OK


class Mailbox(SmtpServer):
    """Takes every mail, unless its mood is another; notes when."""

    def __init__(self) -> None:
        super().__init__()
        self.mood = Mood()
        self.copies: list[Copy] = []
        self.arrived = threading.Condition()

    def newest(self, addresses: list[str], *, known: int, seconds: float) -> tuple[Copy | None, int]:
        """Wait for more than ``known`` mails to these addresses; return the newest and their number."""

        def found() -> list[Copy]:
            return [copy for copy in self.copies if copy.to in addresses]

        with self.arrived:
            self.arrived.wait_for(lambda: len(found()) > known, timeout=seconds)
            mails = found()
        return (mails[-1], len(mails)) if len(mails) > known else (None, known)

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """See :class:`SmtpServer`."""
        answer = await self.mood.recipient(address)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """See :class:`SmtpServer`."""
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = mail.get_body(("plain",))
        link = LINK.search(body.get_content() if body else "")
        to, message_id = envelope.rcpt_tos[0], str(mail["Message-ID"])

        def take() -> None:
            with self.arrived:
                path = urlsplit(link[0]).path if link else ""
                self.copies.append(Copy(time.monotonic(), to, message_id, path))
                self.arrived.notify_all()

        return await self.mood.mail(take)
