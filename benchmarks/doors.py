"""What it costs to watch open doors: so many sessions are open, and somebody waits at each.

They ask again and again, and there is nothing new to say: who waits (no session of the portal is read), and
a teacher's page. ``make bench`` asks its portal over HTTP (:func:`at_a_portal`) and counts the processor of
all that answers, PostgreSQL and Valkey included. ``make exec ARGS="-- python -m benchmarks.doors"`` asks
within one process, without a web server and without PostgreSQL's work, and shows the plan of the statement,
which must read by an index alone.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import django

if TYPE_CHECKING:
    from virtual_classes.models import Entry

    from .products import Portal

DOORS = 1_000
SECONDS = 10.0  # of asking, of each kind
AT_ONCE = 4  # who ask at one moment
SLOWEST, SLOWEST_HIDDEN = (
    15,
    60,
)  # seconds between two questions of a page that nothing happens to (js/live.js)
WAITS, STANDS = '"waiting-open-"', '"0-open"'  # the ETags of an open door at which nothing has happened


class Watched(NamedTuple):
    """What is asked: the pages that wait, and a teacher's page with the cookie that opens it."""

    waiting: list[str]
    teachers: str
    cookie: str


class Answered(NamedTuple):
    """What came of asking one kind for some seconds."""

    answers: dict[int, int]  # how many of each status
    seconds: float
    cpu: float  # seconds of all that answered

    @property
    def milliseconds(self) -> float:
        """Of a processor, for one answer."""
        return 1000 * self.cpu / max(sum(self.answers.values()), 1)

    def said(self, what: str, doors: int) -> str:
        """Return the figures of one kind, in a line."""
        count = sum(self.answers.values())
        share = self.milliseconds / 10 * doors  # percent of a processor, each door asking once a second
        return (
            f"{what:<18}{count:>7,} asked {count / self.seconds:6,.0f} a second"
            f" {self.milliseconds:6.2f} ms of CPU; {doors:,} pages take {share / SLOWEST:4.0f} %"
            f" of a processor every {SLOWEST} s, {share / SLOWEST_HIDDEN:3.0f} % every {SLOWEST_HIDDEN} s"
        )


def fill(doors: int) -> list[Entry]:
    """Open so many sessions, each of a teacher of its own, with one visitor at the door."""
    from django.utils import timezone
    from psycopg2.extras import DateTimeTZRange

    from accounts.models import User
    from schools.models import Academy
    from schools.school_year import SchoolYear
    from virtual_classes.models import ClassSession, Entry, VirtualClass

    now, academy = timezone.now(), Academy.objects.get(code="70")
    teachers = User.objects.bulk_create(User(first_name="Claire", last_name=f"D{n}") for n in range(doors))
    classes = VirtualClass.objects.bulk_create(
        VirtualClass(
            title="Français", teacher=teacher, academy=academy, degree="second", mode="link",
            school_year=SchoolYear.current().year, provider="demonstration",
        )
        for teacher in teachers
    )  # fmt: skip
    sessions = ClassSession.objects.bulk_create(
        ClassSession(
            virtual_class=each, teacher=each.teacher, capacity=40, state="open", provider=each.provider,
            during=DateTimeTZRange(now, now + timedelta(hours=1)), opened_at=now,
        )
        for each in classes
    )  # fmt: skip
    return Entry.objects.bulk_create(
        Entry(session=each, browser=f"{n:064}", name="Zoé Roche", role="visitor")
        for n, each in enumerate(sessions)
    )


