"""What the tables are filled with: one small class for each part of the portal.

A new part plugs in as another class with the same method, added to :data:`FILLERS`, and its lists
in ``pages.py``. Proportions are those of a busy September: everybody signed up within the last month.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

from .crowd import Crowd, Person
from .declared import Declared
from .tables import Tables

DAY = timedelta(days=1)
WEEK = 7 * DAY
STAFF = 150  # whose acts the journal holds
BUSY = "user:00000000-0000-4000-8000-000000000000"  # the busiest of them


class Filler(Protocol):
    """Fills the tables of one part of the portal."""

    def fill(self, tables: Tables, crowd: Crowd) -> None:
        """Copy the rows that this crowd gives rise to."""
        ...


class People:
    """Users, with their names to sign in, addresses, school years and the terms they accepted."""

    def fill(self, tables: Tables, crowd: Crowd) -> None:
        """One user name and one address each; one in seven also has a year behind them."""
        key = crowd.first_key
        tables.copy(
            "accounts_user",
            "id public_id username password first_name last_name language is_active is_staff is_superuser"
            " session_epoch joined_at last_login academy_id",
            (
                (key + p.number, p.public_id, p.public_id[::-1], crowd.password, p.first_name, p.last_name,
                 "fr", p.number % 500 != 1, False, False, 0, joined(p, crowd), joined(p, crowd),
                 None if is_abroad(p) else p.place.academy)
                for p in crowd.people()
            ),
        )  # fmt: skip
        tables.copy(
            "accounts_signinname",
            "authority name user_id",
            (("mcm", p.user_name, key + p.number) for p in crowd.people()),
        )
        tables.copy(
            "account_emailaddress",
            'email verified "primary" user_id',
            ((p.address, True, True, key + p.number) for p in crowd.people()),
        )
        tables.copy(
            "accounts_enrolment",
            "user_id level profile school_year country academy_id department_id created_at",
            self._years(crowd),
        )
        tables.copy(
            "accounts_policyacceptance",
            "user_id document_id accepted_at by_guardian",
            ((key + p.number, crowd.terms, joined(p, crowd), p.number % 9 == 0) for p in crowd.people()),
        )

    @staticmethod
    def _years(crowd: Crowd) -> Iterator[Sequence[Any]]:
        random = crowd.random("years")
        for p in crowd.people():
            key, at = crowd.first_key + p.number, joined(p, crowd)
            place = ("DE", None, None) if is_abroad(p) else ("", p.place.academy, p.place.department)
            if p.number % 7 == 3:  # last year, one time out of ten somewhere else
                before = random.choice(crowd.places) if random.random() < 0.1 else p.place
                past = ("", before.academy, before.department)
                yield (key, p.level, p.profile, crowd.school_year - 1, *past, at)
            yield (key, p.level, p.profile, crowd.school_year, *place, at)


def is_abroad(person: Person) -> bool:
    """Say whether somebody enrolled from another country."""
    return person.number % 200 == 7


class SignUps:
    """Those that wait (3 for 100 people), and those confirmed within the week (8 for 100)."""

    def fill(self, tables: Tables, crowd: Crowd) -> None:
        """The waiting ones are strangers, and reserve their names."""
        first = tables.next_key("accounts_registration")
        waiting = list(crowd.strangers("waiting", "attente.example", waiting_of(crowd)))
        columns = (
            "id public_id submission first_name last_name address level profile academy_id department_id"
            " country age_group password terms_id terms_accepted_at language browser link_secret created_at"
            " confirmed_at user_id"
        )
        confirmed = (p for p in crowd.people() if p.number >= crowd.count - crowd.count * 8 // 100)
        rows = self._rows(crowd, confirmed, confirmed=True)
        count = tables.copy(
            "accounts_registration", columns, ((first + n, *row) for n, row in enumerate(rows))
        )
        rows = self._rows(crowd, iter(waiting), confirmed=False)
        tables.copy(
            "accounts_registration", columns, ((first + count + n, *row) for n, row in enumerate(rows))
        )
        tables.copy(
            "accounts_signinname",
            "authority name registration_id",
            (("mcm", f"w.{p.user_name}", first + count + p.number) for p in waiting),
        )

    @staticmethod
    def _rows(crowd: Crowd, people: Iterator[Person], *, confirmed: bool) -> Iterator[Sequence[Any]]:
        random = crowd.random(f"sign-ups {confirmed}")
        total = crowd.count * 8 // 100 if confirmed else waiting_of(crowd)
        for number, p in enumerate(people):
            at = crowd.now - WEEK + timedelta(hours=1) + number * (WEEK - timedelta(hours=2)) / total
            yield (
                f"{random.getrandbits(128):032x}", f"{random.getrandbits(128):032x}",
                p.first_name, p.last_name, p.address, p.level, p.profile,
                p.place.academy, p.place.department, "", "mineur" if p.profile == "eleve" else "",
                "" if confirmed else crowd.password, crowd.terms, at, "fr",
                f"{random.getrandbits(256):064x}", text(random, 22), at,
                at + timedelta(minutes=10) if confirmed else None,
                crowd.first_key + p.number if confirmed else None,
            )  # fmt: skip


class Outbox:
    """120 messages for 100 people: most have left, their addresses are forgotten after a week."""

    STATES = ("sent",) * 962 + ("dead",) * 20 + ("void",) * 8 + ("withdrawn",) * 6 + ("waiting",) * 4

    def fill(self, tables: Tables, crowd: Crowd) -> None:
        """In the order of their time; those that wait were put off until tomorrow, so that none leaves."""
        tables.copy(
            "notifications_message",
            'public_id kind reference channel "to" language academy state attempts interruptions'
            " next_attempt_at sent_at last_error created_at",
            self._rows(crowd),
        )

    def _rows(self, crowd: Crowd) -> Iterator[Sequence[Any]]:
        random = crowd.random("outbox")
        for p in crowd.people():
            at = joined(p, crowd)
            kinds = ["accounts.registration"]
            if p.number % 5 == 0:
                kinds.append("accounts.recovery" if p.number % 2 else "accounts.password_changed")
            for kind in kinds:
                state = random.choice(self.STATES)
                waits = state == "waiting"
                written = crowd.now - timedelta(hours=2) if waits else at
                known = waits or written > crowd.now - WEEK
                yield (
                    f"{random.getrandbits(128):032x}", kind, random.getrandbits(128), "mail",
                    p.address if known else "", "fr", p.place.code, state,
                    3 if state in ("dead", "waiting") else 0, 0,
                    crowd.now + DAY if waits else written,
                    written + timedelta(seconds=4) if state == "sent" else None,
                    {"dead": "550 5.1.1", "waiting": "451 4.7.1"}.get(state, ""), written,
                )  # fmt: skip


class Journal:
    """A line for each account, and one in four about what people and staff did since."""

    BY_STAFF = ("account.read_by_staff",) * 12 + ("message.resent", "registration.resent") * 3 + (
        "account.sessions_ended", "account.suspended",
    )  # fmt: skip

    def fill(self, tables: Tables, crowd: Crowd) -> None:
        """In the order of their time. One of the staff does as much as all others together."""
        tables.copy(
            "audit_record",
            "at act actor subject fields reason academy",
            self._rows(crowd),
        )

    def _rows(self, crowd: Crowd) -> Iterator[Sequence[Any]]:
        random = crowd.random("journal")
        staff = [BUSY, *(f"user:{n:08d}-0000-4000-8000-{n:012d}" for n in range(1, STAFF))]
        for p in crowd.people():
            at = joined(p, crowd)
            yield (at, "account.confirmed", p.subject, p.subject, "{}", "", "")
            chance = random.random()
            if chance < 0.15:
                yield (at, "password.reset", p.subject, p.subject, "{password}", "", "")
            elif chance < 0.25:
                actor = BUSY if random.random() < 0.5 else random.choice(staff)
                act = random.choice(self.BY_STAFF)
                yield (at, act, actor, p.subject, "{}", "Appel de la famille.", p.place.code)


class Counters:
    """Windows that run: 60 for 100 people, those of sign-ups, letters and guesses."""

    SCOPES = (
        "letters.hour",
        "letters.day",
        "names.device",
        "sign_in.account",
        "sign_in.in_a_row",
        "recovery.device",
    )

    def fill(self, tables: Tables, crowd: Crowd) -> None:
        """Under keys that nobody has."""
        random = crowd.random("counters")
        tables.copy(
            "throttling_counter",
            "key scope count resets_at",
            (
                (random.randbytes(32), self.SCOPES[n % 6], 1 + n % 3, crowd.now + DAY * (1 + n % 200) / 4)
                for n in range(crowd.count * 60 // 100)
            ),
        )


class Sessions:
    """One person in ten is there at this moment."""

    def fill(self, tables: Tables, crowd: Crowd) -> None:
        """Their sessions hold nothing that could be read."""
        here = [number for number in range(crowd.count) if number % 10 == 4]
        random = crowd.random("sessions")
        keys = [text(random, 32) for _ in here]
        tables.copy(
            "accounts_opensession",
            "session_key session_data expire_date public_id user_id device network opened_at seen_at",
            (
                (key, text(random, 420), crowd.now + DAY / 2, f"{random.getrandbits(128):032x}",
                 crowd.first_key + number, "firefox.android", f"198.51.{number % 256}.0/24",
                 crowd.now - timedelta(minutes=number % 400), crowd.now - timedelta(minutes=number % 30))
                for number, key in zip(here, keys, strict=True)
            ),
        )  # fmt: skip


class WaysIn:
    """Letters of recovery of the last week (2 for 100 people), and addresses about to change."""

    def fill(self, tables: Tables, crowd: Crowd) -> None:
        """Half of those who asked are unknown to the portal."""
        random = crowd.random("ways in")
        tables.copy(
            "accounts_recoveryrequest",
            "public_id user_id link_secret created_at",
            (
                (f"{random.getrandbits(128):032x}", crowd.first_key + n if n % 100 else None,
                 text(random, 22), crowd.now - WEEK * n / crowd.count)
                for n in range(crowd.count) if n % 50 == 0
            ),
        )  # fmt: skip
        tables.copy(
            "accounts_addresschange",
            "public_id user_id address link_secret created_at",
            (
                (f"{random.getrandbits(128):032x}", crowd.first_key + n, f"neuf{n}@boite.example",
                 text(random, 22), crowd.now - DAY)
                for n in range(9, crowd.count, 500)
            ),
        )  # fmt: skip


class Hours:
    """The hours of virtual classes of each académie, a school year of them, and a rule for each degree."""

    def fill(self, tables: Tables, crowd: Crowd) -> None:
        """One row a day and académie."""
        tables.cursor.execute("SELECT id FROM schools_academy ORDER BY id")
        academies = [key for (key,) in tables.cursor.fetchall()]
        tables.copy(
            "virtual_classes_hoursheld",
            "academy_id day sessions minutes",
            (
                (academy, (crowd.now - DAY * day).date(), 120, 6_600)
                for day in range(1, 301)
                for academy in academies
            ),
        )
        tables.copy(
            "virtual_classes_classrules",
            "academy_id degree by_link by_account of_a_teacher of_a_division",
            (
                (academy, degree, True, True, True, True)
                for academy in academies
                for degree in ("first", "second")
            ),
        )


# Those that hang on others come after them.
FILLERS: tuple[Filler, ...] = (
    People(),
    SignUps(),
    Outbox(),
    Journal(),
    Counters(),
    Sessions(),
    WaysIn(),
    Declared(),
    Hours(),
)


def fill(tables: Tables, crowd: Crowd) -> None:
    """Fill every table, and let PostgreSQL see what came."""
    for filler in FILLERS:
        filler.fill(tables, crowd)
    for table in tables.touched:
        tables.cursor.execute(f"ANALYZE {table}")


def joined(person: Person, crowd: Crowd) -> datetime:
    """Return when somebody came: evenly over the last month."""
    return crowd.moments[person.number * len(crowd.moments) // crowd.count]


def waiting_of(crowd: Crowd) -> int:
    """Return how many sign-ups wait."""
    return crowd.count * 3 // 100


def text(random: Random, length: int) -> str:
    """Return as many hexadecimal digits by chance."""
    return f"{random.getrandbits(4 * length):0{length}x}"
