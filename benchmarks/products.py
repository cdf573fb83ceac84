"""The products that are measured, each started as in production with a database of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from mcm_portal.embedded import gate
from mcm_portal.embedded.processes import in_child

from . import processor, statements
from .journeys import AllauthJourney, Journey, PortalJourney
from .machine import patiently
from .scale.tables import Tables, opened

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 120  # seconds


class Product(ABC):
    """One product: its database, its processes, and what they use."""

    name = ""
    journey: Journey

    def __init__(self, folder: Path, *, port: int, smtp_port: int) -> None:
        self.folder = folder / self.name.replace(" ", "_")
        self.folder.mkdir(exist_ok=True)
        self.port, self.smtp_port = port, smtp_port
        self.site = f"http://localhost:{port}"
        self.server = os.environ["DATABASE_URL"]
        self.database = f"bench_{self.name.replace(' ', '_').replace(',', '')}_{os.getpid()}"
        self.database_url = urlsplit(self.server)._replace(path=f"/{self.database}").geturl()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """What every process gets; nothing of the developer's own settings."""
        return {name: value for name, value in os.environ.items() if name not in gate.SETTINGS}

    @abstractmethod
    def prepare(self) -> None:
        """Make the tables."""

    @abstractmethod
    def commands(self) -> dict[str, list[str]]:
        """Return what runs, by kind."""

    @contextlib.contextmanager
    def running(self) -> Iterator[Product]:
        """Start it, and leave nothing behind."""
        self._on_server("CREATE DATABASE {}")
        try:
            self.prepare()
            for kind, command in self.commands().items():
                with (self.folder / f"{kind}.log").open("ab") as log:
                    self.processes[kind] = subprocess.Popen(
                        [sys.executable, "-m", *command],
                        cwd=ROOT,
                        env=self.environment,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                        preexec_fn=in_child(signal.SIGKILL),
                    )
            self._await()
            yield self
        finally:
            for process in self.processes.values():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            self.processes.clear()
            patiently(lambda: self._on_server("DROP DATABASE IF EXISTS {} WITH (FORCE)"))

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds used so far, by kind of process; PostgreSQL and Valkey included."""
        used = {kind: processor.seconds(process.pid) for kind, process in self.processes.items()}
        services = Path(os.environ["DATA_DIR"])
        used["PostgreSQL"] = processor.seconds(processor.named("postgres", within=services))
        with contextlib.suppress(LookupError):
            used["Valkey"] = processor.seconds(processor.named("valkey", within=services))
        return used

    @contextlib.contextmanager
    def logged(self) -> Iterator[None]:
        """Let PostgreSQL itself write down every statement that reaches the database meanwhile.

        That needs its superuser, whom only our own server lets in.
        """
        self._on_server("ALTER DATABASE {} SET log_statement = 'all'", superuser=True)
        self._on_server(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}", text=True
        )
        try:
            yield
        finally:
            self._on_server("ALTER DATABASE {} RESET log_statement", superuser=True)

    @contextlib.contextmanager
    def statements(self, log: Path) -> Iterator[list[str]]:
        """Collect what reaches the database meanwhile, but for the words that only bound transactions."""
        found: list[str] = []
        with self.logged():
            start = log.stat().st_size
            yield found
        found += statements.since(log, start)

    def manage(self, *words: str, **more: str) -> str:
        """Run one command to its end; return what it wrote."""
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _on_server(self, statement: str, *, superuser: bool = False, text: bool = False) -> None:
        """Run a statement in which ``{}`` stands for the database: as its name, or as a text."""
        connection = psycopg2.connect(self.server, **({"user": "postgres"} if superuser else {}))
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            named = sql.Literal(self.database) if text else sql.Identifier(self.database)
            cursor.execute(sql.SQL(statement).format(named))

    def _await(self) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(self.site + self.journey.sign_in_page(), timeout=5) as answer,
            ):
                if answer.status == 200:
                    return
            if time.monotonic() > end or any(each.poll() is not None for each in self.processes.values()):
                logs = "\n".join(path.read_text()[-2000:] for path in self.folder.glob("*.log"))
                raise RuntimeError(f"{self.name} does not answer:\n{logs}")
            time.sleep(0.2)


class Portal(Product):
    """This portal: gunicorn as deployed, one worker process, beat."""

    name = "portal"

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        smtp_port: int,
        name: str = "portal",
        broker: int = 0,
        sms_url: str = "",
    ) -> None:
        self.name, self.sms_url = name, sms_url
        super().__init__(folder, port=port, smtp_port=smtp_port)
        self.journey = PortalJourney(self.site)
        # Two portals beside each other must not take each other's tasks.
        self.redis_url = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{broker}").geturl()

    @property
    def environment(self) -> dict[str, str]:
        """Production settings, without TLS: whoever ends it in front is not part of the figures."""
        return super().environment | {
            "DJANGO_SETTINGS_MODULE": "mcm_portal.settings",
            "PYTHONPATH": str(ROOT),
            "DATA_DIR": str(self.folder),
            "DEBUG": "0",
            "SECRET_KEY": "only-for-the-benchmark-nothing-is-kept-afterwards-at-all",
            "LINK_KEY": "only-for-the-benchmark-nothing-is-kept-afterwards-either",
            "SITE_URL": self.site,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "SMS_URL": self.sms_url,
            "DEFAULT_FROM_EMAIL": "portail@exemple.fr",
            "ADMIN_CONTACT": "aide@exemple.fr",
            "TRUSTED_PROXY_COUNT": "1",  # each family comes from an address of its own
            "WEB_CONCURRENCY": "2",
        }

    def prepare(self) -> None:
        """Migrate, load the reference data, open the académies as the demonstration does."""
        self.manage("mcm_portal.embedded.prepare", str(self.folder / "accounts.txt"), DEBUG="1")
        self.manage("django", "collectstatic", "--no-input")

    def tables(self) -> contextlib.AbstractContextManager[Tables]:
        """Reach into its database."""
        return opened(self.database_url)

    def commands(self) -> dict[str, list[str]]:
        """Web, worker, beat."""
        celery = ["celery", "-A", "mcm_portal"]
        web = ["gunicorn", "mcm_portal.wsgi", "-c", "deploy/gunicorn.conf.py"]
        return {
            "web": [*web, "--bind", f"127.0.0.1:{self.port}"],
            "worker": [*celery, "worker", "--concurrency", "1", "--without-mingle", "--without-gossip"],
            "beat": [*celery, "beat", "--pidfile=", "--schedule", str(self.folder / "schedule")],
        }


class Allauth(Product):
    """A plain django-allauth project under the same server. It sends its mails within the request."""

    def __init__(self, folder: Path, *, port: int, smtp_port: int, hasher: str) -> None:
        self.hasher = hasher
        self.name = f"allauth {hasher}"
        super().__init__(folder, port=port, smtp_port=smtp_port)
        self.journey = AllauthJourney(self.site)

    @property
    def environment(self) -> dict[str, str]:
        """Its few settings."""
        return super().environment | {
            "DJANGO_SETTINGS_MODULE": "benchmarks.plain_allauth.settings",
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": os.environ["REDIS_URL"],
            "SMTP_PORT": str(self.smtp_port),
            "HASH": self.hasher,
        }

    def prepare(self) -> None:
        """Migrate; the mails' links carry the site's own address."""
        self.manage("django", "migrate", "--no-input")

    def commands(self) -> dict[str, list[str]]:
        """The web server alone."""
        gunicorn = ["gunicorn", "benchmarks.plain_allauth.wsgi", "--worker-class", "gthread"]
        return {
            "web": [*gunicorn, "--workers", "2", "--threads", "4", "--bind", f"127.0.0.1:{self.port}"],
        }
