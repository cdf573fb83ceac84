"""``make test`` and ``make test-long``: every check a change must pass.

Run beside throwaway services (``__main__.py``). All checks run even when one fails, so that
one round tells everything; the last lines say what failed.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import browser, peers
from .processes import Trouble, say
from .services import PROJECT

# The portal's settings (DESIGN.md section 3): a test must not depend on the developer's own.
SETTINGS = (
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "LINK_KEY",
    "DEBUG",
    "ALLOWED_HOSTS",
    "SITE_URL",
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "DEFAULT_FROM_EMAIL",
    "SMS_URL",
    "PORTAL_BRAND",
    "ADMIN_CONTACT",
    "ACCESSIBILITY",
    "TRUSTED_PROXY_COUNT",
    "FRANCECONNECT_ISSUER",
    "FRANCECONNECT_CLIENT_ID",
    "FRANCECONNECT_CLIENT_SECRET",
    "BBB_URL",
    "BBB_SECRET",
    "JITSI_URL",
    "JITSI_APP_ID",
    "JITSI_SECRET",
    "AUDIT_PSEUDONYM_KEY",
    "DATA_DIR",
    "PORT",
    "DJANGO_SETTINGS_MODULE",
)
PRODUCTION = PROJECT / "deploy" / "production.env.example"


def production_settings() -> dict[str, str]:
    """Return the documented production settings, with secrets made for this check."""
    pairs = (line.split("=", 1) for line in PRODUCTION.read_text().splitlines() if line[:1].isalpha())
    settings = {name.strip(): value.strip() for name, value in pairs}
    for name in ("SECRET_KEY", "LINK_KEY"):
        settings[name] = secrets.token_urlsafe(50)
    for name in ("DATABASE_URL", "REDIS_URL"):
        settings[name] = os.environ[name]
    return settings


def python(*words: str) -> list[str]:
    """Return a command of the virtual environment's Python."""
    return [sys.executable, *words]


def checks() -> list[tuple[str, list[str], dict[str, str]]]:
    """Return each check before the tests: what it looks at, its command, its own environment."""
    templates = [str(path) for path in sorted(PROJECT.glob("templates/**/*.html"))]
    imports = "import sys; from importlinter.cli import lint_imports_command as main; sys.exit(main())"
    found: list[tuple[str, list[str], dict[str, str]]] = [
        ("style", python("-m", "ruff", "check", "."), {}),
        ("layout", python("-m", "ruff", "format", "--check", "."), {}),
        ("types", python("-m", "mypy"), {}),
        ("imports only downwards", python("-c", imports), {}),
        ("migrations complete", python("manage.py", "makemigrations", "--check", "--dry-run"), {}),
        ("settings", python("manage.py", "check", "--fail-level", "WARNING"), {}),
        (
            "production settings",
            python("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
            production_settings(),
        ),
    ]
    if templates:
        djade = str(Path(sys.executable).with_name("djade"))
        found.insert(4, ("templates", [djade, "--check", "--target-version", "5.2", *templates], {}))
    return found


def run(name: str, command: Sequence[str], environment: dict[str, str]) -> bool:
    """Run one check; write what it says only when it fails. Returns whether it passed."""
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    passed = done.returncode == 0
    say(f"{'ok    ' if passed else 'FAILED'} {name} ({time.monotonic() - began:.0f} s)")
    if not passed:
        say(done.stdout.rstrip())
    return passed


def pytest(*words: str) -> int:
    """Run the tests in this terminal; return pytest's exit code."""
    return subprocess.run(python("-m", "pytest", *words), cwd=PROJECT).returncode


def main(command: str, words: list[str]) -> int:
    """Run the gate; return 0 only when everything passed. ``words`` run those tests alone."""
    failed: list[str] = []
    try:
        os.environ["CHROMIUM"] = browser.find_or_install()
    except Trouble as trouble:
        say(f"{trouble}\n")
        failed.append("browser")
    try:
        peers.find_or_fetch()
    except Trouble as trouble:
        say(f"{trouble}\n")
        failed.append("peers of the tests")
    if words:
        code = pytest(*words)
    elif command == "test-long":
        # Journeys may share the machine; what kills servers and fills tables has it alone.
        together = pytest("-m", "long and browser", "-n", "2", "--dist", "loadfile", "--durations=10")
        code = pytest("-m", "long and not browser", "--durations=10") or together
    else:
        failed += [name for name, check, environment in checks() if not run(name, check, environment)]
        code = pytest("-m", "not long", "-n", "2", "--dist", "loadfile", "--durations=10")
    if code:
        failed.append(f"tests (pytest ended with code {code})")
    if failed:
        say(f"\nFAILED: {', '.join(failed)}")
    else:
        say(f"\nmake {command}: everything passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
