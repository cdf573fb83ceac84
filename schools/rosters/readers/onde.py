"""The two CSV files that a primary school exports from ONDE (FORMATS 3).

The guardians' file names children; nothing else ties them. A name that one child of the school has is
that child. Where several have it the class decides, and where it does not nobody is tied: the line is
reported. A class that is another child's speaks against a name, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from schools.rosters import people, phones
from schools.rosters.rows import (
    DivisionRow,
    FileRefused,
    Heading,
    PupilRow,
    Responsibility,
    Row,
    TieRow,
)
from schools.school_year import today

from .containers import Document
from .lines import Line
from .repeats import Repeats, same_name
from .spool import Spool
from .tables import MOST_LETTERS, Cells, Table, header_key, open_table

# Headers by their keys, and the fields they are here. What else the files hold is not read.
_PUPIL_HEADERS = {
    "nom eleve": "family_name", "nom de famille eleve": "family_name", "nom d usage eleve": "usage_name",
    "prenom eleve": "first_name", "date naissance": "birth_date", "date de naissance": "birth_date",
    "sexe": "sex", "ine": "ine", "libelle classe": "division", "identifiant classe": "division_number",
}  # fmt: skip
_GUARDIAN_HEADERS = {
    "civilite responsable": "title", "nom usage responsable": "usage_name",
    "nom d usage responsable": "usage_name", "nom responsable": "family_name",
    "nom de famille responsable": "family_name", "prenom responsable": "first_name", "courriel": "email",
    "telephone domicile": "phone", "telephone travail": "work_phone", "telephone portable": "mobile",
}  # fmt: skip
_CHILD_HEADERS = {
    "nom d usage enfant": "usage_name", "nom de famille enfant": "family_name",
    "prenom enfant": "first_name", "classes enfants": "division", "classe enfant": "division",
}  # fmt: skip
_PUPIL_NEEDS = frozenset(("family_name", "first_name", "birth_date", "division"))
_GUARDIAN_NEEDS = frozenset(("family_name", "first_name"))
_NAMES = {
    name: name for name in ("title", "family_name", "usage_name", "first_name", "mobile", "phone", "email")
}
MOST_CHILDREN = 60  # on one line


@dataclass(frozen=True, slots=True)
class _File:
    table: Table
    line: int  # of the headers
    places: dict[str, int]
    headers: dict[str, str]
    children: tuple[dict[str, int], ...] = ()


class Onde:
    """One export of a school: see :class:`schools.rosters.readers.Reading`.

    Classes come before the pupils in them, all pupils before the guardians, ties after their contact.
    """

    def __init__(self, given: Sequence[Sequence[Document]], *, uai: str = "", on: date | None = None) -> None:
        pupils, guardians = _told_apart([open_table(documents) for documents in given])
        self.heading = Heading()
        self._files = pupils, guardians
        self._region = phones.region_of(uai)
        self._on = on or today()
        self._repeats = Repeats()
        self._by_name: dict[tuple[str, str], list[str]] = {}
        self._usage: dict[str, str] = {}
        self._class_of: dict[str, str] = {}
        self._labels: dict[str, str] = {}  # label of a class → its number, where it has one
        self._pupils, self._guardians = Spool(), Spool()
        self._read()

    def progress(self) -> float:
        """Return how far :meth:`rows` is, from 0 to 1, by bytes."""
        return (self._pupils.read + self._guardians.read) / max(1, self._pupils.size + self._guardians.size)

    def rows(self) -> Iterator[Row]:
        """Yield what the files say."""
        groups: set[str] = set()
        taken: set[str] = set()
        for number, fields in self._pupils:
            line = Line(self._files[0].table.source, number, fields, self._files[0].headers)
            if not _is_long(line, fields):
                yield from self._pupil(line, groups, taken)
            yield from line.refusals
        contacts: set[str] = set()
        for number, fields, children in self._guardians:
            line = Line(self._files[1].table.source, number, fields, self._files[1].headers)
            if not _is_long(line, fields):
                yield from self._guardian(line, children, contacts, taken)
            yield from line.refusals

    def _read(self) -> None:
        """Go through both files; learn who has which name and which class."""
        pupils, guardians = self._files
        for number, cells in pupils.table.lines():
            if number <= pupils.line:
                continue
            fields = _pick(cells, pupils.places)
            key = str(number)
            self._pupils.append((number, fields))
            family, first = fields.get("family_name", ""), fields.get("first_name", "")
            self._repeats.note(key, fields.get("ine", ""), family, first, fields.get("birth_date", ""))
            if self._repeats.first_of(key) != key:
                continue
            self._by_name.setdefault((same_name(family), same_name(first)), []).append(key)
            self._usage[key] = same_name(fields.get("usage_name", ""))
            self._class_of[key] = self._class(fields)
        for number, cells in guardians.table.lines():
            if number <= guardians.line:
                continue
            children = [_pick(cells, places) for places in guardians.children]
            named = [child for child in children if child.get("family_name") or child.get("first_name")]
            self._guardians.append((number, _pick(cells, guardians.places), named))

    def _class(self, fields: dict[str, str]) -> str:
        """Return the code of a pupil's class: its label, and its number where two have one label."""
        label, number = fields.get("division", ""), fields.get("division_number", "")
        if not label:
            return ""
        if number and self._labels.setdefault(label, number) != number:
            return f"{label} ({number})"
        self._labels.setdefault(label, number)
        return label

    def _pupil(self, line: Line, groups: set[str], taken: set[str]) -> Iterator[Row]:
        key = str(line.number)
        if self._repeats.first_of(key) != key:
            line.refuse("pupil_repeated", whole=True)
            return
        names = line.names("family_name", "first_name")
        if names is None:
            return
        ine = line.take("ine", people.ine)
        if ine and self._repeats.is_shared(ine):
            line.refuse("ine_shared", "ine")
            ine = ""
        division = ""
        if written := self._class_of[key]:
            try:
                division = people.code(written)
            except people.NotTaken as refused:
                line.refuse(refused.code, "division")
        if division and division not in groups:
            groups.add(division)
            yield DivisionRow(source=line.source, line=line.number, code=division)
        usage = line.take("usage_name", people.name)
        taken.add(key)
        yield PupilRow(
            source=line.source,
            line=line.number,
            key=key,
            family_name=names[0],
            first_name=names[1],
            ine=ine,
            usage_name=usage if usage != names[0] else "",
            birth_date=line.birth_date("birth_date", self._on),
            sex=people.sex(line.get("sex")),
            divisions=(division,) if division else (),
        )

    def _guardian(
        self, line: Line, children: list[dict[str, str]], contacts: set[str], taken: set[str]
    ) -> Iterator[Row]:
        found = []
        for child in children:
            key, refusal = self._child(child)
            if refusal:
                line.refuse(refusal, "Nom de famille enfant")
            elif key in taken and key not in found:
                found.append(key)
        if not found:
            return  # tied to nobody of the school: not handed on
        contact = line.contact("", self._region, names=_NAMES, others=("work_phone",))
        if contact is None:
            return
        if contact.key not in contacts:
            contacts.add(contact.key)
            yield contact
        for key in found:
            yield TieRow(
                source=line.source,
                line=line.number,
                pupil=key,
                contact=contact.key,
                responsibility=Responsibility.LEGAL,
            )

    def _child(self, child: dict[str, str]) -> tuple[str, str]:
        """Return the key of the one pupil who is meant, or why there is none."""
        family, first = child.get("family_name", ""), child.get("first_name", "")
        called = self._by_name.get((same_name(family), same_name(first)), [])
        if not called:
            return "", "child_unknown"
        said = child.get("division", "")
        if len(called) > 1 and (usage := same_name(child.get("usage_name", ""))):
            called = [key for key in called if self._usage[key] == usage] or called
        if len(called) > 1:
            in_class = [key for key in called if self._class_of[key] == said]
            return (in_class[0], "") if len(in_class) == 1 else ("", "child_ambiguous")
        # Some exports write the level there, which speaks for nobody.
        if said in self._labels and not self._is_in(called[0], said):
            return "", "child_elsewhere"
        return called[0], ""

    def _is_in(self, key: str, label: str) -> bool:
        return self._class_of[key] == label or self._class_of[key].startswith(f"{label} (")


