"""``make run``: starts everything in order, watches it, stops it in order."""

from __future__ import annotations

import contextlib
import errno
import http.client
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from mcm_portal.env import Environment

from .datadir import DataDirectory, Hold
from .processes import Interruption, Process, Program, Stopped, Trouble, last_lines, run_to_end, say
from .services import PROJECT, Services

LONGEST_BACK_OFF = 30  # seconds
STEADY_AFTER = 60  # seconds a process must live before its back-off begins anew


class Supervisor:
    """One ``make run``: settings in ``given`` (the environment), all data under DATA_DIR."""

    def __init__(self, given: dict[str, str]) -> None:
        self.given = given
        self.interruption = Interruption()
        self.port = _port(given.get("PORT", "").strip() or "8000")
        self.data = DataDirectory(data_directory(given))
        self.environment = dict(given)
        self.debug = _flag(given, "DEBUG", default=True)
        self.watched: list[Process] = []  # in the order of their start
        self.failures: dict[str, int] = {}
        self.restart_at: dict[str, float] = {}

    def run(self) -> int:
        """Run until someone asks for the end. Returns the exit code; raises :class:`Trouble`."""
        began = time.monotonic()
        self.interruption.listen()
        self.data.make()
        try:
            with self.data.hold("make run", self.interruption) as hold, reserved(self.port) as door:
                say(f"Starting {self._services_named()}; data in {self.data.path}")
                with Services(
                    self.data.path,
                    hold.sockets,
                    {name: self.data.log(name) for name in ("postgresql", "valkey")},
                    self.interruption,
                    given=self.given,
                    open_files=(hold.lock,),
                ) as services:
                    self._configure(services)
                    self._prepare()
                    try:
                        self._start_portal(hold, door)
                        self._announce(time.monotonic() - began)
                        self.watched[:0] = services.processes
                        self._watch(services)
                    finally:
                        say("\nStopping: web, beat, worker, Valkey, PostgreSQL…")
                        self._stop(services)
        except Stopped:
            pass
        say("Stopped. Nothing is lost: make run takes up where you left.")
        return 0

    def _services_named(self) -> str:
        """Name what is started here, and not what the settings point at."""
        ours = {"DATABASE_URL": "PostgreSQL", "REDIS_URL": "Valkey"}
        started = [name for setting, name in ours.items() if not self.given.get(setting, "").strip()]
        return " and ".join(started) or "the portal beside your own PostgreSQL and Redis-protocol server"

    def _configure(self, services: Services) -> None:
        """Work out the environment that every program of the portal gets."""
        keys = {
            name: value for name, value in self.data.keys().items() if not self.given.get(name, "").strip()
        }
        self.environment |= {
            **services.environment,
            **keys,
            "DEBUG": "1" if self.debug else "0",
            "DATA_DIR": str(self.data.path),
            "PORT": str(self.port),
            "SITE_URL": self.given.get("SITE_URL", "").strip() or f"http://localhost:{self.port}",
            "DJANGO_SETTINGS_MODULE": "mcm_portal.settings",
            "PYTHONUNBUFFERED": "1",
        }
        names = ("DEBUG", "DATA_DIR", "PORT", "SITE_URL", "DJANGO_SETTINGS_MODULE")
        published = (*names, *keys, *services.environment)
        self.data.publish({name: self.environment[name] for name in published})

    def _prepare(self) -> None:
        """Migrate, load the reference data, make the demonstration; at each start, quick when done."""
        say("Preparing the database: migrations, reference data, demonstration…")
        log = self.data.log("prepare")
        command = python("-m", "mcm_portal.embedded.prepare", self.data.run / "accounts.txt")
        step = Program("prepare", command, log=log, folder=PROJECT, environment=self.environment)
        run_to_end(step, self.interruption)
        if not self.debug:
            say("Collecting the static files (DEBUG is off)…")
            collect = python("manage.py", "collectstatic", "--no-input")
            run_to_end(replace(step, name="collectstatic", command=collect), self.interruption)

    def _start_portal(self, hold: Hold, door: socket.socket) -> None:
        say("Starting the web server, the worker and its clock…")
        for program in self._programs(hold, door):
            self.watched.append(Process(program))
        web = self.watched[0]
        self.interruption.wait_for(
            lambda: not all(process.is_alive for process in self.watched) or self._answers(), patience=120
        )
        for process in self.watched:
            if not process.is_alive:
                raise Trouble(
                    f"The {process.program.name} did not start. Its last lines "
                    f"({process.program.log}):\n{process.last_words()}"
                )
        if not self._answers():
            raise Trouble(
                f"The web server does not answer. Its last lines ({web.program.log}):\n{web.last_words()}"
            )

    def _programs(self, hold: Hold, door: socket.socket) -> list[Program]:
        """Return web, worker and beat, in the order of their start."""
        metrics = hold.sockets / "metrics"
        metrics.mkdir()
        celery = python("-m", "celery", "-A", "mcm_portal")
        quiet = ["--loglevel", "INFO", "--without-gossip", "--without-mingle"]
        schedule = self.data.path / "beat" / "schedule"
        # The owner is for migrations only.
        environment = {**self.environment, "DATABASE_OWNER_URL": ""}

        def program(name: str, command: list[str | Path], patience: float) -> Program:
            log = self.data.log(name)
            held = (hold.lock,)
            return Program(
                name, command, log, PROJECT, environment=environment, patience=patience, open_files=held
            )

        gunicorn = python("-m", "gunicorn", "mcm_portal.wsgi", "-c", "deploy/gunicorn.conf.py")
        web = program("web", [*gunicorn, "--bind", f"fd://{door.fileno()}"], 15)
        return [
            replace(
                web,
                environment={**environment, "PROMETHEUS_MULTIPROC_DIR": str(metrics)},
                open_files=(hold.lock, door.fileno()),
            ),
            program("worker", [*celery, "worker", "--concurrency", "2", *quiet], 30),
            program(
                "beat", [*celery, "beat", "--loglevel", "INFO", "--schedule", schedule, "--pidfile="], 10
            ),
        ]

    def _answers(self) -> bool:
        """Ask the web server whether it is alive."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request(
                "GET", "/healthz", headers={"Host": urlsplit(self.environment["SITE_URL"]).netloc}
            )
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _announce(self, seconds: float) -> None:
        """Write the block a newcomer reads: address, accounts, mailbox, how to stop."""
        site = self.environment["SITE_URL"]
        accounts = last_lines(self.data.run / "accounts.txt", 60) if self.debug else ""
        lines = ["", "-" * 78, f"The portal is ready after {seconds:.0f} s:  {site}/", ""]
        if accounts:
            lines += ["Demonstration accounts:", accounts, ""]
        kept = {"EMAIL_URL": "Mails", "SMS_URL": "SMS"}
        kept = {name: kind for name, kind in kept.items() if not self.given.get(name, "").strip()}
        if self.debug and kept:
            lines += [f"{' and '.join(kept.values())} are not sent but read here:  {site}/boite-locale/", ""]
        lines += [f"Logs: {self.data.logs}", "Ctrl-C stops everything and keeps the data.", "-" * 78]
        for line in lines:
            say(line)

    def _watch(self, services: Services) -> None:
        """Restart what dies, later and later while it keeps dying, until someone asks for the end."""
        while True:
            self.interruption.wait_for(
                lambda: not all(process.is_alive for process in self.watched), patience=1
            )
            for place, process in enumerate(self.watched):
                if not process.is_alive:
                    self.watched[place] = self._revive(process)
                    if process in services.processes:
                        services.processes[services.processes.index(process)] = self.watched[place]

    def _revive(self, process: Process) -> Process:
        name, now = process.program.name, time.monotonic()
        if name not in self.restart_at:
            if now - process.started_at > STEADY_AFTER:
                self.failures[name] = 0
            pause = min(2 ** self.failures.get(name, 0), LONGEST_BACK_OFF)
            self.failures[name] = self.failures.get(name, 0) + 1
            self.restart_at[name] = now + pause
            say(
                f"\n{name} ended ({_in_words(process.exit_code)}); starting it again in {pause} s. "
                f"Its last lines ({process.program.log}):\n{process.last_words()}"
            )
        if now < self.restart_at[name]:
            time.sleep(0.1)
            return process
        del self.restart_at[name]
        return Process(process.program)

    def _stop(self, services: Services) -> None:
        """Stop web, beat, worker; the services follow when their context ends."""
        ours = {
            process.program.name: process for process in self.watched if process not in services.processes
        }
        for name in ("web", "beat", "worker"):
            if name in ours:
                ours[name].stop()


def data_directory(given: dict[str, str]) -> Path:
    """Return DATA_DIR, or ``.data`` in the project."""
    return Path(given.get("DATA_DIR", "").strip() or PROJECT / ".data")


def python(*words: str | Path) -> list[str | Path]:
    """Return a command of the virtual environment's Python."""
    return [sys.executable, *words]


@contextlib.contextmanager
def reserved(port: int) -> Iterator[socket.socket]:
    """Take the port before anything else is started. The web server inherits the socket.

    Raises :class:`Trouble` when the port is taken or not for us.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", port))
        except OSError as error:
            way_out = f"Start on another one:  make run PORT={port + 1 if port < 65535 else 8001}"
            if error.errno == errno.EADDRINUSE:
                raise Trouble(f"Port {port} is taken by another program.\n{way_out}") from None
            if error.errno == errno.EACCES:
                raise Trouble(f"Port {port} is not for users without privileges.\n{way_out}") from None
            raise
        yield door


def _port(value: str) -> int:
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise Trouble(f"PORT={value} is not a port: use a number from 1 to 65535.")
    return int(value)


def _in_words(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"code {code}"


def _flag(given: dict[str, str], name: str, *, default: bool) -> bool:
    """Return a yes or a no as the settings read it; raises :class:`Trouble` for another word."""
    try:
        return Environment(given).flag(name, default)
    except ImproperlyConfigured as error:
        raise Trouble(str(error)) from error
