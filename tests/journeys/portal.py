"""The whole portal as in production, in processes of its own, with a mail server to look into."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from mcm_portal.embedded import gate
from mcm_portal.embedded.postgresql import APPLICATION
from mcm_portal.embedded.processes import in_child
from tests.peers import Mail, SmtpServer, Valkey, free_port, serving, wait_until

from .proxy import https

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds; reached only when something is broken


class Portal:
    """gunicorn behind HTTPS, a Celery worker and beat; a database, a broker and a mail server of their own.

    ``server`` is the URL of a PostgreSQL where a database may be made; the portal then works in it as a
    lesser role. Production settings (DEBUG off, collected files, Secure cookies); every académie but La
    Réunion's neighbour, code 44, is open.
    """

    def __init__(self, folder: Path, *, server: str) -> None:
        self.folder = folder
        self.port, self.inner_port = free_port(), free_port()
        self.address = f"https://localhost:{self.port}"
        self.mailbox = SmtpServer()
        self.broker = Valkey(folder)
        self.server = server
        self.database = f"journeys_{os.getpid()}_{self.port}"
        owner = urlsplit(server)._replace(path=f"/{self.database}")
        self.owner_url = owner.geturl()
        self.database_url = owner._replace(netloc=f"{APPLICATION}@{owner.netloc.rpartition('@')[2]}").geturl()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.audited: set[tuple[object, ...]] = set()  # pages that a Visitor has looked at closely

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the portal gets; nothing of the developer's own settings."""
        inherited = {name: value for name, value in os.environ.items() if name not in gate.SETTINGS}
        return inherited | {
            "DJANGO_SETTINGS_MODULE": "tests.journeys.production",
            "PYTHONPATH": str(ROOT),
            "DATA_DIR": str(self.folder),
            "DEBUG": "0",
            "SECRET_KEY": "only-for-the-journeys-of-tests-nothing-is-kept-afterwards",
            "LINK_KEY": "only-for-the-journeys-of-tests-nothing-is-kept-either",
            "SITE_URL": self.address,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.broker.url,
            "EMAIL_URL": self.mailbox.url,
            "DEFAULT_FROM_EMAIL": "Ma classe à la maison <portail@exemple.fr>",
            "ADMIN_CONTACT": "aide@exemple.fr",
            "WEB_CONCURRENCY": "2",
        }

    @contextlib.contextmanager
    def running(self) -> Iterator[Portal]:
        """Start everything, and leave nothing behind."""
        with serving(self.mailbox), https(self.port, to=self.inner_port) as self.wire:
            try:
                self.broker.start()
                self._on_server("CREATE DATABASE {}")
                accounts = str(self.folder / "accounts.txt")
                more = {"DEBUG": "1", "DATABASE_OWNER_URL": self.owner_url}
                self._run("mcm_portal.embedded.prepare", accounts, **more)
                self._run("django", "collectstatic", "--no-input")
                for name in ("web", "worker", "beat"):
                    self.start(name)
                wait_until(self.answers, seconds=PATIENCE)
                yield self
            finally:
                for name in list(self.processes):
                    self.kill(name)
                self.broker.kill()
                with contextlib.suppress(psycopg2.OperationalError):  # its server may be gone
                    self._on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)")

    def _on_server(self, statement: str) -> None:
        connection = psycopg2.connect(self.server)
        connection.autocommit = True
        connection.cursor().execute(sql.SQL(statement).format(sql.Identifier(self.database)))
        connection.close()

    def _run(self, module: str, *words: str, **more: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=ROOT,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, name: str, *, role: str = "") -> None:
        """Start ``web``, ``worker`` or ``beat``; under another name, a second one of that ``role``."""
        celery = ["celery", "-A", "mcm_portal"]
        gunicorn = ["gunicorn", "mcm_portal.wsgi", "-c", "deploy/gunicorn.conf.py"]
        commands = {
            "web": [*gunicorn, "--bind", f"127.0.0.1:{self.inner_port}"],
            "worker": [*celery, "worker", "--concurrency", "1", "-n", f"{name}@journeys", "--without-mingle"],
            "beat": [*celery, "beat", "--pidfile=", "--schedule", str(self.folder / f"{name}.schedule")],
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *commands[role or name]],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=in_child(signal.SIGKILL),
            )

    def kill(self, name: str) -> None:
        """End a process and its children as a power cut would."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_web_processes(self) -> None:
        """End the processes that serve pages; gunicorn's first process replaces them."""
        master = self.processes["web"].pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        for child in map(int, children):
            os.kill(child, signal.SIGKILL)

    def answers(self) -> bool:
        """Say whether the web server answers."""
        assert self.processes["web"].poll() is None, self.said()
        asked = urllib.request.Request(f"http://127.0.0.1:{self.inner_port}/healthz")
        asked.add_header("Host", f"localhost:{self.port}")
        try:
            with urllib.request.urlopen(asked, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one statement as somebody at the database would; return its rows."""
        connection = psycopg2.connect(self.owner_url)
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def mails_to(self, address: str) -> list[Mail]:
        """Return the mails that reached the mail server for this address, oldest first."""
        return [mail for mail in list(self.mailbox.messages) if mail.to == address]

    def mail_to(self, address: str, *, number: int = 1) -> Mail:
        """Wait for the ``number``-th mail to this address and return it."""
        wait_until(lambda: len(self.mails_to(address)) >= number, seconds=PATIENCE)
        return self.mails_to(address)[number - 1]

    def said(self) -> str:
        """Return all that its processes have written."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))


def link_in(mail: Mail) -> str:
    """Return the one secret link of a mail, the same in its text and its HTML."""
    links = set(re.findall(r"https://localhost:\d+/[\w/-]+/[\w-]{40,}=*/", mail.text))
    assert len(links) == 1, mail.text
    (link,) = links
    assert f'href="{link}"' in mail.html
    return link
