"""A school hands over what it handed over before: where nobody touched anything, there is nothing to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from schools.models import GuardianTie, RosterImport, Schooling, StagedPupil, Student
from schools.rosters import importing, reporting
from schools.scope import EVERYWHERE

from . import generator
from .declared import HEAD, school

pytestmark = pytest.mark.usefixtures("academies", "in_autumn")
State = RosterImport.State


@pytest.fixture
def roster() -> generator.Roster:
    return generator.Roster(seed=3, pupils=40, awkward=generator.EVERYTHING)


def read(roster: generator.Roster, folder: Path) -> RosterImport:
    files: list[Any] = [
        SimpleUploadedFile(path.name, path.read_bytes()) for path in generator.siecle(roster, folder)
    ]
    place = school(uai=roster.uai, academy="01")
    made = importing.hand_over(place, "siecle", files, scope=EVERYWHERE, by=HEAD)
    importing.read(str(made.public_id))
    made.refresh_from_db()
    assert made.state == State.READY, made.reason
    return made


def applied(made: RosterImport) -> RosterImport:
    importing.decide(made, by=HEAD, confirmed=True)
    importing.apply(str(made.public_id))
    made.refresh_from_db()
    return made


def known() -> list[Any]:
    return [
        sorted(Student.objects.values_list("pk", "ine", "family_name", "first_name")),
        sorted(Schooling.objects.values_list("pk", "gone_at", "school_year")),
        sorted(GuardianTie.objects.values_list("pk", "removed_at", "responsibility")),
    ]


def test_the_same_files_are_recognised_and_nobody_is_read_or_touched(
    roster: generator.Roster, tmp_path: Path
) -> None:
    first = applied(read(roster, tmp_path))
    before = known()
    again = read(roster, tmp_path)
    assert again.unchanged_since == first.finished_at
    assert not StagedPupil.objects.exists(), "there was nothing to read"
    report = reporting.report_of(again)
    assert report.changes_nothing and not report.asks_twice
    alike = sum(len(names.lines) for names in report.lists)
    assert alike == again.counts["pupils"].get("duplicates", 0)
    assert again.refusals.count() == first.refusals.count() > 0, "the refused lines are told again"
    assert again.counts["pupils"]["unchanged"] == first.counts["pupils"]["new"]
    assert applied(again).state == State.APPLIED
    assert known() == before, "nobody is gone, although nobody was read"


@pytest.mark.parametrize(
    "touch",
    [
        "UPDATE schools_student SET first_name = 'Autre' WHERE id = (SELECT min(id) FROM schools_student)",
        "UPDATE schools_guardiantie SET removed_at = now() "
        "WHERE id = (SELECT min(id) FROM schools_guardiantie)",
        "UPDATE schools_guardiancontact SET mobile = '' WHERE id = (SELECT id FROM schools_guardiancontact "
        "WHERE mobile <> '' LIMIT 1)",
        "UPDATE schools_schooling SET gone_at = now(), access_until = now() "
        "WHERE id = (SELECT min(id) FROM schools_schooling)",
        "DELETE FROM schools_divisionpupil WHERE id = (SELECT min(id) FROM schools_divisionpupil)",
        "UPDATE schools_division SET closed_at = now()",
    ],
    ids=["pupil", "tie", "contact", "gone", "place", "class"],
)
def test_the_same_files_are_read_again_where_somebody_touched_the_school(
    roster: generator.Roster, tmp_path: Path, touch: str
) -> None:
    applied(read(roster, tmp_path))
    before = known()
    with connection.cursor() as cursor:
        cursor.execute(touch)
        assert cursor.rowcount
    again = applied(read(roster, tmp_path))
    assert again.unchanged_since is None
    assert known() == before, "the file brings back what it says"


def test_what_is_touched_after_the_report_has_the_files_read_before_anything_is_applied(
    roster: generator.Roster, tmp_path: Path
) -> None:
    applied(read(roster, tmp_path))
    again = read(roster, tmp_path)
    assert again.unchanged_since
    Student.objects.filter(pk=Student.objects.earliest("pk").pk).update(first_name="Autre")
    importing.decide(again, by=HEAD)
    importing.apply(str(again.public_id))
    again.refresh_from_db()
    assert (again.state, again.unchanged_since) == (State.UPLOADED, None)
    importing.read(str(again.public_id))
    again.refresh_from_db()
    assert again.state == State.READY, "somebody looks at what it changes by now"
    assert again.counts["pupils"]["changed"] == 1
    assert applied(again).state == State.APPLIED
    assert not Student.objects.filter(first_name="Autre").exists()


def test_other_files_are_read(roster: generator.Roster, tmp_path: Path) -> None:
    applied(read(roster, tmp_path))
    other = generator.Roster(seed=3, pupils=41, uai=roster.uai, awkward=generator.EVERYTHING)
    assert read(other, tmp_path).unchanged_since is None


def test_a_file_whose_number_belongs_to_another_child_is_always_compared(
    roster: generator.Roster, tmp_path: Path
) -> None:
    first = applied(read(roster, tmp_path))
    first.refusals.create(source="x", line=1, code="ine_other_child", field="ine", whole=False)
    assert read(roster, tmp_path).unchanged_since is None, "the number may be free by now"


def test_the_key_of_what_is_staged_is_that_of_the_records(roster: generator.Roster, tmp_path: Path) -> None:
    made = read(roster, tmp_path)
    staged = dict(StagedPupil.objects.exclude(outcome="repeated").values_list("student_id", "identity_key"))
    applied(made)
    assert staged == dict(Student.objects.values_list("pk", "identity_key"))
    assert all(staged.values())
