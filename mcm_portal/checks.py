"""What the database must be, checked before each migration and start (tag ``database``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import OperationalError, connections

from . import database_roles

OLDEST = 170_000  # PostgreSQL 17, as it writes its version


@register(Tags.database)
def check_database(*, databases: Sequence[str] | None, **_: Any) -> list[CheckMessage]:
    """Refuse a PostgreSQL that is too old, or a database whose encoding is not UTF8.

    In another encoding some people's names could not be stored, and the keys that search
    them by would differ (DESIGN.md sections 3 and 6).
    """
    found: list[CheckMessage] = []
    for alias in databases or ():
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute(
                    "SELECT current_setting('server_encoding'), current_setting('server_version_num')"
                )
                encoding, version = cursor.fetchone()
        except OperationalError as error:
            found.append(
                Error(
                    f"The database does not answer: {str(error).strip()}",
                    hint="Start it, or correct DATABASE_URL.",
                    id="mcm_portal.E001",
                )
            )
            continue
        if encoding != "UTF8":
            found.append(
                Error(
                    f"The database is in {encoding}, and names need UTF8.",
                    hint="Make another one: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
                    id="mcm_portal.E002",
                )
            )
        if int(version) < OLDEST:
            found.append(
                Error("PostgreSQL is older than 17.", hint="Upgrade the server.", id="mcm_portal.E003")
            )
        if journal_is_open(alias):
            found.append(
                Warning(
                    "The portal's own role could change the journal: a trigger alone guards it.",
                    hint="Name a lesser role in DATABASE_URL, and the owner in DATABASE_OWNER_URL (README).",
                    id="mcm_portal.W002",
                )
            )
    return found


def journal_is_open(alias: str) -> bool:
    """Say whether the role of DATABASE_URL could change it, whoever is connected now (SAFETY T53)."""
    with connections[alias].cursor() as cursor:
        role = database_roles.own_role()
        if not role:
            cursor.execute("SELECT current_user")
            (role,) = cursor.fetchone()
        return database_roles.can_change_the_journal(cursor, role)


@register(Tags.security, deploy=True)
def link_key_is_a_secret(**_options: object) -> list[CheckMessage]:
    """Warn about a ``LINK_KEY`` that could be guessed: it signs every link that opens an account."""
    if len(settings.LINK_KEY) >= 32 and settings.LINK_KEY != settings.SECRET_KEY:
        return []
    return [
        Warning(
            "LINK_KEY is shorter than 32 characters, or the same as SECRET_KEY.",
            hint="Draw another: python -c 'import secrets; print(secrets.token_urlsafe(50))'",
            id="mcm_portal.W001",
        )
    ]


@register(Tags.security, deploy=True)
def audit_key_is_a_secret(**_options: object) -> list[CheckMessage]:
    """Warn about an ``AUDIT_PSEUDONYM_KEY`` that could be guessed: with it seals of the journal are made."""
    if all(len(key) >= 32 for key in settings.AUDIT_PSEUDONYM_KEY):
        return []
    return [
        Warning(
            "AUDIT_PSEUDONYM_KEY is shorter than 32 characters.",
            hint="Draw another: python -c 'import secrets; print(secrets.token_urlsafe(50))'",
            id="mcm_portal.W003",
        )
    ]
