"""Made-up schools of any size, written in the formats of schools with all their awkwardness.

Everything follows from a seed: two runs write the same bytes. A school is made family by family and never
held in memory, so a million pupils need no more of it than ten.

    school = Roster(seed=7, pupils=600, awkward=EVERYTHING)
    paths = siecle(school, folder)             # or onde(), pupils_table(), staff_table()
    rows = list(school.rows())                 # what a reader must say of it, lines and sources apart

Nobody in it exists. Numbers of phones are among those that the regulator keeps for fiction where it does
(06 39 98 …, 01 99 00 …), and else made up.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

import openpyxl

from schools.rosters.readers.annuaire import SchoolKind, SchoolRow
from schools.rosters.rows import (
    ContactRow,
    DivisionRow,
    GroupKind,
    PupilRow,
    Responsibility,
    Row,
    StaffRole,
    TieRow,
)

FIRST_NAMES = (
    "Léa", "Hugo", "Inès", "Jean-Baptiste", "Zoé", "Anaïs", "Noël", "Maëlys", "Aïcha", "Mohamed", "Yanis",
    "Chloé", "Loïc", "Marie", "Éléonore", "Théo", "Fatou", "Karim", "Lou", "Gaël", "Maïwenn", "Jules",
)  # fmt: skip
FAMILY_NAMES = (
    "MARTIN", "BENALI", "DUPONT", "LE GOFF", "DE LA TOUR DU PIN", "MOREAU", "NGUYEN", "DIALLO", "GARCÍA",
    "PETIT-JEAN", "LEFÈVRE", "ROUSSEL", "HADDAD", "FERREIRA", "PAYET", "HOARAU", "KERVELLA", "SCHMITT",
)  # fmt: skip
# In ISO-8859-15 there is only the straight apostrophe; œ is in it, and not in ISO-8859-1.
WITH_STRAIGHT = ("D'ORNANO", "O'NEIL", "N'DIAYE", "L'HÉNAFF", "CŒUR-JOLY")
WITH_CURLY = ("D’ORNANO", "O’NEIL", "N’DIAYE", "M’BAYE")
GROUPS = ("ALL LV2", "LATIN GR1", "CHORALE")
UAI = "0752387M"
UAI_OF_LA_REUNION = "9740001H"
YEAR = 2026
EXPORTED_ON = "2026-10-05"


@dataclass(frozen=True)
class Awkward:
    """What makes real files awkward; each switch is one thing that readers must live with."""

    partial_dates: bool = False
    homonyms: bool = False  # two children of one name, born on different days, in different classes
    twins: bool = False
    empty_ine: bool = False
    shared_ine: bool = False  # several children under one number
    same_child_twice: bool = False  # under two numbers of the school
    apostrophes: bool = False
    curly: bool = False  # apostrophes that only UTF-8 and Windows-1252 have
    usage_names: bool = False
    left: bool = False  # during the year
    phones: bool = False  # every way of writing them, landlines among mobiles, nonsense
    no_class: bool = False
    one_guardian: bool = False


NOTHING = Awkward()
EVERYTHING = Awkward(**{name: True for name in Awkward.__dataclass_fields__ if name != "curly"})
EVERYTHING_IN_UTF8 = replace(EVERYTHING, curly=True)


@dataclass(frozen=True)
class Guardian:
    """Somebody responsible, and how the school wrote their numbers."""

    number: str
    title: str
    family_name: str
    first_name: str
    usage_name: str = ""
    mobile: str = ""
    phone: str = ""
    written_mobile: str = ""
    written_phone: str = ""
    email: str = ""
    sms_consent: bool = False


@dataclass(frozen=True)
class Pupil:
    """A child of the school, as it must come out; ``left`` and ``twin_record`` must not."""

    number: str
    family_name: str
    first_name: str
    birth_date: str
    sex: str
    division: str
    ine: str = ""
    written_ine: str = ""
    usage_name: str = ""
    other_first_names: str = ""
    groups: tuple[str, ...] = ()
    left: bool = False
    again: str = ""  # number of the record that says the same child

    @property
    def divisions(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.division, *self.groups)))

    @property
    def comes_out(self) -> bool:
        return not self.left and not self.again


@dataclass(frozen=True)
class Family:
    """Children of one home and who answers for them."""

    pupils: tuple[Pupil, ...]
    guardians: tuple[tuple[Guardian, Responsibility, str], ...]  # with a code of relationship


@dataclass(frozen=True)
class Member:
    """A member of the staff."""

    family_name: str
    first_name: str
    role: StaffRole
    identifier: str
    email: str
    divisions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roster:
    """A school. ``pupils`` is how many records its files hold, those that do not come out among them."""

    seed: int = 1
    pupils: int = 60
    uai: str = UAI
    awkward: Awkward = NOTHING
    school_year: int = YEAR
    exported_on: str = EXPORTED_ON
    youngest: int = 2015
    levels: tuple[str, ...] = ("6", "5", "4", "3")
    staff_size: int = 20

    def families(self) -> Iterator[Family]:
        """Yield the families, the same ones each time it is asked."""
        random = Random(self.seed)
        made = 0
        index = 0
        while made < self.pupils:
            index += 1
            family = self._family(random, index, made)
            pupils = family.pupils[: self.pupils - made]
            if sum(pupil.written_ine != pupil.ine for pupil in pupils) == 1:  # nobody left to share with
                pupils = tuple(replace(pupil, written_ine=pupil.ine) for pupil in pupils)
            made += len(pupils)
            yield replace(family, pupils=pupils)

    def children(self) -> Iterator[Pupil]:
        for family in self.families():
            yield from family.pupils

    def groups(self) -> dict[str, GroupKind]:
        """Return the classes and groups that records name, in the order of their first mention."""
        found: dict[str, GroupKind] = {}
        for pupil in self.children():
            if pupil.division:
                found.setdefault(pupil.division, GroupKind.DIVISION)
            for group in pupil.groups:
                found.setdefault(group, GroupKind.GROUP)
        return found

    def rows(self) -> Iterator[Row]:
        """Yield what a reader says of the school's SIECLE files: keys as there, no sources, no lines."""
        for code, kind in self.groups().items():
            yield DivisionRow(source="", line=0, code=code, kind=kind)
        for pupil in self.children():
            if pupil.comes_out:
                yield PupilRow(
                    source="",
                    line=0,
                    key=pupil.number,
                    family_name=pupil.family_name,
                    first_name=pupil.first_name,
                    ine=pupil.ine,
                    usage_name=pupil.usage_name,
                    other_first_names=pupil.other_first_names,
                    birth_date=pupil.birth_date,
                    sex=pupil.sex,
                    divisions=pupil.divisions,
                )
        for family in self.families():
            if any(pupil.comes_out or pupil.again for pupil in family.pupils):
                for guardian, _level, _relationship in family.guardians:
                    yield ContactRow(
                        source="",
                        line=0,
                        key=guardian.number,
                        family_name=guardian.family_name,
                        first_name=guardian.first_name,
                        usage_name=guardian.usage_name,
                        title=guardian.title,
                        mobile=guardian.mobile,
                        phone=guardian.phone,
                        email=guardian.email,
                        sms_consent=guardian.sms_consent,
                    )
        for family in self.families():
            for pupil in family.pupils:
                if pupil.comes_out:
                    for guardian, level, relationship in family.guardians:
                        yield TieRow(
                            source="",
                            line=0,
                            pupil=pupil.number,
                            contact=guardian.number,
                            responsibility=level,
                            relationship=relationship,
                        )

    def staff(self) -> Iterator[Member]:
        random = Random(self.seed + 1)
        classes = [f"{level} {letter}" for level in self.levels for letter in "AB"]
        for index in range(self.staff_size):
            first, family = random.choice(FIRST_NAMES), random.choice(FAMILY_NAMES)
            role = StaffRole.HEAD if index == 0 else StaffRole.OTHER if index % 7 == 1 else StaffRole.TEACHER
            identifier = f"{plain(first)[0]}{plain(family)}{index}"
            taught = tuple(random.sample(classes, 2)) if role is StaffRole.TEACHER else ()
            yield Member(family, first, role, identifier, f"{identifier}@ac-paris.fr", taught)

    def _family(self, random: Random, index: int, made: int) -> Family:
        awkward = self.awkward
        name = random.choice(FAMILY_NAMES)
        if awkward.apostrophes and index % 5 == 0:
            name = random.choice(WITH_CURLY if awkward.curly and index % 10 == 0 else WITH_STRAIGHT)
        # Families of one name are not kin: a letter or two makes the difference.
        name = f"{name} {letters(index)}"
        size = 1 + (random.random() < 0.4) + (random.random() < 0.1)
        children = [self._pupil(random, name, index, made + place, place) for place in range(size)]
        if awkward.twins and index % 6 == 0:
            children.append(
                replace(
                    self._pupil(random, name, index, made + len(children), 9),
                    birth_date=children[0].birth_date,
                    division=children[0].division,
                )
            )
        if awkward.homonyms and index % 8 == 0:
            other = self._pupil(random, name, index, made + len(children), 10)
            other = replace(other, first_name=children[0].first_name, birth_date=f"{self.youngest - 2}-02-03")
            children[0] = replace(children[0], birth_date=f"{self.youngest - 1}-07-30")
            children.append(replace(other, division="3 Z"))
        if awkward.left and index % 9 == 0:
            children.append(replace(self._pupil(random, name, index, made + len(children), 11), left=True))
        if awkward.shared_ine and index % 11 == 0 and len(children) > 1:
            children = [
                replace(child, ine="", written_ine=f"{index:09}ZZ") if not child.left else child
                for child in children
            ]
        elif awkward.same_child_twice and index % 7 == 0 and children[0].ine:
            children.append(
                replace(children[0], number=f"{10_000 + made + len(children)}", again=children[0].number)
            )
        return Family(tuple(children), tuple(self._guardians(random, name, index)))

    def _pupil(self, random: Random, name: str, index: int, count: int, place: int) -> Pupil:
        awkward = self.awkward
        level = random.randrange(len(self.levels))
        year, month, day = self.youngest - level, random.randint(1, 12), random.randint(1, 28)
        if awkward.partial_dates and count % 13 == 0:
            day, month = 0, month if count % 2 else 0
        # Made of the count, so that no two are equal by chance.
        ine = (
            ""
            if awkward.empty_ine and count % 10 == 3
            else f"{self.seed % 1000:03}{count:06}{letters(count)[-1]}A"
        )
        groups = tuple(group for group in GROUPS if random.random() < 0.15)
        return Pupil(
            number=f"{10_000 + count}",
            family_name=name,
            # One home has no two children of one first name.
            first_name=FIRST_NAMES[(index * 7 + place) % len(FIRST_NAMES)],
            birth_date=f"{year}-{month:02}-{day:02}",
            sex=random.choice("MF"),
            division=""
            if awkward.no_class and count % 17 == 0
            else f"{self.levels[level]} {random.choice('ABCD')}",
            ine=ine,
            written_ine=ine,
            usage_name=f"{name} EPERNON" if awkward.usage_names and count % 12 == 0 else "",
            other_first_names="Marie Jules" if count % 4 == 0 else "",
            groups=groups,
        )

    def _guardians(
        self, random: Random, name: str, index: int
    ) -> Iterator[tuple[Guardian, Responsibility, str]]:
        awkward = self.awkward
        many = 1 if awkward.one_guardian and index % 4 == 0 else 2 + (index % 15 == 0)
        levels = (Responsibility.LEGAL, Responsibility.LEGAL, Responsibility.CONTACT)
        if index % 20 == 1:
            levels = (Responsibility.LEGAL, Responsibility.IN_CHARGE, Responsibility.CONTACT)
        for place in range(many):
            mobile, written_mobile = self._mobile(random, index, place)
            phone, written_phone = self._landline(random, index, place)
            if awkward.phones and index % 10 == 4 and place == 0:  # a landline where a mobile should be
                mobile, phone, written_mobile, written_phone = "", phone, written_phone, ""
            if awkward.phones and index % 10 == 6 and place == 0:
                mobile, written_mobile = "", random.choice(("à demander", "06 12 34", "0892 68 12 34"))
            family_name = name if place != 1 or index % 3 else f"DURAND {letters(index)}"
            usage = name if family_name != name and awkward.usage_names else ""
            yield (
                Guardian(
                    number=f"{200_000 + index * 4 + place}",
                    title=("Mme", "M.", "Mme")[place],
                    family_name=family_name,
                    first_name=FIRST_NAMES[(index + 5 * place) % len(FIRST_NAMES)],
                    usage_name=usage,
                    mobile=mobile,
                    phone=phone,
                    written_mobile=written_mobile,
                    written_phone=written_phone,
                    email=f"famille.{index}.{place}@example.org" if random.random() < 0.8 else "",
                    sms_consent=random.random() < 0.7,
                ),
                levels[place],
                ("10", "20", "38")[place],
            )

    def _mobile(self, random: Random, index: int, place: int) -> tuple[str, str]:
        """Return a mobile in E.164 and as a school writes it."""
        local = f"6{10 + place}{index % 1_000_000:06}"  # 06 10 … 06 12
        if self.uai.startswith("974"):
            local = f"692{index % 1_000_000:06}"
            return f"+262{local}", random.choice((f"0{local}", f"+262{local}"))
        ways = [f"+33{local}"]
        if self.awkward.phones:
            spaced = " ".join((local[0], local[1:3], local[3:5], local[5:7], local[7:9]))
            ways += [f"0{spaced}", f"+33 (0){spaced}", f"0033{local}", f"0{spaced}".replace(" ", "."),
                     f"0{spaced}".replace(" ", "\u00a0")]  # fmt: skip
        return f"+33{local}", random.choice(ways)

    def _landline(self, random: Random, index: int, place: int) -> tuple[str, str]:
        if random.random() < 0.5 and not (self.awkward.phones and index % 10 == 4):
            return "", ""
        if self.uai.startswith("974"):
            return f"+262262{100_000 + index % 900_000}", f"0262{100_000 + index % 900_000}"
        local = f"1{45 + place}{index % 1_000_000:06}"
        return f"+33{local}", f"0{local}"


def letters(number: int) -> str:
    """Return a number in letters: 0 is A, 26 is BA."""
    text = ""
    while True:
        number, rest = divmod(number, 26)
        text = chr(65 + rest) + text
        if not number:
            return text


def plain(name: str) -> str:
    """Return a name in small ASCII letters, for an identifier."""
    table = str.maketrans("éèêëàâäîïôöùûüçœíÉÈ", "eeeeaaaiioouuuco" + "iee")
    return "".join(sign for sign in name.lower().translate(table) if sign.isascii() and sign.isalpha())


def french(day: str) -> str:
    """Return « 2012-03-00 » as SIECLE writes it: 00/03/2012."""
    year, month, date = day.split("-")
    return f"{date}/{month}/{year}"


# SIECLE


def siecle(
    roster: Roster,
    folder: Path,
    *,
    encoding: str = "ISO-8859-15",
    zipped: bool = False,
    together: bool = False,
    nomenclature: bool = True,
) -> list[Path]:
    """Write the three files of SIECLE, each in its archive (``zipped``) or all in one (``together``)."""
    written = {
        "ElevesAvecAdresses": _siecle_pupils(roster, encoding),
        "ResponsablesAvecAdresses": _siecle_guardians(roster, encoding),
    }
    if nomenclature:
        written["Nomenclature"] = _siecle_nomenclature(roster, encoding)
    paths = []
    if together:
        path = folder / "ExportXML.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, parts in written.items():
                _pack(archive, f"{name}.xml", parts, encoding)
        return [path]
    for name, parts in written.items():
        if zipped:
            path = folder / f"{name}.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                _pack(archive, f"{name}.xml", parts, encoding)
        else:
            path = folder / f"{name}.xml"
            with path.open("wb") as out:
                for part in parts:
                    out.write(part.encode(encoding))
        paths.append(path)
    return paths


