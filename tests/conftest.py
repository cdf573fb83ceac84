"""What every test shares. PostgreSQL and the Redis-protocol server are real: ``make test`` starts them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from accounts import policy_texts
from accounts.hashers import Argon2idHasher
from economy.remembered import forget_now
from mcm_portal import logs
from schools import openings
from schools.models import Academy


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Begin each test without what the last one's pages and reference data were."""
    forget_now()


@pytest.fixture(autouse=True)
def quick_hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with the least of memory, once: thousands of people are made here, whose passwords guard nothing.

    Tests of the hash itself are marked ``real_hash``; processes that tests start hash as in real life.
    """
    if request.node.get_closest_marker("real_hash") is None:
        monkeypatch.setattr(Argon2idHasher, "memory_cost", 8)
        monkeypatch.setattr(Argon2idHasher, "time_cost", 1)


@pytest.fixture
def our_lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the log lines that the portal itself writes in this process; ``caplog`` has those of others."""
    lines: list[str] = []
    monkeypatch.setattr(logs._Lines, "msg", lambda _lines, line: lines.append(line))
    return lines


FEW = 500  # rows: those of more are quicker emptied as a whole
KEPT = ("django_migrations", "django_content_type", "auth_permission")  # the same whatever a test did


@pytest.fixture(scope="session", autouse=True)
def quick_emptying() -> Iterator[None]:
    """Empty, after a test that commits, those tables alone that hold rows, and by rows where they are few.

    Django makes new files for every table and writes permissions anew: five times as long as most tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _self: _empty_tables())
        yield


def _empty_tables() -> None:
    """Leave no row behind but those that every test begins with."""
    with transaction.atomic(), connection.cursor() as cursor:
        counts = " UNION ALL ".join(
            f"SELECT '{table}', count(*) FROM (SELECT FROM {table} LIMIT {FEW + 1}) AS few"
            for table in _tables()
        )
        cursor.execute(counts)
        held = {table: count for table, count in cursor.fetchall() if count}
        if any(count > FEW for count in held.values()):
            cursor.execute(f"TRUNCATE {', '.join(_tables())}")
            return
        # Journal and texts in force refuse to forget; the end of a test is no forgetting.
        guarded = [table for table in held if table in _guarded()]
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for table in held:
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@functools.cache
def _guarded() -> frozenset[str]:
    """Return the tables with triggers of ours."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
        return frozenset(table for (table,) in cursor.fetchall())


@functools.cache
def _tables() -> tuple[str, ...]:
    """Return what is emptied."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return tuple(name for name in names if name not in KEPT)


@pytest.fixture(scope="session")
def open_portal(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Callable[[], None]:
    """Put the reference data, the texts in force and the openings into an empty portal.

    They are loaded once as in real life and kept as rows, which go back by one statement a table: some
    thousands of tests begin with them.
    """
    tables = [model._meta.db_table for model in apps.get_models()]
    with django_db_blocker.unblock(), transaction.atomic(), connection.cursor() as cursor:
        before = _rows(cursor, tables)
        call_command("load_reference_data", verbosity=0)
        policy_texts.load()
        openings.decide(
            academies=Academy.objects.exclude(code="44"),
            opens=True,
            effective_on=date(2020, 9, 1),
            decided_on=date(2020, 8, 20),
            reference="Arrêté 2020-1",
            actor="system",
        )
        kept = {table: rows for table, rows in _rows(cursor, tables).items() if rows != before[table]}
        assert not any(before[table] for table in kept), "a table had rows already"
        columns = {table: _written_columns(cursor, table) for table in kept}
        transaction.set_rollback(True)

    def put() -> None:
        with connection.cursor() as cursor:
            for table, rows in kept.items():
                names = columns[table]
                cursor.execute(
                    f"INSERT INTO {table} ({names}) SELECT {names}"
                    f" FROM json_populate_recordset(NULL::{table}, %s)",
                    [rows],
                )

    return put


def _rows(cursor: CursorWrapper, tables: list[str]) -> dict[str, str | None]:
    """Return the rows of each table as JSON; nothing for an empty one."""
    found = {}
    for table in tables:
        cursor.execute(f"SELECT json_agg(each)::text FROM {table} AS each")
        (found[table],) = cursor.fetchone()
    return found


def _written_columns(cursor: CursorWrapper, table: str) -> str:
    """Return the columns of a table but those that PostgreSQL works out."""
    cursor.execute(
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
        [table],
    )
    (names,) = cursor.fetchone()
    return str(names)
