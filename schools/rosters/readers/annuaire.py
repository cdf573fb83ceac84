"""The national list of schools, « Annuaire de l’éducation », as a CSV file (FORMATS 5).

It is streamed: some 66,000 lines, with a UAI on several of them. Headers are those of the year the file
was made in; only their letters count, neither case nor accents.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import IO

from schools.rosters import people, phones
from schools.rosters.rows import FileRefused, Refusal
from schools.rosters.uai import clean_uai, department_of

from .tables import MOST_LETTERS, MOST_OF_A_LINE, header_key

SOURCE = "annuaire"
MOST_BYTES = 200 * 1024 * 1024
MOST_SCHOOLS = 300_000

_HEADERS = {
    "identifiant de l etablissement": "uai", "numero uai": "uai", "uai": "uai",
    "nom etablissement": "name", "appellation officielle": "name",
    "type etablissement": "type", "libelle nature": "nature", "code nature": "nature_code",
    "statut public prive": "status", "secteur public prive libe": "status",
    "nom commune": "commune", "libelle commune": "commune",
    "code postal": "postcode", "code departement": "department", "code academie": "academy",
    "mail": "mail", "telephone": "phone", "etat": "state", "etat etablissement libe": "state",
}  # fmt: skip
_NEEDED = frozenset(("uai", "name", "type", "department"))
_REFERENCE = Path(__file__).parents[2] / "reference" / "academies.json"


class SchoolKind(StrEnum):
    """What a school is, as far as the portal makes a difference."""

    ECOLE = "ecole"
    COLLEGE = "college"
    LYCEE = "lycee"
    OTHER = "other"  # EREA, medical, services of the administration…


_KINDS = {
    "ecole": SchoolKind.ECOLE,
    "college": SchoolKind.COLLEGE,
    "lycee": SchoolKind.LYCEE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolRow:
    """A school. ``department`` and ``academy`` are codes of ``schools/reference/academies.json``."""

    line: int
    uai: str
    name: str
    kind: SchoolKind
    nature: str = ""  # the ministry's words: « LYCEE POLYVALENT »
    is_public: bool = True
    commune: str = ""
    postcode: str = ""
    department: str = ""
    academy: str = ""
    mail: str = ""
    phone: str = ""  # E.164
    is_open: bool = True


def read(file: IO[bytes]) -> Iterator[SchoolRow | Refusal]:
    """Yield each school once, from a file that is already open, and what is wrong with lines.

    Of a UAI on several lines the first open one counts; closed ones come last. A line is refused for its
    UAI (the letter included), for a department that is none of ours (schools abroad), and for having no
    name. Raises :class:`FileRefused`: more than 200 MB, no such columns, giant lines.
    """
    lines = _Lines(file)
    rows = csv.reader(lines, delimiter=lines.separator)
    try:
        headers = next(rows, [])
        places: dict[str, int] = {}
        for at, header in enumerate(headers):
            if name := _HEADERS.get(header_key(header)):
                places.setdefault(name, at)
        if _NEEDED - set(places):
            raise FileRefused("columns_missing", source=SOURCE, line=1)
        seen: set[str] = set()
        closed: dict[str, SchoolRow] = {}
        number = rows.line_num + 1
        for cells in rows:
            lines.letters = 0
            if any(cells):
                width = len(cells)
                fields = {name: cells[at].strip() if at < width else "" for name, at in places.items()}
                for row in _school(fields, number):
                    if isinstance(row, Refusal):
                        yield row
                    elif row.uai in seen:
                        continue
                    elif row.is_open:
                        seen.add(row.uai)
                        yield row
                    else:
                        closed.setdefault(row.uai, row)
                if len(seen) + len(closed) > MOST_SCHOOLS:
                    raise FileRefused("too_many_rows", source=SOURCE, line=number)
            number = rows.line_num + 1
    except csv.Error as error:
        raise FileRefused("row_giant", source=SOURCE, line=rows.line_num) from error
    yield from (row for uai, row in closed.items() if uai not in seen)


class _Lines:
    """Decodes lines, each by itself, within limits."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = io.BufferedReader(file) if isinstance(file, io.RawIOBase) else file
        self._bytes = self._number = 0
        self.letters = 0  # since the last record
        self._first = self._line()
        self.separator = max(";,\t", key=self._first.count)

    def __iter__(self) -> Iterator[str]:
        line = self._first
        while line:
            yield line
            line = self._line()

    def _line(self) -> str:
        raw = self._file.readline(MOST_OF_A_LINE + 1)
        self._number += 1
        self._bytes += len(raw)
        if self._bytes > MOST_BYTES:
            raise FileRefused("too_large", source=SOURCE, line=self._number)
        if b"\0" in raw:
            raise FileRefused("nul", source=SOURCE, line=self._number)
        try:
            line = raw.decode("utf-8-sig" if self._number == 1 else "utf-8")
        except UnicodeDecodeError:
            line = raw.decode("windows-1252", "replace")
        self.letters += len(line)
        if self.letters > MOST_OF_A_LINE:
            raise FileRefused("row_giant", source=SOURCE, line=self._number)
        return line


