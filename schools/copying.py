"""Writing a file of rows into a table by one COPY."""

from __future__ import annotations

import threading
from typing import IO

import psycopg2.extensions
from django.db import connection

_one_at_a_time = threading.Lock()


def copy(statement: str, file: IO[str]) -> None:
    """Run ``COPY … FROM STDIN`` over an open file, in the transaction that is open.

    A process that serves pages waits for PostgreSQL by a callback, which gives each page a limited patience;
    psycopg2 cannot copy that way. There the callback is set aside for the moment: statements of other pages
    that begin meanwhile wait as long as it takes. A worker has none.
    """
    with _one_at_a_time, connection.cursor() as cursor:
        callback = psycopg2.extensions.get_wait_callback()
        psycopg2.extensions.set_wait_callback(None)
        try:
            cursor.copy_expert(statement, file)
        finally:
            psycopg2.extensions.set_wait_callback(callback)
