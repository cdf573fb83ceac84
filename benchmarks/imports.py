"""``make exec ARGS="-- python -m benchmarks.imports --schools 60 --pupils 1000 --workers 2 --third"``.

Hands over the SIECLE files of many schools, has them read, compared and applied, twice: rows a second, by
the clock, statements for one file, and memory. The second time nothing changes. The aim is 20,000 rows a
second on two cores, the second run faster. The clock counts what else the machine does: beside it stand the
seconds of a processor that Python and PostgreSQL used, and the rows a second that these come to on two cores.
``--third`` hands over the same once more where each school was touched: nothing is recognised any more.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import django

from benchmarks import processor

BY = "user:00000000-0000-4000-8000-000000000001"


@dataclass
class Told:
    """What one worker did in one round."""

    rows: int
    statements: int  # of its last file
    processor: float  # seconds of Python
    before: int  # megabytes after its first file
    after: int  # megabytes after its last


def one_file(uai: str, paths: list[Path]) -> tuple[int, int]:
    """Hand over, read, decide and apply the files of a school; return rows and statements."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.db import connection

    from schools.models import RosterImport, School
    from schools.rosters import importing
    from schools.scope import EVERYWHERE

    statements = 0

    def count(execute: Callable[..., Any], sql: str, values: Any, many: bool, context: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(sql, values, many, context)

    files = [SimpleUploadedFile(path.name, path.read_bytes()) for path in paths]
    with connection.execute_wrapper(count):
        made = importing.hand_over(School.objects.get(uai=uai), "siecle", files, scope=EVERYWHERE, by=BY)
        importing.read(str(made.public_id))
        made.refresh_from_db()
        assert made.state == RosterImport.State.READY, (made.state, made.reason)
        rows = sum(
            found.get(outcome, 0)
            for what in ("pupils", "contacts", "ties")
            for found in (made.counts.get(what, {}),)
            for outcome in ("new", "changed", "unchanged", "repeated", "refused")
        )
        importing.decide(made, by=BY, confirmed=True)
        importing.apply(str(made.public_id))
        made.refresh_from_db()
        assert made.state == RosterImport.State.APPLIED, (made.state, made.reason)
    return rows, statements


def work(files: list[tuple[str, list[Path]]]) -> Told:
    """Do one worker's share of a round."""
    from django.db import connections

    from schools.rosters import nudging

    connections.close_all()
    began, rows, statements, sizes = time.process_time(), 0, 0, []
    with mock.patch.object(nudging, "publish"):  # no worker of the portal listens here
        for uai, paths in files:
            made, statements = one_file(uai, paths)
            rows += made
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            sizes.append(pages * resource.getpagesize() // 1024**2)
    connections.close_all()
    return Told(rows, statements, time.process_time() - began, sizes[0], sizes[-1])


def postmaster() -> int:
    """Return the process that all of PostgreSQL's are children of."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(") ")[2].split()[1])


def main(schools: int, pupils: int, workers: int, third: bool) -> None:
    """Make the schools up, and import them twice, or three times."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection, connections

    from schools.models import Academy, School
    from tests.schools.rosters import generator

    settings.DEBUG = False  # or Django keeps the text of each statement
    call_command("migrate", verbosity=0)
    call_command("load_reference_data", verbosity=0)
    place = Academy.objects.get(code="70")
    department = place.departments.all()[0]
    with tempfile.TemporaryDirectory() as name:
        files = []
        for number in range(schools):
            uai = generator.uai("14", number)
            School.objects.create(
                uai=uai, name=f"Collège {number}", kind="college", academy=place, department=department
            )
            folder = Path(name) / uai
            folder.mkdir()
            roster = generator.Roster(seed=number, pupils=pupils, uai=uai, awkward=generator.EVERYTHING)
            files.append((uai, generator.siecle(roster, folder)))
        shares = [files[start::workers] for start in range(workers)]
        print(
            f"{schools} schools of {pupils} pupils, {workers} workers, {len(os.sched_getaffinity(0))} cores"
        )
        server = postmaster()
        for what in ("first", "again", "touched")[: 3 if third else 2]:
            if what == "touched":
                with connection.cursor() as cursor:
                    cursor.execute("UPDATE schools_schooling SET since = since")
            connections.close_all()
            began, served = time.perf_counter(), processor.seconds(server)
            with multiprocessing.get_context("fork").Pool(workers) as pool:
                told = pool.map(work, shares, chunksize=1)
            spent, served = time.perf_counter() - began, processor.seconds(server) - served
            rows, python = sum(each.rows for each in told), sum(each.processor for each in told)
            print(
                f"{what:7} {rows:9,} rows {spent:7.1f} s {rows / spent:8,.0f} rows/s   "
                f"processor: Python {python:.1f} s, PostgreSQL {served:.1f} s, "
                f"two cores {2 * rows / (python + served):,.0f} rows/s   "
                f"{told[0].statements} statements a file   worker {max(each.before for each in told)} MB, "
                f"at the end {max(each.after for each in told)} MB   load {os.getloadavg()[0]:.1f}",
                flush=True,
            )
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM schools_student")
                print(f"       pupils known: {cursor.fetchone()[0]:,}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="benchmarks.imports")
    parser.add_argument("--schools", type=int, default=60)
    parser.add_argument("--pupils", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--third", action="store_true")
    asked = parser.parse_args()
    django.setup()
    main(asked.schools, asked.pupils, asked.workers, asked.third)
