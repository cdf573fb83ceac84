"""Makes the virtual environment, then hands over to it. Standard library only, run by path.

    python3.11 mcm_portal/embedded/bootstrap.py run|test|test-long|exec|manage|lock|format|python …

The environment is complete when ``.venv/complete.json`` exists: that file is written last,
and taken away before anything in the environment changes. Without it the environment is made
again from nothing, since an installation that was cut short cannot be told from a whole one.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
COMPLETE = VENV / "complete.json"
LOCKS = {"run": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
SECONDS_BETWEEN_LINES = 3
# What pip says of each package: fetched, found on this machine, not for this system, there already.
PACKAGE = re.compile(r"(?:Collecting|Processing|Ignoring|Requirement already satisfied:) ([^\s=<>!~:\[]+)")


class Trouble(Exception):
    """Something the person at the keyboard must know, in sentences that say what to do."""


def say(sentence: str) -> None:
    """Write one line at once, even into a pipe."""
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def fingerprint(lock: Path) -> str:
    """Return what changes when the lock file does."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def installed() -> dict[str, str]:
    """Return the lock files the environment holds, by name; empty when it is not complete."""
    try:
        found = json.loads(COMPLETE.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def is_ready(kind: str) -> bool:
    """Say whether the environment is complete and holds this lock file as it stands now."""
    return installed().get(kind) == fingerprint(LOCKS[kind]) and python_works()


def python_works() -> bool:
    """Say whether the environment's Python still starts (the one under it may be gone)."""
    test = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([PYTHON, "-c", test], capture_output=True).returncode == 0
    except OSError:
        return False


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let one start at a time prepare the environment; the others wait and then find it made."""
    folder = ROOT / ".cache"
    folder.mkdir(exist_ok=True)
    with (folder / "bootstrap.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another start is preparing the virtual environment; waiting for it…")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prepare(kind: str) -> None:
    """Make the environment hold lock file ``kind`` (``run`` or ``dev``); quick when it does.

    Raises :class:`Trouble` when it cannot be made or the packages cannot be installed.
    """
    if is_ready(kind):
        return
    with alone():
        if is_ready(kind):
            return
        if not (installed() and python_works()):
            make_environment()
        install(kind)


def make_environment() -> None:
    """Make ``.venv`` from nothing, over whatever a start that was cut short has left there."""
    if VENV.exists():
        say("The virtual environment in .venv is not complete (a start was cut short?): making it again.")
    else:
        say("Making a virtual environment in .venv (first start only)…")
    made = subprocess.run(
        [sys.executable, "-I", "-m", "venv", "--clear", VENV], capture_output=True, text=True
    )
    if made.returncode:
        raise Trouble(
            f"{sys.executable} could not make a virtual environment:\n{tail(made.stdout + made.stderr)}\n"
            "On Debian and Ubuntu its venv module comes apart: "
            f"sudo apt-get install python3.{sys.version_info.minor}-venv"
        )


def install(kind: str) -> None:
    """Install the packages of lock file ``kind``, checking their hashes and telling how far it is."""
    lock = LOCKS[kind]
    total = len(re.findall(r"^\S+==", lock.read_text(), re.MULTILINE))
    say(f"Installing the {total} packages of {lock.name} (again only when that file changes)…")
    COMPLETE.unlink(missing_ok=True)
    command: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-deps",
        "--no-input",
    ]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "-r", lock]
    lines: list[str] = []
    seen, last = 0, time.monotonic()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            lines.append(line)
            package = PACKAGE.match(line)
            seen += package is not None
            if line.startswith("Installing collected packages"):
                say(f"  {seen} of {total} fetched; unpacking them…")
            elif package and time.monotonic() - last > SECONDS_BETWEEN_LINES:
                say(f"  {seen} of {total}: {Path(package[1]).name}")
                last = time.monotonic()
    if pip.returncode:
        raise Trouble(
            f"The packages could not be installed:\n{tail(''.join(lines))}\n"
            "If the network failed, run the same command again: it begins where that is needed."
        )
    # The packages of a run are among those of development, at the same versions (make lock).
    held = ("run", "dev") if kind == "dev" else ("run",)
    unfinished = COMPLETE.with_suffix(".new")
    unfinished.write_text(json.dumps({name: fingerprint(LOCKS[name]) for name in held}))
    unfinished.replace(COMPLETE)


def tail(text: str, count: int = 15) -> str:
    """Return the last lines, set in."""
    return "\n".join("    " + line for line in text.strip().splitlines()[-count:])


def die_with_make() -> None:
    """Have the system end us when the ``make`` that started us is killed (Linux only)."""
    if "MAKELEVEL" in os.environ and sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG; survives exec


def hand_over(*arguments: str) -> None:
    """Become the environment's Python, in the project's folder."""
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(PYTHON, [str(PYTHON), *arguments])


def compile_locks(extra: list[str]) -> None:
    """Write both lock files: hashes, every platform, no host; the second agrees with the first."""
    compiler: list[str | Path] = [
        PYTHON,
        "-m",
        "uv",
        "pip",
        "compile",
        "pyproject.toml",
        "--universal",
        "--generate-hashes",
    ]
    compiler += ["--no-emit-index-url", "--no-header", "--python-version", "3.11", "--quiet", *extra]
    for more in (
        ["-o", "requirements.lock"],
        ["--extra", "dev", "-c", "requirements.lock", "-o", LOCKS["dev"].name],
    ):
        subprocess.run([*compiler, *more], cwd=ROOT, check=True)


def put_in_layout() -> None:
    """Lay out Python and templates as ``make test`` wants them."""
    for words in (["format", "."], ["check", "--fix", "."]):
        subprocess.run([PYTHON, "-m", "ruff", *words], cwd=ROOT, check=True)
    templates = sorted((ROOT / "templates").rglob("*.html"))
    djade: list[str | Path] = [VENV / "bin" / "djade", "--target-version", "5.2"]
    subprocess.run([*djade, *templates], cwd=ROOT)  # its exit code says whether it changed a file


def main(arguments: list[str]) -> int:
    """Prepare what the command needs and run it; ``ARGS`` (from make) adds words to it."""
    command, *words = arguments or [""]
    words += shlex.split(os.environ.pop("ARGS", ""))
    die_with_make()
    try:
        prepare("run" if command in {"run", "manage"} else "dev")
        if command in {"run", "exec", "manage", "test", "test-long"}:
            hand_over("-m", "mcm_portal.embedded", command, *words)
        elif command == "format":
            put_in_layout()
        elif command == "lock":
            compile_locks(words)
        elif command == "python":
            hand_over(*words)
        else:
            raise Trouble(f"Unknown command {command!r}. Type make help for those there are.")
    except Trouble as trouble:
        sys.stderr.write(f"\n{trouble}\n")
        return 1
    except PermissionError as refused:
        sys.stderr.write(
            f"\n{refused.filename} cannot be written by this user: was it made by another one?\n"
        )
        return 1
    except subprocess.CalledProcessError as failed:
        return failed.returncode
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. The same command takes it up again.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
