"""``make exec ARGS="-- python -m benchmarks.imports [--schools 60] [--pupils 1000] [--workers 2]"``.

Hands over the SIECLE files of many schools, has them read, compared and applied, twice: rows a second, by
the clock, statements for one file, and memory. The second time nothing changes. The aim is 20,000 rows a
second on two cores, the second run faster. The clock counts what else the machine does: the load is printed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import django

BY = "user:00000000-0000-4000-8000-000000000001"


@dataclass
class Told:
    """What one worker did in one round."""

    rows: int
    statements: int  # of its last file
    processor: float  # seconds of Python
    memory: int  # megabytes at most


def one_file(uai: str, paths: list[Path]) -> tuple[int, int]:
    """Hand over, read, decide and apply the files of a school; return rows and statements."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.db import connection

    from schools.models import RosterImport, School
    from schools.rosters import importing
    from schools.scope import EVERYWHERE

    statements = 0

    def count(execute, sql, values, many, context):  # type: ignore[no-untyped-def]
        nonlocal statements
        statements += 1
        return execute(sql, values, many, context)

    files = [SimpleUploadedFile(path.name, path.read_bytes()) for path in paths]
    with connection.execute_wrapper(count):
        made = importing.hand_over(School.objects.get(uai=uai), "siecle", files, scope=EVERYWHERE, by=BY)
        importing.read(str(made.public_id))
        made.refresh_from_db()
        assert made.state == RosterImport.State.READY, (made.state, made.reason)
        rows = sum(made.counts["staged"].values())
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
    nudging.publish = lambda *_given: None  # type: ignore[assignment]  # no worker listens here
    began, rows, statements = time.process_time(), 0, 0
    for uai, paths in files:
        made, statements = one_file(uai, paths)
        rows += made
    connections.close_all()
    return Told(
        rows,
        statements,
        time.process_time() - began,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


def main(schools: int, pupils: int, workers: int) -> None:
    """Make the schools up, and import them twice."""
    from django.core.management import call_command
    from django.db import connection, connections

    from schools.models import Academy, School
    from tests.schools.rosters import generator

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
        for what in ("first", "again"):
            connections.close_all()
            began = time.perf_counter()
            with multiprocessing.get_context("fork").Pool(workers) as pool:
                told = pool.map(work, shares, chunksize=1)
            spent = time.perf_counter() - began
            rows = sum(each.rows for each in told)
            print(
                f"{what:6} {rows:9,} rows {spent:7.1f} s {rows / spent:8,.0f} rows/s   "
                f"{told[0].statements} statements a file   {max(each.memory for each in told)} MB at most   "
                f"Python {sum(each.processor for each in told):.1f} s   load {os.getloadavg()[0]:.1f}"
            )
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM schools_student")
                print(f"       pupils known: {cursor.fetchone()[0]:,}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="benchmarks.imports")
    parser.add_argument("--schools", type=int, default=60)
    parser.add_argument("--pupils", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    django.setup()
    main(asked.schools, asked.pupils, asked.workers)
