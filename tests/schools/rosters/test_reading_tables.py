"""ONDE's two files, and the tables that schools make themselves, are read as they were meant (FORMATS 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from schools.rosters.readers import Kind, open_roster
from schools.rosters.rows import (
    ContactRow,
    DivisionRow,
    GroupKind,
    PupilRow,
    Refusal,
    Responsibility,
    Row,
    StaffRow,
    TieRow,
)
from tests.schools.rosters import generator
from tests.schools.rosters.generator import EVERYTHING, EVERYTHING_IN_UTF8, NOTHING, Awkward, Roster
from tests.schools.rosters.told import told


def as_onde_tells(rows: Iterator[Row]) -> Iterator[Row]:
    """Leave out what ONDE does not know."""
    for row in rows:
        if isinstance(row, DivisionRow) and row.kind == GroupKind.GROUP:
            continue
        if isinstance(row, PupilRow):
            groups = tuple(code for code in row.divisions if code not in generator.GROUPS)
            row = replace(row, divisions=groups, other_first_names="")
        elif isinstance(row, ContactRow):
            row = replace(row, sms_consent=False)
        elif isinstance(row, TieRow):
            row = replace(row, responsibility=Responsibility.LEGAL, relationship="")
        yield row


@pytest.mark.parametrize(
    ("encoding", "awkward"),
    [
        ("windows-1252", EVERYTHING_IN_UTF8),
        ("utf-8", EVERYTHING_IN_UTF8),
        ("utf-8-sig", EVERYTHING_IN_UTF8),
        ("iso-8859-15", EVERYTHING),
        ("windows-1252", NOTHING),
    ],
)
def test_what_a_primary_school_exports_is_read_back_equal(
    tmp_path: Path, encoding: str, awkward: Awkward
) -> None:
    school = Roster(seed=5, pupils=200, awkward=awkward)
    curly = encoding.startswith("utf")
    reading = open_roster(generator.onde(school, tmp_path, encoding=encoding, curly_headers=curly), Kind.ONDE)
    assert told(reading.rows()) == told(as_onde_tells(school.rows()))
    assert reading.progress() == 1.0


@pytest.mark.parametrize(
    ("form", "encoding", "delimiter", "awkward"),
    [
        ("csv", "utf-8-sig", ";", EVERYTHING_IN_UTF8),
        ("csv", "utf-8", ",", EVERYTHING_IN_UTF8),
        ("csv", "windows-1252", "\t", EVERYTHING_IN_UTF8),
        ("csv", "iso-8859-15", ";", EVERYTHING),
        ("xlsx", "", "", EVERYTHING_IN_UTF8),
    ],
)
def test_a_table_of_pupils_is_read_back_equal(
    tmp_path: Path, form: str, encoding: str, delimiter: str, awkward: Awkward
) -> None:
    school = Roster(seed=6, pupils=200, awkward=awkward)
    path = generator.pupils_table(school, tmp_path, form=form, encoding=encoding, delimiter=delimiter)
    reading = open_roster([path], Kind.PUPILS)
    assert told(reading.rows()) == told(school.rows())
    assert reading.progress() == 1.0


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_table_of_the_staff_is_read_back_equal(tmp_path: Path, form: str) -> None:
    school = Roster(seed=7, staff_size=60)
    reading = open_roster([generator.staff_table(school, tmp_path, form=form)], Kind.STAFF)
    expected = {
        StaffRow(
            source="",
            line=0,
            key="",
            family_name=each.family_name,
            first_name=each.first_name,
            role=each.role,
            identifier=each.identifier,
            email=each.email,
            divisions=each.divisions,
        )
        for each in school.staff()
    }
    assert told(reading.rows()).staff == expected


def test_the_phones_of_the_staff_are_read_where_the_table_has_them(tmp_path: Path) -> None:
    table = tmp_path / "personnel.csv"
    table.write_text(
        "Nom;Prénom;Fonction;Tél. professionnel;Portable;Téléphone perso\r\n"
        "ROUX;Samir;Professeur;02 33 00 00 00;06 12 34 56 78;\r\n"
        "PETIT;Anne;CPE;poste 12;;02 33 11 11 11\r\n"
    )
    rows = list(open_roster([table], Kind.STAFF).rows())
    samir, anne = (row for row in rows if isinstance(row, StaffRow))
    assert (samir.professional_phone, samir.mobile, samir.personal_phone) == (
        "+33233000000",
        "+33612345678",
        "",
    )
    assert (anne.professional_phone, anne.mobile, anne.personal_phone) == ("", "", "+33233111111")
    (refusal,) = (row for row in rows if isinstance(row, Refusal))
    assert (refusal.code, refusal.field, refusal.whole) == ("phone_wrong", "Tél. professionnel", False)


def test_a_table_of_the_staff_without_phones_says_nothing_of_them(tmp_path: Path) -> None:
    table = tmp_path / "personnel.csv"
    table.write_text("Nom;Prénom;Fonction;Téléphone\r\nROUX;Samir;Professeur;02 33 00 00 00\r\n")
    (samir,) = open_roster([table], Kind.STAFF).rows()
    assert isinstance(samir, StaffRow)
    assert (samir.professional_phone, samir.mobile, samir.personal_phone) == (None, None, None)
