"""An operator's SMS centre: npm ``smpp``, which speaks SMPP from the other side (tests/node)."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from typing import Any
from urllib.parse import quote

from benchmarks.machine import wait_until
from mcm_portal.embedded import peers
from mcm_portal.embedded.processes import in_child
from tests.peers import free_port

USER, PASSWORD = "portail", "s:cr?t"


class Smsc:
    """One running on a port of its own; ``events`` is what it was asked."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"smpp://{USER}:{quote(PASSWORD)}@127.0.0.1:{self.port}"
        self.events: list[dict[str, Any]] = []
        folder = peers.find_or_fetch()
        self.process = subprocess.Popen(
            [str(peers.node()), str(folder / "smsc.mjs"), str(self.port), USER, PASSWORD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=in_child(signal.SIGKILL),
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n", "the SMS centre did not start"
        threading.Thread(target=self._read, daemon=True).start()

    def answers(self, *, bind: list[int | str] | None = None, submit: list[int | str] | None = None) -> None:
        """Say how it answers next, then as it should; and forget what it was asked before."""
        assert self.process.stdin is not None
        before = len(self.of("told"))
        self.process.stdin.write(json.dumps({"bind": bind or [], "submit": submit or []}) + "\n")
        self.process.stdin.flush()
        wait_until(lambda: len(self.of("told")) > before)
        self.events = [{"event": "told"}]

    def of(self, event: str) -> list[dict[str, Any]]:
        """Return the events of a kind."""
        return [each for each in self.events if each["event"] == event]

    @property
    def received(self) -> list[dict[str, Any]]:
        """Every part of an SMS that was handed in."""
        return self.of("submit")

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(json.loads(line))
