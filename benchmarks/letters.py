"""``make exec ARGS="-- python -m benchmarks.letters [--letters 1000]"``: seconds and megabytes of a batch.

What a worker does for a school: letters written in hundreds, then printed, for each layout. Seconds are those
of the clock, and of a processor beside them, which other work on the machine does not lengthen.
"""

from __future__ import annotations

import argparse
import resource
import time
import uuid

import django


def processor() -> float:
    """Return the seconds that this process and those it ended with have had of a processor."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + spent.ru_utime + spent.ru_stime


def main(count: int) -> None:
    """Make a school up, and letters for its pupils."""
    from django.core.management import call_command
    from django.db import transaction

    from schools.letters import making
    from schools.models import Audience, LetterBatch, LetterFile, LetterPart
    from schools.reference import loading
    from schools.scope import EVERYWHERE
    from tests.schools.letters.conftest import pupils
    from tests.schools.rosters.declared import letters, school

    call_command("migrate", verbosity=0)
    loading.load()
    with transaction.atomic():
        for start in range(0, count, 25):
            pupils(
                (f"Élève{letters(n)}" for n in range(start, min(start + 25, count))),
                f"{start // 25 % 40 + 1} A",
            )
    for per_page in (8, 2, 1):
        began, spent = time.perf_counter(), processor()
        batch = making.ask(
            school(),
            audience=Audience.PUPIL,
            divisions=[],
            language="fr",
            per_page=per_page,
            includes_known=True,
            scope=EVERYWHERE,
            by="system",
            submission=uuid.uuid4(),
        )
        while LetterBatch.objects.unfinished().filter(pk=batch.pk).exists():
            making.make(str(batch.public_id))
        seconds, spent = time.perf_counter() - began, processor() - spent
        batch.refresh_from_db()
        pdf = sum(LetterFile.objects.filter(batch=batch).values_list("size", flat=True))
        sealed = sum(len(part.sealed) for part in LetterPart.objects.filter(batch=batch))
        worker, press = (
            resource.getrusage(who).ru_maxrss // 1024
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        print(
            f"{per_page} to a page: {batch.made:,} letters, {batch.get_state_display()}, {seconds:6.1f} s"
            f" ({spent:.1f} s of a processor), {pdf / 1e6:.1f} MB of PDF, {sealed / 1e6:.1f} MB sealed"
            f" beside it; at most so far {worker} MB of memory here, {press} MB in the press"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="benchmarks.letters")
    parser.add_argument("--letters", type=int, default=1000)
    asked = parser.parse_args()
    django.setup()
    main(asked.letters)
