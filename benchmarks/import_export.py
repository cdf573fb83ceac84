"""``make exec ARGS="-- python -m benchmarks.import_export [--pupils 3000]"``: one list of pupils, two ways.

The portal hands it over, reads, compares, reports and applies it; a plain project of our own with
django-import-export reports (its dry run) and imports it. Both do it twice: new, then unchanged. The portal
does more meanwhile: classes, possible duplicates, names, who is gone.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import django

from .imports import BY

Told = list[dict[str, float]]


def write(path: Path, pupils: int) -> None:
    """Write a list that has nothing awkward in it, which the plain project could not take."""
    from tests.schools.rosters import generator

    roster = generator.Roster(seed=5, pupils=pupils)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["ine", "family_name", "first_name", "birth_date", "division"])
        for number, pupil in enumerate(roster.children()):
            ine = f"{number:010}A"
            out.writerow([ine, pupil.family_name, pupil.first_name, "14/03/2012", f"{number % 30 + 1}A"])


def ours(path: Path) -> Told:
    """Import the list as a school of the portal would, twice."""
    from django.conf import settings
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.core.management import call_command
    from django.db import connection

    from schools.models import Academy, RosterImport, School
    from schools.rosters import importing, nudging
    from schools.scope import EVERYWHERE
    from tests.schools.rosters import generator

    settings.DEBUG = False  # or Django keeps the text of each statement
    call_command("migrate", verbosity=0)
    call_command("load_reference_data", verbosity=0)
    place = Academy.objects.get(code="70")
    school = School.objects.create(
        uai=generator.uai("50", 1), name="Collège", kind="college", academy=place,
        department=place.departments.all()[0],
    )  # fmt: skip
    statements = 0

    def count(execute: Callable[..., Any], sql: str, values: Any, many: bool, context: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(sql, values, many, context)

    told: Told = []
    headers = {"ine": "INE", "family_name": "Nom", "first_name": "Prénom", "birth_date": "Date de naissance",
               "division": "Classe"}  # fmt: skip
    text = path.read_text()
    for name, header in headers.items():
        text = text.replace(name, header, 1)
    with mock.patch.object(nudging, "publish"), connection.execute_wrapper(count):
        for turn in range(2):
            if turn:  # touched, so that it is read again and not merely recognised
                school.schoolings.update(access_until=None)
            statements, began, worked = 0, time.perf_counter(), time.process_time()
            made = importing.hand_over(
                school, "pupils", [SimpleUploadedFile(path.name, text.encode())], scope=EVERYWHERE, by=BY
            )
            importing.read(str(made.public_id))
            made.refresh_from_db()
            assert made.state == RosterImport.State.READY, (made.state, made.reason)
            importing.decide(made, by=BY, confirmed=True)
            importing.apply(str(made.public_id))
            made.refresh_from_db()
            assert made.state == RosterImport.State.APPLIED, (made.state, made.reason)
            rows = sum(made.counts["pupils"].get(outcome, 0) for outcome in ("new", "changed", "unchanged"))
            told.append(
                {
                    "rows": rows,
                    "seconds": time.perf_counter() - began,
                    "python": time.process_time() - worked,
                    "statements": statements,
                }
            )
    return told


def theirs(path: Path) -> Told:
    """Import the list by django-import-export, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.plain_import_export", str(path)],
        check=True, capture_output=True, text=True, timeout=1_800,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
    )  # fmt: skip
    told: Told = json.loads(done.stdout)
    return told


def main(pupils: int) -> None:
    """Run both and print them side by side."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pupils.csv"
        write(path, pupils)
        for who, told in (("portal", ours(path)), ("django-import-export", theirs(path))):
            for what, each in zip(("new", "unchanged"), told, strict=True):
                print(
                    f"{who:22} {what:10} {each['rows']:7,.0f} rows {each['seconds']:7.2f} s "
                    f"{each['rows'] / each['seconds']:9,.0f} rows/s   Python {each['python']:.2f} s   "
                    f"{each['statements']:,.0f} statements"
                )
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="benchmarks.import_export")
    parser.add_argument("--pupils", type=int, default=3_000)
    django.setup()
    main(parser.parse_args().pupils)
