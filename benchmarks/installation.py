"""A whole portal in processes of its own, which one may kill one by one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from mcm_portal.embedded import gate
from mcm_portal.embedded.postgresql import APPLICATION
from mcm_portal.embedded.processes import in_child

from .machine import free_port, patiently
from .scale.tables import Tables, opened

ROOT = Path(__file__).resolve().parents[1]


class Installation:
    """gunicorn, a Celery worker and beat on a database of their own, made on the PostgreSQL ``server``.

    The portal works in it as a lesser role than its owner. Production settings (DEBUG off); every académie
    but La Réunion's neighbour, code 44, is open once :meth:`prepare` has run. ``broker_url`` and
    ``mail_url`` belong to whoever uses it.
    """

    settings = "mcm_portal.settings"

    def __init__(
        self, folder: Path, *, server: str, broker_url: str, mail_url: str, sms_url: str = ""
    ) -> None:
        self.folder = folder
        self.inner_port = free_port()
        self.address = f"http://localhost:{self.inner_port}"
        self.broker_url, self.mail_url, self.sms_url = broker_url, mail_url, sms_url
        self.server = server
        self.database = f"portal_{os.getpid()}_{self.inner_port}"
        owner = urlsplit(server)._replace(path=f"/{self.database}")
        self.owner_url = owner.geturl()
        self.database_url = owner._replace(netloc=f"{APPLICATION}@{owner.netloc.rpartition('@')[2]}").geturl()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the portal gets; nothing of the developer's own settings."""
        inherited = {name: value for name, value in os.environ.items() if name not in gate.SETTINGS}
        return inherited | {
            "DJANGO_SETTINGS_MODULE": self.settings,
            "PYTHONPATH": str(ROOT),
            "DATA_DIR": str(self.folder),
            "DEBUG": "0",
            "SECRET_KEY": "only-for-this-installation-nothing-is-kept-afterwards",
            "LINK_KEY": "only-for-this-installation-nothing-is-kept-either",
            "SITE_URL": self.address,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.broker_url,
            "EMAIL_URL": self.mail_url,
            "SMS_URL": self.sms_url,
            "DEFAULT_FROM_EMAIL": "Ma classe à la maison <portail@exemple.fr>",
            "ADMIN_CONTACT": "aide@exemple.fr",
            "WEB_CONCURRENCY": "2",
        }

    def prepare(self) -> None:
        """Make the database, its tables and reference data, and the static files."""
        self._on_server("CREATE DATABASE {}")
        accounts = str(self.folder / "accounts.txt")
        self._run("mcm_portal.embedded.prepare", accounts, DEBUG="1", DATABASE_OWNER_URL=self.owner_url)
        self._run("django", "collectstatic", "--no-input")

    def clear(self) -> None:
        """Leave nothing behind."""
        for name in list(self.processes):
            self.kill(name)
        with contextlib.suppress(psycopg2.OperationalError):  # its server may be gone
            patiently(lambda: self._on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)"))

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

    def command(self, role: str, name: str, port: int) -> list[str]:
        """Return the module and the words that start a process of this role under this name."""
        celery = ["celery", "-A", "mcm_portal"]
        gunicorn = ["gunicorn", "mcm_portal.wsgi", "-c", "deploy/gunicorn.conf.py"]
        return {
            "web": [*gunicorn, "--bind", f"127.0.0.1:{port}"],
            "worker": [*celery, "worker", "--concurrency", "1", "-n", f"{name}@portal", "--without-mingle"],
            "beat": [*celery, "beat", "--pidfile=", "--schedule", str(self.folder / f"{name}.schedule")],
        }[role]

    def start(
        self,
        name: str,
        *,
        role: str = "",
        port: int = 0,
        before: tuple[str, ...] = (),
        **more: str,
    ) -> None:
        """Start ``web``, ``worker`` or ``beat``; under another name, a second one of that ``role``.

        ``before`` is a module, with its words, that runs the command instead of Python itself.
        """
        command = [*before, *self.command(role or name, name, port or self.inner_port)]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env={**self.environment, **more},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=in_child(signal.SIGKILL),
            )

    def kill(self, name: str) -> None:
        """End a process and its children as a power cut would."""
        self._end(self.processes.pop(name))

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, name: str) -> None:
        """End a process politely; by force after a while."""
        process = self.processes.pop(name)
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        self._end(process)

    def children(self, name: str) -> list[int]:
        """Return the processes that one of them has started."""
        first = self.processes[name].pid
        return list(map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split()))

    def kill_web_processes(self) -> None:
        """End the processes that serve pages; gunicorn's first process replaces them."""
        for child in self.children("web"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def answers(self, name: str = "web", port: int = 0) -> bool:
        """Say whether the web server answers."""
        assert self.processes[name].poll() is None, self.said()
        asked = urllib.request.Request(f"http://127.0.0.1:{port or self.inner_port}/healthz")
        asked.add_header("Host", f"localhost:{urlsplit(self.address).port}")
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

    def tables(self) -> contextlib.AbstractContextManager[Tables]:
        """Reach into its database."""
        return opened(self.owner_url)

    def said(self) -> str:
        """Return all that its processes have written."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))
