"""The phones of all guardians, behind an SMS gateway: they keep codes, and wake who waits for one."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .browser import PATIENCE, Unexpected

CODE = re.compile(r"\b\d{6}\b")


@dataclass(frozen=True)
class Sms:
    """An SMS that a phone has got."""

    at: float
    to: str
    id: str
    code: str  # empty for one without


class Phones(ThreadingHTTPServer):
    """Takes every SMS on a port of this machine. A context manager."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Gateway)
        self.received: list[Sms] = []
        self.arrived = threading.Condition()

    @property
    def url(self) -> str:
        """What stands in ``SMS_URL``."""
        return f"http://token@127.0.0.1:{self.server_port}/"

    def __enter__(self) -> Phones:
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *_ended: object) -> None:
        self.shutdown()
        self.server_close()

    def newest(self, number: str, *, known: int, seconds: float) -> tuple[Sms | None, int]:
        """Wait for more than ``known`` SMS to a number; return the newest and how many there are."""

        def found() -> list[Sms]:
            return [sms for sms in self.received if sms.to == number and sms.code]

        with self.arrived:
            self.arrived.wait_for(lambda: len(found()) > known, timeout=seconds)
            there = found()
        return (there[-1], len(there)) if len(there) > known else (None, known)

    def code_to(self, number: str, took: dict[str, float]) -> str:
        """Wait for the code to ``number``; add the wait to ``took``."""
        began = time.perf_counter()
        sms, _known = self.newest(number, known=0, seconds=PATIENCE)
        if sms is None:
            raise Unexpected(f"no SMS within {PATIENCE} s")
        took["sms"] = time.perf_counter() - began
        return sms.code


class _Gateway(BaseHTTPRequestHandler):
    server: Phones

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        code = CODE.search(said["text"])
        with self.server.arrived:
            self.server.received.append(
                Sms(time.monotonic(), said["to"], said["id"], code[0] if code else "")
            )
            self.server.arrived.notify_all()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None: ...
