"""How long the journal is kept: twelve months (CNIL, recommandation on logging of 2021: 6 to 12; SAFETY G13).

The portal's own role may delete no line. It may call ``audit_purge()`` (migration 0004), which belongs to
the owner and whose term nobody can choose: it deletes the oldest sealed range when every line in it is older
than twelve months. The seal stays, so that the chain can still be verified.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection

MONTHS = 12  # as in audit_purge()
MOST_RANGES = 1_000  # in one go; an hour later it goes on


def purge() -> int:
    """Delete the sealed lines whose time is over; return how many. May be stopped and run again."""
    gone = 0
    with connection.cursor() as cursor:
        for _range in range(MOST_RANGES):
            cursor.execute("SELECT audit_purge()")
            deleted = cursor.fetchone()[0]
            if not deleted:
                break
            gone += deleted
    return gone


def horizon() -> datetime:
    """Return the moment before which a sealed line may be gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp() - make_interval(months => %s)", [MONTHS])
        moment: datetime = cursor.fetchone()[0]
    return moment
