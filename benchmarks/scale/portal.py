"""A portal with a crowd in it."""

from __future__ import annotations

import json
import time
from pathlib import Path

from django.contrib.auth.hashers import make_password

from benchmarks import processor
from benchmarks.browser import Browser
from benchmarks.products import Portal
from schools.school_year import SchoolYear

from . import crowd, fillers
from .tables import Tables


class FilledPortal(Portal):
    """This portal, with ``people`` made-up people and all that they gave rise to."""

    crowd: crowd.Crowd

    def __init__(self, folder: Path, *, port: int, smtp_port: int, people: int, broker: int = 0) -> None:
        super().__init__(folder, port=port, smtp_port=smtp_port, name=f"portal of {people}", broker=broker)
        self.people = people

    def prepare(self) -> None:
        """Fill the tables before anything runs; then what autovacuum would do in the days that follow."""
        super().prepare()
        began = time.monotonic()
        with self.tables() as tables:
            self.crowd = crowd.gather(
                tables,
                count=self.people,
                password=make_password("tZ7#kqpLw-crowd"),
                school_year=SchoolYear.current().year,
            )
            fillers.fill(tables, self.crowd)
            tables.cursor.execute("VACUUM (ANALYZE)")
            [[size]] = tables.rows("SELECT pg_database_size(current_database())")
        self._on_server("CHECKPOINT", superuser=True)
        rows = sum(tables.touched.values())
        took = time.monotonic() - began
        print(
            f"{self.people:,} people: {rows:,} rows, {size / 1e6:,.0f} MB, filled in {took:.0f} s", flush=True
        )

    def own_cpu(self, tables: Tables) -> float:
        """Return the CPU seconds of its web server, and of those of PostgreSQL's processes that serve it.

        Without those that PostgreSQL starts for one parallel plan: they have ended before anybody asks.
        """
        backends = tables.rows(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = %s AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
            [self.database],
        )
        return processor.seconds(self.processes["web"].pid, *(pid for (pid,) in backends))

    def staff(self) -> dict[str, Browser]:
        """Return browsers in which staff are signed in (``staff.STAFF``)."""
        cookies = json.loads(self.manage("benchmarks.scale.staff"))
        browsers = {}
        for number, (who, own) in enumerate(cookies.items()):
            browsers[who] = Browser(self.site, f"10.254.0.{number + 1}")
            browsers[who].cookies.update(own)
        return browsers
