"""A migration may take as long as its tables are big."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import connection

pytestmark = pytest.mark.django_db


def patience() -> dict[str, str]:
    """Return how long a statement may take, and wait for a lock."""
    said = {}
    for name in ("statement_timeout", "lock_timeout"):
        with connection.cursor() as cursor:
            cursor.execute(f"SHOW {name}")
            [(said[name],)] = cursor.fetchall()
    return said


def test_a_statement_is_not_cut_off_while_migrating_but_a_lock_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[dict[str, str]] = []
    monkeypatch.setattr(migrate.Command, "handle", lambda *_a, **_o: seen.append(patience()))
    before = patience()
    call_command("migrate")
    assert before == {"statement_timeout": "10s", "lock_timeout": "3s"}
    assert seen == [{"statement_timeout": "0", "lock_timeout": "3s"}]
    assert patience() == before
