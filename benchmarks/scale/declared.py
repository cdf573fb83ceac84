"""What schools declare of the made-up people: the schools, their classes, pupils, contacts and staff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from random import Random
from typing import Any, NamedTuple

from schools.rosters.uai import is_uai

from .crowd import Crowd, Person, Place
from .tables import Tables

PUPILS_OF_A_SCHOOL, PUPILS_OF_A_CLASS = 500, 25
FIRST_UAI = 10_000  # of the Ain's numbers: where a school of the crowd lies, its place says
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
KINDS = ("ecole", "college", "lycee")


class MadeUpSchool(NamedTuple):
    """A school that is nowhere."""

    number: int
    uai: str
    place: Place


def pupils_of(crowd: Crowd) -> int:
    """Return how many pupils are declared: three for ten people who have an account."""
    return max(1, crowd.count * 3 // 10)


def schools_of(crowd: Crowd) -> list[MadeUpSchool]:
    """Return the schools that declare them."""
    random = crowd.random("schools")
    return [
        MadeUpSchool(number, uai_of(number), random.choice(crowd.places))
        for number in range(-(-pupils_of(crowd) // PUPILS_OF_A_SCHOOL))
    ]


def uai_of(number: int) -> str:
    """Return a code that is right in its form."""
    digits = f"{FIRST_UAI + number:07d}"
    code = digits + LETTERS[int(digits) % len(LETTERS)]
    if not is_uai(code):
        raise ValueError(f"{code} is no UAI: too many schools")
    return code


def pupils(crowd: Crowd) -> Iterator[Person]:
    """Yield the pupils, school by school; they are no persons of the crowd."""
    yield from crowd.strangers("pupils", "eleve.example", pupils_of(crowd))


def contacts(crowd: Crowd) -> Iterator[Person]:
    """Yield those whom schools may call: two for each pupil but one out of three, in the order of pupils."""
    yield from crowd.strangers("contacts", "contact.example", pupils_of(crowd) * 5 // 3)


def staff(crowd: Crowd) -> Iterator[Person]:
    """Yield those who work there: one for ten pupils."""
    yield from crowd.strangers("school staff", "ac-essai.example", max(1, pupils_of(crowd) // 10))


class Declared:
    """Every school has handed in its files once, and one file out of ten was refused before."""

    def fill(self, tables: Tables, crowd: Crowd) -> None:
        """Pupils of a school are those whose numbers follow each other; one in fifty has left."""
        schools = schools_of(crowd)
        school = tables.next_key("schools_school")
        tables.copy(
            "schools_school",
            "id public_id uai name kind nature is_public commune postcode mail phone is_open academy_id"
            " department_id",
            self._schools(crowd, schools, school),
        )
        division = tables.next_key("schools_division")
        classes = PUPILS_OF_A_SCHOOL // PUPILS_OF_A_CLASS
        random = crowd.random("classes")
        tables.copy(
            "schools_division",
            "id public_id school_year code name kind school_id",
            (
                (division + n, identifier(random), crowd.school_year, f"{6 - n % classes // 5}E{n % 5 + 1}",
                 "", "division", school + n // classes)
                for n in range(len(schools) * classes)
            ),
        )  # fmt: skip
        self._fill_pupils(tables, crowd, school, division)
        last = len(schools) - 1
        tables.copy(
            "schools_staffmember",
            "public_id family_name first_name role identifier email school_id",
            (
                (p.public_id, p.last_name, p.first_name, "teacher" if p.number % 5 else "other",
                 p.user_name, p.address, school + min(p.number * 10 // PUPILS_OF_A_SCHOOL, last))
                for p in staff(crowd)
            ),
        )  # fmt: skip
        self._fill_imports(tables, crowd, school, len(schools))
        self._fill_letters(tables, crowd, school, len(schools))

    @staticmethod
    def _schools(crowd: Crowd, schools: Sequence[MadeUpSchool], key: int) -> Iterator[Sequence[Any]]:
        random = crowd.random("names of schools")
        for each in schools:
            first, last = crowd.names.draw(random)
            kind = KINDS[each.number % 3]
            yield (
                key + each.number, identifier(random), each.uai, f"{kind.capitalize()} {first} {last}", kind,
                "", True, f"Saint-{last}", "01000", "", "", True, each.place.academy, each.place.department,
            )  # fmt: skip

    @staticmethod
    def _fill_pupils(tables: Tables, crowd: Crowd, school: int, division: int) -> None:
        random = crowd.random("births")
        pupil = tables.next_key("schools_student")
        tables.copy(
            "schools_student",
            "id public_id ine family_name first_name usage_name other_first_names birth_date sex",
            (
                (pupil + p.number, p.public_id, f"{p.number:09d}ZZ", p.last_name, p.first_name, "", "",
                 birth_date(random), "MF"[p.number & 1])
                for p in pupils(crowd)
            ),
        )  # fmt: skip
        schooling = tables.next_key("schools_schooling")
        gone = crowd.now - timedelta(days=2)
        tables.copy(
            "schools_schooling",
            "id school_year since gone_at access_until school_id student_id",
            (
                (schooling + n, crowd.school_year, crowd.now - timedelta(days=30),
                 *((gone, gone + timedelta(days=7)) if n % 50 == 7 else (None, None)),
                 school + n // PUPILS_OF_A_SCHOOL, pupil + n)
                for n in range(pupils_of(crowd))
            ),
        )  # fmt: skip
        tables.copy(
            "schools_divisionpupil",
            "schooling_id division_id",
            ((schooling + n, division + n // PUPILS_OF_A_CLASS) for n in range(pupils_of(crowd))),
        )
        contact = tables.next_key("schools_guardiancontact")
        tables.copy(
            "schools_guardiancontact",
            "id public_id title family_name first_name usage_name mobile phone email sms_consent school_id",
            (
                (contact + p.number, p.public_id, "", p.last_name, p.first_name, "",
                 f"+336{p.number:08d}", "", p.address, True,
                 school + child_of(p) // PUPILS_OF_A_SCHOOL)
                for p in contacts(crowd)
            ),
        )  # fmt: skip
        tables.copy(
            "schools_guardiantie",
            "responsibility relationship contact_id student_id",
            (("legal", "", contact + p.number, pupil + child_of(p)) for p in contacts(crowd)),
        )

    @staticmethod
    def _fill_imports(tables: Tables, crowd: Crowd, school: int, schools: int) -> None:
        random = crowd.random("imports")
        began = crowd.now - timedelta(days=10)
        for state, reason, every, later in (
            ("refused", "uai_other", 10, timedelta()),
            ("applied", "", 1, timedelta(days=1)),
        ):
            tables.copy(
                "schools_rosterimport",
                "public_id kind state uploaded_by decided_by created_at finished_at mapping school_year"
                " progress counts confirmed is_outdated attempts reason reason_source reason_line digest"
                " rows_digest school_id",
                (
                    (identifier(random), "siecle", state, f"user:{identifier(random)}", "", began + later,
                     began + later, "{}", crowd.school_year, 100, "{}", False, False, 1, reason, "", 0,
                     "", "", school + n)
                    for n in range(0, schools, every)
                ),
            )  # fmt: skip

    @staticmethod
    def _fill_letters(tables: Tables, crowd: Crowd, school: int, schools: int) -> None:
        """Every school has given its pupils their letters, and one in two was used."""
        random = crowd.random("letters")
        given, ends = crowd.now - timedelta(days=9), crowd.now + timedelta(days=81)
        batch = tables.next_key("schools_letterbatch")
        tables.copy(
            "schools_letterbatch",
            "id public_id submission audience includes_known language per_page state reason total made"
            " printed asked_by asked_at expires_at ready_at files_until files_erased_at attempts school_id",
            (
                (batch + n, identifier(random), identifier(random), "pupil", False, "fr", 8, "ready", "",
                 PUPILS_OF_A_SCHOOL, PUPILS_OF_A_SCHOOL, PUPILS_OF_A_SCHOOL, f"user:{identifier(random)}",
                 given, ends, given, given, given, 0, school + n)
                for n in range(schools)
            ),
        )  # fmt: skip
        pupil = tables.next_key("schools_student") - pupils_of(crowd)
        tables.copy(
            "schools_letter",
            "public_id audience digest given_at expires_at spent_at spent_by batch_id student_id",
            (
                (identifier(random), "pupil", identifier(random), given, ends,
                 *((given, "x" * 64) if n % 2 else (None, "")), batch + n // PUPILS_OF_A_SCHOOL, pupil + n)
                for n in range(pupils_of(crowd))
            ),
        )  # fmt: skip


def child_of(contact: Person) -> int:
    """Return the number of the pupil whose contact somebody is."""
    return contact.number * 3 // 5


def identifier(random: Random) -> str:
    """Return what stands in addresses of pages."""
    return f"{random.getrandbits(128):032x}"


def birth_date(random: Random) -> str:
    """Return a day in the life of a pupil of today."""
    return f"{random.randint(2008, 2019)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"


def first_of(crowd: Crowd, code: str) -> MadeUpSchool:
    """Return a school of an académie; any, for a crowd too small to have one there."""
    found = schools_of(crowd)
    return next((each for each in found if each.place.code == code), found[0])


def pupil_of(crowd: Crowd, school: MadeUpSchool) -> Person:
    """Return the first pupil of a school."""
    return next(islice(pupils(crowd), school.number * PUPILS_OF_A_SCHOOL, None))
