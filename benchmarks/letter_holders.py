"""Teachers and pupils with a letter of their school in their hands, and what they do with it (SCREENS C2).

They come in twos: each teacher has a class with one pupil in it. Their schools are écoles, whose teachers may
also let in by link.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from schools.letters import signs
from schools.paper_codes import ALPHABET

from .guardians import LETTERS
from .scale.declared import uai_of
from .scale.tables import Tables

CLASSES_PER_SCHOOL = 10
FIRST_SCHOOL = 60_000  # above those of the guardians
ACADEMY = "70"
PASSWORD = "tZ7#kqpLw-galets"


@dataclass(frozen=True)
class Holder:
    """One of them: a teacher where the number is even, and the pupil of their class after it."""

    number: int

    @property
    def is_teacher(self) -> bool:
        """Whether the letter is one of the staff."""
        return self.number % 2 == 0

    @property
    def family_name(self) -> str:
        """A name that nobody else has."""
        return "Ros" + "".join(LETTERS[int(digit)] for digit in f"{self.number:06d}")

    @classmethod
    def number_of(cls, family_name: str) -> int:
        """Return whose name this is."""
        return int("".join(str(LETTERS.index(letter)) for letter in family_name.removeprefix("Ros")))

    @property
    def first_name(self) -> str:
        """The same for all of a kind."""
        return "Claire" if self.is_teacher else "Zoé"

    @property
    def identifier(self) -> str:
        """As it stands on the letter."""
        name = self.family_name.lower()
        return f"c{name}" if self.is_teacher else f"zoe.{name}"

    @property
    def code(self) -> str:
        """The code of the letter, with the sign that checks it; in no order that a person would see."""
        left, drawn = (self.number * 1_000_003 + 5) % len(ALPHABET) ** (signs.LENGTH - 1), ""
        for _sign in range(signs.LENGTH - 1):
            left, sign = divmod(left, len(ALPHABET))
            drawn += ALPHABET[sign]
        return next(drawn + last for last in ALPHABET if _is_code(drawn + last))

    @property
    def letter(self) -> str:
        """Where the square of the letter leads."""
        return f"/lettre/{self.identifier}/{self.code}/"

    @property
    def door(self) -> str:
        """Where they sign in from then on."""
        return f"/personnels/{ACADEMY}/connexion/" if self.is_teacher else "/eleves/connexion/"

    @property
    def gives_contact(self) -> bool:
        """Whether they are asked how to be reached: teachers, and pupils of fifteen or more, one in two."""
        return self.is_teacher or self.number % 4 == 3

    @property
    def birth_date(self) -> str:
        """A pupil's."""
        return f"{2009 if self.gives_contact else 2016}-{self.number % 12 + 1:02d}-15"

    def password(self) -> dict[str, str]:
        """What is typed on « Changement de mot de passe »."""
        return {"password": PASSWORD, "confirmation": PASSWORD}

    def sign_in(self) -> dict[str, str]:
        """What is typed at their door afterwards."""
        return {"login": self.identifier, "password": PASSWORD}


def _is_code(code: str) -> bool:
    try:
        return signs.read(code) == code
    except signs.Mistyped:
        return False


def digest(code: str, link_key: str) -> str:
    """Return what a portal whose ``LINK_KEY`` this is keeps of a code."""
    return hmac.new(link_key.encode(), f"{signs.PURPOSE}|{code}".encode(), hashlib.sha256).hexdigest()


