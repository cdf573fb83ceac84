"""PostgreSQL's clock, as this process last heard it: the only one that all nodes share (SAFETY F16).

Statements that run anyway bring it along (a limit that is counted, a session that is read), so that asking
for the time costs none of its own; who has heard nothing for a while asks. Between two hearings this process
only counts seconds: that the clock of its machine is wrong, or is set, changes nothing.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import connection

TRUSTED = 60.0  # seconds
_heard: tuple[datetime, float] | None = None


def hear(now: datetime) -> None:
    """Note what PostgreSQL's clock has just said."""
    global _heard
    _heard = (now, time.monotonic())


def now() -> datetime:
    """Return the time by PostgreSQL's clock."""
    if _heard is None or not 0 <= time.monotonic() - _heard[1] < TRUSTED:
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement_timestamp()")
            hear(cursor.fetchone()[0])
    assert _heard is not None  # by the line above
    said, then = _heard
    return said + timedelta(seconds=time.monotonic() - then)
