"""What the tests of this app share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from django.db import connection

from audit import journal
from audit.models import Record
from mcm_portal import database_roles
from mcm_portal.embedded.postgresql import APPLICATION
from tests.accounts.conftest import person, portal

__all__ = ["person", "portal"]
Write = Callable[..., Record]


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a line of an act that only tests know; return it as it is stored."""
    acts = {**journal._acts, "test.changed": "Compte modifié"}
    monkeypatch.setattr(journal, "_acts", acts)

    def line(**more: Any) -> Record:
        facts = {"act": "test.changed", "actor": "system", "subject": "user:1", **more}
        journal.record(**facts)
        return Record.objects.latest("pk")

    return line


@pytest.fixture
def as_the_portal(transactional_db: None) -> Iterator[psycopg2.extensions.connection]:
    """A connection of the portal's own role, which has its rights; each statement stands alone."""
    database_roles.give_rights(APPLICATION)
    known = connection.settings_dict
    theirs = psycopg2.connect(host=known["HOST"], dbname=known["NAME"], user=APPLICATION)
    theirs.autocommit = True
    yield theirs
    theirs.close()


def ask(theirs: psycopg2.extensions.connection, statement: str) -> list[tuple[Any, ...]]:
    """Run statements as that role; return the rows of the last one."""
    with theirs.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []
