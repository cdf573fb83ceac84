"""The list of schools is loaded whole, again without a change, and says which lines are wrong."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import Record
from schools import annuaire
from schools.models import School
from schools.scope import EVERYWHERE, NOWHERE, Scope

from .rosters import generator
from .rosters.declared import school

pytestmark = pytest.mark.usefixtures("reference_data")
HEADERS = (
    "Identifiant_de_l_etablissement;Nom_etablissement;Type_etablissement;Code_departement;Nom_commune;etat\n"
)
CAEN = "0141396S;Collège Jean Moulin;Collège;014;Caen;OUVERT\n"


def load(text: str) -> annuaire.Outcome:
    return annuaire.load(io.BytesIO((HEADERS + text).encode()), actor="system")


def test_schools_of_every_kind_come_in_and_again_without_a_change() -> None:
    listed = generator.annuaire(200, repeats=True)
    first = annuaire.load(io.BytesIO(listed), actor="system")
    assert first.added == School.objects.count() == 200
    with CaptureQueriesContext(connection) as queries:
        second = annuaire.load(io.BytesIO(listed), actor="system")
    assert (second.added, second.changed, second.missing) == (0, 0, 0)
    assert len(queries) <= 12


def test_a_school_is_known_by_what_the_list_says() -> None:
    load(CAEN)
    found = School.objects.get()
    assert (found.uai, found.name, found.kind, found.commune) == (
        "0141396S",
        "Collège Jean Moulin",
        "college",
        "Caen",
    )
    assert found.academy.code == "70" and found.department.code == "14" and found.is_open
    assert Record.objects.get().act == "schools.loaded"


def test_what_the_list_says_otherwise_is_changed_and_what_it_forgets_stays() -> None:
    load(CAEN + "0750680G;Lycée X;Lycée;075;Paris;OUVERT\n")
    outcome = load(CAEN.replace("Jean Moulin", "Simone Veil").replace("OUVERT", "FERME"))
    assert (outcome.added, outcome.changed, outcome.missing) == (0, 1, 1)
    assert School.objects.get(uai="0141396S").name == "Collège Simone Veil"
    assert not School.objects.get(uai="0141396S").is_open
    assert School.objects.count() == 2


def test_wrong_lines_are_told_and_repeated_ones_tolerated() -> None:
    outcome = load(CAEN + CAEN + "0141396A;Faux;Collège;014;Caen;OUVERT\n")
    assert (outcome.read, outcome.refused) == (1, 1)
    assert (outcome.refusals[0].code, outcome.refusals[0].line) == ("uai_wrong", 4)


def test_whoever_runs_the_portal_reads_what_was_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "annuaire.csv"
    path.write_text(HEADERS + CAEN + "0141396A;Faux;Collège;014;Caen;OUVERT\n", encoding="utf-8")
    call_command("load_schools", str(path))
    said = capsys.readouterr()
    assert "ajoutés : 1" in said.out and "ligne 3" in said.err and "contrôle" in said.err
    path.write_text("A;B\n1;2\n", encoding="utf-8")
    with pytest.raises(CommandError, match="colonne"):
        call_command("load_schools", str(path))
    with pytest.raises(CommandError, match="ne peut pas"):
        call_command("load_schools", str(tmp_path / "nulle-part.csv"))


@pytest.mark.parametrize("uai", ["0141396A", "0141396I", "141396S", "0141396s", "", "ABCDEFGH"])
def test_no_school_has_a_uai_whose_letter_is_wrong(uai: str) -> None:
    with pytest.raises(IntegrityError, match="school_uai"), transaction.atomic():
        school(uai)


def test_schools_are_open_to_those_who_have_their_academie_or_themselves() -> None:
    caen, paris = school(), school("0750680G", "01")
    for scope, seen in (
        (NOWHERE, set()),
        (EVERYWHERE, {caen, paris}),
        (Scope(academies=frozenset({"70"})), {caen}),
        (Scope(schools=frozenset({"0750680G"})), {paris}),
        (Scope(frozenset({"70"}), frozenset({"0750680G"})), {caen, paris}),
    ):
        assert set(School.objects.open_to(scope)) == seen
