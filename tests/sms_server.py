"""An SMS gateway over HTTP, as providers have them, that answers as told (SAFETY F22)."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class SmsServer(ThreadingHTTPServer):
    """Answers with the statuses it is told, ``None`` being silence; with 200 when nothing is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[dict[str, str]] = []
        self.tokens: list[str | None] = []
        self.answers: list[int | None] = []

    @property
    def url(self) -> str:
        """What stands in ``SMS_URL``."""
        return f"http://token@127.0.0.1:{self.server_port}/send"

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Listen until the end of the block."""
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()
        try:
            yield
        finally:
            self.shutdown()
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: SmsServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.server.tokens.append(self.headers["Authorization"])
        answer = self.server.answers.pop(0) if self.server.answers else 200
        if answer is None:
            time.sleep(1)
            return
        self.send_response(answer)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None: ...
