"""The columns of tables that schools make themselves, and the many ways in which they are headed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import openpyxl
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from openpyxl.utils import get_column_letter

from schools.rosters.rows import FileRefused

from .tables import LINES_BEFORE_HEADERS, Cells, Table, header_key

GUARDIANS = 4  # on one line
PUPIL_FIELDS = {
    "family_name": _("Nom de famille"),
    "first_name": _("Prénom"),
    "usage_name": _("Nom d’usage"),
    "other_first_names": _("Autres prénoms"),
    "birth_date": _("Date de naissance"),
    "sex": _("Sexe"),
    "ine": _("INE"),
    "division": _("Classe"),
    "groups": _("Groupes"),
    "uai": _("Code UAI de l’établissement"),
}
GUARDIAN_FIELDS = {
    "title": _("Civilité du responsable %(number)s"),
    "family_name": _("Nom du responsable %(number)s"),
    "usage_name": _("Nom d’usage du responsable %(number)s"),
    "first_name": _("Prénom du responsable %(number)s"),
    "mobile": _("Téléphone portable du responsable %(number)s"),
    "phone": _("Téléphone fixe du responsable %(number)s"),
    "email": _("Courriel du responsable %(number)s"),
    "sms_consent": _("Accepte les SMS, responsable %(number)s"),
    "responsibility": _("Niveau de responsabilité du responsable %(number)s"),
    "relationship": _("Lien de parenté du responsable %(number)s"),
}
STAFF_FIELDS = {
    "family_name": _("Nom de famille"),
    "first_name": _("Prénom"),
    "role": _("Fonction"),
    "identifier": _("Identifiant académique"),
    "email": _("Courriel académique"),
    "divisions": _("Classes"),
    "personal_phone": _("Téléphone personnel"),
    "professional_phone": _("Téléphone professionnel"),
    "mobile": _("Téléphone portable"),
    "uai": _("Code UAI de l’établissement"),
}
STAFF_PHONES = ("personal_phone", "professional_phone", "mobile")
REQUIRED = {
    "pupils": frozenset(("family_name", "first_name", "birth_date", "division")),
    "staff": frozenset(("family_name", "first_name", "role")),
}
MOST_OF_A_HEADER = 60  # in a refusal

_GUARDIAN_WORDS = frozenset(
    (
        "responsable",
        "responsables",
        "resp",
        "rl",
        "representant",
        "parent",
        "parents",
        "tuteur",
        "pere",
        "mere",
    )
)
_PHONE_WORDS = frozenset(("telephone", "tel", "fixe"))
_STAFF_PHONE_WORDS = {
    "professional_phone": frozenset(("professionnel", "pro", "travail", "bureau", "poste")),
    "personal_phone": frozenset(("personnel", "perso", "domicile", "prive")),
}
# Words by which a column is known, the telling ones first; a column with a word of the third is another.
_WORDS: tuple[tuple[str, frozenset[str], frozenset[str]], ...] = tuple(
    (name, frozenset(words.split()), frozenset(others.split()))
    for name, words, others in (
        ("usage_name", "usage marital", ""),
        ("sms_consent", "sms", ""),
        ("email", "courriel mail mel email messagerie", ""),
        ("mobile", "portable mobile gsm port", ""),
        ("phone", "telephone tel fixe domicile", "travail professionnel"),
        ("birth_date", "naissance ne nee naiss", "lieu ville commune pays departement dept"),
        ("ine", "ine rnie", ""),
        ("uai", "uai rne uaj", ""),
        ("title", "civilite titre", ""),
        ("sex", "sexe genre", ""),
        ("relationship", "lien parente qualite", ""),
        ("responsibility", "niveau responsabilite autorite", ""),
        ("role", "fonction role profil statut", ""),
        ("identifier", "identifiant login uid", "national"),
        ("groups", "groupe groupes", ""),
        ("division", "classe classes division divisions div", ""),
        ("first_name", "prenom prenoms", ""),
        (
            "family_name",
            "nom noms patronyme patronymique",
            "commune ville etablissement ecole classe rue petit",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table has and what it may hold, for the page where a school says which column is which.

    Holds headers only, never a value of a line.
    """

    headers: tuple[str, ...]  # as written
    guessed: Mapping[str, str]  # header → field, or "" for a column that says nothing to us
    fields: Mapping[str, str]  # field → what it is called, in the order of a template
    required: frozenset[str]

    @property
    def missing(self) -> frozenset[str]:
        """What is required and was found in no header."""
        return self.required - set(self.guessed.values())


