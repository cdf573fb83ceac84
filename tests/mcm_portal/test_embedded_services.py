"""PostgreSQL and Valkey out of their wheels: made whole, found again, never in each other's way."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from benchmarks.private_postgres import PrivatePostgres
from mcm_portal.embedded import postgresql, valkey
from mcm_portal.embedded.datadir import DataDirectory, short_folder
from mcm_portal.embedded.processes import Interruption, Stopped, Trouble
from mcm_portal.embedded.services import Services

from .embedded_portal import PROJECT, embedded, environment, open_folder, processes_of, wait_until

PYTHON = sys.executable
SQL = """
import os, psycopg2, sys
connection = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
cursor = connection.cursor()
cursor.execute(sys.argv[1])
connection.commit()
print(*cursor.fetchone() if cursor.description else ())
"""


def sql(statement: str, data: Path) -> str:
    """Run one statement beside the services of ``data``; return what it answers."""
    done = embedded("exec", "--data", data, "--", PYTHON, "-c", SQL, statement)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Give throwaway services that a test starts itself."""
    logs = {name: tmp_path / f"{name}.log" for name in ("postgresql", "valkey")}
    sockets = short_folder()
    made = Services(tmp_path / "a folder", sockets, logs, Interruption(), durable=False)
    yield made
    made.stop()
    shutil.rmtree(sockets)


def owner_of(process: int) -> int:
    """Return the user, seen from here, that a process runs as."""
    return Path(f"/proc/{process}").stat().st_uid


def test_data_last_from_one_command_to_the_next(tmp_path: Path) -> None:
    data = tmp_path / "des données"
    sql("CREATE TABLE kept AS SELECT 42 AS answer", data)
    assert sql("SELECT answer FROM kept", data) == "42"


def test_a_throwaway_command_never_touches_the_database_that_is_set(tmp_path: Path) -> None:
    ours = "postgresql://nobody@database.invalid/mcm"
    done = embedded("exec", "--", "sh", "-c", "echo $DATABASE_URL", DATABASE_URL=ours)
    assert done.stdout.strip().startswith("postgresql://mcm@/mcm?host=")


def test_a_throwaway_command_never_hears_of_an_owner_that_is_set(tmp_path: Path) -> None:
    ours = "postgresql://owner@database.invalid/mcm"
    done = embedded("exec", "--", "sh", "-c", "echo owner: $DATABASE_OWNER_URL", DATABASE_OWNER_URL=ours)
    assert done.stdout.strip() == "owner:"


def test_what_is_kept_is_used_by_a_lesser_role_than_its_owner(tmp_path: Path) -> None:
    roles = "echo $DATABASE_URL; echo $DATABASE_OWNER_URL"
    for _start in ("first", "second"):
        done = embedded("exec", "--data", tmp_path / "d", "--", "sh", "-c", roles)
        own, owner = done.stdout.strip().splitlines()[-2:]
        assert own.startswith("postgresql://mcm_app@/mcm?host=")
        assert owner.startswith("postgresql://mcm@/mcm?host=")


@pytest.mark.long
def test_on_a_server_of_ones_own_one_role_does_everything_or_two_share_it(
    postgres: PrivatePostgres, tmp_path: Path
) -> None:
    connection = psycopg2.connect(postgres.url)
    connection.autocommit = True
    for statement in (
        "CREATE ROLE ours LOGIN",
        "CREATE ROLE ours_app LOGIN",
        "CREATE DATABASE ours OWNER ours",
    ):
        connection.cursor().execute(statement)
    connection.close()
    owner = postgres.url.replace("//mcm@", "//ours@").replace("/postgres", "/ours")
    lesser = owner.replace("//ours@", "//ours_app@")
    prepare = ("exec", "--data", tmp_path / "d", "--", PYTHON, "-m", "mcm_portal.embedded.prepare")
    for given, is_told in (
        ({"DATABASE_URL": owner}, False),  # nothing to say yet: there is no journal
        ({"DATABASE_URL": owner}, True),
        ({"DATABASE_URL": lesser, "DATABASE_OWNER_URL": owner}, False),
    ):
        done = embedded(*prepare, tmp_path / "accounts.txt", **given)
        assert done.returncode == 0, done.stderr
        assert ("W002" in done.stderr) == is_told
    connection = psycopg2.connect(lesser)
    cursor = connection.cursor()
    cursor.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert cursor.fetchall() == [("ours",)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute("DELETE FROM audit_record")
    connection.close()
    swapped = embedded(
        *prepare, tmp_path / "accounts.txt", DATABASE_URL=owner, DATABASE_OWNER_URL=postgres.url
    )
    assert swapped.returncode == 1 and "must name the same database" in swapped.stderr


def test_the_command_ends_as_it_ended(tmp_path: Path) -> None:
    assert embedded("exec", "--", "sh", "-c", "exit 7").returncode == 7
    assert embedded("exec", "--", "sh", "-c", "kill -TERM $$").returncode == 128 + signal.SIGTERM


def test_a_command_that_does_not_exist_is_told(tmp_path: Path) -> None:
    done = embedded("exec", "--", "/no/such/program")
    assert done.returncode == 1
    assert "/no/such/program cannot be run" in done.stderr
    assert "Traceback" not in done.stderr


def test_names_are_stored_in_utf8_and_sorted_alike_everywhere(services: Services) -> None:
    services.start()
    with psycopg2.connect(services.environment["DATABASE_URL"]) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding) FROM pg_database")
        assert set(cursor.fetchall()) == {("b", "C.UTF-8", "UTF8")}
        cursor.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, True)
    connection.close()


