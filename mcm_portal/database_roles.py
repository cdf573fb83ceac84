"""Two roles at the database: its owner, for migrations alone, and the portal's own, a lesser one.

The portal reads and writes every table, and can neither change nor delete a line of the journal, nor take off
what guards it (SAFETY T53, section 4). ``manage.py migrate`` connects as the owner where
``DATABASE_OWNER_URL`` names one, and gives the rights afterwards. docs/adr/0007.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models, transaction
from psycopg2 import sql

from audit.models import APPEND_ONLY
from schools.rosters.staging import STAGED

from . import env

POSTGRES = ("postgres", "postgresql")


class NotSeparate(Exception):
    """The portal's role could still change the journal, or cannot be made; says what to do."""


def owner() -> dict[str, Any] | None:
    """Return how to connect as the owner, whose tables the portal's role only uses; ``None`` if nobody else.

    Raises :class:`ImproperlyConfigured` for a ``DATABASE_OWNER_URL`` that is not understood, or that names
    another database than ``DATABASE_URL``: migrations would go to one, and the portal to the other.
    """
    environment = env.Environment()
    url = environment.url("DATABASE_OWNER_URL", "", schemes=POSTGRES)
    if url is None:
        return None
    own_url = environment.url("DATABASE_URL", None, schemes=POSTGRES)
    assert own_url is not None
    found, own = env.database(url), env.database(own_url)
    if found["NAME"] != own["NAME"]:
        raise ImproperlyConfigured("DATABASE_OWNER_URL and DATABASE_URL must name the same database.")
    return None if found["USER"] == own["USER"] else found


@contextlib.contextmanager
def connected_as(role: dict[str, Any]) -> Iterator[None]:
    """Let this process speak to its database as another role until the context ends."""
    before = connection.settings_dict
    connection.close()
    connection.settings_dict = {
        **before,
        **{name: role[name] for name in ("USER", "PASSWORD", "HOST", "PORT")},
        "OPTIONS": {**settings.DATABASE_PATIENCE, **role["OPTIONS"]},
    }
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = before


def own_role() -> str:
    """Return the portal's own role, as ``DATABASE_URL`` names it; empty where it leaves that to libpq."""
    return str(settings.DATABASES["default"].get("USER") or "")


def give_rights(role: str, *, password: str = "") -> None:
    """Let ``role`` use all that the connected owner owns, and only read and add to the journal.

    Tables that later migrations make follow by default privileges. May be run again at any time. The role
    is made where it is missing and the owner may; raises :class:`NotSeparate` where it cannot be made,
    and where it could change the journal all the same (a superuser, the owner itself, a member of it).
    """
    if not role:
        raise NotSeparate("DATABASE_URL must name the portal's role: postgresql://mcm_app:…@host/name")
    with connection.cursor() as cursor:
        _make(cursor, role, password)
        with transaction.atomic():  # no moment with too many rights, or too few
            _give(cursor, role)
        if can_change_the_journal(cursor, role):
            raise NotSeparate(
                f"The role {role} could still change the journal: it is a superuser, owns the table, or is a "
                "member of its owner. Give DATABASE_URL a role of its own: "
                "CREATE ROLE mcm_app LOGIN PASSWORD '…'"
            )


def can_change_the_journal(cursor: Any, role: str) -> bool:
    """Say whether a role could change or delete a line, or take the journal's triggers off.

    No, before there is a journal or such a role.
    """
    cursor.execute(
        """
        SELECT has_table_privilege(role.oid, journal.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
            OR pg_has_role(role.oid, journal.relowner, 'MEMBER')
          FROM pg_class journal, pg_roles role
         WHERE journal.oid = to_regclass('audit_record') AND role.rolname = %s
        """,
        [role],
    )
    found = cursor.fetchone()
    return bool(found and found[0])


def _make(cursor: Any, role: str, password: str) -> None:
    cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role])
    if cursor.fetchone()[0]:
        return
    cursor.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
    if not cursor.fetchone()[0]:
        raise NotSeparate(
            f"There is no role {role}, and the owner may make none. As a superuser of the server: "
            f"CREATE ROLE {role} LOGIN PASSWORD '…'"
        )
    words = sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role))
    if password:
        words += sql.SQL(" PASSWORD {}").format(sql.Literal(password))
    cursor.execute(words)


def _give(cursor: Any, role: str) -> None:
    to = sql.Identifier(role)
    cursor.execute(
        """
        SELECT current_schema(),
               coalesce(array_agg(relname) FILTER (WHERE relkind <> 'S'), '{}')::text[],
               coalesce(array_agg(relname) FILTER (WHERE relkind = 'S'), '{}')::text[]
          FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
           AND pg_has_role(current_user, relowner, 'USAGE')
        """
    )
    schema_name, tables, sequences = cursor.fetchone()
    schema = sql.Identifier(schema_name)

    def names(found: list[str]) -> sql.Composable:
        return sql.SQL(", ").join(sql.Identifier(schema_name, name) for name in found)

    def run(statement: str, **more: sql.Composable) -> None:
        cursor.execute(sql.SQL(statement).format(role=to, schema=schema, **more))

    run("REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role}")
    run("GRANT USAGE ON SCHEMA {schema} TO {role}")
    for kind, rights, found in (
        ("TABLES", "SELECT, INSERT, UPDATE, DELETE", tables),
        ("SEQUENCES", "USAGE, SELECT", sequences),
    ):
        run(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {{schema}} GRANT {rights} ON {kind} TO {{role}}")
        if found:
            singular = kind.removesuffix("S")
            run(f"GRANT {rights} ON {singular} {{found}} TO {{role}}", found=names(found))
    for model in APPEND_ONLY:
        if model._meta.db_table not in tables:
            continue
        table = sql.Identifier(schema_name, model._meta.db_table)
        # Ids are the database's to give: a line with one of its own could hide below a seal.
        columns = [
            each.column for each in model._meta.concrete_fields if not isinstance(each, models.AutoField)
        ]
        run("REVOKE ALL ON {table} FROM PUBLIC, {role}", table=table)
        run(
            "GRANT SELECT, INSERT ({columns}) ON {table} TO {role}",
            table=table,
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        )
    for staged in STAGED:  # whose rows come and go by the thousand: the portal has them looked at (ANALYZE)
        if staged._meta.db_table in tables:
            table = sql.Identifier(schema_name, staged._meta.db_table)
            run("GRANT MAINTAIN ON {table} TO {role}", table=table)
    cursor.execute("SELECT to_regprocedure('audit_purge()') IS NOT NULL")
    if cursor.fetchone()[0]:
        run("GRANT EXECUTE ON FUNCTION audit_purge() TO {role}")
