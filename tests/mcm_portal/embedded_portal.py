"""Starting the portal as a person at a keyboard does, and looking at what it leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mcm_portal.embedded import gate
from mcm_portal.embedded.valkey import free_port

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 120  # seconds; reached only when something is broken


def environment(**settings: str) -> dict[str, str]:
    """Return this process's environment without any setting of the portal, plus ``settings``."""
    kept = {name: value for name, value in os.environ.items() if name not in gate.SETTINGS}
    for name in ("MAKELEVEL", "MAKEFLAGS", "MAKEOVERRIDES"):  # what an outer make was asked is its own
        kept.pop(name, None)
    return kept | settings


def embedded(*words: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m mcm_portal.embedded`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "mcm_portal.embedded", *words],
        cwd=PROJECT,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def wait_until(happened: Callable[[], bool], what: str) -> None:
    """Wait for it, or fail with its name."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.1)


def processes_of(data: Path) -> list[str]:
    """Return the processes that work for this DATA_DIR: named, placed or configured in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            command = (process / "cmdline").read_bytes()
            theirs = command + b"\0" + (process / "environ").read_bytes()
            place = str((process / "cwd").readlink())
        except OSError:
            continue
        if (
            f"DATA_DIR={data}\0".encode() in theirs + b"\0"
            or str(data).encode() in command
            or place.startswith(str(data))
        ):
            found.append(f"{process.name} {command.replace(bytes(1), b' ').decode(errors='replace')[:90]}")
    return found


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """Give a temporary folder that another user can reach; pytest's own are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="mcm-test-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Run:
    """One ``python -m mcm_portal.embedded run`` (or another ``command`` that leads to it)."""

    def __init__(
        self, data: Path, *command: str | Path, cwd: Path = PROJECT, user: int | None = None, **settings: str
    ) -> None:
        self.data = data
        self.port = int(settings.pop("PORT", "") or free_port())
        words = command or (sys.executable, "-m", "mcm_portal.embedded", "run")
        self.log = data.with_name(f"said-{self.port}-{time.monotonic_ns()}.txt")
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [str(word) for word in words],
                cwd=cwd,
                env=environment(DATA_DIR=str(data), PORT=str(self.port), **settings),
                stdout=out,
                stderr=subprocess.STDOUT,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )

    @property
    def said(self) -> str:
        """What it has told so far."""
        return self.log.read_text()

    @property
    def supervisor(self) -> int:
        """The process that watches the others."""
        return int(json.loads((self.data / "run" / "lock").read_text())["pid"])

    def until_ready(self) -> Run:
        """Wait for the block with the address."""
        wait_until(lambda: "The portal is ready" in self.said or self.process.poll() is not None, "ready")
        assert self.process.poll() is None, self.said
        return self

    def stop(self, number: int) -> int:
        """Send a signal to what was started, wait for its end; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)
