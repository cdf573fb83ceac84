"""The reference data is complete, and loading it again changes nothing."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from schools.models import Academy, AcademyDomain, Department
from schools.reference import loading

SAID = json.loads(loading.FILE.read_text(encoding="utf-8"))["academies"]
OVERSEAS = {"975", "977", "978", "986", "987", "988"}  # not departments, but stand for one


def load(file: Path = loading.FILE) -> tuple[str, str]:
    """Run the command and return what it says, and what it warns of."""
    out, err = StringIO(), StringIO()
    call_command("load_reference_data", file=file, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def changed_file(tmp_path: Path, academies: list[dict[str, object]]) -> Path:
    """Write another file of académies."""
    file = tmp_path / "academies.json"
    file.write_text(json.dumps({"academies": academies}), encoding="utf-8")
    return file


def versions() -> list[tuple[object, ...]]:
    """Return the version of every row, which any UPDATE changes."""
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', id, xmin::text, ctid::text FROM {table}"
                for table in ("schools_academy", "schools_academydomain", "schools_department")
            )
        )
        return sorted(cursor.fetchall())


def test_there_are_30_academies_and_four_services_overseas() -> None:
    assert len([row for row in SAID if row["kind"] == "academie"]) == 30
    assert [row["code"] for row in SAID if row["kind"] == "service"] == ["40", "41", "42", "44"]


def test_there_are_101_departments_none_missing_none_twice() -> None:
    codes = [code for row in SAID for code in row["departments"]]
    metropolitan = {f"{number:02}" for number in range(1, 96)} - {"20"} | {"2A", "2B"}
    departments = metropolitan | {"971", "972", "973", "974", "976"}
    assert len(departments) == 101
    assert sorted(codes) == sorted(departments | OVERSEAS)
    names = [name for row in SAID for name in row["departments"].values()]
    assert len(set(names)) == len(names)


def test_every_academy_has_a_domain_and_mainland_ones_a_zone() -> None:
    for row in SAID:
        assert row["domains"], row["name"]
        overseas_or_corse = all(len(code) == 3 or code[0:2] in ("2A", "2B") for code in row["departments"])
        assert (row["zone"] == "own") == overseas_or_corse, row["name"]


@pytest.mark.django_db
def test_a_newcomer_loads_everything_in_one_go() -> None:
    said, warned = load()
    assert "178 ajouts, 0 modifications" in said
    assert not warned
    assert Academy.objects.count() == 34
    assert Department.objects.count() == 107
    assert Department.objects.get(code="2A").name == "Corse-du-Sud"
    assert Department.objects.get(code="974").academy.name == "La Réunion"
    normandie = Academy.objects.get(code="70")
    assert set(normandie.domains.values_list("domain", "current")) == {
        ("ac-normandie.fr", True),
        ("ac-caen.fr", False),
        ("ac-rouen.fr", False),
    }
    assert not Academy.objects.open_on().exists()


@pytest.mark.django_db
def test_loading_again_writes_no_row(reference_data: None) -> None:
    before = versions()
    with CaptureQueriesContext(connection) as queries:
        said, _ = load()
    assert "0 ajouts, 0 modifications" in said
    assert versions() == before
    assert not [query for query in queries if query["sql"].startswith(("UPDATE", "INSERT", "DELETE"))]


@pytest.mark.django_db
def test_what_the_file_says_otherwise_is_changed_and_nothing_else(
    reference_data: None, tmp_path: Path
) -> None:
    academies = json.loads(json.dumps(SAID))
    academies[0]["name"] = "Paris et ses environs"
    academies[0]["departments"]["77"] = academies[21]["departments"].pop("77")
    academies[1]["legacy_domains"] = ["ac-aix.fr"]
    before = versions()
    said, warned = load(changed_file(tmp_path, academies))
    assert "1 ajouts, 2 modifications" in said
    assert not warned
    assert Department.objects.get(code="77").academy.name == "Paris et ses environs"
    assert len(set(before) - set(versions())) == 2


@pytest.mark.django_db
def test_what_vanished_from_the_file_is_reported_and_stays(reference_data: None, tmp_path: Path) -> None:
    said, warned = load(changed_file(tmp_path, SAID[1:]))
    assert "0 modifications" in said
    assert "académie 01" in warned
    assert "département 75" in warned
    assert "ac-paris.fr" in warned
    assert Academy.objects.filter(code="01").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("domains", ["ac-pàris.fr"], "academy_domain_ascii"),
        ("domains", ["AC-PARIS.FR"], "academy_domain_ascii"),
        ("zone", "D", "zone"),
        ("code", "1", "academy_code"),
        ("code", "02", "02 is named twice"),
        ("domains", ["ac-dijon.fr"], "ac-dijon.fr is named twice"),
    ],
)
def test_a_file_with_a_mistake_is_refused_whole(
    tmp_path: Path, name: str, value: object, complaint: str
) -> None:
    academies = [{**SAID[0], name: value}, *SAID[1:]]
    with pytest.raises(CommandError) as refusal:
        load(changed_file(tmp_path, academies))
    assert complaint in str(refusal.value)
    assert not Academy.objects.exists()
    assert not AcademyDomain.objects.exists()


@pytest.mark.django_db
def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.json"):
        load(tmp_path / "nowhere.json")