def watched(entries: list[Entry]) -> Watched:
    """Return what the pages at these doors ask for; the first teacher signs in for it."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    from accounts import enrolment
    from accounts.models import PolicyDocument
    from virtual_classes import joining

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE virtual_classes_entry, virtual_classes_classsession")
    teacher: Any = Client()
    session = entries[0].session
    for terms in PolicyDocument.objects.in_force("terms")[:1]:
        enrolment.accept(session.teacher, terms)
    teacher.force_login(session.teacher)
    cookie = teacher.cookies[settings.SESSION_COOKIE_NAME]
    return Watched(
        [
            reverse("class_watch", args=[each.public_id, joining.watchword(each.public_id)])
            for each in entries
        ],
        reverse("class_session_door", args=[session.public_id]),
        f"{cookie.key}={cookie.value}",
    )


# --- of a portal that runs --------------------------------------------------------------------------


def at_a_portal(portal: Portal, *, doors: int = DOORS, seconds: float = SECONDS) -> list[str]:
    """Open doors at a portal, ask, and print what it took; return what went wrong."""
    opened = Watched(**json.loads(portal.manage("benchmarks.doors", "--fill", str(doors))))
    print(f"\n{doors:,} doors are open, one waits at each and asks again; nothing is new (304)")
    wrong = []
    for what, paths, headers in (
        ("who waits", opened.waiting, {"If-None-Match": WAITS}),
        ("a teacher's page", [opened.teachers], {"If-None-Match": STANDS, "Cookie": opened.cookie}),
    ):
        ask(portal.site, paths, headers, seconds=1, cpu=portal.cpu)  # each thread has its connections
        found = ask(portal.site, paths, headers, seconds=seconds, cpu=portal.cpu)
        print(found.said(what, doors))
        if set(found.answers) != {304}:
            wrong.append(f"doors, {what}: {found.answers}")
    return wrong


def ask(
    site: str,
    paths: list[str],
    headers: dict[str, str],
    *,
    seconds: float,
    cpu: Callable[[], dict[str, float]],
) -> Answered:
    """Ask for these pages in turn, some at once, until the seconds are over: each at least once.

    An answer 0 is none.
    """
    parts = urlsplit(site)
    turns, lock, answers = itertools.cycle(paths), threading.Lock(), dict[int, int]()
    before, began = sum(cpu().values()), time.monotonic()

    def somebody() -> None:
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        while True:
            with lock:
                path = next(turns)
            try:
                connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except (OSError, HTTPException):
                connection.close()
                status = 0
            with lock:
                answers[status] = answers.get(status, 0) + 1
            if time.monotonic() >= began + seconds:
                break
        connection.close()

    threads = [threading.Thread(target=somebody) for _one in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Answered(answers, time.monotonic() - began, sum(cpu().values()) - before)


# --- within one process -----------------------------------------------------------------------------


def measure(what: str, ask_once: Callable[[int], int], times: int) -> None:
    """Print how often one is asked in a processor's second; every answer must be « nothing new » (304)."""
    began = time.process_time()
    answers = {ask_once(turn) for turn in range(times)}
    spent = time.process_time() - began
    assert answers == {304}, answers
    print(f"{what:34} {times:7,} asked {spent:7.2f} s {times / spent:9,.0f} a second")


def main(doors: int, times: int) -> None:
    """Fill a database of its own, then ask."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client

    from virtual_classes.models import Entry

    settings.ALLOWED_HOSTS = ["*"]
    logging.disable(logging.INFO)  # a line for each answer is the log's cost, not the door's
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0)
    call_command("load_reference_data", verbosity=0)
    entries = fill(doors)
    asked = watched(entries)
    anybody: Any = Client()
    measure(
        f"who waits, {doors:,} doors",
        lambda turn: anybody.get(asked.waiting[turn % doors], headers={"If-None-Match": WAITS}).status_code,
        times,
    )
    seen = {"If-None-Match": STANDS, "Cookie": asked.cookie}
    measure("a teacher's page", lambda _turn: anybody.get(asked.teachers, headers=seen).status_code, times)
    one = Entry.objects.filter(public_id=entries[0].public_id)
    print(one.values_list("state", "session__state").explain())
    connection.creation.destroy_test_db(before, verbosity=0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="benchmarks.doors")
    parser.add_argument("--doors", type=int, default=DOORS)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--fill", type=int, default=0, help="open so many at the portal, say what is asked")
    words = parser.parse_args()
    django.setup()
    if words.fill:
        print(json.dumps(watched(fill(words.fill))._asdict()))
    else:
        main(words.doors, words.times)
