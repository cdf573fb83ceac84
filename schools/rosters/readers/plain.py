"""Tables of pupils and of staff, for schools that have neither SIECLE nor ONDE, and for staff everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from schools.rosters import people, phones
from schools.rosters.rows import (
    DivisionRow,
    FileRefused,
    GroupKind,
    Heading,
    PupilRow,
    Responsibility,
    Row,
    StaffRole,
    StaffRow,
    TieRow,
)
from schools.rosters.uai import clean_uai
from schools.school_year import today

from .containers import Document
from .fields import GUARDIAN_FIELDS, GUARDIANS, STAFF_PHONES, layout
from .lines import Line
from .repeats import Repeats
from .spool import Spool
from .tables import MOST_LETTERS, header_key, open_table

_SEVERAL = re.compile(r"\s*[;,|+\n]\s*|\s+/\s+")
# Words that say what somebody is to a child. Where nothing is said, the law's two representatives are
# those whom a school names first.
_RESPONSIBILITIES = {
    "1": Responsibility.LEGAL, "legal": Responsibility.LEGAL, "representant legal": Responsibility.LEGAL,
    "responsable legal": Responsibility.LEGAL, "oui": Responsibility.LEGAL,
    "2": Responsibility.IN_CHARGE, "en charge": Responsibility.IN_CHARGE,
    "personne en charge": Responsibility.IN_CHARGE,
    "3": Responsibility.CONTACT, "contact": Responsibility.CONTACT, "a contacter": Responsibility.CONTACT,
    "personne a contacter": Responsibility.CONTACT, "non": Responsibility.CONTACT,
}  # fmt: skip
_HEADS = frozenset(["directeur", "directrice", "principal", "principale", "proviseur", "proviseure"])
# « Conseiller principal d’éducation », « secrétaire du proviseur »: near a head, and none.
_NO_HEADS = frozenset(
    ["cpe", "conseiller", "conseillere", "secretaire", "secretariat", "assistant", "assistante", "agent"]
)
_TEACHERS = frozenset(
    ("enseignant", "enseignante", "professeur", "professeure", "prof", "pe", "instituteur", "institutrice")
)
_OTHERS = _NO_HEADS | frozenset(
    ("autre", "aesh", "aed", "accompagnant", "accompagnante", "gestionnaire", "infirmier", "infirmiere",
     "documentaliste", "psyen", "atsem", "administratif", "administrative", "adjoint", "adjointe",
     "surveillant", "surveillante", "vie", "intendant", "intendante")
)  # fmt: skip


class _Lines:
    """A table gone through once, before the first row: what is damaged is refused whole."""

    kind: str

    def __init__(
        self,
        given: Sequence[Document],
        mapping: Mapping[str, str] | None = None,
        *,
        uai: str = "",
        on: date | None = None,
    ) -> None:
        table = open_table(given)
        self._source = table.source
        self._layout = layout(table, self.kind, mapping)
        self._on = on or today()
        self._spool = Spool()
        said = ""
        for number, cells in table.lines():
            if number <= self._layout.line:
                continue
            fields = self._layout.pick(cells)
            if not fields:
                continue
            if written := fields.get("uai"):
                if not clean_uai(written):
                    raise FileRefused("uai_wrong", source=table.source, line=number)
                if said and clean_uai(written) != said:
                    raise FileRefused("uai_other", source=table.source, line=number)
                said = clean_uai(written)
            self._spool.append((number, fields))
            self._note(number, fields)
        self.heading = Heading(uai=said)
        self._region = phones.region_of(said or uai)

    def progress(self) -> float:
        """Return how far ``rows()`` is, from 0 to 1, by bytes."""
        return self._spool.read / self._spool.size if self._spool.size else 1.0

    def _note(self, number: int, fields: Mapping[str, str]) -> None:
        """Hear of a line before rows are made."""

    def _lines(self) -> Iterator[Line]:
        for number, fields in self._spool:
            line = Line(self._source, number, fields, self._layout.headers)
            long = next((name for name, value in fields.items() if len(value) > MOST_LETTERS), None)
            if long is None:
                yield line
            else:
                line.refuse("cell_long", long, whole=True)
                yield line


class Pupils(_Lines):
    """Pupils, one on a line, with up to four guardians: see :class:`schools.rosters.readers.Reading`.

    A class comes before the first pupil in it, a pupil before their guardians, ties last.
    """

    kind = "pupils"

    def __init__(
        self,
        given: Sequence[Document],
        mapping: Mapping[str, str] | None = None,
        *,
        uai: str = "",
        on: date | None = None,
    ) -> None:
        self._repeats = Repeats()
        super().__init__(given, mapping, uai=uai, on=on)
        self._guardians = [
            (number, prefix, {name: f"{prefix}_{name}" for name in GUARDIAN_FIELDS})
            for number in range(1, GUARDIANS + 1)
            if f"{(prefix := f'guardian{number}')}_family_name" in self._layout.places
        ]

    def _note(self, number: int, fields: Mapping[str, str]) -> None:
        self._repeats.note(
            str(number),
            fields.get("ine", ""),
            fields.get("family_name", ""),
            fields.get("first_name", ""),
            fields.get("birth_date", ""),
        )

    def rows(self) -> Iterator[Row]:
        """Yield what the table says, line by line."""
        groups: set[str] = set()
        contacts: set[str] = set()
        for line in self._lines():
            if not any(refusal.whole for refusal in line.refusals):
                yield from self._rows_of(line, groups, contacts)
            yield from line.refusals

    def _rows_of(self, line: Line, groups: set[str], contacts: set[str]) -> Iterator[Row]:
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
        codes = []
        for name, kind in (("division", GroupKind.DIVISION), ("groups", GroupKind.GROUP)):
            for written in filter(
                None, _SEVERAL.split(line.get(name)) if kind is GroupKind.GROUP else [line.get(name)]
            ):
                try:
                    code = people.code(written)
                except people.NotTaken as refused:
                    line.refuse(refused.code, name)
                    continue
                if code not in groups:
                    groups.add(code)
                    yield DivisionRow(source=line.source, line=line.number, code=code, kind=kind)
                if code not in codes:
                    codes.append(code)
        usage = line.take("usage_name", people.name)
        yield PupilRow(
            source=line.source,
            line=line.number,
            key=key,
            family_name=names[0],
            first_name=names[1],
            ine=ine,
            usage_name=usage if usage != names[0] else "",
            other_first_names=line.take("other_first_names", people.name),
            birth_date=line.birth_date("birth_date", self._on),
            sex=people.sex(line.get("sex")),
            divisions=tuple(codes),
        )
        yield from self._guardians_of(line, key, contacts)

    def _guardians_of(self, line: Line, pupil: str, contacts: set[str]) -> Iterator[Row]:
        tied: set[str] = set()
        for number, prefix, names in self._guardians:
            if not any(line.get(name) for name in (names["family_name"], names["first_name"])):
                continue
            responsibility = self._responsibility(line, number, names["responsibility"])
            if responsibility is None:
                continue
            before = len(line.refusals)
            contact = line.contact(prefix, self._region, names=names)
            if contact is None:
                self._soften(line, before)
                continue
            if contact.key in tied:
                line.refuse("tie_repeated", names["family_name"])
                continue
            tied.add(contact.key)
            if contact.key not in contacts:
                contacts.add(contact.key)
                yield contact
            yield TieRow(
                source=line.source,
                line=line.number,
                pupil=pupil,
                contact=contact.key,
                responsibility=responsibility,
                relationship=line.take(names["relationship"], people.code),
            )

    @staticmethod
    def _responsibility(line: Line, number: int, name: str) -> Responsibility | None:
        written = header_key(line.get(name))
        if not written:
            return Responsibility.LEGAL if number <= 2 else Responsibility.CONTACT
        if found := _RESPONSIBILITIES.get(written):
            return found
        line.refuse("level_wrong", name)
        return None

    @staticmethod
    def _soften(line: Line, start: int) -> None:
        """Say of what was refused of a guardian that the line, which is the pupil's, was taken."""
        line.refusals[start:] = [replace(each, whole=False) for each in line.refusals[start:]]


