"""What a school's file costs does not hang on what other schools have said: nothing of theirs is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from schools.models import GuardianTie, RosterImport, School, Student
from schools.rosters import importing, staging
from schools.scope import EVERYWHERE

from . import generator
from .declared import HEAD, school

# Divisions are few, and the staff of a school is no crowd: theirs may be.
WHOLE = re.compile(
    r"Seq Scan on schools_(student|schooling|divisionpupil|guardiancontact|guardiantie|staffmember)\b"
)


def handed_over(place: School, seed: int, folder: Path) -> None:
    """Have the files of a school read and applied."""
    roster = generator.Roster(seed=seed, pupils=300, uai=place.uai, awkward=generator.EVERYTHING)
    files: list[Any] = [
        SimpleUploadedFile(path.name, path.read_bytes()) for path in generator.siecle(roster, folder)
    ]
    made = importing.hand_over(place, "siecle", files, scope=EVERYWHERE, by=HEAD)
    importing.read(str(made.public_id))
    made.refresh_from_db()
    assert made.state == RosterImport.State.READY, made.reason
    importing.decide(made, by=HEAD, confirmed=True)
    importing.apply(str(made.public_id))
    made.refresh_from_db()
    assert made.state == RosterImport.State.APPLIED, made.reason


@contextmanager
def plans() -> Iterator[list[tuple[str, str]]]:
    """Keep the plan of each statement over what schools declared, as PostgreSQL makes it at that moment."""
    kept: list[tuple[str, str]] = []

    def keep(execute: Callable[..., Any], sql: str, values: Any, many: bool, context: Any) -> Any:
        text = str(sql)
        if "schools_" in text and re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", text) and not many:
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {text}", values)
                kept.append((text, "\n".join(line for (line,) in cursor.fetchall())))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(keep):
        yield kept


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("academies", "in_autumn")
@pytest.mark.parametrize("looked", [False, True], ids=["nothing known of the tables", "tables looked at"])
def test_nothing_of_other_schools_is_read_for_a_file(looked: bool, tmp_path: Path) -> None:
    places = [school(uai=generator.uai("01", number), academy="01") for number in range(4)]
    for number, place in enumerate(places[:3]):
        handed_over(place, number, tmp_path)
    if looked:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    # A new school, then one that is known: of the first the statistics know nothing.
    with plans() as new:
        handed_over(places[3], 7, tmp_path)
    with plans() as changed:
        handed_over(places[3], 8, tmp_path)
    assert Student.objects.count() > 1_000 and GuardianTie.objects.filter(removed_at=None).count() > 1_000
    assert len(new) > 40 and len(changed) > 40, "plans were looked at"
    whole = [(text, plan) for text, plan in new + changed if WHOLE.search(plan)]
    assert not whole, f"{len(whole)} statements read a table whole, such as\n{whole[0][0]}\n{whole[0][1]}"
    assert not staging.how_many(RosterImport.objects.latest("pk"))["stagedpupil"]
