"""The portal itself cannot rewrite the journal: its role at the database has no right to (SAFETY T53)."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from psycopg2.errors import InsufficientPrivilege

from audit.models import Record
from mcm_portal import checks, database_roles
from mcm_portal.embedded.postgresql import APPLICATION, USER

from .conftest import Write, ask

Theirs = psycopg2.extensions.connection
ADD = "INSERT INTO audit_record (act, actor, subject, fields, reason, academy) "
A_LINE = ADD + "VALUES ('test.changed', 'system', 'user:1', '{}', '', '') "
RECORD_OR_SEAL = [
    "UPDATE {} SET key = 'x'",
    "DELETE FROM {}",
    "TRUNCATE {}",
    "SET audit.allow_change = 'on'; DELETE FROM {}",
    "SET audit.allow_change = 'on'; UPDATE {} SET key = key",
    "DROP TRIGGER {}_append_only ON {}",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "ALTER TABLE {} ADD COLUMN more text",
    "DROP TABLE {}",
    "CREATE TRIGGER mine BEFORE INSERT ON {} EXECUTE FUNCTION audit_date_line()",
    "CREATE RULE mine AS ON INSERT TO {} DO INSTEAD NOTHING",
    "BEGIN; LOCK TABLE {} IN SHARE MODE",
    "GRANT ALL ON {} TO CURRENT_USER",
]
REFUSED = [
    *(each.replace("{}", "audit_seal") for each in RECORD_OR_SEAL),
    *(each.replace("{}", "audit_record").replace("key", "act") for each in RECORD_OR_SEAL),
    f"SET ROLE {USER}",
    "SET session_replication_role = replica",
    "ALTER FUNCTION audit_refuse_change() RENAME TO harmless",
    "CREATE OR REPLACE FUNCTION audit_purge() RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'",
    "DROP FUNCTION audit_purge()",
    "CREATE TABLE mine ()",
    "CREATE SCHEMA mine",
    ADD.replace("(act", "(id, act") + "VALUES (7, 'test.changed', 'system', 'user:1', '{}', '', '')",
    "SELECT setval('audit_record_id_seq', 1)",
]


@pytest.mark.parametrize("statement", REFUSED)
def test_the_portal_can_neither_rewrite_the_journal_nor_take_off_what_guards_it(
    as_the_portal: Theirs, write: Write, statement: str
) -> None:
    row = write(reason="Vrai motif.")
    if statement.startswith("GRANT"):  # PostgreSQL only warns; what it was to serve is refused
        ask(as_the_portal, statement)
        statement = f"DELETE FROM {statement.split()[3]}"
    with pytest.raises(InsufficientPrivilege):
        ask(as_the_portal, statement)
    assert Record.objects.get() == row
    assert Record.objects.get().reason == "Vrai motif."


def test_the_portal_adds_and_reads_lines_and_the_database_dates_them(as_the_portal: Theirs) -> None:
    [(now,)] = ask(as_the_portal, "SELECT now()")
    [(key, dated)] = ask(as_the_portal, A_LINE + "RETURNING id, at")
    assert dated >= now
    forged = A_LINE.replace("(act", "(at, act").replace("VALUES (", "VALUES ('2001-01-01', ")
    [(at,)] = ask(as_the_portal, forged + "RETURNING at")
    assert at >= dated
    assert ask(as_the_portal, "SELECT min(id), count(*) FROM audit_record") == [(key, 2)]


def test_its_rights_elsewhere_are_the_usual_ones_also_in_tables_made_later(as_the_portal: Theirs) -> None:
    def four_things(table: str) -> None:
        ask(as_the_portal, f"INSERT INTO {table} DEFAULT VALUES")
        ask(as_the_portal, f"UPDATE {table} SET id = id + 100")
        ask(as_the_portal, f"SELECT * FROM {table}")
        ask(as_the_portal, f"DELETE FROM {table}")

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE later (id bigserial)")
        try:
            four_things("later")
        finally:
            cursor.execute("DROP TABLE later")
    ask(as_the_portal, "UPDATE notifications_message SET attempts = 0")
    ask(as_the_portal, "DELETE FROM throttling_counter")


@pytest.mark.django_db
def test_a_role_that_could_change_the_journal_all_the_same_is_refused() -> None:
    for role in ("postgres", USER):
        with pytest.raises(database_roles.NotSeparate, match="could still change"):
            database_roles.give_rights(role)
    with pytest.raises(database_roles.NotSeparate, match="CREATE ROLE nobody_yet LOGIN"):
        database_roles.give_rights("nobody_yet")
    with pytest.raises(database_roles.NotSeparate, match="must name"):
        database_roles.give_rights("")


def test_a_check_tells_whether_a_trigger_alone_guards_the_journal(
    as_the_portal: Theirs, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> list[str | None]:
        return [each.id for each in checks.check_database(databases=["default"])]

    assert settings.DATABASES["default"]["USER"] == USER
    assert found() == ["mcm_portal.W002"]
    monkeypatch.setitem(settings.DATABASES["default"], "USER", APPLICATION)
    assert found() == []
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT DELETE ON audit_record TO {APPLICATION}")
    assert found() == ["mcm_portal.W002"]


def test_the_owner_is_another_role_of_the_same_database_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    own = "postgresql://mcm_app:secret@database.example.fr/mcm?sslmode=require"
    monkeypatch.setenv("DATABASE_URL", own)
    for same in ("", own):
        monkeypatch.setenv("DATABASE_OWNER_URL", same)
        assert database_roles.owner() is None
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://mcm:other@direct.example.fr/mcm")
    owner = database_roles.owner()
    assert owner is not None and (owner["USER"], owner["HOST"]) == ("mcm", "direct.example.fr")
    for wrong in ("postgresql://mcm@database.example.fr/another", "mysql://mcm@database.example.fr/mcm"):
        monkeypatch.setenv("DATABASE_OWNER_URL", wrong)
        with pytest.raises(ImproperlyConfigured, match="DATABASE_OWNER_URL"):
            database_roles.owner()


def test_the_portal_may_have_the_rows_of_an_import_looked_at_and_no_other_table(
    as_the_portal: Theirs,
) -> None:
    question = "SELECT has_table_privilege('{}', 'MAINTAIN')"
    assert ask(as_the_portal, question.format("schools_stagedpupil")) == [(True,)]
    assert ask(as_the_portal, question.format("schools_student")) == [(False,)]
