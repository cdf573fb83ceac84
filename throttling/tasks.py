"""What beat runs for the counters."""

from __future__ import annotations

from celery import shared_task
from django.db import connection

BATCH = 5_000

# The rows are locked and looked at again: a counter that starts a new window meanwhile stays.
PURGE = """
DELETE FROM throttling_counter WHERE key = ANY (ARRAY(
    SELECT key FROM throttling_counter WHERE resets_at <= now() LIMIT %s FOR UPDATE SKIP LOCKED
))
"""


@shared_task
def purge() -> int:
    """Remove the counters whose window has ended, a batch at a time; return how many. May run twice."""
    removed = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(PURGE, [BATCH])
            removed += cursor.rowcount
            if cursor.rowcount < BATCH:
                return removed
