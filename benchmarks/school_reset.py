"""``make exec ARGS="-- python -m benchmarks.school_reset [--accounts 5000]"``: how long it takes.

SAFETY G16 asks for all sessions ended and all passwords closed within 60 seconds for 5,000 accounts. The
accounts are pupils with an address each, of one school, every one with an open session; the letters are put
in the outbox, and leave by themselves afterwards. One worker does it, as in production.
"""

from __future__ import annotations

import argparse
import time
import uuid

import django

GATE = 60  # seconds


def main(accounts: int) -> int:
    """Make a school up, reset it, and print what it took; return 1 if that is too long."""
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from accounts import school_resets
    from accounts.models import OpenSession, SchoolReset, User
    from notifications.models import Message
    from tests.accounts.heads import head_of
    from tests.accounts.test_ending_all_sessions_of_a_school import crowd
    from tests.guardians.conftest import school

    call_command("migrate", verbosity=0)
    call_command("load_reference_data", verbosity=0)
    place = school()
    crowd(place, accounts)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    asked = school_resets.ask(
        place, optional=frozenset(), submission=uuid.uuid4(), by=head_of(place), reason="Mesure du temps"
    )
    began, processor = time.monotonic(), time.process_time()
    chunks, slowest, statements = 0, 0.0, 0
    while True:
        start = time.monotonic()
        with CaptureQueriesContext(connection) as captured:
            more = school_resets.take(str(asked.public_id))
        slowest = max(slowest, time.monotonic() - start)
        if not more:
            break
        chunks, statements = chunks + 1, len(captured)
    seconds = time.monotonic() - began
    asked = SchoolReset.objects.get(pk=asked.pk)
    assert asked.finished_at and asked.closed == accounts and not OpenSession.objects.exists()
    assert not User.objects.filter(student__isnull=False, session_epoch=0).exists()
    print(
        f"{accounts:,} accounts: {seconds:.1f} s ({time.process_time() - processor:.1f} s of Python), "
        f"{chunks} chunks of {statements} statements, the slowest {slowest:.2f} s, "
        f"{Message.objects.count():,} letters in the outbox"
    )
    print("within" if seconds <= GATE else "PAST", f"the {GATE} s of SAFETY G16")
    return int(seconds > GATE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="benchmarks.school_reset")
    parser.add_argument("--accounts", type=int, default=5_000)
    options = parser.parse_args()
    django.setup()
    raise SystemExit(main(options.accounts))