def _school(fields: dict[str, str], line: int) -> Iterator[SchoolRow | Refusal]:
    """Yield a school after what of it was refused, or the one refusal of the whole line."""

    def refused(code: str, field: str, *, whole: bool = False) -> Refusal:
        return Refusal(source=SOURCE, line=line, code=code, field=field, whole=whole)

    uai = clean_uai(fields["uai"])
    if not uai:
        yield refused("uai_wrong", "uai", whole=True)
        return
    department = department_code(fields["department"]) or department_of(uai)
    academy = academies_by_department().get(department)
    if academy is None:
        yield refused("department_wrong", "department", whole=True)
        return
    try:
        name = people.code(fields["name"][:200], longest=200)
    except people.NotTaken:
        name = ""
    if not name:
        yield refused("name_missing", "name", whole=True)
        return
    mail = phone = ""
    if written := fields.get("mail", ""):
        try:
            mail = people.email(written)
        except people.NotTaken:
            yield refused("email_wrong", "mail")
    if written := fields.get("phone", ""):
        phone, _line = phones.phone(written, phones.region_of(uai))
        if not phone:
            yield refused("phone_wrong", "phone")
    yield SchoolRow(
        line=line,
        uai=uai,
        name=name,
        kind=_kind(fields["type"], fields.get("nature", "")),
        nature=fields.get("nature", "")[:MOST_LETTERS],
        is_public=not header_key(fields.get("status", "")).startswith("prive"),
        commune=fields.get("commune", "")[:100],
        postcode=fields.get("postcode", "")[:10],
        department=department,
        academy=academy,
        mail=mail,
        phone=phone,
        is_open=header_key(fields.get("state", "")) in ("", "ouvert", "a ouvrir"),
    )


def department_code(written: str) -> str:
    """Return a department in the form of ``academies.json``: « 02A » is 2A, « 075 » is 75, « 1 » is 01."""
    code = written.strip().upper()
    if len(code) == 3 and code[0] == "0":
        code = code[1:]
    code = code.zfill(2)
    return code if code in academies_by_department() else ""


@cache
def academies_by_department() -> dict[str, str]:
    """Return the code of the académie of each department, from the reference data."""
    said = json.loads(_REFERENCE.read_text(encoding="utf-8"))["academies"]
    return {department: row["code"] for row in said for department in row["departments"]}


def _kind(written: str, nature: str) -> SchoolKind:
    """Return what a school is, by its type and, where that says nothing, by its nature."""
    for text in (written, nature):
        for word in header_key(text).split():
            if kind := _KINDS.get(word):
                return kind
    return SchoolKind.OTHER