def _pack(archive: zipfile.ZipFile, name: str, parts: Iterator[str], encoding: str) -> None:
    # A fixed date: the same school gives the same bytes.
    entry = zipfile.ZipInfo(name, (YEAR, 10, 5, 12, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w") as out:
        for part in parts:
            out.write(part.encode(encoding))


def _opening(roster: Roster, root: str, version: str, encoding: str) -> str:
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<{root} VERSION="{version}">\n<PARAMETRES>\n'
        f"<UAJ>{roster.uai}</UAJ>\n<ANNEE_SCOLAIRE>{roster.school_year}</ANNEE_SCOLAIRE>\n"
        f"<DATE_EXPORT>{french(roster.exported_on)}</DATE_EXPORT>\n"
        f"<HORODATAGE>{french(roster.exported_on)} 08:15:02</HORODATAGE>\n</PARAMETRES>\n<DONNEES>\n"
    )


def _elements(pairs: Sequence[tuple[str, str]]) -> str:
    """Return elements; what is empty is written in each of the ways that SIECLE has."""
    parts = []
    for index, (name, value) in enumerate(pairs):
        if value:
            parts.append(f"<{name}>{escape(value)}</{name}>\n")
        elif index % 3 == 0:
            parts.append(f"<{name}/>\n")
        elif index % 3 == 1:
            parts.append(f"<{name}></{name}>\n")
    return "".join(parts)


def _siecle_pupils(roster: Roster, encoding: str) -> Iterator[str]:
    yield _opening(roster, "BEE_ELEVES", "3.0", encoding) + "<ELEVES>\n"
    for index, pupil in enumerate(roster.children()):
        others = [*pupil.other_first_names.split(" "), "", ""]
        yield (
            f'<ELEVE ELEVE_ID="{pupil.number}" ELENOET="{index + 1}">\n'
            + _elements(
                [
                    ("ID_NATIONAL", pupil.written_ine),
                    ("INE_RNIE", pupil.written_ine if index % 2 else ""),
                    ("ELENOET", str(index + 1)),
                    ("NOM_DE_FAMILLE", pupil.family_name),
                    ("NOM_USAGE", pupil.usage_name),
                    ("PRENOM", pupil.first_name),
                    ("PRENOM2", others[0]),
                    ("PRENOM3", others[1]),
                    ("DATE_NAISS", french(pupil.birth_date)),
                    ("CODE_SEXE", {"M": "1", "F": "2"}[pupil.sex]),
                    ("DATE_ENTREE", "01/09/2026"),
                    ("DATE_SORTIE", "30/09/2026" if pupil.left else ""),
                    ("CODE_REGIME", "2"),
                ]
            )
            + (
                "<SCOLARITE_AN_DERNIER>\n<CODE_STRUCTURE>CM2</CODE_STRUCTURE>\n<NOM_DE_FAMILLE>PIÈGE"
                "</NOM_DE_FAMILLE>\n</SCOLARITE_AN_DERNIER>\n</ELEVE>\n"
            )
        )
    yield "</ELEVES>\n<OPTIONS>\n"
    for pupil in roster.children():
        yield (
            f'<OPTION ELEVE_ID="{pupil.number}">\n<OPTIONS_ELEVE>\n<NUM_OPTION>1</NUM_OPTION>\n'
            "<CODE_MATIERE>030201</CODE_MATIERE>\n</OPTIONS_ELEVE>\n</OPTION>\n"
        )
    yield "</OPTIONS>\n<STRUCTURES>\n"
    for pupil in roster.children():
        if pupil.divisions:
            yield (
                f'<STRUCTURES_ELEVE ELEVE_ID="{pupil.number}">\n'
                + "".join(
                    "<STRUCTURE>\n"
                    + _elements([("CODE_STRUCTURE", code), ("TYPE_STRUCTURE", kind)])
                    + "</STRUCTURE>\n"
                    for code, kind in [
                        *([(pupil.division, "D")] if pupil.division else []),
                        *((group, "G") for group in pupil.groups),
                    ]
                )
                + "</STRUCTURES_ELEVE>\n"
            )
    yield "</STRUCTURES>\n<BOURSES/>\n<ADRESSES>\n</ADRESSES>\n</DONNEES>\n</BEE_ELEVES>\n"


def _siecle_guardians(roster: Roster, encoding: str) -> Iterator[str]:
    yield _opening(roster, "BEE_RESPONSABLES", "2.1", encoding) + "<PERSONNES>\n"
    for family in roster.families():
        for guardian, _level, _relationship in family.guardians:
            yield (
                f'<PERSONNE PERSONNE_ID="{guardian.number}">\n'
                + _elements(
                    [
                        ("LC_CIVILITE", guardian.title.upper()),
                        ("LL_CIVILITE", "MADAME" if guardian.title == "Mme" else "MONSIEUR"),
                        ("NOM_DE_FAMILLE", guardian.family_name),
                        ("NOM_USAGE", guardian.usage_name),
                        ("PRENOM", guardian.first_name),
                        ("TEL_PERSONNEL", guardian.written_phone),
                        ("TEL_PORTABLE", guardian.written_mobile),
                        ("ACCEPTE_SMS", "1" if guardian.sms_consent else "0"),
                        ("TEL_PROFESSIONNEL", ""),
                        ("MEL", guardian.email),
                        ("ADRESSE_ID", "189317"),
                    ]
                )
                + "</PERSONNE>\n"
            )
    yield "</PERSONNES>\n<RESPONSABLES>\n"
    levels = {Responsibility.LEGAL: "1", Responsibility.IN_CHARGE: "2", Responsibility.CONTACT: "3"}
    for family in roster.families():
        for pupil in family.pupils:
            for guardian, level, relationship in family.guardians:
                yield (
                    "<RESPONSABLE_ELEVE>\n"
                    + _elements(
                        [
                            ("ELEVE_ID", pupil.number),
                            ("PERSONNE_ID", guardian.number),
                            ("NIVEAU_RESPONSABILITE", levels[level]),
                            ("CODE_PARENTE", relationship),
                            ("PAIE_FRAIS_SCOLAIRES", "1"),
                            ("A_CONTACTER_EN_PRIORITE", "true"),
                        ]
                    )
                    + "</RESPONSABLE_ELEVE>\n"
                )
    yield "</RESPONSABLES>\n<ADRESSES>\n</ADRESSES>\n</DONNEES>\n</BEE_RESPONSABLES>\n"


def _siecle_nomenclature(roster: Roster, encoding: str) -> Iterator[str]:
    yield _opening(roster, "BEE_NOMENCLATURES", "3.1", encoding)
    yield '<MEFS>\n<MEF CODE_MEF="10110001110">\n<LIBELLE_EDITION>5ème</LIBELLE_EDITION>\n</MEF>\n</MEFS>\n'
    yield "</DONNEES>\n</BEE_NOMENCLATURES>\n"


# ONDE

ONDE_PUPILS = [
    "Nom élève", "Nom d'usage élève", "Prénom élève", "Date naissance", "Sexe", "INE", "Adresse1", "Cp1",
    "Commune1", "Pays1", "Adresse2", "Cp2", "Commune2", "Pays2", " Cycle", "Niveau", "Libellé classe",
    "Identifiant classe", "Attestation fournie", "Autorisation associations", "Autorisation photo",
    "Décision de passage",
]  # fmt: skip
ONDE_GUARDIAN = [
    "Civilité Responsable", "Nom usage responsable", "Nom responsable", "Prénom responsable",
    "Adresse responsable", "CP responsable", "Commune responsable", "Pays", "Courriel",
    "Téléphone domicile", "Téléphone travail", "Téléphone portable",
]  # fmt: skip
ONDE_CHILD = ["Nom d'usage enfant", "Nom de famille enfant", "Prénom enfant", "Classes enfants"]


def onde(
    roster: Roster, folder: Path, *, encoding: str = "windows-1252", curly_headers: bool = False
) -> list[Path]:
    """Write the two files of ONDE. It knows no groups, no exits, no levels, and no consent to SMS."""
    pupils, guardians = folder / "CSVExtraction.csv", folder / "CSVResponsables.csv"

    def headers(names: Sequence[str]) -> list[str]:
        return [name.replace("'", "’") for name in names] if curly_headers else list(names)

    with pupils.open("w", encoding=encoding, newline="") as out:
        lines = csv.writer(out, delimiter=";")
        lines.writerow(headers(ONDE_PUPILS))
        for pupil in roster.children():
            if not pupil.left:
                lines.writerow(
                    [
                        pupil.family_name, pupil.usage_name, pupil.first_name, french(pupil.birth_date),
                        pupil.sex, pupil.written_ine, "1 rue de l'École", "75017", "Paris", "FRANCE", "", "",
                        "", "", "CYCLE II", "CE2", pupil.division,
                        # Each class has a number, the same for all in it.
                        sum(map(ord, pupil.division)) if pupil.division else "", "Oui", "Non", "Non", "",
                    ]
                )  # fmt: skip
    with guardians.open("w", encoding=encoding, newline="") as out:
        lines = csv.writer(out, delimiter=";")
        lines.writerow(headers([*ONDE_GUARDIAN, *ONDE_CHILD * 6]))
        for family in roster.families():
            children = [pupil for pupil in family.pupils if not pupil.left]
            for guardian, _level, _relationship in family.guardians:
                if children:
                    cells = [
                        guardian.title.upper(), guardian.usage_name, guardian.family_name,
                        guardian.first_name, "1 rue de l'École", "75017", "Paris", "FRANCE", guardian.email,
                        guardian.written_phone, "", guardian.written_mobile,
                    ]  # fmt: skip
                    for child in children[:6]:
                        cells += [child.usage_name, child.family_name, child.first_name, child.division]
                    lines.writerow(cells)
    return [pupils, guardians]


# Tables


def pupils_headers() -> list[str]:
    """Return headers as somebody types them who never saw a template of ours."""
    names = [
        "NOM",
        "Prénom",
        "Nom d'usage",
        "Autres prénoms",
        "Né(e) le",
        "Sexe",
        "N° INE",
        "Classe",
        "Groupes",
    ]
    for number in (1, 2, 3):
        names += [
            f"Civilité resp. {number}", f"Nom resp. {number}", f"Nom d'usage resp. {number}",
            f"Prénom resp. {number}", f"Tél. portable resp. {number}", f"Tél fixe resp. {number}",
            f"E-mail resp. {number}", f"SMS resp. {number}", f"Niveau resp. {number}",
            f"Lien resp. {number}",
        ]  # fmt: skip
    return names


def _pupils_lines(roster: Roster) -> Iterator[list[str]]:
    levels = {
        Responsibility.LEGAL: "légal",
        Responsibility.IN_CHARGE: "en charge",
        Responsibility.CONTACT: "contact",
    }
    for family in roster.families():
        for pupil in family.pupils:
            if pupil.left:
                continue
            cells = [
                pupil.family_name, pupil.first_name, pupil.usage_name, pupil.other_first_names,
                french(pupil.birth_date), pupil.sex, pupil.written_ine, pupil.division,
                ", ".join(pupil.groups),
            ]  # fmt: skip
            for guardian, level, relationship in family.guardians:
                cells += [
                    guardian.title, guardian.family_name, guardian.usage_name, guardian.first_name,
                    guardian.written_mobile, guardian.written_phone, guardian.email,
                    "oui" if guardian.sms_consent else "non", levels[level], relationship,
                ]  # fmt: skip
            yield cells + [""] * (39 - len(cells))


def pupils_table(
    roster: Roster,
    folder: Path,
    *,
    form: str = "csv",
    encoding: str = "utf-8-sig",
    delimiter: str = ";",
    headers: Sequence[str] | None = None,
) -> Path:
    """Write a table of pupils with their guardians; who left is not in it."""
    return _table(
        folder / f"eleves.{form}",
        headers or pupils_headers(),
        _pupils_lines(roster),
        form,
        encoding,
        delimiter,
    )


def staff_table(
    roster: Roster, folder: Path, *, form: str = "csv", encoding: str = "utf-8", delimiter: str = ";"
) -> Path:
    """Write a table of the staff."""
    words = {StaffRole.TEACHER: "Professeur", StaffRole.HEAD: "Principale", StaffRole.OTHER: "Infirmier"}
    lines = (
        [
            each.family_name,
            each.first_name,
            words[each.role],
            each.identifier,
            each.email,
            ", ".join(each.divisions),
        ]
        for each in roster.staff()
    )
    headers = ["Nom", "Prénom", "Fonction", "Identifiant", "Adresse mail", "Classes"]
    return _table(folder / f"personnel.{form}", headers, lines, form, encoding, delimiter)


def _table(
    path: Path, headers: Sequence[str], lines: Iterator[list[str]], form: str, encoding: str, delimiter: str
) -> Path:
    if form == "csv":
        with path.open("w", encoding=encoding, newline="") as out:
            writer = csv.writer(out, delimiter=delimiter)
            writer.writerow(headers)
            writer.writerows(lines)
        return path
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Élèves")
    sheet.append(list(headers))
    for cells in lines:
        sheet.append([_as_typed(cell) for cell in cells])
    book.save(path)
    return path


def _as_typed(cell: str) -> str | date | None:
    """Return a cell as a spreadsheet makes it of what is typed: a day is a day, nothing is nothing."""
    parts = cell.split("/")
    if len(parts) == 3 and all(part.isdecimal() for part in parts) and "00" not in parts:
        return date(int(parts[2]), int(parts[1]), int(parts[0]))
    return cell or None


# Annuaire

ANNUAIRE = [
    "Identifiant_de_l_etablissement", "Nom_etablissement", "Type_etablissement", "Statut_public_prive",
    "Adresse_1", "Code_postal", "Code_commune", "Nom_commune", "Code_departement", "Code_academie",
    "Telephone", "Mail", "etat", "code_nature", "libelle_nature",
]  # fmt: skip
_NATURES = (
    (SchoolKind.ECOLE, "Ecole", "151", "ECOLE ELEMENTAIRE"),
    (SchoolKind.COLLEGE, "Collège", "340", "COLLEGE"),
    (SchoolKind.LYCEE, "Lycée", "306", "LYCEE POLYVALENT"),
    (SchoolKind.OTHER, "EREA", "370", "ETABLISSEMENT REGIONAL D'ENSEIGNT ADAPTE"),
)
_REFERENCE = Path(__file__).parents[3] / "schools/reference/academies.json"
_NUMBERS = {"2A": "620", "2B": "720", "987": "984", "988": "983"}


def uai(department: str, number: int) -> str:
    """Return the code of a school, with the letter that checks it."""
    digits = f"{_NUMBERS.get(department, department.zfill(3))}{number % 10_000:04}"
    return digits + "ABCDEFGHJKLMNPRSTUVWXYZ"[int(digits) % 23]


def schools(size: int, seed: int = 1) -> Iterator[SchoolRow]:
    """Yield schools of all departments; one in fifty is closed."""
    random = Random(seed)
    said = json.loads(_REFERENCE.read_text(encoding="utf-8"))["academies"]
    places = [
        (department, row["code"])
        for row in said
        for department in row["departments"]
        if department not in ("977", "978")
    ]
    for index in range(size):
        department, academy = places[index % len(places)]
        kind, _type, _code, nature = _NATURES[index % 7 % len(_NATURES)]
        code = uai(department, index // len(places))
        yield SchoolRow(
            line=0,
            uai=code,
            name=f"{nature.split(' ')[0].capitalize()} {random.choice(FIRST_NAMES)} d’Estienne {index}",
            kind=kind,
            nature=nature,
            is_public=random.random() < 0.8,
            commune="L'Haÿ-les-Roses" if index % 5 == 0 else "Saint-Étienne",
            postcode=f"{index % 95_000:05}",
            department=department,
            academy=academy,
            mail=f"ce.{code.lower()}@ac-exemple.fr",
            is_open=index % 50 != 49,
        )


def annuaire(
    size: int,
    *,
    seed: int = 1,
    lower: bool = False,
    repeats: bool = False,
    wrong: int = 0,
    encoding: str = "utf-8",
) -> bytes:
    """Return the national list: ``repeats`` says schools again, ``wrong`` lines have a wrong letter."""
    text = io.StringIO()
    lines = csv.writer(text, delimiter=";", lineterminator="\n")
    lines.writerow([name.lower() for name in ANNUAIRE] if lower else ANNUAIRE)
    types = {kind: (written, code) for kind, written, code, _nature in _NATURES}
    for index, school in enumerate(schools(size, seed)):
        written, code = types[school.kind]
        department = {"2A": "02A", "2B": "02B"}.get(school.department, school.department.zfill(3))
        cells = [
            school.uai, school.name, written, "Public" if school.is_public else "Privé", "1 rue de l'École",
            school.postcode, "94038", school.commune, department, school.academy.lstrip("0"), "",
            school.mail, "OUVERT" if school.is_open else "FERME", code, school.nature,
        ]  # fmt: skip
        lines.writerow(cells)
        if repeats and index % 3 == 0:
            lines.writerow([*cells[:1], f"{cells[1]} (annexe)", *cells[2:]])
        if index < wrong:
            lines.writerow([school.uai[:7] + ("A" if school.uai[7] != "A" else "B"), *cells[1:]])
    return text.getvalue().encode(encoding)