class Staff(_Lines):
    """Members of the staff, one on a line: see :class:`schools.rosters.readers.Reading`."""

    kind = "staff"

    def rows(self) -> Iterator[Row]:
        """Yield who works at the school; somebody who stands there twice is taken once."""
        met: set[str] = set()
        for line in self._lines():
            if not any(refusal.whole for refusal in line.refusals):
                yield from self._row_of(line, met)
            yield from line.refusals

    def _row_of(self, line: Line, met: set[str]) -> Iterator[Row]:
        names = line.names("family_name", "first_name")
        if names is None:
            return
        email = line.take("email", people.email)
        identifier = line.take("identifier", people.identifier)
        key = identifier or email or str(line.number)
        if key in met:
            line.refuse("staff_repeated", whole=True)
            return
        met.add(key)
        codes = []
        for written in filter(None, _SEVERAL.split(line.get("divisions"))):
            try:
                codes.append(people.code(written))
            except people.NotTaken as refused:
                line.refuse(refused.code, "divisions")
        yield StaffRow(
            source=line.source,
            line=line.number,
            key=key,
            family_name=names[0],
            first_name=names[1],
            role=self._role(line),
            identifier=identifier,
            email=email,
            **{name: self._phone(line, name) for name in STAFF_PHONES},
            divisions=tuple(dict.fromkeys(codes)),
        )

    def _phone(self, line: Line, name: str) -> str | None:
        """Return a number of the directory; ``None`` where the table has no column for it."""
        if name not in self._layout.places:
            return None
        written = line.get(name)
        number, reached = phones.phone(written, self._region)
        if written and reached is phones.Line.NONE:
            line.refuse("phone_wrong", name)
        return number

    @staticmethod
    def _role(line: Line) -> StaffRole:
        """Return what somebody does; who says nothing that we know may do least."""
        words = set(header_key(line.get("role")).split())
        if {"chef", "etablissement"} <= words or (words & _HEADS and not words & _NO_HEADS):
            return StaffRole.HEAD
        if words & _TEACHERS:
            return StaffRole.TEACHER
        if not words & _OTHERS:
            line.refuse("role_unknown", "role")
        return StaffRole.OTHER