def declare(tables: Tables, count: int, *, school_year: int, link_key: str) -> None:
    """Let schools declare the first ``count`` of them and give them their letters, by COPY."""
    [[academy, department, now]] = tables.rows(
        "SELECT a.id, d.id, now() FROM schools_academy a JOIN schools_department d ON d.academy_id = a.id"
        " WHERE a.code = %s ORDER BY d.id LIMIT 1",
        [ACADEMY],
    )
    classes = -(-count // 2)
    schools = -(-classes // CLASSES_PER_SCHOOL)
    school = tables.next_key("schools_school")
    division = tables.next_key("schools_division")
    teacher = tables.next_key("schools_staffmember")
    pupil = tables.next_key("schools_student")
    schooling = tables.next_key("schools_schooling")
    batch = tables.next_key("schools_letterbatch")
    teachers = [Holder(number) for number in range(0, count, 2)]
    pupils = [Holder(number) for number in range(1, count, 2)]
    tables.copy(
        "schools_school",
        "id public_id uai name kind nature is_public commune postcode mail phone is_open academy_id"
        " department_id",
        (
            (school + n, uuid.uuid4(), uai_of(FIRST_SCHOOL + n), f"École {n}", "ecole", "", True,
             "Caen", "14000", "", "", True, academy, department)
            for n in range(schools)
        ),
    )  # fmt: skip
    tables.copy(
        "schools_division",
        "id public_id school_year code name kind school_id",
        (
            (
                division + n,
                uuid.uuid4(),
                school_year,
                f"C{n}",
                "",
                "division",
                school + n // CLASSES_PER_SCHOOL,
            )
            for n in range(classes)
        ),
    )
    tables.copy(
        "schools_staffmember",
        "id public_id family_name first_name role identifier email school_id",
        (
            (teacher + n, uuid.uuid4(), each.family_name, each.first_name, "teacher", each.identifier, "",
             school + n // CLASSES_PER_SCHOOL)
            for n, each in enumerate(teachers)
        ),
    )  # fmt: skip
    tables.copy(
        "schools_staffdivision",
        "member_id division_id",
        ((teacher + n, division + n) for n in range(classes)),
    )
    tables.copy(
        "schools_student",
        "id public_id ine family_name first_name usage_name other_first_names birth_date sex identifier",
        (
            (pupil + n, uuid.uuid4(), f"{each.number:09d}XX", each.family_name, each.first_name, "", "",
             each.birth_date, "F", each.identifier)
            for n, each in enumerate(pupils)
        ),
    )  # fmt: skip
    tables.copy(
        "schools_schooling",
        "id school_year since school_id student_id",
        (
            (
                schooling + n,
                school_year,
                now - timedelta(days=30),
                school + n // CLASSES_PER_SCHOOL,
                pupil + n,
            )
            for n in range(len(pupils))
        ),
    )
    tables.copy(
        "schools_divisionpupil",
        "schooling_id division_id",
        ((schooling + n, division + n) for n in range(len(pupils))),
    )
    kinds = (("staff", teachers, teacher, batch), ("pupil", pupils, pupil, batch + schools))
    ends = now + timedelta(days=81)
    for audience, holders, person, first in kinds:
        tables.copy(
            "schools_letterbatch",
            "id public_id submission audience includes_known language per_page state reason total made"
            " printed asked_by asked_at expires_at ready_at files_until files_erased_at attempts school_id",
            (
                (first + n, uuid.uuid4(), uuid.uuid4(), audience, False, "fr", 8, "ready", "",
                 *3 * (CLASSES_PER_SCHOOL,), "system", now, ends, now, now, now, 0, school + n)
                for n in range(schools)
            ),
        )  # fmt: skip
        tables.copy(
            "schools_letter",
            "public_id audience digest given_at expires_at spent_by batch_id staff_member_id student_id",
            _letters(audience, holders, person, first, now=now, ends=ends, link_key=link_key),
        )


def _letters(
    audience: str, holders: Sequence[Holder], person: int, batch: int, *, now: Any, ends: Any, link_key: str
) -> Iterator[Sequence[Any]]:
    for n, each in enumerate(holders):
        of_whom = (person + n, None) if each.is_teacher else (None, person + n)
        yield (
            uuid.uuid4(), audience, digest(each.code, link_key), now, ends, "",
            batch + n // CLASSES_PER_SCHOOL, *of_whom,
        )  # fmt: skip
