"""``make exec ARGS="-- python -m benchmarks.rosters [--pupils 3000]"``: rows each reader makes in a second.

A second is one of a processor, not of the clock: other work on the machine does not count. The aim of the
whole import is 20,000 rows a second on two cores, staging and comparing included.
"""

from __future__ import annotations

import argparse
import io
import resource
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from schools.rosters.readers import Kind


def measure(what: str, read: Callable[[], Iterable[object]]) -> None:
    """Print how many rows a reader makes in a processor's second."""
    began = time.process_time()
    rows = sum(1 for _row in read())
    spent = time.process_time() - began
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{what:28} {rows:9,} rows {spent:7.2f} s {rows / spent:9,.0f} rows/s   {most} MB at most so far")


def rows_of(paths: list[Path], kind: Kind) -> Iterable[object]:
    """Open the files of a school and read them."""
    from schools.rosters.readers import open_roster

    return open_roster(paths, kind).rows()


def main(pupils: int) -> None:
    """Make a school up and read it in every format."""
    from schools.rosters.readers import Kind, annuaire
    from tests.schools.rosters import generator

    school = generator.Roster(seed=1, pupils=pupils, awkward=generator.EVERYTHING, staff_size=pupils // 10)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for what, kind, paths in (
            ("SIECLE", Kind.SIECLE, generator.siecle(school, folder)),
            ("SIECLE, zipped", Kind.SIECLE, generator.siecle(school, folder, zipped=True)),
            ("ONDE", Kind.ONDE, generator.onde(school, folder)),
            ("pupils, CSV", Kind.PUPILS, [generator.pupils_table(school, folder)]),
            ("pupils, XLSX", Kind.PUPILS, [generator.pupils_table(school, folder, form="xlsx")]),
            ("staff, CSV", Kind.STAFF, [generator.staff_table(school, folder)]),
        ):
            measure(what, partial(rows_of, paths, kind))
        schools = generator.annuaire(max(pupils, 66_000), repeats=True)
        measure("list of schools", lambda: annuaire.read(io.BytesIO(schools)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="benchmarks.rosters")
    parser.add_argument("--pupils", type=int, default=3000)
    asked = parser.parse_args()
    django.setup()
    main(asked.pupils)
