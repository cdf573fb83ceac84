"""The whole portal as in production, in processes of its own, with a mail server to look into."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.installation import Installation
from tests.peers import Mail, SmtpServer, Valkey, free_port, serving, wait_until
from tests.sms_server import SmsServer

from .proxy import https

PATIENCE = 60  # seconds; reached only when something is broken


class Portal(Installation):
    """An installation behind HTTPS, with a broker and a mail server of its own.

    ``server`` is the URL of a PostgreSQL where a database may be made. Secure cookies.
    """

    settings = "tests.journeys.production"

    def __init__(self, folder: Path, *, server: str) -> None:
        self.mailbox = SmtpServer()
        self.broker = Valkey(folder)
        self.phones = SmsServer()
        super().__init__(folder, server=server, broker_url=self.broker.url, mail_url=self.mailbox.url)
        self.port = free_port()
        self.address = f"https://localhost:{self.port}"
        self.audited: set[tuple[object, ...]] = set()  # pages that a Visitor has looked at closely

    @property
    def environment(self) -> dict[str, str]:
        """With a gateway for SMS."""
        return super().environment | {"SMS_URL": self.phones.url}

    @contextlib.contextmanager
    def running(self) -> Iterator[Portal]:
        """Start everything, and leave nothing behind."""
        with serving(self.mailbox), self.phones.running(), https(self.port, to=self.inner_port) as self.wire:
            try:
                self.broker.start()
                self.prepare()
                for name in ("web", "worker", "beat"):
                    self.start(name)
                wait_until(self.answers, seconds=PATIENCE)
                yield self
            finally:
                self.clear()
                self.broker.kill()

    def mails_to(self, address: str) -> list[Mail]:
        """Return the mails that reached the mail server for this address, oldest first."""
        return [mail for mail in list(self.mailbox.messages) if mail.to == address]

    def mail_to(self, address: str, *, number: int = 1) -> Mail:
        """Wait for the ``number``-th mail to this address and return it."""
        wait_until(lambda: len(self.mails_to(address)) >= number, seconds=PATIENCE)
        return self.mails_to(address)[number - 1]

    def declare(self, mobile: str, name: str, *children: str, uai: str = "0501271K") -> None:
        """Let a school declare a guardian called Inès and her children (« Chloé=2012-03-09 »)."""
        self._run("tests.journeys.declared", uai, mobile, name, *children)

    def hand_a_letter(self, uai: str, identifier: str, code: str, who: str) -> None:
        """Let a school have a « teacher » or a « pupil » whose letter was opened, and no more done."""
        self._run("tests.journeys.newcomers", uai, identifier, code, who)

    def set_up_provider(self, issuer: str, client: str, secret: str, *declared: str) -> None:
        """Set up the sign-in of Lyon; a school there declares a teacher: UAI, identifier, first name."""
        self._run("tests.journeys.provided", issuer, client, secret, *declared)

    def appoint_head(self, uai: str, name: str, username: str, address: str, password: str) -> None:
        """Let a school have a head, Samir Roux, who has an account."""
        self._run("tests.journeys.headed", uai, name, username, address, password)

    def sms_to(self, number: str, *, which: int = 1) -> str:
        """Wait for the SMS to this number, the first unless said; return its text."""

        def texts() -> list[str]:
            return [sms["text"] for sms in list(self.phones.received) if sms["to"] == number]

        wait_until(lambda: len(texts()) >= which, seconds=PATIENCE)
        return texts()[which - 1]


def link_in(mail: Mail) -> str:
    """Return the one secret link of a mail, the same in its text and its HTML."""
    links = set(re.findall(r"https://localhost:\d+/[\w/-]+/[\w-]{40,}=*/", mail.text))
    assert len(links) == 1, mail.text
    (link,) = links
    assert f'href="{link}"' in mail.html
    return link
