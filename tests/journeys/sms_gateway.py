"""An SMS gateway over HTTP, as providers have them: it keeps what it is given (SAFETY F22)."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class SmsGateway(ThreadingHTTPServer):
    """Listens on a port of its own; ``received`` holds each message as it came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        """What stands in ``SMS_URL``."""
        return f"http://token@127.0.0.1:{self.server_port}/send"

    @contextlib.contextmanager
    def running(self) -> Iterator[SmsGateway]:
        """Answer until the end of the block."""
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: SmsGateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None: ...
