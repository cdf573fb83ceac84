"""The made-up people that the tables are filled with: the same ones for the same number and seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from typing import NamedTuple

from .names import Names
from .tables import Tables

# Out of a thousand people, how many live where: roughly as pupils do. Others have a little each.
WEIGHTS = {
    "25": 95, "24": 82, "09": 66, "70": 50, "17": 58, "14": 50, "08": 54, "10": 52, "16": 48, "04": 50,
    "11": 43, "02": 46, "18": 40, "12": 36, "01": 32, "23": 32, "20": 32, "15": 29, "28": 19, "13": 26,
    "06": 20, "07": 24, "19": 21, "03": 19, "43": 10, "22": 10, "32": 8, "33": 8, "31": 7, "27": 5,
}  # fmt: skip
BIG, SMALL = "25", "27"  # Versailles and Corse: staff of both look for people
LEVELS = ("ecole", "college", "college", "lycee")
PROFILES = ("eleve", "eleve", "responsable", "responsable", "responsable", "enseignant", "personnel", "eleve")
PLACES = 1 << 12
MONTH, MOMENTS = timedelta(days=30), 1 << 14


class Place(NamedTuple):
    """An académie and a département of it, with their keys."""

    code: str
    academy: int
    department: int


class Person(NamedTuple):
    """Somebody who never lived."""

    number: int
    public_id: str  # 32 hexadecimal digits
    first_name: str
    last_name: str
    user_name: str
    address: str
    place: Place
    level: str
    profile: str

    @property
    def subject(self) -> str:
        """Their opaque name in the journal."""
        text = self.public_id
        return f"user:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@dataclass(frozen=True)
class Crowd:
    """``count`` people, and what the portal they are put into already holds.

    ``first_key`` is the key of the first one; the others follow without gaps.
    """

    count: int
    places: tuple[Place, ...]  # with repetitions: drawn from by chance
    first_key: int
    terms: int  # the key of the text that is accepted
    password: str  # one real hash, which belongs to everybody
    school_year: int
    now: datetime
    seed: int = 2026

    @cached_property
    def names(self) -> Names:
        """The bags of names."""
        return Names(self.seed)

    @cached_property
    def moments(self) -> list[datetime]:
        """Moments of the last month, evenly spread: when people came."""
        return [self.now - MONTH + n * (MONTH - timedelta(hours=1)) / MOMENTS for n in range(MOMENTS)]

    def random(self, purpose: str) -> Random:
        """Return chance of its own for one table: what is added to another one changes nothing here."""
        return Random(f"{self.seed} {purpose}")

    def people(self) -> Iterator[Person]:
        """Yield everybody, in the order in which they came."""
        yield from self.strangers("people", "boite.example", self.count)

    def strangers(self, purpose: str, domain: str, count: int) -> Iterator[Person]:
        """Yield others who are not among :meth:`people`: ``domain`` and ``purpose`` are their own."""
        random, names, places = self.random(purpose), self.names, self.places
        bits = random.getrandbits
        for number in range(count):
            first, last = names.draw(random)
            name = names.user_name(first, last, number)
            chance = bits(24)
            yield Person(
                number=number,
                public_id=f"{bits(128):032x}",
                first_name=first,
                last_name=last,
                user_name=name,
                address=f"{name}@{domain}",
                place=places[chance & (PLACES - 1)],
                level=LEVELS[chance >> 12 & 3],
                profile=PROFILES[chance >> 14 & 7],
            )


def gather(tables: Tables, *, count: int, password: str, school_year: int) -> Crowd:
    """Make the crowd for a portal whose reference data are loaded."""
    found: dict[str, list[Place]] = {}
    for code, academy, department in tables.rows(
        "SELECT a.code, a.id, d.id FROM schools_academy a JOIN schools_department d ON d.academy_id = a.id"
        " ORDER BY a.code, d.code"
    ):
        found.setdefault(code, []).append(Place(code, academy, department))
    random = Random("places")
    codes = random.choices(list(found), [WEIGHTS.get(code, 1) for code in found], k=PLACES)
    [[terms]] = tables.rows(
        "SELECT id FROM accounts_policydocument WHERE kind = 'terms' AND language = 'fr'"
        " ORDER BY published_at DESC NULLS LAST LIMIT 1"
    )
    [[now]] = tables.rows("SELECT now()")
    return Crowd(
        count=count,
        places=tuple(random.choice(found[code]) for code in codes),
        first_key=tables.next_key("accounts_user"),
        terms=terms,
        password=password,
        school_year=school_year,
        now=now,
    )
