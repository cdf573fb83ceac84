"""The folder that holds what must not be lost: database, broker, secrets, logs.

DATA_DIR/
    postgresql/   the database           valkey/   the broker's append-only file
    keys.json     the secrets made here  logs/     this start's and the one before
    beat/         when each periodic task last ran
    run/lock      held by every process of a start, so by nobody once all have ended
    run/services.json   how to reach the services that run now
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pwd
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .processes import Interruption, Trouble, say

KEYS = ("SECRET_KEY", "LINK_KEY")
SECONDS_FOR_LEFTOVERS = 20
SHORT_NAME = "mcm-"


@dataclass(frozen=True)
class Hold:
    """What a start that is alone on a DATA_DIR has."""

    lock: int  # inherited by every process of the start, which so keeps others out
    sockets: Path  # a folder with a short path


class DataDirectory:
    """One DATA_DIR. Raises :class:`Trouble` when it cannot be used; never deletes what it holds."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self.logs = self.path / "logs"
        self.run = self.path / "run"
        self.lock_file = self.run / "lock"
        self.services_file = self.run / "services.json"

    def make(self) -> None:
        """Make the folders that are missing; nobody else may look inside them."""
        try:
            self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
            for folder in (self.logs, self.run, self.path / "beat", self.path / "valkey"):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Trouble(
                f"{error.filename} cannot be made: {error.strerror}.\n"
                "Choose another place for the data: DATA_DIR=/some/folder"
            ) from None
        owner = self.path.stat().st_uid
        if owner != os.geteuid():
            raise Trouble(
                f"{self.path} belongs to {_user_name(owner)}, and you are {_user_name(os.geteuid())}.\n"
                "Start as its owner, or choose another place for the data: DATA_DIR=/some/folder"
            )

    @contextlib.contextmanager
    def hold(self, purpose: str, interruption: Interruption) -> Iterator[Hold]:
        """Make this start the only one on this folder, until the context ends.

        A start that was killed leaves processes that are busy ending: they are waited for, and
        ended by force after a while. Raises :class:`Trouble` when a start is really running.
        """
        lock = os.open(self.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        if not _try_lock(lock):
            self._refuse_if_running()
            say("An earlier start was killed; its last processes are ending…")

            def is_free() -> bool:
                if _try_lock(lock):
                    return True
                self._refuse_if_running()
                return False

            if not interruption.wait_for(is_free, patience=SECONDS_FOR_LEFTOVERS):
                for process in self._holders():
                    os.kill(process, signal.SIGKILL)
                if not interruption.wait_for(is_free, patience=10):
                    raise Trouble(f"Processes of an earlier start still use {self.path}: {self._holders()}.")
        leftovers = Path(_read(self.lock_file).get("sockets", ""))
        if leftovers.name.startswith(SHORT_NAME):
            shutil.rmtree(leftovers, ignore_errors=True)
        sockets = short_folder()
        owner = {**identity(os.getpid()), "purpose": purpose, "sockets": str(sockets)}
        os.ftruncate(lock, 0)
        os.pwrite(lock, json.dumps(owner).encode(), 0)
        try:
            yield Hold(lock, sockets)
        finally:
            self.services_file.unlink(missing_ok=True)
            shutil.rmtree(sockets, ignore_errors=True)
            os.close(lock)

    def _refuse_if_running(self) -> None:
        owner = _read(self.lock_file)
        if is_same_process(owner):
            address = self.running().get("SITE_URL", "")
            raise Trouble(
                f"{owner['purpose']} is already running on {self.path} (process {owner['pid']})"
                + (f": {address}" if address else ".")
                + f"\nStop it first (Ctrl-C where it runs, or kill {owner['pid']}), "
                "or give this one a place of its own: DATA_DIR=/some/folder PORT=8001"
            )

    def _holders(self) -> list[int]:
        """Return the processes that hold the lock file open, ours excepted (Linux only)."""
        wanted = self.lock_file.stat()
        holders = set()
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            try:
                found = link.stat()
            except OSError:
                continue
            if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
                holders.add(int(link.parts[2]))
        return sorted(holders - {os.getpid()})

    def publish(self, environment: dict[str, str]) -> None:
        """Write down how to reach the services, for ``make manage``; readable by us alone."""
        _write_private(self.services_file, {**identity(os.getpid()), "environment": environment})

    def running(self) -> dict[str, str]:
        """Return how to reach the services that run on this folder; empty when none do."""
        found = _read(self.services_file)
        return dict(found["environment"]) if is_same_process(found) else {}

    def keys(self) -> dict[str, str]:
        """Return the secrets of this folder, made once. A damaged file is refused, not replaced."""
        file = self.path / "keys.json"
        keys: dict[str, str] = {}
        if file.exists():
            keys = _read(file)
            if not keys or not all(isinstance(value, str) and value for value in keys.values()):
                raise Trouble(
                    f"{file} is damaged. Put back a copy, or move it away: new secrets are then made,\n"
                    "everybody is signed out, and links in mails already sent no longer work."
                )
        missing = [name for name in KEYS if name not in keys]
        if missing:
            keys |= {name: secrets.token_urlsafe(50) for name in missing}
            _write_private(file, keys)
        return keys

    def log(self, name: str) -> Path:
        """Return an empty log file for this start; the one before is kept as ``.log.1``."""
        file = self.logs / f"{name}.log"
        if file.exists():
            file.replace(file.with_suffix(".log.1"))
        return file


def short_folder() -> Path:
    """Make a temporary folder for sockets, whose path may not exceed 107 bytes ($TMPDIR may be long)."""
    place = "/tmp" if os.access("/tmp", os.W_OK) else None  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix=SHORT_NAME, dir=place))
    folder.chmod(0o711)  # PostgreSQL may run as another user; what is inside says who may enter
    return folder


def identity(pid: int) -> dict[str, object]:
    """Return what tells a process from a later one with the same number."""
    return {"pid": pid, "began": _began(pid)}


def is_same_process(found: dict) -> bool:
    """Say whether the process written down by :func:`identity` still runs."""
    pid = found.get("pid")
    if not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _began(pid) == found.get("began")


def _began(pid: int) -> str:
    try:
        state, *others = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if state == "Z" else others[18]


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: Path) -> dict:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_private(file: Path, content: dict) -> None:
    unfinished = file.with_name(f"{file.name}.{os.getpid()}.{time.monotonic_ns()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump(content, out, indent=2)
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(file)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user number {uid}"
