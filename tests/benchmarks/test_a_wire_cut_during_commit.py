"""The wire of the drill loses a COMMIT, or its answer, between a real client and a real PostgreSQL."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import psycopg2
import pytest

from benchmarks.machine import wait_until
from benchmarks.private_postgres import PrivatePostgres
from benchmarks.wire import Wire
from tests.mcm_portal.conftest import postgres

__all__ = ["postgres"]  # a fixture


def run(url: str, statement: str) -> None:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)


def names(postgres: PrivatePostgres) -> list[str]:
    with contextlib.closing(psycopg2.connect(postgres.url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM kept ORDER BY name")
        return [name for (name,) in cursor.fetchall()]


class Client:
    """Writes one row by the wire; ``trouble`` is what it got for an answer, none if all went well."""

    def __init__(self, wire: Wire, name: str, *, table: str = "kept") -> None:
        self.url = f"postgresql://mcm@127.0.0.1:{wire.port}/postgres"
        self.statement = f"INSERT INTO {table} VALUES ('{name}')"
        self.trouble: Exception | None = None
        self.thread = threading.Thread(target=self._write, daemon=True)
        self.thread.start()

    def _write(self) -> None:
        try:
            run(self.url, self.statement)
        except psycopg2.Error as trouble:
            self.trouble = trouble


@pytest.fixture
def wire(postgres: PrivatePostgres) -> Iterator[Wire]:
    run(postgres.url, "DROP TABLE IF EXISTS kept, throttling_counter")
    run(postgres.url, "CREATE TABLE kept (name text); CREATE TABLE throttling_counter (name text)")
    with Wire(postgres.port).running() as wire:
        yield wire


def test_of_three_commits_one_is_lost_one_loses_its_answer_and_one_arrives_late(
    wire: Wire, postgres: PrivatePostgres
) -> None:
    wire.cut()
    first = Client(wire, "lost")
    wait_until(lambda: wire.cuts == 1)
    second = Client(wire, "kept")
    wait_until(lambda: wire.cuts == 2)
    wait_until(lambda: names(postgres) == ["kept"])
    third = Client(wire, "late")
    wait_until(lambda: wire.cuts == 3)
    for client in (first, second, third):
        assert client.thread.is_alive(), "nobody tells it"
    assert names(postgres) == ["kept"]
    wire.mend()
    for client in (first, second, third):
        client.thread.join(30)
        assert isinstance(client.trouble, psycopg2.OperationalError)
    wait_until(lambda: names(postgres) == ["kept", "late"])


def test_what_commits_nothing_of_a_persons_passes_a_wire_that_is_being_cut(
    wire: Wire, postgres: PrivatePostgres
) -> None:
    wire.cut()
    counted = Client(wire, "once", table="throttling_counter")
    counted.thread.join(30)
    assert (counted.thread.is_alive(), counted.trouble, wire.cuts) == (False, None, 0)


def test_a_wire_that_was_mended_passes_everything(wire: Wire, postgres: PrivatePostgres) -> None:
    wire.cut()
    wire.mend()
    client = Client(wire, "fine")
    client.thread.join(30)
    assert (client.thread.is_alive(), client.trouble, wire.cuts) == (False, None, 0)
    assert names(postgres) == ["fine"]
