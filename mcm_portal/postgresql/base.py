"""The one difference from Django's backend: a look at the socket instead of ``SELECT 1`` for each page.

A server that ended, or ended this connection, has closed the socket or written its last words on it:
either makes it readable. One that is silent is found out by the page's own first statement, within
the patience of :mod:`mcm_portal.outage`; ``SELECT 1`` would have waited just as long.
"""

from __future__ import annotations

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to PostgreSQL."""

    def is_usable(self) -> bool:
        """Say whether the connection is open and nothing waits on it, as between two pages it must be."""
        if self.connection is None or self.connection.closed:
            return False
        socket = select.poll()
        socket.register(self.connection.fileno(), select.POLLIN | select.POLLPRI)
        return not socket.poll(0)
