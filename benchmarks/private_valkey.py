"""A Redis-protocol server of one's own, which one may freeze, thaw and kill."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import redis

from mcm_portal.embedded.valkey import binary

from .machine import free_port, wait_until


class PrivateValkey:
    """One server in ``directory``."""

    def __init__(self, directory: Path, *, keeps: bool = False) -> None:
        self.directory = directory
        self.keeps = keeps  # what it holds, in an append-only file
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory), "--save", ""]
        self.process = subprocess.Popen(
            [binary(), *words, "--appendonly", "yes" if self.keeps else "no"],
            stdout=subprocess.DEVNULL,
            restore_signals=False,  # a file that may not grow must not end it: Python ignores SIGXFSZ
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