def test_a_first_start_killed_midway_is_done_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = subprocess.Popen(
        [PYTHON, "-m", "mcm_portal.embedded", "exec", "--data", data, "--", "true"],
        cwd=PROJECT,
        env=environment(),
    )
    wait_until((data / "postgresql.unfinished" / "PG_VERSION").exists, "initdb began")
    first.kill()
    first.wait()
    assert not (data / "postgresql").exists()
    assert sql("SELECT 1", data) == "1"


def test_a_folder_that_is_no_database_is_refused_and_left_alone(services: Services) -> None:
    letter = services.data / "postgresql" / "letter.txt"
    letter.parent.mkdir(parents=True)
    letter.write_text("dear")
    with pytest.raises(Trouble, match="not a PostgreSQL database"):
        services.start()
    assert letter.read_text() == "dear"


def test_a_database_of_another_version_is_refused_and_left_alone(services: Services) -> None:
    version = services.data / "postgresql" / "PG_VERSION"
    version.parent.mkdir(parents=True)
    version.write_text("12\n")
    with pytest.raises(Trouble, match="made by PostgreSQL 12"):
        services.start()
    assert version.read_text() == "12\n"


def test_a_dead_servers_pid_file_whose_number_is_taken_again_does_no_harm(services: Services) -> None:
    services.start()
    folder = services.data / "postgresql"
    content = (folder / "postmaster.pid").read_text()
    services.stop()
    taken_by = str(os.getppid())  # any living process that is not a server of this folder
    (folder / "postmaster.pid").write_text(content.replace(content.split("\n")[0], taken_by, 1))
    again = Services(services.data, services.sockets, services.logs, Interruption(), durable=False)
    with again:
        assert again.environment["DATABASE_URL"]


def test_postgresql_starts_for_root_where_namespaces_are_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "namespaces_are_allowed", lambda: False)
    with open_folder() as folder:
        logs = {name: folder / f"{name}.log" for name in ("postgresql", "valkey")}
        with Services(folder, folder, logs, Interruption(), durable=False) as services:
            assert owner_of(services.processes[0].pid) != 0
        monkeypatch.undo()
        with Services(folder, folder, logs, Interruption(), durable=False) as services:
            owner = (folder / "postgresql").stat().st_uid  # who runs it from then on
            assert owner_of(services.processes[0].pid) == owner != 0


def test_a_database_that_is_set_but_absent_is_told_in_a_sentence(tmp_path: Path) -> None:
    done = embedded(
        "exec", "--data", tmp_path / "d", "--", "true", DATABASE_URL="postgresql://mcm@127.0.0.1:1/mcm"
    )
    assert done.returncode == 1
    assert "The PostgreSQL of DATABASE_URL does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broker_that_is_set_but_absent_is_told_in_a_sentence(tmp_path: Path) -> None:
    done = embedded("exec", "--data", tmp_path / "d", "--", "true", REDIS_URL="redis://127.0.0.1:1/0")
    assert done.returncode == 1
    assert "The Redis of REDIS_URL does not answer" in done.stderr
    assert processes_of(tmp_path / "d") == []


def test_a_broker_whose_port_was_taken_in_between_takes_another(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = iter([taken.getsockname()[1], valkey.free_port()])
        monkeypatch.setattr(valkey, "free_port", lambda: next(ports))
        services.start()
        assert f":{taken.getsockname()[1]}/" not in services.environment["REDIS_URL"]


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / "data")
    data.make()
    first = data.keys()
    assert DataDirectory(tmp_path / "data").keys() == first
    assert len({*first.values()}) == len(first)
    assert all(len(value) >= 50 for value in first.values())
    assert stat.S_IMODE((data.path / "keys.json").stat().st_mode) == 0o600


def test_damaged_secrets_are_refused_not_replaced(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path / "data")
    data.make()
    (data.path / "keys.json").write_text('{"SECRET_KEY": ')
    with pytest.raises(Trouble, match="damaged"):
        data.keys()
    assert (data.path / "keys.json").read_text() == '{"SECRET_KEY": '


def test_a_database_in_another_encoding_is_refused(services: Services) -> None:
    services.start()
    url = services.environment["DATABASE_URL"]
    connection = psycopg2.connect(url)
    connection.autocommit = True
    connection.cursor().execute(
        "CREATE DATABASE old TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
    )
    connection.close()
    settings = {**services.environment, "SECRET_KEY": "x", "LINK_KEY": "y", "DEBUG": "1"}

    def check(database_url: str) -> subprocess.CompletedProcess[str]:
        command = [PYTHON, "manage.py", "check", "--database", "default"]
        changed = environment(**{**settings, "DATABASE_URL": database_url})
        return subprocess.run(command, cwd=PROJECT, env=changed, capture_output=True, text=True)

    assert check(url).returncode == 0
    refused = check(url.replace("/mcm?", "/old?"))
    assert refused.returncode != 0
    assert "The database is in LATIN1" in refused.stderr


def test_being_asked_to_stop_comes_before_what_is_waited_for() -> None:
    interruption = Interruption()
    assert interruption.wait_for(lambda: True, patience=1)
    interruption.requested = signal.SIGTERM
    with pytest.raises(Stopped):
        interruption.wait_for(lambda: True, patience=1)
