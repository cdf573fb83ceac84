"""The pages of the administration that must stay quick: one small class for each list.

A new list plugs in as another class with the same two members, added to :data:`LISTS`; a test fails for
a list of the administration that stands in none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from schools.search_key import search_key

from .crowd import BIG, SMALL, Crowd, Person
from .declared import MadeUpSchool, contacts, first_of, pupil_of, staff
from .fillers import BUSY, waiting_of

REASON = "Mesure de la durée des pages."
MANAGERS = {"national": "", "DANE, big": BIG, "DANE, small": SMALL}  # and the académie each is of
READERS = ("reader", "reader, big")
ALL_PAGES = range(1, 21)


@dataclass(frozen=True)
class Page:
    """One page, asked for again and again."""

    what: str  # in a table of figures
    by: str  # which of the staff (staff.STAFF)
    path: str
    typed: tuple[tuple[str, str], ...] = ()
    numbers: range = range(1, 2)  # of the pages of the list, in turn
    is_file: bool = False  # a list taken away: only its beginning is waited for
    opens_first_row: bool = False  # not the list itself, but the page of the row on top

    def address(self, turn: int) -> str:
        """Return what is asked for the ``turn``-th time."""
        number = self.numbers[turn % len(self.numbers)]
        typed = [*self.typed, *([("p", str(number))] if number > 1 else [])]
        path = f"{self.path}exporter/" if self.is_file else self.path
        return f"{path}?{urlencode(typed)}" if typed else path


@dataclass(frozen=True)
class Known:
    """Who can be looked for: of each académie somebody who has an account, and who waits for one."""

    people: dict[str, Person]  # by the code of the académie; "" for anybody
    waiting: dict[str, Person]
    schools: dict[str, MadeUpSchool]  # of each académie that somebody looks into, and "" for any
    pupils: dict[str, Person]  # one of each of these schools
    contact: Person
    teacher: Person

    def person(self, code: str) -> Person:
        """Return somebody who has an account: of the académie, unless the crowd is too small to have one."""
        return self.people.get(code, self.people[""])

    def waits(self, code: str) -> Person:
        """Return somebody whose sign-up waits, likewise."""
        return self.waiting.get(code, self.waiting[""])


class AdminList(Protocol):
    """One list of the administration."""

    path: str

    def pages(self, known: Known) -> Iterator[Page]:
        """Yield what is asked of it: its pages, its searches, its filters, its file, one row."""
        ...


def acquaintances(crowd: Crowd) -> Known:
    """Pick the people to look for: late ones, with an accent in their name and a quite rare one."""

    def late(people: Iterator[Person]) -> dict[str, Person]:
        found: dict[str, Person] = {}
        for person in people:
            if not (person.first_name + person.last_name).isascii() and len(person.last_name) > 7:
                found[person.place.code] = found[""] = person
        return found

    schools = {code: first_of(crowd, code) for code in MANAGERS.values()}
    return Known(
        people=late(crowd.people()),
        waiting=late(crowd.strangers("waiting", "attente.example", waiting_of(crowd))),
        schools=schools,
        pupils={code: pupil_of(crowd, school) for code, school in schools.items()},
        contact=next(contacts(crowd)),
        teacher=next(staff(crowd)),
    )


def _searches(path: str, by: str, person: Person, name: str) -> Iterator[Page]:
    asked = {
        "name without accents": search_key(f"{person.first_name} {person.last_name}"),
        "very common name": "martin",
        "very common first name": "marie",
        "both": "Martin Marie",
        "three letters": "mar",
        "user name": name,
        "address": person.address,
        "nothing found": "quetzalcoatl",
        "address of nobody": "personne@boite.example",
    }
    for what, typed in asked.items():
        yield Page(what, by, path, (("q", typed),))
    yield Page("common first name, all pages", by, path, (("q", "marie"),), ALL_PAGES)


class People:
    """« Personnes »."""

    path = "/administration/accounts/user/"

    def pages(self, known: Known) -> Iterator[Page]:
        """Nobody is listed before they are looked for."""
        for by, code in MANAGERS.items():
            yield Page("nothing typed", by, self.path)
            yield from _searches(self.path, by, known.person(code), known.person(code).user_name)
            yield Page("one person", by, self.path, (("q", "marie"),), opens_first_row=True)


class SignUps:
    """« Inscriptions en attente »."""

    path = "/administration/accounts/registration/"

    def pages(self, known: Known) -> Iterator[Page]:
        """Newest first."""
        for by, code in MANAGERS.items():
            yield Page("list", by, self.path)
            yield Page("list, all pages", by, self.path, numbers=ALL_PAGES)
            yield from _searches(self.path, by, known.waits(code), f"w.{known.waits(code).user_name}")
            yield Page("file", by, self.path, is_file=True)
            yield Page("file of a search", by, self.path, (("q", "marie"),), is_file=True)
            yield Page("one sign-up", by, self.path, opens_first_row=True)


class Outbox:
    """« Messages »."""

    path = "/administration/notifications/message/"
    states = ("waiting", "sent", "dead", "void", "withdrawn")

    def pages(self, known: Known) -> Iterator[Page]:
        """By state, and by address."""
        for by, code in MANAGERS.items():
            yield Page("list", by, self.path)
            yield Page("list, all pages", by, self.path, numbers=ALL_PAGES)
            for state in self.states:
                yield Page(f"state {state}", by, self.path, (("state", state),))
            yield Page("state dead, all pages", by, self.path, (("state", "dead"),), ALL_PAGES)
            yield Page("address", by, self.path, (("q", known.person(code).address),))
            yield Page("nothing found", by, self.path, (("q", "personne@boite.example"),))
            yield Page("file", by, self.path, is_file=True)
            yield Page("file of state dead", by, self.path, (("state", "dead"),), is_file=True)
            yield Page("one message", by, self.path, opens_first_row=True)


class Journal:
    """« Journal »."""

    path = "/administration/audit/record/"

    def pages(self, known: Known) -> Iterator[Page]:
        """By subject, by actor, and by act."""
        nobody = "user:11111111-2222-4333-8444-555555555555"
        for by in READERS:
            yield Page("list", by, self.path)
            yield Page("list, all pages", by, self.path, numbers=ALL_PAGES)
            yield Page("subject", by, self.path, (("q", known.person("").subject),))
            yield Page("busiest actor", by, self.path, (("q", BUSY),))
            yield Page("busiest actor, all pages", by, self.path, (("q", BUSY),), ALL_PAGES)
            yield Page("nothing found", by, self.path, (("q", nobody),))
            for often, act in {
                "frequent": "account.confirmed",
                "usual": "account.read_by_staff",
                "rare": "account.suspended",
                "absent": "role.given",
            }.items():
                yield Page(f"{often} act", by, self.path, (("act", act),))
            yield Page("rare act of the busiest", by, self.path, (("act", "account.suspended"), ("q", BUSY)))
            yield Page("usual act, all pages", by, self.path, (("act", "account.read_by_staff"),), ALL_PAGES)
            yield Page("file", by, self.path, is_file=True)
            yield Page("one line", by, self.path, opens_first_row=True)


class Roles:
    """« Rôles »: few, but looked for among all people."""

    path = "/administration/accounts/staffrole/"

    def pages(self, known: Known) -> Iterator[Page]:
        """By whom they belong to."""
        by = "national"
        yield Page("list", by, self.path)
        yield from _searches(self.path, by, known.person(""), "agent.national.partout")


class Academies:
    """« Académies »: thirty-four."""

    path = "/administration/schools/academy/"

    def pages(self, known: Known) -> Iterator[Page]:
        """All at once."""
        for by in MANAGERS:
            yield Page("list", by, self.path)
            yield Page("one académie", by, self.path, opens_first_row=True)


class Texts:
    """« Textes de référence »: few, but a text counts who accepted it."""

    path = "/administration/accounts/policydocument/"

    def pages(self, known: Known) -> Iterator[Page]:
        """The list, and the text that everybody accepted."""
        terms = (("kind__exact", "terms"),)
        yield Page("list", "national", self.path)
        yield Page("the terms", "national", self.path, terms, opens_first_row=True)


class Entrances:
    """« Entrées des régions », their choices and identity providers: a few rows each, reference data."""

    def __init__(self, model: str) -> None:
        self.path = f"/administration/accounts/{model}/"

    def pages(self, known: Known) -> Iterator[Page]:
        """The whole list, which national staff alone read."""
        yield Page("list", "national", self.path)


class Schools:
    """« Établissements »."""

    path = "/administration/schools/school/"

    def pages(self, known: Known) -> Iterator[Page]:
        """In the order of their codes."""
        for by, code in MANAGERS.items():
            yield Page("list", by, self.path)
            yield Page("list, all pages", by, self.path, numbers=ALL_PAGES)
            yield Page("UAI", by, self.path, (("q", known.schools[code].uai),))
            yield Page("kind and name", by, self.path, (("q", "college marie"),))
            yield Page("nothing found", by, self.path, (("q", "quetzalcoatl"),))
            yield Page("one school", by, self.path, opens_first_row=True)


class OfASchool:
    """What a school declares, found by its code."""

    def __init__(self, model: str) -> None:
        self.path = f"/administration/schools/{model}/"

    def pages(self, known: Known) -> Iterator[Page]:
        """By UAI."""
        for by, code in MANAGERS.items():
            found = (("q", known.schools[code].uai),)
            yield Page("nothing typed", by, self.path)
            yield Page("UAI", by, self.path, found)
            yield Page("UAI, all pages", by, self.path, found, ALL_PAGES)
            yield Page("one of a school", by, self.path, found, opens_first_row=True)


class Declared(OfASchool):
    """People whom schools declare."""

    def pages(self, known: Known) -> Iterator[Page]:
        """By name, by code, and by what each of them has of their own."""
        if self.path.endswith(("/student/", "/staffmember/")):
            yield from super().pages(known)
        for by, code in MANAGERS.items():
            pupil = known.pupils[code]
            asked = {
                "name without accents": search_key(f"{pupil.first_name} {pupil.last_name}"),
                "very common name": "martin",
                "very common first name": "marie",
                "both": "Martin Marie",
                "three letters": "mar",
                "nothing found": "quetzalcoatl",
                "INE": f"{pupil.number:09d}ZZ",
                "address of a contact": known.contact.address,
                "address of a teacher": known.teacher.address,
                "mobile": f"+336{known.contact.number:08d}",
            }
            for what, typed in asked.items():
                yield Page(what, by, self.path, (("q", typed),))
            yield Page("common first name, all pages", by, self.path, (("q", "marie"),), ALL_PAGES)
            yield Page("one person", by, self.path, (("q", "marie"),), opens_first_row=True)


class Requests:
    """« Demandes »: none of the crowd has asked for help, so these pages show what an empty list costs."""

    path = "/administration/support/supportrequest/"

    def pages(self, known: Known) -> Iterator[Page]:
        """Newest first, and by name."""
        for by in MANAGERS:
            yield Page("list", by, self.path)
            yield Page("very common first name", by, self.path, (("q", "marie"),))
            yield Page("nothing found", by, self.path, (("q", "quetzalcoatl"),))


class MeetingServers:
    """« Serveurs de classes virtuelles »: a few dozen."""

    path = "/administration/virtual_classes/meetingserver/"

    def pages(self, known: Known) -> Iterator[Page]:
        """All at once."""
        for by in MANAGERS:
            yield Page("list", by, self.path)


class OfAnAcademy:
    """Rules and hours of virtual classes: short lists, of one académie or of all."""

    def __init__(self, model: str) -> None:
        self.path = f"/administration/virtual_classes/{model}/"

    def pages(self, known: Known) -> Iterator[Page]:
        """Newest first, and one row."""
        for by in MANAGERS:
            yield Page("list", by, self.path)
            yield Page("all pages", by, self.path, (), ALL_PAGES)
            yield Page("one row", by, self.path, opens_first_row=True)


LISTS: tuple[AdminList, ...] = (
    People(),
    SignUps(),
    Outbox(),
    Journal(),
    Roles(),
    Academies(),
    Texts(),
    Entrances("entrance"),
    Entrances("wayin"),
    Entrances("identityprovider"),
    Schools(),
    OfASchool("division"),
    OfASchool("rosterimport"),
    OfASchool("letterbatch"),
    Declared("student"),
    Declared("guardiancontact"),
    Declared("staffmember"),
    Declared("guardiantie"),
    Requests(),
    MeetingServers(),
    OfAnAcademy("classrules"),
    OfAnAcademy("hoursheld"),
)


def all_pages(known: Known) -> Iterator[Page]:
    """Yield every page of every list."""
    for each in LISTS:
        yield from each.pages(known)
