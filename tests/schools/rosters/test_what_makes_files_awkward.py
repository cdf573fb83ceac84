"""What real files of schools have that they should not: reported, never guessed (FORMATS 2 and 3)."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterable
from pathlib import Path

import openpyxl
import pytest
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import schools.rosters
from schools.rosters.outcomes import OUTCOMES
from schools.rosters.readers import Kind, columns, open_roster, template
from schools.rosters.refusals import REASONS
from schools.rosters.rows import (
    ContactRow,
    FileRefused,
    PupilRow,
    Refusal,
    Responsibility,
    Row,
    StaffRole,
    StaffRow,
    TieRow,
)
from tests.schools.rosters import generator
from tests.schools.rosters.generator import EVERYTHING, ONDE_CHILD, ONDE_GUARDIAN, ONDE_PUPILS, Roster
from tests.schools.rosters.told import refusals, told


def pupils(rows: Iterable[Row]) -> list[PupilRow]:
    return [row for row in rows if isinstance(row, PupilRow)]


def ties(rows: Iterable[Row]) -> list[TieRow]:
    return [row for row in rows if isinstance(row, TieRow)]


def reasons(rows: Iterable[Row]) -> list[tuple[str, int, str, bool]]:
    return [(row.code, row.line, row.field, row.whole) for row in rows if isinstance(row, Refusal)]


def refused(paths: list[Path], kind: Kind) -> FileRefused:
    with pytest.raises(FileRefused) as raised:
        list(open_roster(paths, kind).rows())
    assert raised.value.code in REASONS
    return raised.value


# SIECLE


def eleve(number: int, name: str = "MARTIN", first: str = "Zoé", more: str = "") -> str:
    return (
        f'<ELEVE ELEVE_ID="{number}"><NOM_DE_FAMILLE>{name}</NOM_DE_FAMILLE><PRENOM>{first}</PRENOM>'
        f"<DATE_NAISS>09/03/2012</DATE_NAISS>{more}</ELEVE>\n"
    )


def personne(number: int, more: str = "") -> str:
    return (
        f'<PERSONNE PERSONNE_ID="{number}"><NOM_DE_FAMILLE>MARTIN</NOM_DE_FAMILLE><PRENOM>Anne</PRENOM>'
        f"{more}</PERSONNE>\n"
    )


def tie(pupil: int, person: int, level: str = "1") -> str:
    return (
        f"<RESPONSABLE_ELEVE><ELEVE_ID>{pupil}</ELEVE_ID><PERSONNE_ID>{person}</PERSONNE_ID>"
        f"<NIVEAU_RESPONSABILITE>{level}</NIVEAU_RESPONSABILITE></RESPONSABLE_ELEVE>\n"
    )


PARAMETERS = (
    "<PARAMETRES><UAJ>{uai}</UAJ><ANNEE_SCOLAIRE>{year}</ANNEE_SCOLAIRE><DATE_EXPORT>05/10/2026</DATE_EXPORT>"
    "</PARAMETRES>"
)


def siecle(
    folder: Path,
    children: str,
    people: str = "",
    levels: str = "",
    *,
    structures: str = "",
    uais: tuple[str, str] = ("0752387M", "0752387M"),
    years: tuple[int, int] = (2026, 2026),
) -> list[Path]:
    first, second = folder / "eleves.xml", folder / "responsables.xml"
    first.write_text(
        f"<BEE_ELEVES>{PARAMETERS.format(uai=uais[0], year=years[0])}<DONNEES><ELEVES>\n{children}</ELEVES>"
        f"<STRUCTURES>{structures}</STRUCTURES></DONNEES></BEE_ELEVES>"
    )
    second.write_text(
        f"<BEE_RESPONSABLES>{PARAMETERS.format(uai=uais[1], year=years[1])}<DONNEES><PERSONNES>\n{people}"
        f"</PERSONNES><RESPONSABLES>\n{levels}</RESPONSABLES></DONNEES></BEE_RESPONSABLES>"
    )
    return [first, second]


def rows_of(paths: list[Path], kind: Kind = Kind.SIECLE, **options: str) -> list[Row]:
    return list(open_roster(paths, kind, **options).rows())


def test_the_switches_of_a_made_up_school_bring_their_reasons(tmp_path: Path) -> None:
    found = refusals(rows_of(generator.siecle(Roster(pupils=400, awkward=EVERYTHING), tmp_path)))
    expected = {"ine_shared", "pupil_repeated", "pupil_left", "phone_no_mobile", "phone_wrong"}
    assert set(found) == expected


def test_two_children_under_one_number_both_go_without_it(tmp_path: Path) -> None:
    number = "<ID_NATIONAL>070832327JA</ID_NATIONAL>"
    rows = rows_of(siecle(tmp_path, eleve(1, more=number) + eleve(2, first="Léa", more=number)))
    assert [(row.first_name, row.ine) for row in pupils(rows)] == [("Zoé", ""), ("Léa", "")]
    assert reasons(rows) == [("ine_shared", 2, "ID_NATIONAL", False), ("ine_shared", 3, "ID_NATIONAL", False)]


def test_one_child_under_two_numbers_is_one_child_with_all_their_guardians(tmp_path: Path) -> None:
    number = "<INE_RNIE>070832327JA</INE_RNIE>"
    again = eleve(2, name="Martin", more=number)
    paths = siecle(
        tmp_path, eleve(1, more=number) + again, personne(7) + personne(8), tie(1, 7) + tie(2, 7) + tie(2, 8)
    )
    rows = rows_of(paths)
    assert [(row.key, row.ine) for row in pupils(rows)] == [("1", "070832327JA")]
    assert [(row.pupil, row.contact) for row in ties(rows)] == [("1", "7"), ("1", "8")]
    assert reasons(rows) == [("pupil_repeated", 3, "ELEVE_ID", True)]


def test_homonyms_born_on_other_days_are_two_children(tmp_path: Path) -> None:
    other = eleve(2).replace("09/03/2012", "10/03/2012")
    assert len(pupils(rows_of(siecle(tmp_path, eleve(1) + other)))) == 2


def test_who_left_is_reported_and_their_guardian_not_handed_on(tmp_path: Path) -> None:
    gone, going = "<DATE_SORTIE>30/09/2026</DATE_SORTIE>", "<DATE_SORTIE>30/10/2026</DATE_SORTIE>"
    paths = siecle(
        tmp_path,
        eleve(1, more=gone) + eleve(2, first="Léa", more=going),
        personne(7) + personne(8),
        tie(1, 7) + tie(2, 8),
    )
    rows = rows_of(paths)
    assert [row.key for row in pupils(rows)] == ["2"]
    assert [row.key for row in rows if isinstance(row, ContactRow)] == ["8"]
    assert reasons(rows) == [("pupil_left", 2, "DATE_SORTIE", True)]


def test_a_number_that_a_child_left_behind_is_the_other_childs(tmp_path: Path) -> None:
    number = "<ID_NATIONAL>070832327JA</ID_NATIONAL>"
    gone = eleve(1, first="Léa", more=number + "<DATE_SORTIE>30/09/2026</DATE_SORTIE>")
    assert [row.ine for row in pupils(rows_of(siecle(tmp_path, gone + eleve(2, more=number))))] == [
        "070832327JA"
    ]


def test_levels_are_what_they_are_and_others_are_reported(tmp_path: Path) -> None:
    people = "".join(personne(number) for number in range(1, 6))
    levels = "".join(tie(1, number, level) for number, level in enumerate(("1", "2", "3", "4", ""), start=1))
    rows = rows_of(siecle(tmp_path, eleve(1), people, levels + tie(9, 1) + tie(1, 99) + tie(1, 1)))
    assert [row.responsibility for row in ties(rows)] == list(Responsibility)
    assert refusals(rows) == {
        "level_wrong": 2,
        "tie_without_pupil": 1,
        "tie_without_contact": 1,
        "tie_repeated": 1,
    }


def test_a_field_that_is_wrong_costs_only_itself(tmp_path: Path) -> None:
    wrong = "<ID_NATIONAL>123</ID_NATIONAL><NOM_USAGE>M4RTIN</NOM_USAGE><PRENOM2>Zo\u200be</PRENOM2>"
    child = eleve(1, more=wrong).replace("09/03/2012", "30/02/2012")
    person = "<TEL_PORTABLE>0145744915</TEL_PORTABLE><MEL>non</MEL><ACCEPTE_SMS>1</ACCEPTE_SMS>"
    rows = rows_of(siecle(tmp_path, child, personne(7, person), tie(1, 7)))
    [pupil], [contact] = pupils(rows), [row for row in rows if isinstance(row, ContactRow)]
    assert (pupil.ine, pupil.usage_name, pupil.birth_date, pupil.other_first_names) == ("", "", "", "")
    assert (contact.mobile, contact.phone, contact.email) == ("", "+33145744915", "")
    assert sorted(code for code, _line, _field, whole in reasons(rows) if not whole) == [
        "date_wrong", "email_wrong", "ine_wrong", "name_wrong", "phone_no_mobile",
    ]  # fmt: skip


def test_a_child_without_a_name_or_number_is_not_taken_and_nobody_is_tied_to_it(tmp_path: Path) -> None:
    nameless = eleve(1, name="").replace("<PRENOM>", "<PRENOM>")
    rows = rows_of(siecle(tmp_path, nameless + eleve(2).replace(' ELEVE_ID="2"', ""), personne(7), tie(1, 7)))
    assert pupils(rows) == []
    assert ties(rows) == []
    assert reasons(rows) == [
        ("name_missing", 2, "NOM_DE_FAMILLE", True),
        ("number_missing", 3, "ELEVE_ID", True),
    ]


def test_a_mobile_of_la_reunion_is_one_at_a_school_there(tmp_path: Path) -> None:
    person = "<TEL_PORTABLE>0692123456</TEL_PORTABLE>"
    there = siecle(tmp_path, eleve(1), personne(7, person), tie(1, 7), uais=("9740001H", "9740001H"))
    assert [row.mobile for row in rows_of(there) if isinstance(row, ContactRow)] == ["+262692123456"]
    here = siecle(tmp_path, eleve(1), personne(7, person), tie(1, 7))
    assert [row.mobile for row in rows_of(here) if isinstance(row, ContactRow)] == [""]


def test_files_of_two_schools_or_years_are_refused(tmp_path: Path) -> None:
    assert (
        refused(siecle(tmp_path, eleve(1), uais=("0752387M", "0140070A")), Kind.SIECLE).code == "files_differ"
    )
    assert refused(siecle(tmp_path, eleve(1), years=(2026, 2025)), Kind.SIECLE).code == "files_differ"


def test_one_file_of_a_pair_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    paths = generator.siecle(Roster(pupils=3), tmp_path)
    assert refused(paths[:1], Kind.SIECLE).code == "guardians_missing"
    assert refused(paths[1:], Kind.SIECLE).code == "pupils_missing"
    assert refused([*paths, paths[0]], Kind.SIECLE).code == "file_twice"
    pair = generator.onde(Roster(pupils=3), tmp_path)
    assert refused(pair[:1], Kind.ONDE).code == "guardians_missing"
    assert refused(pair[1:], Kind.ONDE).code == "pupils_missing"
    assert refused([pair[0], pair[0]], Kind.ONDE).code == "file_twice"


def test_a_file_cut_anywhere_is_refused_whole(tmp_path: Path) -> None:
    first, second, _third = generator.siecle(Roster(pupils=20), tmp_path)
    whole = second.read_bytes()
    for part in (0.3, 0.5, 0.9, 0.999):
        second.write_bytes(whole[: int(len(whole) * part)])
        assert refused([first, second], Kind.SIECLE).code == "xml_truncated"


def test_letters_in_a_wrong_declaration_are_no_silent_nonsense(tmp_path: Path) -> None:
    first, second, _third = generator.siecle(
        Roster(pupils=40, awkward=EVERYTHING), tmp_path, encoding="ISO-8859-15"
    )
    first.write_bytes(first.read_bytes().replace(b'encoding="ISO-8859-15"', b'encoding="UTF-8"'))
    assert refused([first, second], Kind.SIECLE).code in ("xml_damaged", "encoding")


def test_a_file_read_twice_says_the_same_twice(tmp_path: Path) -> None:
    reading = open_roster(generator.siecle(Roster(pupils=50, awkward=EVERYTHING), tmp_path), Kind.SIECLE)
    assert list(reading.rows()) == list(reading.rows())


# ONDE


def onde(
    folder: Path, children: list[tuple[str, str, str, str]], guardians: list[list[tuple[str, str, str]]]
) -> list[Path]:
    first, second = folder / "eleves.csv", folder / "responsables.csv"
    lines = [";".join(ONDE_PUPILS)]
    for family, name, born, division in children:
        cells = [""] * len(ONDE_PUPILS)
        cells[0], cells[2], cells[3], cells[16] = family, name, born, division
        lines.append(";".join(cells))
    first.write_text("\r\n".join(lines) + "\r\n", encoding="windows-1252")
    lines = [";".join([*ONDE_GUARDIAN, *ONDE_CHILD * 3])]
    for number, named in enumerate(guardians):
        cells = ["MME", "", "MARTIN", "Anne", "", "", "", "", f"a{number}@example.org", "", "", ""]
        for family, name, division in named:
            cells += ["", family, name, division]
        lines.append(";".join(cells + [""] * (24 - len(cells))))
    second.write_text("\r\n".join(lines) + "\r\n", encoding="windows-1252")
    return [first, second]


HOMONYMS = [("MARTIN", "Zoé", "01/02/2017", "CP A"), ("MARTIN", "Zoé", "03/04/2018", "CE1 B")]


def test_homonyms_are_told_apart_by_their_class(tmp_path: Path) -> None:
    rows = rows_of(onde(tmp_path, HOMONYMS, [[("MARTIN", "Zoé", "CE1 B")]]), Kind.ONDE)
    assert [row.pupil for row in ties(rows)] == ["3"]


@pytest.mark.parametrize("division", ["", "CE1", "CM2 C"])
def test_homonyms_whom_the_class_does_not_tell_apart_are_reported_and_not_tied(
    tmp_path: Path, division: str
) -> None:
    rows = rows_of(onde(tmp_path, HOMONYMS, [[("MARTIN", "Zoé", division)]]), Kind.ONDE)
    assert ties(rows) == []
    assert [row for row in rows if isinstance(row, ContactRow)] == []
    assert reasons(rows) == [("child_ambiguous", 2, "Nom de famille enfant", False)]


def test_homonyms_in_one_class_are_reported(tmp_path: Path) -> None:
    both = [HOMONYMS[0], ("MARTIN", "Zoé", "03/04/2017", "CP A")]
    rows = rows_of(onde(tmp_path, both, [[("MARTIN", "Zoé", "CP A")]]), Kind.ONDE)
    assert (len(pupils(rows)), ties(rows)) == (2, [])
    assert refusals(rows) == {"child_ambiguous": 1}


def test_a_child_whom_the_school_does_not_have_is_reported(tmp_path: Path) -> None:
    rows = rows_of(
        onde(tmp_path, HOMONYMS[:1], [[("MARTIN", "Zoé", "CP A"), ("MARTIN", "Léo", "CP A")]]), Kind.ONDE
    )
    assert [row.pupil for row in ties(rows)] == ["2"]
    assert reasons(rows) == [("child_unknown", 2, "Nom de famille enfant", False)]


def test_a_name_in_another_childs_class_is_not_trusted_and_a_level_says_nothing(tmp_path: Path) -> None:
    others = [HOMONYMS[0], ("DUPONT", "Léo", "01/01/2016", "CM1")]
    rows = rows_of(onde(tmp_path, others, [[("MARTIN", "Zoé", "CM1")]]), Kind.ONDE)
    assert refusals(rows) == {"child_elsewhere": 1}
    rows = rows_of(onde(tmp_path, others, [[("MARTIN", "ZOE", "Cours préparatoire")]]), Kind.ONDE)
    assert [row.pupil for row in ties(rows)] == ["2"]


# Tables


def table(folder: Path, text: str, name: str = "table.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


HEADERS = "Nom;Prénom;Né le;Classe"


@pytest.mark.parametrize("kind", [Kind.PUPILS, Kind.STAFF])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_template_of_ours_is_understood_whole_in_every_language(
    tmp_path: Path, kind: Kind, form: str, language: str
) -> None:
    with override(language):
        path = tmp_path / f"modele.{form}"
        path.write_bytes(template(kind, form))
    found = columns(path, kind)
    assert "" not in found.guessed.values()
    assert found.missing == frozenset()
    assert list(open_roster([path], kind).rows()) == []


def test_usual_headers_are_recognised_and_others_left_to_the_school(tmp_path: Path) -> None:
    headers = (
        "NOM DE L'ELEVE;Prénom élève;DATE NAISS.;Lieu de naissance;Sexe;N° national;Division;Nom du père;"
        "Prénom du père;Portable père;Nom de la mère;Prénom mère;Tél. mobile mère;Mail parent 1;Observations"
    )
    found = columns(table(tmp_path, headers + "\r\n"), Kind.PUPILS)
    assert [found.guessed[header] for header in headers.split(";")] == [
        "family_name", "first_name", "birth_date", "", "sex", "ine", "division", "guardian1_family_name",
        "guardian1_first_name", "guardian1_mobile", "guardian2_family_name", "guardian2_first_name",
        "guardian2_mobile", "guardian1_email", "",
    ]  # fmt: skip
    assert found.missing == frozenset()


def test_a_patronym_is_a_family_name_and_a_pet_name_is_none(tmp_path: Path) -> None:
    headers = (
        "Patronyme;Petit nom;Prénom;Nom marital;Né le;Classe;Patronyme du père;Nom patronymique de la mère"
    )
    found = columns(table(tmp_path, headers + "\r\n"), Kind.PUPILS)
    assert [found.guessed[header] for header in headers.split(";")] == [
        "family_name", "", "first_name", "usage_name", "birth_date", "division", "guardian1_family_name",
        "guardian2_family_name",
    ]  # fmt: skip


def test_a_school_says_what_a_column_is_and_is_believed(tmp_path: Path) -> None:
    path = table(tmp_path, "A;B;C;Nom\r\nMARTIN;Zoé;09/03/2012;6 A\r\n")
    assert refused([path], Kind.PUPILS).code == "columns_missing"
    assert columns(path, Kind.PUPILS).missing == {"first_name", "birth_date", "division"}
    said = {
        "A": "family_name",
        "B": "first_name",
        "C": "birth_date",
        "Nom": "division",
        "Z": "sex",
        "B ": "nonsense",
    }
    [pupil] = pupils(open_roster([path], Kind.PUPILS, mapping=said).rows())
    assert (pupil.family_name, pupil.first_name, pupil.birth_date, pupil.divisions) == (
        "MARTIN", "Zoé", "2012-03-09", ("6 A",),
    )  # fmt: skip


def test_headers_below_a_title_are_found(tmp_path: Path) -> None:
    path = table(tmp_path, f"Collège André Malraux;;;\r\n;;;\r\n{HEADERS}\r\nMARTIN;Zoé;09/03/2012;6 A\r\n")
    assert [row.line for row in pupils(rows_of([path], Kind.PUPILS))] == [4]


def test_a_quoted_line_break_counts_as_the_schools_program_counts_it(tmp_path: Path) -> None:
    path = table(
        tmp_path, f'{HEADERS};Notes\r\nMARTIN;Zoé;09/03/2012;6 A;"un\ndeux"\r\nDUPONT;L3o;09/03/2012;6 A;\r\n'
    )
    assert reasons(rows_of([path], Kind.PUPILS)) == [("name_wrong", 4, "Prénom", True)]


def test_a_formula_is_a_text_and_never_worked_out(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADERS.split(";"))
    book.active.append(['=HYPERLINK("http://x";"MARTIN")', "Zoé", "09/03/2012", "6 A"])
    book.active.append(["MARTIN", "Zoé", "09/03/2012", "=1+1"])
    book.save(tmp_path / "x.xlsx")
    rows = rows_of([tmp_path / "x.xlsx"], Kind.PUPILS)
    assert [row.divisions for row in pupils(rows)] == [("=1+1",)]
    assert reasons(rows) == [("name_wrong", 2, "Nom", True)]


def test_a_line_of_another_school_refuses_the_file(tmp_path: Path) -> None:
    path = table(tmp_path, f"{HEADERS};UAI\r\nA;B;09/03/2012;6 A;0752387M\r\nC;D;09/03/2012;6 A;0140070A\r\n")
    raised = refused([path], Kind.PUPILS)
    assert (raised.code, raised.line) == ("uai_other", 3)
    alone = table(tmp_path, f"{HEADERS};UAI\r\nA;B;09/03/2012;6 A;0752387m\r\n")
    assert open_roster([alone], Kind.PUPILS).heading.uai == "0752387M"


def test_a_guardian_on_the_lines_of_two_children_is_one_person(tmp_path: Path) -> None:
    headers = f"{HEADERS};Nom resp 1;Prénom resp 1;Portable resp 1;Mail resp 1"
    who = "MARTIN;Anne;0612345678"
    path = table(
        tmp_path,
        f"{headers}\r\nMARTIN;Zoé;09/03/2012;6 A;{who};a@example.org\r\nMARTIN;Léo;10/03/2013;5 A;{who};\r\n"
        "MARTIN;Lou;10/03/2014;4 A;MARTIN;Anne;;\r\nMARTIN;Gaël;10/03/2014;4 A;MARTIN;Anne;;\r\n",
    )
    rows = rows_of([path], Kind.PUPILS)
    # Without a number or an address nobody knows whether two of one name are one.
    assert len([row for row in rows if isinstance(row, ContactRow)]) == 3
    assert len(ties(rows)) == 4
    assert told(rows).ties


def test_a_wrong_guardian_costs_the_guardian_only(tmp_path: Path) -> None:
    headers = f"{HEADERS};Nom resp 1;Prénom resp 1;Niveau resp 1;Nom resp 2;Prénom resp 2;Niveau resp 2"
    path = table(tmp_path, f"{headers}\r\nMARTIN;Zoé;09/03/2012;6 A;M4RTIN;Anne;1;MARTIN;Paul;chef\r\n")
    rows = rows_of([path], Kind.PUPILS)
    assert len(pupils(rows)) == 1
    assert ties(rows) == []
    assert reasons(rows) == [
        ("name_wrong", 2, "Nom resp 1", False),
        ("level_wrong", 2, "Niveau resp 2", False),
    ]


@pytest.mark.parametrize(
    ("written", "role", "known"),
    [
        ("Professeur de lettres", StaffRole.TEACHER, True), ("Enseignante", StaffRole.TEACHER, True),
        ("Principal adjoint", StaffRole.HEAD, True), ("Directrice et enseignante", StaffRole.HEAD, True),
        ("Chef d’établissement", StaffRole.HEAD, True), ("Proviseure", StaffRole.HEAD, True),
        ("Conseiller principal d’éducation", StaffRole.OTHER, True),
        ("Chef de cuisine", StaffRole.OTHER, False),
        ("Secrétaire du proviseur", StaffRole.OTHER, True), ("Adjoint administratif", StaffRole.OTHER, True),
        ("AESH", StaffRole.OTHER, True), ("Magicien", StaffRole.OTHER, False), ("", StaffRole.OTHER, False),
    ],
)  # fmt: skip
def test_what_somebody_does_is_what_the_school_says_and_least_when_it_says_nothing(
    tmp_path: Path, written: str, role: StaffRole, known: bool
) -> None:
    path = table(tmp_path, f"Nom;Prénom;Fonction\r\nMARTIN;Anne;{written}\r\n")
    rows = rows_of([path], Kind.STAFF)
    assert [row.role for row in rows if isinstance(row, StaffRow)] == [role]
    assert refusals(rows) == ({} if known else {"role_unknown": 1})


def test_somebody_of_the_staff_who_stands_there_twice_is_taken_once(tmp_path: Path) -> None:
    path = table(
        tmp_path, "Nom;Prénom;Fonction;Login\r\n" + "MARTIN;Anne;Professeur;AMartin@ac-paris.fr\r\n" * 2
    )
    rows = rows_of([path], Kind.STAFF)
    assert [row.identifier for row in rows if isinstance(row, StaffRow)] == ["amartin"]
    assert refusals(rows) == {"staff_repeated": 1}


CELL = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20).map(str.strip)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    lines=st.lists(st.tuples(CELL, CELL, CELL, CELL), max_size=5),
    delimiter=st.sampled_from(";,\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig"]),
)
def test_whatever_stands_in_a_table_every_line_is_taken_or_reported(
    tmp_path: Path, lines: list[tuple[str, ...]], delimiter: str, encoding: str
) -> None:
    import csv

    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(HEADERS.split(";"))
    writer.writerows(lines)
    rows = rows_of([table(tmp_path, text.getvalue(), encoding=encoding)], Kind.PUPILS)
    filled = [number for number, cells in enumerate(lines, start=2) if any(cells)]
    spoken_of = {row.line for row in rows if isinstance(row, PupilRow | Refusal)}
    assert spoken_of == set(filled)
    assert set(refusals(rows)) <= set(REASONS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda tail: HEADERS.encode() + b"\r\n" + tail))
def test_any_bytes_at_all_are_read_or_refused_with_a_reason(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(content)
    for kind in Kind:
        try:
            rows_of([path], kind)
        except FileRefused as raised:
            assert raised.code in REASONS


# Sentences


def test_every_reason_in_the_readers_has_its_sentence_and_every_sentence_its_reader() -> None:
    used = set()
    for path in Path(schools.rosters.__file__).parent.rglob("*.py"):
        texts = {
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        if path.name == "refusals.py":
            continue
        used |= texts & set(REASONS)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
                "FileRefused", "NotTaken", "NoBirthDate", "refuse", "refused",
            ):  # fmt: skip
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and first.value:
                    assert first.value in {**REASONS, **OUTCOMES}, f"{path.name}: {first.value}"
    assert set(REASONS) - used == set()
