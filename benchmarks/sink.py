"""A mail server that keeps nothing but the link of each mail, and wakes who waits for it."""

from __future__ import annotations

import email
import email.policy
import logging
import re
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller

from .browser import PATIENCE, Unexpected

LINK = re.compile(r"http://localhost:\d+(/\S*?/[\w:=-]{20,}/)")


class Sink:
    """Takes mails on a port of this machine. A context manager."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.links: dict[str, str] = {}
        self.taken = 0
        self.arrived = threading.Condition()
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        self.controller = Controller(self, hostname="127.0.0.1", port=port)

    def __enter__(self) -> Sink:
        self.controller.start()
        return self

    def __exit__(self, *_ended: object) -> None:
        self.controller.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep the link (aiosmtpd's name for this)."""
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = mail.get_body(("plain",))
        found = LINK.search(body.get_content() if body else "")
        with self.arrived:
            self.taken += 1
            if found:
                for address in envelope.rcpt_tos:
                    self.links[address] = urlsplit(found[0]).path
            self.arrived.notify_all()
        return "250 OK"

    def link_to(self, address: str, took: dict[str, float]) -> str:
        """Wait for the mail to ``address``; add the wait to ``took``, return the path of its link."""
        began = time.perf_counter()
        with self.arrived:
            if not self.arrived.wait_for(lambda: address in self.links, timeout=PATIENCE):
                raise Unexpected(f"no mail within {PATIENCE} s")
            link = self.links.pop(address)
        took["mail"] = time.perf_counter() - began
        return link
