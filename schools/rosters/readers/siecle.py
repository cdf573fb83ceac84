"""The three XML files that a collège or lycée exports from SIECLE (FORMATS 2, SAFETY F18, T48).

Each file is gone through once, whole, before the first row: the classes of pupils stand behind them, who
shares a number with whom is known only at the end, and a guardian tied to no pupil of the school is not
handed on. So what is cut short or damaged is refused before anything of it is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from schools.rosters import people, phones
from schools.rosters.birth_dates import NoBirthDate, birth_date, calendar_day
from schools.rosters.rows import (
    ContactRow,
    DivisionRow,
    FileRefused,
    GroupKind,
    Heading,
    PupilRow,
    Refusal,
    Responsibility,
    Row,
    TieRow,
)
from schools.rosters.uai import clean_uai
from schools.school_year import today

from .containers import Document
from .repeats import Repeats
from .spool import Spool
from .xml import Record, Wanted, may_be_xml, records, root_of

PUPILS, GUARDIANS, NOMENCLATURE = "BEE_ELEVES", "BEE_RESPONSABLES", "BEE_NOMENCLATURES"
FILES = {
    PUPILS: "ElevesAvecAdresses.xml",
    GUARDIANS: "ResponsablesAvecAdresses.xml",
    NOMENCLATURE: "Nomenclature.xml",
}
MOST_PUPILS = 150_000
MOST_TIES = 1_000_000

_PARAMETERS = {"PARAMETRES": Wanted(2, frozenset(("UAJ", "ANNEE_SCOLAIRE", "DATE_EXPORT")))}
_PUPILS = {
    "ELEVE": Wanted(
        4,
        frozenset(
            ("ID_NATIONAL", "INE_RNIE", "INE_BEA", "NOM_DE_FAMILLE", "NOM_USAGE", "PRENOM", "PRENOM2",
             "PRENOM3", "DATE_NAISS", "CODE_SEXE", "DATE_SORTIE")
        ),
    ),
    "STRUCTURE": Wanted(5, frozenset(("CODE_STRUCTURE", "TYPE_STRUCTURE"))),
}  # fmt: skip
_GUARDIANS = {
    "PERSONNE": Wanted(
        4,
        frozenset(
            ("LC_CIVILITE", "LL_CIVILITE", "NOM_DE_FAMILLE", "NOM_USAGE", "PRENOM", "TEL_PERSONNEL",
             "TEL_PORTABLE", "TEL_PROFESSIONNEL", "ACCEPTE_SMS", "MEL")
        ),
    ),
    "RESPONSABLE_ELEVE": Wanted(
        4, frozenset(("ELEVE_ID", "PERSONNE_ID", "NIVEAU_RESPONSABILITE", "CODE_PARENTE"))
    ),
}  # fmt: skip
_GROUP_KINDS = {"D": GroupKind.DIVISION, "G": GroupKind.GROUP}
# Levels since March 2018. 1 is checked against real files; 2 and 3 are as programs of schools read them.
_LEVELS = {"1": Responsibility.LEGAL, "2": Responsibility.IN_CHARGE, "3": Responsibility.CONTACT}


class Siecle:
    """One export of a school: see :class:`schools.rosters.readers.Reading`.

    Pupils come before contacts, and ties after both, unless a file has its ties before its persons.
    """

    def __init__(self, given: Sequence[Document], *, uai: str = "", on: date | None = None) -> None:
        self._files = _told_apart(given)
        self._headings = {}
        for name, document in self._files.items():
            self._headings[name] = self._heading_of(document, name)
        self.heading = self._headings[PUPILS]
        for name, heading in self._headings.items():
            if (heading.uai, heading.school_year) != (self.heading.uai, self.heading.school_year):
                raise FileRefused("files_differ", source=self._files[name].source)
        self._region = phones.region_of(self.heading.uai or uai)
        made = self.heading.exported_on
        self._on = date.fromisoformat(made) if made else on or today()
        self._divisions: dict[str, list[str]] = {}  # ELEVE_ID → codes
        self._groups: dict[str, DivisionRow] = {}
        self._repeats = Repeats()
        self._current: set[str] = set()  # ELEVE_ID
        self._left: set[str] = set()
        self._tied: set[str] = set()  # PERSONNE_ID of those tied to one of the pupils
        self._pupils, self._guardians = Spool(), Spool()
        self._read_pupils()
        self._read_guardians()

    def progress(self) -> float:
        """Return how far :meth:`rows` is, from 0 to 1, by bytes."""
        return (self._pupils.read + self._guardians.read) / max(1, self._pupils.size + self._guardians.size)

    def rows(self) -> Iterator[Row]:
        """Yield what the files say, in their order."""
        yield from self._groups.values()
        taken: set[str] = set()
        met: set[str] = set()
        for line, fields in self._pupils:
            for row in self._pupil(Record("ELEVE", line, fields, {}), met):
                if isinstance(row, PupilRow):
                    taken.add(row.key)
                yield row
        persons: set[str] = set()
        refused: set[str] = set()
        pairs: set[tuple[str, str]] = set()
        for name, line, fields in self._guardians:
            record = Record(name, line, fields, {})
            if name == "RESPONSABLE_ELEVE":
                yield from self._tie(record, taken, persons, refused, pairs)
            elif (number := record.get("PERSONNE_ID")) in self._tied:
                yield from self._person(record, number, persons, refused)

    # Reading the files.

    def _heading_of(self, document: Document, name: str) -> Heading:
        for record in records(document.chunks(), root=name, wanted=_PARAMETERS, source=document.source):
            uai = record.get("UAJ")
            if uai and not clean_uai(uai):
                raise FileRefused("uai_wrong", source=document.source, line=record.line)
            year = record.get("ANNEE_SCOLAIRE")[:4]
            made = calendar_day(record.get("DATE_EXPORT"))
            return Heading(
                uai=clean_uai(uai),
                school_year=int(year) if len(year) == 4 and year.isdecimal() and year.isascii() else None,
                exported_on=made.isoformat() if made else "",
            )
        raise FileRefused("heading_missing", source=document.source)

    def _records(self, name: str, wanted: Mapping[str, Wanted]) -> Iterator[Record]:
        document = self._files[name]
        return records(document.chunks(), root=name, wanted=wanted, source=document.source)

    def _read_pupils(self) -> None:
        for count, record in enumerate(self._records(PUPILS, _PUPILS)):
            if count > 10 * MOST_PUPILS or len(self._current) > MOST_PUPILS:
                raise FileRefused("too_many_rows", source=self._files[PUPILS].source, line=record.line)
            if record.name == "STRUCTURE":
                self._note_structure(record)
            else:
                self._pupils.append((record.line, record.fields))
                if not (number := record.get("ELEVE_ID")):
                    continue
                if self._has_left(record):
                    self._left.add(number)
                else:
                    self._current.add(number)
                    self._repeats.note(number, _ine_of(record), *_identity_of(record))

    def _note_structure(self, record: Record) -> None:
        pupil, written = record.parent.get("ELEVE_ID", ""), record.get("CODE_STRUCTURE")
        kind = _GROUP_KINDS.get(record.get("TYPE_STRUCTURE").upper())
        if not pupil or not written or kind is None:
            return
        try:
            code = people.code(written)
        except people.NotTaken:
            return
        group = self._groups.get(code)
        if group is None:
            source = self._files[PUPILS].source
            group = self._groups[code] = DivisionRow(source=source, line=record.line, code=code, kind=kind)
        codes = self._divisions.setdefault(pupil, [])
        if group.code not in codes:
            codes.append(group.code)

    def _read_guardians(self) -> None:
        for count, record in enumerate(self._records(GUARDIANS, _GUARDIANS)):
            if count > MOST_TIES:
                raise FileRefused("too_many_rows", source=self._files[GUARDIANS].source, line=record.line)
            self._guardians.append((record.name, record.line, record.fields))
            if record.name == "RESPONSABLE_ELEVE" and record.get("ELEVE_ID") in self._current:
                self._tied.add(record.get("PERSONNE_ID"))
        if NOMENCLATURE in self._files:  # says nothing that a row holds, and must be sound all the same
            for _record in self._records(NOMENCLATURE, {}):
                pass

    # Making rows of what was read.

    def _pupil(self, record: Record, met: set[str]) -> Iterator[Row]:
        source, line = self._files[PUPILS].source, record.line
        number = record.get("ELEVE_ID")
        if not number:
            yield Refusal(source=source, line=line, code="number_missing", field="ELEVE_ID")
            return
        if self._has_left(record):
            yield Refusal(source=source, line=line, code="pupil_left", field="DATE_SORTIE")
            return
        repeated = number in met or self._repeats.first_of(number) != number
        met.add(number)
        if repeated:
            yield Refusal(source=source, line=line, code="pupil_repeated", field="ELEVE_ID")
            return
        parts: dict[str, str] = {}
        for attribute, field_name, needed in (
            ("family_name", "NOM_DE_FAMILLE", True),
            ("first_name", "PRENOM", True),
            ("usage_name", "NOM_USAGE", False),
        ):
            written = record.get(field_name)
            if not written and not needed:
                continue
            try:
                parts[attribute] = people.name(written)
            except people.NotTaken as refused:
                yield Refusal(source=source, line=line, code=refused.code, field=field_name, whole=needed)
                if needed:
                    return
        ine, born = "", ""
        try:
            ine = people.ine(_ine_of(record))
            if ine and self._repeats.is_shared(ine):
                yield Refusal(source=source, line=line, code="ine_shared", field="ID_NATIONAL", whole=False)
                ine = ""
        except people.NotTaken as refused:
            yield Refusal(source=source, line=line, code=refused.code, field="ID_NATIONAL", whole=False)
        if written := record.get("DATE_NAISS"):
            try:
                born = birth_date(written, self._on)
            except NoBirthDate as refused_date:
                yield Refusal(
                    source=source, line=line, code=refused_date.code, field="DATE_NAISS", whole=False
                )
        usage = parts.get("usage_name", "")
        yield PupilRow(
            source=source,
            line=line,
            key=number,
            family_name=parts["family_name"],
            first_name=parts["first_name"],
            ine=ine,
            usage_name=usage if usage != parts["family_name"] else "",
            other_first_names=_other_first_names(record),
            birth_date=born,
            sex=people.sex(record.get("CODE_SEXE")),
            divisions=tuple(self._divisions.get(number, ())),
        )

    def _has_left(self, record: Record) -> bool:
        """Say whether a pupil had left when the file was made; a date to come changes nothing yet."""
        written = record.get("DATE_SORTIE")
        left = calendar_day(written) if written else None
        return left is not None and left <= self._on

    def _person(self, record: Record, number: str, persons: set[str], refused: set[str]) -> Iterator[Row]:
        source, line = self._files[GUARDIANS].source, record.line
        if number in persons:
            yield Refusal(source=source, line=line, code="contact_repeated", field="PERSONNE_ID")
            return
        parts: dict[str, str] = {}
        for attribute, field_name, needed in (
            ("family_name", "NOM_DE_FAMILLE", True),
            ("first_name", "PRENOM", True),
            ("usage_name", "NOM_USAGE", False),
        ):
            written = record.get(field_name)
            if not written and not needed:
                continue
            try:
                parts[attribute] = people.name(written)
            except people.NotTaken as wrong:
                yield Refusal(source=source, line=line, code=wrong.code, field=field_name, whole=needed)
                if needed:
                    refused.add(number)
                    return
        reached = phones.Reached(self._region)
        for field_name in ("TEL_PORTABLE", "TEL_PERSONNEL", "TEL_PROFESSIONNEL"):
            if code := reached.take(record.get(field_name), mobile=field_name == "TEL_PORTABLE"):
                yield Refusal(source=source, line=line, code=code, field=field_name, whole=False)
        address = ""
        if written := record.get("MEL"):
            try:
                address = people.email(written)
            except people.NotTaken as wrong:
                yield Refusal(source=source, line=line, code=wrong.code, field="MEL", whole=False)
        persons.add(number)
        usage = parts.get("usage_name", "")
        yield ContactRow(
            source=source,
            line=line,
            key=number,
            family_name=parts["family_name"],
            first_name=parts["first_name"],
            usage_name=usage if usage != parts["family_name"] else "",
            title=people.title(record.get("LC_CIVILITE", "LL_CIVILITE")),
            mobile=reached.mobile,
            phone=reached.phone,
            email=address,
            sms_consent=people.yes(record.get("ACCEPTE_SMS")),
        )

    def _tie(
        self,
        record: Record,
        taken: set[str],
        persons: set[str],
        refused: set[str],
        pairs: set[tuple[str, str]],
    ) -> Iterator[Row]:
        source, line = self._files[GUARDIANS].source, record.line
        pupil, person = record.get("ELEVE_ID"), record.get("PERSONNE_ID")
        if pupil not in self._current:
            if pupil not in self._left:
                yield Refusal(source=source, line=line, code="tie_without_pupil", field="ELEVE_ID")
            return
        first = self._repeats.first_of(pupil)
        if first != pupil and (first, person) in pairs:
            return
        pupil = first
        if pupil not in taken or person in refused:
            return  # the pupil's or the person's own line says why
        if persons and person not in persons:
            yield Refusal(source=source, line=line, code="tie_without_contact", field="PERSONNE_ID")
            return
        responsibility = _LEVELS.get(record.get("NIVEAU_RESPONSABILITE"))
        if responsibility is None:
            yield Refusal(source=source, line=line, code="level_wrong", field="NIVEAU_RESPONSABILITE")
            return
        if (pupil, person) in pairs:
            yield Refusal(source=source, line=line, code="tie_repeated", field="PERSONNE_ID")
            return
        pairs.add((pupil, person))
        relationship = record.get("CODE_PARENTE")
        yield TieRow(
            source=source,
            line=line,
            pupil=pupil,
            contact=person,
            responsibility=responsibility,
            relationship=relationship if len(relationship) <= people.MOST_LETTERS_OF_A_CODE else "",
        )


def _told_apart(given: Sequence[Document]) -> dict[str, Document]:
    """Return the files by their roots; refuse two of a kind, others, and a pair that is not whole."""
    found: dict[str, Document] = {}
    for document in given:
        beginning = document.beginning()
        if not may_be_xml(beginning):
            raise FileRefused("wrong_kind", source=document.source)
        root = root_of(beginning)
        if root not in FILES:
            # Let the parser say what is wrong with it, if something is.
            for _record in records(document.chunks(), root=PUPILS, wanted={}, source=document.source):
                pass
            root = PUPILS
        if root in found:
            raise FileRefused("file_twice", source=document.source)
        source = document.source
        if document.member and source != document.path.name:
            source = f"{document.path.name}/{FILES[root]}"
        found[root] = replace(document, source=source)
    for root, refusal in ((PUPILS, "pupils_missing"), (GUARDIANS, "guardians_missing")):
        if root not in found:
            raise FileRefused(refusal)
    return found


def _ine_of(record: Record) -> str:
    return record.get("INE_RNIE", "ID_NATIONAL", "INE_BEA")


def _identity_of(record: Record) -> tuple[str, str, str]:
    return record.get("NOM_DE_FAMILLE"), record.get("PRENOM"), record.get("DATE_NAISS")


def _other_first_names(record: Record) -> str:
    """Return the second and third first names; one that is none is left out, it serves no purpose here."""
    names = []
    for field_name in ("PRENOM2", "PRENOM3"):
        try:
            names += [people.name(written)] if (written := record.get(field_name)) else []
        except people.NotTaken:
            continue
    return " ".join(names)
