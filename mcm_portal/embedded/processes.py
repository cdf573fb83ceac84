"""Child processes that never outlive the one that started them.

Each child begins a session of its own, so that Ctrl-C in the terminal reaches the supervisor
alone, and asks the kernel for a signal should the supervisor die (``PR_SET_PDEATHSIG``). That
signal is the child's polite one, never SIGKILL, which would orphan the children's children
(Celery's pool). It is set after any change of user, which clears it, and from the main
thread, since it fires when the *thread* that started the child ends.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
PAUSE = 0.1  # seconds between two looks at what is awaited
_libc = ctypes.CDLL(None, use_errno=True)


class Trouble(Exception):
    """Something the person at the keyboard must know, in sentences that say what to do."""


class Stopped(Exception):
    """Someone asked for the end: Ctrl-C, SIGTERM, or the terminal was closed."""


def say(sentence: str = "") -> None:
    """Write one line at once. A terminal that is gone is no reason to leave children behind."""
    try:
        sys.stdout.write(sentence + "\n")
        sys.stdout.flush()
    except (OSError, ValueError):
        pass


class Interruption:
    """Notes that someone asked for the end. Everything that waits, waits through this.

    The handlers only set a mark, so that no child is ever lost between its start and the
    line that remembers it.
    """

    def __init__(self) -> None:
        self.requested: signal.Signals | None = None

    def listen(self) -> None:
        """Take over Ctrl-C, SIGTERM and the closing of the terminal."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: object) -> None:
        if self.requested is not None and number == signal.SIGINT:
            os.write(1, b"\nAlready stopping; a few seconds more, so that nothing is lost.\n")
        self.requested = self.requested or signal.Signals(number)

    def wait_for(self, happened: Callable[[], bool], *, patience: float) -> bool:
        """Wait until ``happened()``; False after ``patience`` seconds; :class:`Stopped` if asked."""
        end = time.monotonic() + patience
        while True:
            if self.requested is not None:  # first, or a program that keeps dying keeps us from stopping
                raise Stopped
            if happened():
                return True
            if time.monotonic() > end:
                return False
            time.sleep(PAUSE)


@dataclass(frozen=True)
class Program:
    """What to start, and how it is asked to end."""

    name: str  # as a person would call it: "web"
    command: Sequence[str | Path]
    log: Path  # where what it writes is appended
    folder: Path  # its working directory
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    reads: bytes = b""  # its standard input
    become: Callable[[], None] | None = None  # a change of user, run in the child
    stop_signal: signal.Signals = signal.SIGTERM  # also the one it gets if we die
    last_signal: signal.Signals = signal.SIGKILL  # when it did not end in time
    patience: float = 10  # seconds it may take to end
    open_files: tuple[int, ...] = ()  # descriptors it inherits


class Process:
    """A started :class:`Program`."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.started_at = time.monotonic()
        with program.log.open("ab") as log, tempfile.TemporaryFile() as stdin:
            stdin.write(program.reads)
            stdin.seek(0)
            self._popen = subprocess.Popen(
                [str(word) for word in program.command],
                cwd=program.folder,
                env=dict(program.environment),
                stdin=stdin,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=program.open_files,
                preexec_fn=in_child(program.stop_signal, program.become),
            )
        self.pid = self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal's number when a signal ended it."""
        return self._popen.poll()

    @property
    def is_alive(self) -> bool:
        """Say whether it still runs."""
        return self.exit_code is None

    def stop(self) -> None:
        """Ask it to end, wait as long as it may take, then insist; says so when it must."""
        if self._ended_after(self.program.stop_signal, self.program.patience):
            return
        say(f"  {self.program.name} did not end within {self.program.patience:.0f} s: ending it by force.")
        if not self._ended_after(self.program.last_signal, 10):
            self._ended_after(signal.SIGKILL, 10)

    def _ended_after(self, number: signal.Signals, patience: float) -> bool:
        if self.is_alive:
            if number == signal.SIGKILL:  # the whole session, or a pool would be orphaned
                os.killpg(self.pid, number)
            else:
                self._popen.send_signal(number)
        try:
            self._popen.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        return True

    def last_words(self, count: int = 12) -> str:
        """Return the end of its log, set in, for a person to read."""
        return last_lines(self.program.log, count)


def last_lines(log: Path, count: int = 12) -> str:
    """Return the last lines of a log file, set in; a sentence when there are none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 10_000))
            lines = file.read().decode(errors="replace").strip().splitlines()[-count:]
    except FileNotFoundError:
        lines = []
    return "\n".join("    " + line for line in lines) or "    (it wrote nothing)"


def run_to_end(program: Program, interruption: Interruption, *, patience: float = 600) -> None:
    """Run a program that ends by itself. Raises :class:`Trouble` with its last lines if it fails."""
    process = Process(program)
    try:
        ended = interruption.wait_for(lambda: not process.is_alive, patience=patience)
    finally:
        process.stop()
    if not ended or process.exit_code:
        why = f"ended with code {process.exit_code}" if ended else f"took more than {patience:.0f} s"
        raise Trouble(f"{program.name} {why}. Its last lines ({program.log}):\n{process.last_words()}")


def in_child(orphan_signal: signal.Signals, become: Callable[[], None] | None = None) -> Callable[[], None]:
    """Return what a child does between fork and exec: change user, then tie its life to ours."""
    parent = os.getpid()

    def prepare() -> None:
        if become is not None:
            become()
        if sys.platform == "linux":
            _libc.prctl(PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)
            if os.getppid() != parent:  # it died before the line above
                os._exit(1)

    return prepare


# --- PostgreSQL refuses to run as root --------------------------------------------------------


def some_user() -> pwd.struct_passwd:
    """Return a user other than root: initdb wants one that has a name."""
    users = {user.pw_name: user for user in pwd.getpwall() if user.pw_uid != 0}
    for name in ("postgres", "nobody", *users):
        if name in users:
            return users[name]
    raise Trouble("PostgreSQL refuses to run as root, and this machine has no other user. Add one.")


def enter_namespace(uid: int) -> None:
    """In a child that runs as root: seem to be ``uid`` while files stay those of root."""
    if _libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} 0 1")
    Path("/proc/self/gid_map").write_text(f"{uid} 0 1")


def namespaces_are_allowed() -> bool:
    """Try, in a child: containers and hardened kernels often forbid user namespaces."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            enter_namespace(some_user().pw_uid)
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


def become_user(uid: int, gid: int) -> None:
    """In a child that runs as root: be that user for good."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def replace_by(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Become that command."""
    sys.stdout.flush()
    os.execvpe(command[0], list(command), dict(environment))
