"""Between two pages a connection is looked at without a statement (SAFETY F10)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_living_connection_is_usable_and_no_statement_says_so() -> None:
    connection.ensure_connection()
    with CaptureQueriesContext(connection) as captured:
        assert connection.is_usable()
    assert not captured.captured_queries


def test_a_connection_that_the_server_ended_is_not_used_again() -> None:
    connection.ensure_connection()
    other = connection.copy()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        assert not connection.is_usable()
    finally:
        other.close()
        connection.close()


def test_a_closed_connection_is_not_usable() -> None:
    connection.ensure_connection()
    connection.connection.close()
    assert not connection.is_usable()
    connection.close()
