"""Writing a file of rows into a table by one COPY."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import psycopg2.extensions
from django.db import connection

_one_at_a_time = threading.Lock()


@contextmanager
def copies() -> Iterator[None]:
    """Let a process copy, whether or not it waits for PostgreSQL by a callback.

    A process that serves pages does, which gives each page a limited patience; psycopg2 cannot copy that way.
    There the callback is set aside for the moment: statements of other pages that begin meanwhile wait as
    long as it takes. A worker has none.
    """
    with _one_at_a_time:
        callback = psycopg2.extensions.get_wait_callback()
        psycopg2.extensions.set_wait_callback(None)
        try:
            yield
        finally:
            psycopg2.extensions.set_wait_callback(callback)


def copy(statement: str, file: IO[str]) -> None:
    """Run ``COPY … FROM STDIN`` over an open file, in the transaction that is open."""
    with copies(), connection.cursor() as cursor:
        cursor.copy_expert(statement, file)
