"""Asking other people's servers: for so long, so much, and nobody else (SAFETY F2, F13)."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

PATIENCE = 8.0  # seconds for all that one page asks, whatever each answer takes
MOST = 128 * 1024  # bytes of one answer, unless the caller says otherwise


class Unreachable(Exception):
    """No answer, a late one, or one that says that something is wrong over there."""


class Nonsense(Exception):
    """An answer that is not what was asked for."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    kind: str  # its media type, without parameters
    body: bytes

    def json(self) -> dict[str, Any]:
        """Read it as a JSON object. Raises :class:`Nonsense`."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Nonsense("not-json") from None
        if not isinstance(value, dict):
            raise Nonsense("not-an-object")
        return value


class Caller:
    """One page's calls, which end together: ``patience`` is for all of them, ``most`` bytes for each."""

    def __init__(self, patience: float | None = None, *, most: int = MOST) -> None:
        self.ends_at = time.monotonic() + (PATIENCE if patience is None else patience)
        self.most = most

    def get(self, url: str, *, bearer: str = "", accept: str = "application/json") -> Answer:
        """Ask for an address. Raises :class:`Unreachable` or :class:`Nonsense`."""
        headers = {"Accept": accept, **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        return self._ask("GET", url, headers, None)

    def post(self, url: str, form: Mapping[str, str], *, by: tuple[str, str] | None = None) -> Answer:
        """Send a form; ``by`` is a name and its secret for the header (RFC 6749, 2.3.1).

        Raises :class:`Unreachable` or :class:`Nonsense`.
        """
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        if by is not None:
            said = ":".join(quote_plus(each) for each in by)
            headers["Authorization"] = f"Basic {base64.b64encode(said.encode()).decode()}"
        return self._ask("POST", url, headers, urlencode(form).encode())

    def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
        """Redirects are not followed: they would carry a secret to where it does not belong."""
        parts = urlsplit(url)
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise Unreachable("late")
        assert parts.hostname
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        # No proxy of the environment: it would be one more that could answer in the provider's name.
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(parts.hostname, parts.port)
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port)
        try:
            connection.sock = socket.create_connection((parts.hostname, connection.port), timeout=left)
            with _cut_at(self.ends_at) as held:
                held.append(connection.sock)
                if parts.scheme == "https":
                    secure = ssl.create_default_context().wrap_socket(
                        connection.sock, server_hostname=parts.hostname, do_handshake_on_connect=False
                    )
                    connection.sock = secure
                    held.append(secure)
                    secure.do_handshake()
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                content = answer.read(self.most + 1)
        except (OSError, http.client.HTTPException, ValueError):
            raise Unreachable("late" if time.monotonic() >= self.ends_at else "silence") from None
        finally:
            connection.close()
        if time.monotonic() >= self.ends_at:  # cut: what was read may be half of it
            raise Unreachable("late")
        if answer.status >= 500 or answer.status == 429:
            raise Unreachable(f"http-{answer.status}")
        if len(content) > self.most:
            raise Nonsense("too-long")
        if answer.length:  # the server promised more than it sent
            raise Unreachable("silence")
        return Answer(answer.status, (answer.headers.get_content_type() or "").lower(), content)


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
