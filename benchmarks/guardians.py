"""Guardians whom schools have declared, each with one child, and what they type on their way."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .scale.declared import uai_of
from .scale.tables import Tables

PER_SCHOOL = 10  # fewer than the birth dates that a school's pupils may be tried with at once (SAFETY G8)
FIRST_SCHOOL = 50_000  # above the schools of the crowd
LETTERS = "abcdefghij"
PASSWORD = "tZ7#kqpLw-galets"
START = "/responsables/premiere-connexion/"
IDENTIFIER = "/responsables/identifiant/"


@dataclass(frozen=True)
class Guardian:
    """One of them."""

    number: int

    @property
    def family_name(self) -> str:
        """A name that nobody else has: the identifiers of all would be a crowd's of one name."""
        return "Riv" + "".join(LETTERS[int(digit)] for digit in f"{self.number:05d}")

    @property
    def mobile(self) -> str:
        """A number of their own, whose last digits are theirs."""
        return f"+33600{self.number:06d}"

    @property
    def birth_date(self) -> str:
        """The child's."""
        return f"2012-{self.number % 12 + 1:02d}-{self.number % 28 + 1:02d}"

    def name_and_number(self) -> dict[str, str]:
        """What is typed on « Je confirme mon identité »."""
        return {
            "last_name": self.family_name,
            "first_name": "Hélène",
            "region": "FR",
            "mobile": f"0{self.mobile[3:]}",
        }

    def is_guardian(self) -> dict[str, str]:
        """What is typed for the child."""
        year, month, day = self.birth_date.split("-")
        return {"answer": "guardian", "day": day, "month": month, "year": year}

    def password(self) -> dict[str, str]:
        """What is typed on « Je choisis mon nouveau mot de passe »."""
        return {"password": PASSWORD, "confirmation": PASSWORD}


def declare(tables: Tables, count: int, *, school_year: int) -> None:
    """Let schools declare the first ``count`` guardians, by COPY."""
    [[academy, department, now]] = tables.rows(
        "SELECT a.id, d.id, now() FROM schools_academy a JOIN schools_department d ON d.academy_id = a.id"
        " WHERE a.code = '70' ORDER BY d.id LIMIT 1"
    )
    schools = -(-count // PER_SCHOOL)
    school = tables.next_key("schools_school")
    pupil = tables.next_key("schools_student")
    contact = tables.next_key("schools_guardiancontact")
    tables.copy(
        "schools_school",
        "id public_id uai name kind nature is_public commune postcode mail phone is_open academy_id"
        " department_id",
        (
            (school + n, uuid.uuid4(), uai_of(FIRST_SCHOOL + n), f"Collège {n}", "college", "", True,
             "Caen", "14000", "", "", True, academy, department)
            for n in range(schools)
        ),
    )  # fmt: skip
    guardians = [Guardian(number) for number in range(count)]
    tables.copy(
        "schools_student",
        "id public_id ine family_name first_name usage_name other_first_names birth_date sex",
        (
            (pupil + each.number, uuid.uuid4(), f"{each.number:09d}YY", each.family_name, "Chloé", "", "",
             each.birth_date, "F")
            for each in guardians
        ),
    )  # fmt: skip
    tables.copy(
        "schools_schooling",
        "school_year since gone_at access_until school_id student_id",
        _schoolings(guardians, now, school_year, school, pupil),
    )
    tables.copy(
        "schools_guardiancontact",
        "id public_id title family_name first_name usage_name mobile phone email sms_consent school_id",
        (
            (contact + each.number, uuid.uuid4(), "", each.family_name, "Hélène", "", each.mobile, "", "",
             True, school + each.number // PER_SCHOOL)
            for each in guardians
        ),
    )  # fmt: skip
    tables.copy(
        "schools_guardiantie",
        "responsibility relationship contact_id student_id",
        (("legal", "", contact + each.number, pupil + each.number) for each in guardians),
    )


def _schoolings(
    guardians: Sequence[Guardian], now: datetime, school_year: int, school: int, pupil: int
) -> Iterator[Sequence[Any]]:
    since = now - timedelta(days=30)
    for each in guardians:
        yield school_year, since, None, None, school + each.number // PER_SCHOOL, pupil + each.number
