"""PostgreSQL and Valkey together, for a supervisor or for the length of one command."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from . import postgresql, valkey
from .processes import Interruption, Process, Program, Trouble, say

PROJECT = Path(__file__).resolve().parents[2]


class Services:
    """Starts the two servers, or checks those that DATABASE_URL and REDIS_URL name.

    ``environment`` then says how to reach them, PostgreSQL as the portal's own role and, for migrations, as
    its owner (``DATABASE_OWNER_URL``; empty for one role that does both). As a context manager it
    stops them, PostgreSQL last. ``sockets`` is a folder with a short path (``datadir.short_folder``).
    """

    def __init__(
        self,
        data: Path,
        sockets: Path,
        logs: dict[str, Path],
        interruption: Interruption,
        *,
        durable: bool = True,
        given: dict[str, str] | None = None,
        open_files: tuple[int, ...] = (),
    ) -> None:
        self.data = data
        self.sockets = sockets
        self.logs = logs
        self.interruption = interruption
        self.durable = durable
        self.given = given or {}
        self.open_files = open_files
        self.environment: dict[str, str] = {}
        self.processes: list[Process] = []  # in the order of their start

    def __enter__(self) -> Services:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start what is not given. Raises :class:`Trouble`, with the last lines of who failed."""
        if url := self.given.get("DATABASE_URL"):
            postgresql.check_given(url)
            self.environment["DATABASE_URL"] = url
            self.environment["DATABASE_OWNER_URL"] = self.given.get("DATABASE_OWNER_URL", "")
        else:
            self._start_postgresql()
        if url := self.given.get("REDIS_URL"):
            valkey.check_given(url)
            self.environment["REDIS_URL"] = url
        else:
            self._start_valkey()

    def _start_valkey(self) -> None:
        for attempts_left in (2, 1, 0):  # another program may take the port that was free
            broker = valkey.Valkey(self.data / "valkey", self.logs["valkey"], durable=self.durable)
            try:
                self._await(broker, broker.program(self.open_files))
            except Trouble:
                if not attempts_left:
                    raise
                self.processes.pop().stop()
            else:
                self.environment["REDIS_URL"] = broker.url
                return

    def _start_postgresql(self) -> None:
        sockets = self.sockets / "pg"
        sockets.mkdir(mode=0o700, exist_ok=True)
        database = postgresql.PostgreSQL(
            self.data / "postgresql", sockets, self.logs["postgresql"], durable=self.durable
        )
        if self.durable and not database.folder.exists():
            say("Making the database (first start only)…")
        database.make(self.interruption)
        self._await(database, database.program(self.open_files))
        database.provide_roles()
        if self.durable:
            self.environment |= {"DATABASE_URL": database.url, "DATABASE_OWNER_URL": database.owner_url}
        else:  # whoever tries something out makes databases and tables
            self.environment |= {"DATABASE_URL": database.owner_url, "DATABASE_OWNER_URL": ""}

    def _await(self, service: postgresql.PostgreSQL | valkey.Valkey, program: Program) -> None:
        process = Process(program)
        self.processes.append(process)
        happened = self.interruption.wait_for(
            lambda: not process.is_alive or service.is_ready(), patience=300
        )
        if not happened or not process.is_alive:
            raise Trouble(
                f"{program.name} did not start. Its last lines ({program.log}):\n{process.last_words()}"
            )

    def stop(self) -> None:
        """Stop them, in the reverse order of their start."""
        for process in reversed(self.processes):
            process.stop()
        self.processes.clear()
