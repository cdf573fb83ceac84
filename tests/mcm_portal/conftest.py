"""A web server of the test's own beside a PostgreSQL of its own."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.machine import free_port, wait_until
from benchmarks.private_postgres import PrivatePostgres

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePostgres]:
    """A server that the test may kill and freeze."""
    # Every folder above must be open to « nobody »: pytest's are the owner's only.
    folder = tmp_path_factory.mktemp("postgres")
    for parent in (folder, *folder.parents):
        if parent == Path("/tmp") or parent == parent.parent:
            break
        parent.chmod(0o755)
    server = PrivatePostgres(folder)
    server.start()
    yield server
    server.close()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str
    seconds: float


class WebServer:
    """gunicorn as in production, with the pages of outage_site."""

    def __init__(self, *, database_url: str, log: Path, debug: bool = False) -> None:
        self.port = free_port()
        self.log = log
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "tests.mcm_portal.outage_site.settings",
            "DEBUG": "1" if debug else "0",
            "SITE_URL": "http://localhost",
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "EMAIL_URL": "smtp://127.0.0.1:9",
            "DEFAULT_FROM_EMAIL": "portail@example.fr",
            "LINK_KEY": "link-key-that-nobody-may-read",
            "PYTHONPATH": str(ROOT),
            "WEB_CONCURRENCY": "1",
        }
        command = [sys.executable, "-m", "gunicorn", "mcm_portal.wsgi", "-c", "deploy/gunicorn.conf.py"]
        command += ["--bind", f"127.0.0.1:{self.port}"]
        self.output = log.open("wb")
        self.process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=self.output, stderr=subprocess.STDOUT
        )
        wait_until(self._answers, seconds=30)

    def _answers(self) -> bool:
        try:
            return self.get("/healthz").status == 200
        except OSError:
            assert self.process.poll() is None, self.log.read_text()
            return False

    def request(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        """Ask, with a header ``Content-Type`` written ``content_type``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        began = time.monotonic()
        try:
            connection.request(method, path, body=body, headers=named)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, text, time.monotonic() - began)

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, **headers)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
        self.output.close()


@pytest.fixture(scope="module")
def web(postgres: PrivatePostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """The web server in front of the private PostgreSQL."""
    server = WebServer(database_url=postgres.url, log=tmp_path_factory.mktemp("web") / "output.log")
    yield server
    server.close()
