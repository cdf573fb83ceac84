"""Asking a provider's server: for so long, so much, and nobody else (SAFETY F2, F13)."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from .base import Unavailable

PATIENCE = 6.0  # seconds for one call, from the first packet to the last
MOST = 1024 * 1024  # bytes of one answer: a meeting of some hundred people, with what is said of each


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


def get(url: str) -> Answer:
    """Ask for an address. Raises :class:`Unavailable`: silence, late, too-long, redirect, http-500.

    Redirects are not followed: they would carry a signed question elsewhere. No proxy of the environment is
    asked: it would be one more that could answer in the server's name.
    """
    parts = urlsplit(url)
    assert parts.hostname
    ends_at = time.monotonic() + PATIENCE
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    secure = parts.scheme == "https"
    line = (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(parts.hostname, parts.port)
    try:
        line.sock = socket.create_connection((parts.hostname, line.port), timeout=PATIENCE)
        with _cut_at(ends_at) as held:
            held.append(line.sock)
            if secure:
                wrapped = ssl.create_default_context().wrap_socket(
                    line.sock, server_hostname=parts.hostname, do_handshake_on_connect=False
                )
                line.sock = wrapped
                held.append(wrapped)
                wrapped.do_handshake()
            line.request("GET", path, headers={"Accept": "*/*"})
            answer = line.getresponse()
            body = answer.read(MOST + 1)
    except (OSError, http.client.HTTPException, ValueError):
        raise Unavailable("late" if time.monotonic() >= ends_at else "silence") from None
    finally:
        line.close()
    if time.monotonic() >= ends_at:  # cut: what was read may be half of it
        raise Unavailable("late")
    if 300 <= answer.status < 400:
        raise Unavailable("redirect")
    if answer.status >= 500 or answer.status == 429:
        raise Unavailable("server-error")
    if len(body) > MOST:
        raise Unavailable("too-long")
    if answer.length:  # the server promised more than it sent
        raise Unavailable("silence")
    return Answer(answer.status, body)


@contextlib.contextmanager
def _cut_at(ends_at: float) -> Iterator[list[socket.socket]]:
    """Hang up, at that moment, the last line that is put into the list.

    A time-out of a socket begins anew with each byte, so a drip would hold us.
    """
    held: list[socket.socket] = []

    def cut() -> None:
        with contextlib.suppress(OSError, IndexError):
            held[-1].shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, ends_at - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield held
    finally:
        timer.cancel()