@dataclass(slots=True)
class Layout:
    """Where the fields stand in the lines of one table."""

    line: int  # of the headers
    places: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)  # field → header as written, for refusals

    def pick(self, cells: Cells) -> dict[str, str]:
        """Return the fields of a line that say something."""
        width = len(cells)
        return {name: cells[at] for name, at in self.places.items() if at < width and cells[at]}


def fields_of(kind: str) -> dict[str, str]:
    """Return the fields that a table of this kind may have, and what they are called."""
    if kind == "staff":
        return {name: str(label) for name, label in STAFF_FIELDS.items()}
    fields = {name: str(label) for name, label in PUPIL_FIELDS.items()}
    for number in range(1, GUARDIANS + 1):
        for name, label in GUARDIAN_FIELDS.items():
            fields[f"guardian{number}_{name}"] = str(label) % {"number": number}
    return fields


@cache
def _french(kind: str) -> dict[str, str]:
    """Return the fields by the key of their French names, which stand in templates for every reader."""
    with override("fr"):
        return {header_key(label): name for name, label in fields_of(kind).items()}


def guess(headers: Iterable[str], kind: str) -> dict[str, str]:
    """Return for each header the field it most likely means; of two that mean one the first has it."""
    labels = _french(kind)
    known = frozenset(labels.values())
    found: dict[str, str] = {}
    for header in headers:
        if header in found:
            continue
        key = header_key(header)
        name = labels.get(key) or _by_words(key.split(), kind)
        found[header] = name if name in known and name not in found.values() else ""
    return found


def layout(table: Table, kind: str, mapping: Mapping[str, str] | None) -> Layout:
    """Return where the fields of a table stand, by its headers and what the school said of them.

    Raises :class:`FileRefused` (``columns_missing``) when a required one stands nowhere.
    """
    line, headers = find_headers(table, kind)
    guessed = guess(headers, kind)
    if mapping:
        known = _french(kind).values()
        said = {
            header: name
            for header, name in mapping.items()
            if header in guessed and (not name or name in known)
        }
        taken = set(said.values()) - {""}
        guessed = {
            header: said.get(header, "" if name in taken else name) for header, name in guessed.items()
        }
    found = Layout(line)
    for header, name in guessed.items():
        if name and name not in found.places:
            found.places[name] = headers.index(header)
            found.headers[name] = header[:MOST_OF_A_HEADER]
    if REQUIRED[kind] - set(found.places):
        raise FileRefused("columns_missing", source=table.source, line=line)
    return found


def find_headers(table: Table, kind: str) -> tuple[int, Cells]:
    """Return the line of headers and its number: the first, or one below a title that says more to us."""
    best: tuple[int, int, Cells] | None = None
    for count, (number, cells) in enumerate(table.lines()):
        said = len([name for name in guess(cells, kind).values() if name])
        if best is None or said > best[0]:
            best = (said, number, cells)
        if said >= len(REQUIRED[kind]) or count >= LINES_BEFORE_HEADERS:
            break
    if best is None:
        raise FileRefused("empty", source=table.source)
    return best[1], best[2]


def template(kind: str, form: Literal["csv", "xlsx"]) -> bytes:
    """Return a table without lines, for a school to fill in: what it is headed with is always understood."""
    rare = ("guardian3", "guardian4")
    with override("fr"):
        labels = [label for name, label in fields_of(kind).items() if not name.startswith(rare)]
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, delimiter=";").writerow(labels)
        return text.getvalue().encode("utf-8-sig")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(labels)
    sheet.freeze_panes = "A2"
    for column, label in enumerate(labels, start=1):
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].width = max(12, len(label) + 2)
        # As texts: a number of a phone keeps its zero, a date stays as it is typed.
        sheet.column_dimensions[letter].number_format = "@"
        for line in range(2, 502):
            sheet.cell(line, column).number_format = "@"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _by_words(words: list[str], kind: str) -> str:
    """Return the field that the words of a header mean, or ``""``."""
    said = set(words)
    is_guardian = kind == "pupils" and bool(said & _GUARDIAN_WORDS)
    name = next((name for name, telling, others in _WORDS if said & telling and not said & others), "")
    if kind == "staff":
        if name in ("", "phone") and said & _PHONE_WORDS:  # « Téléphone » alone says too little
            return next((field for field, words in _STAFF_PHONE_WORDS.items() if said & words), "")
        return "divisions" if name == "division" else name
    if is_guardian:
        number = next((word for word in words if word.isdecimal()), "2" if "mere" in said else "1")
        return f"guardian{number}_{name}" if name else ""
    if name == "first_name" and said & {"autre", "autres", "2", "3", "second"}:
        return "other_first_names"
    if name == "" and "national" in said:
        return "ine"
    return name
