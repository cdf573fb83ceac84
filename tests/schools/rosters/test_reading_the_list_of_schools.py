"""The national list of schools is read as a stream, whatever its year (FORMATS 5)."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from schools.rosters.readers import annuaire
from schools.rosters.readers.annuaire import SchoolRow
from schools.rosters.refusals import REASONS
from schools.rosters.rows import FileRefused, Refusal
from tests.schools.rosters import generator


def read(content: bytes) -> tuple[list[SchoolRow], list[Refusal]]:
    rows = list(annuaire.read(io.BytesIO(content)))
    schools = [replace(row, line=0) for row in rows if isinstance(row, SchoolRow)]
    return schools, [row for row in rows if isinstance(row, Refusal)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252"])
@pytest.mark.parametrize("lower", [False, True])
def test_every_school_comes_out_once(encoding: str, lower: bool) -> None:
    schools, refused = read(generator.annuaire(600, lower=lower, repeats=True, encoding=encoding))
    expected = sorted(generator.schools(600), key=lambda school: not school.is_open)  # the closed ones last
    assert schools == expected
    assert refused == []


def test_a_wrong_letter_is_reported_with_its_line() -> None:
    schools, refused = read(generator.annuaire(10, wrong=2))
    assert len(schools) == 10
    assert [(each.code, each.line, each.whole) for each in refused] == [
        ("uai_wrong", 3, True),
        ("uai_wrong", 5, True),
    ]


def line(**changed: str) -> bytes:
    """Return a list of one school."""
    cells = {
        "Identifiant_de_l_etablissement": "6200088B", "Nom_etablissement": "Collège Fesch",
        "Type_etablissement": "Collège", "Statut_public_prive": "Privé", "Code_postal": "20000",
        "Nom_commune": "Ajaccio", "Code_departement": "02A", "Telephone": "0495510101",
        "Mail": "CE.6200088B@ac-corse.fr", "etat": "OUVERT", "libelle_nature": "COLLEGE",
    } | changed  # fmt: skip
    return f"{';'.join(cells)}\n{';'.join(cells.values())}\n".encode()


def test_a_school_of_corsica_is_in_our_words() -> None:
    schools, refused = read(line())
    assert refused == []
    assert schools == [
        SchoolRow(
            line=0,
            uai="6200088B",
            name="Collège Fesch",
            kind=annuaire.SchoolKind.COLLEGE,
            nature="COLLEGE",
            is_public=False,
            commune="Ajaccio",
            postcode="20000",
            department="2A",
            academy="27",
            mail="ce.6200088b@ac-corse.fr",
            phone="+33495510101",
        )
    ]


@pytest.mark.parametrize(
    ("changed", "code", "whole"),
    [
        ({"Identifiant_de_l_etablissement": ""}, "uai_wrong", True),
        ({"Nom_etablissement": ""}, "name_missing", True),
        ({"Nom_etablissement": "Coll\u202eège"}, "name_missing", True),
        ({"Mail": "non"}, "email_wrong", False),
        ({"Telephone": "123"}, "phone_wrong", False),
    ],
)
def test_what_is_wrong_in_a_line_is_reported(changed: dict[str, str], code: str, whole: bool) -> None:
    schools, refused = read(line(**changed))
    assert [(each.code, each.whole, each.line) for each in refused] == [(code, whole, 2)]
    assert len(schools) == (not whole)
    assert code in REASONS


def test_a_department_is_the_one_of_the_code_where_the_list_has_none() -> None:
    assert read(line(Code_departement=""))[0][0].department == "2A"
    assert read(line(Code_departement="099"))[0][0].department == "2A"


def test_a_school_that_opened_again_is_open() -> None:
    head, closed = line(etat="FERME").splitlines(keepends=True)
    opened = line().splitlines(keepends=True)[1]
    assert [school.is_open for school in read(head + closed + opened)[0]] == [True]
    assert [school.is_open for school in read(head + closed + closed)[0]] == [False]


class Endless(io.RawIOBase):
    """A list that never ends."""

    def __init__(self, head: bytes, again: bytes) -> None:
        self._head, self._again = head, again
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        left = self._head or self._again
        piece, self._head = left[: len(buffer)], left[len(buffer) :]
        buffer[: len(piece)] = piece
        self.given += len(piece)
        return len(piece)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "columns_missing"),
        (b"Nom;Ville\nA;B\n", "columns_missing"),
        (line() + b"\0", "nul"),
        (line() + b"A" * 1_000_000, "row_giant"),
        (line() + b'"' + b"A\n" * 1_000_000, "row_giant"),
    ],
)
def test_what_is_no_list_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(content)
    assert refused.value.code == code
    assert code in REASONS


def test_a_list_without_an_end_is_left_after_200_megabytes() -> None:
    head, again = line(Adresse_1="A" * 100_000).splitlines(keepends=True)
    endless = Endless(head, again)
    with pytest.raises(FileRefused) as refused:
        for _row in annuaire.read(endless):
            pass
    assert refused.value.code == "too_large"
    assert endless.given < annuaire.MOST_BYTES + 1_000_000