def _told_apart(tables: Sequence[Table]) -> tuple[_File, _File]:
    """Return the pupils' and the guardians' file; refuse another number or kind of files."""
    pupils = guardians = None
    for table in tables:
        number, cells = next(iter(table.lines()), (0, []))
        keys = [header_key(cell) for cell in cells]
        if "nom de famille enfant" in keys and guardians is None:
            guardians = _file(table, number, cells, _GUARDIAN_HEADERS, _GUARDIAN_NEEDS, _children(keys))
        elif "nom responsable" not in keys and "prenom eleve" in keys and pupils is None:
            pupils = _file(table, number, cells, _PUPIL_HEADERS, _PUPIL_NEEDS)
        else:
            twice = pupils is not None and "prenom eleve" in keys
            raise FileRefused("file_twice" if twice else "wrong_kind", source=table.source, line=number)
    if pupils is None:
        raise FileRefused("pupils_missing")
    if guardians is None:
        raise FileRefused("guardians_missing")
    return pupils, guardians


def _file(
    table: Table,
    number: int,
    cells: Cells,
    known: dict[str, str],
    needed: frozenset[str],
    children: tuple[dict[str, int], ...] = (),
) -> _File:
    places: dict[str, int] = {}
    headers: dict[str, str] = {}
    for at, header in enumerate(cells):
        name = known.get(header_key(header))
        if name and name not in places:
            places[name], headers[name] = at, header[:60]
    if needed - set(places):
        raise FileRefused("columns_missing", source=table.source, line=number)
    return _File(table, number, places, headers, children)


def _children(keys: Sequence[str]) -> tuple[dict[str, int], ...]:
    """Return where each child of a line stands: a new one begins where a header comes again."""
    found: list[dict[str, int]] = [{}]
    for at, key in enumerate(keys):
        if name := _CHILD_HEADERS.get(key):
            if name in found[-1]:
                found.append({})
            found[-1][name] = at
    return tuple(found[:MOST_CHILDREN])


def _pick(cells: Cells, places: dict[str, int]) -> dict[str, str]:
    width = len(cells)
    return {name: cells[at] for name, at in places.items() if at < width and cells[at]}


def _is_long(line: Line, fields: dict[str, str]) -> bool:
    """Say whether a cell is longer than any that people write; the line is refused then."""
    for name, value in fields.items():
        if len(value) > MOST_LETTERS:
            line.refuse("cell_long", name, whole=True)
            return True
    return False
