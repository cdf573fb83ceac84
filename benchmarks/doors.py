"""``make exec ARGS="-- python -m benchmarks.doors [--doors 1000]"``: what it costs to watch open doors.

So many sessions are open, and somebody waits at each. Asked again and again, with nothing new to say: by who
waits (no session of the portal is read), and by the teacher's page. A second is one of the web process's own
processor, PostgreSQL's work apart; the plan of the statement says that it reads by an index alone.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from virtual_classes.models import Entry


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


def measure(what: str, ask: Callable[[int], int], times: int) -> None:
    """Print how often one is asked in a processor's second; every answer must be « nothing new » (304)."""
    began = time.process_time()
    answers = {ask(turn) for turn in range(times)}
    spent = time.process_time() - began
    assert answers == {304}, answers
    print(f"{what:34} {times:7,} asked {spent:7.2f} s {times / spent:9,.0f} a second")


def main(doors: int, times: int) -> None:
    """Fill a database of its own, then ask."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    from virtual_classes import joining
    from virtual_classes.models import Entry

    settings.ALLOWED_HOSTS = ["*"]
    logging.disable(logging.INFO)  # a line for each answer is the log's cost, not the door's
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0)
    call_command("load_reference_data", verbosity=0)
    entries = fill(doors)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE virtual_classes_entry, virtual_classes_classsession")
    words = [(each.public_id, joining.watchword(each.public_id)) for each in entries]
    addresses = [reverse("class_watch", args=each) for each in words]
    anybody, known = Client(), {"If-None-Match": '"waiting-open-"'}
    measure(
        f"who waits, {doors:,} doors",
        lambda turn: anybody.get(addresses[turn % doors], headers=known).status_code,
        times,
    )
    teacher: Any = Client()
    session = entries[0].session
    teacher.force_login(session.teacher)
    page = reverse("class_session_door", args=[session.public_id])
    seen = {"If-None-Match": '"0-open"'}
    measure("a teacher's page", lambda _turn: teacher.get(page, headers=seen).status_code, times)
    print(Entry.objects.filter(public_id=words[0][0]).values_list("state", "session__state").explain())
    connection.creation.destroy_test_db(before, verbosity=0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="benchmarks.doors")
    parser.add_argument("--doors", type=int, default=1000)
    parser.add_argument("--times", type=int, default=1000)
    asked = parser.parse_args()
    django.setup()
    main(asked.doors, asked.times)
