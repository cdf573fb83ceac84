"""Finds a Chromium for the browser tests, or installs one.

python -m mcm_portal.embedded.browser     prints its path
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .processes import Trouble, say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def candidates() -> Iterator[str]:
    """Yield every place a Chromium may be in, the one that was asked for first."""
    yield os.environ.get("CHROMIUM", "")
    for name in NAMES:
        yield shutil.which(name) or ""
    yield from PLACES
    caches = [Path.home() / ".cache" / "ms-playwright", Path.home() / "Library/Caches/ms-playwright"]
    if os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        caches.insert(0, Path(os.environ["PLAYWRIGHT_BROWSERS_PATH"]))
    for cache in caches:
        for pattern in ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*"):
            yield from (str(path) for path in sorted(cache.glob(pattern), reverse=True))


def works(path: str) -> bool:
    """Say whether it starts: some systems ship a stub that only tells how to install one."""
    try:
        return (
            bool(path)
            and subprocess.run([path, "--version"], capture_output=True, timeout=30).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def find() -> str | None:
    """Return the path of a Chromium that starts."""
    return next((path for path in candidates() if works(path)), None)


def find_or_install() -> str:
    """Return the path of a Chromium, installing one when there is none. Raises :class:`Trouble`."""
    found = find()
    if found:
        return found
    say("No Chromium found for the browser tests: installing one (a few minutes)…")
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        apt = "apt-get update -q && apt-get install -q -y --no-install-recommends chromium"
        attempts.insert(0, ["sh", "-c", apt])
    for attempt in attempts:
        with_no_questions = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        if subprocess.run(attempt, env=with_no_questions).returncode == 0:
            found = find()
            if found:
                return found
    raise Trouble(
        "The browser tests need Chromium, and it could be neither found nor installed.\n"
        "Install it (Debian: sudo apt-get install chromium), or say where it is: CHROMIUM=/path/to/chromium"
    )


if __name__ == "__main__":
    try:
        say(find_or_install())
    except Trouble as trouble:
        sys.exit(str(trouble))
