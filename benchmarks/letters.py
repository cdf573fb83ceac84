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
        began, spent = time.perf_counter(), time.process_time()
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
        seconds, processor = time.perf_counter() - began, time.process_time() - spent
        batch.refresh_from_db()
        pdf = sum(LetterFile.objects.filter(batch=batch).values_list("size", flat=True))
        sealed = sum(len(part.sealed) for part in LetterPart.objects.filter(batch=batch))
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{per_page} to a page: {batch.made:,} letters, {batch.get_state_display()}, {seconds:6.1f} s"
            f" ({processor:.1f} s of a processor), {pdf / 1e6:.1f} MB of PDF, {sealed / 1e6:.1f} MB sealed"
            f" beside it, {most} MB of memory at most so far"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="benchmarks.letters")
    parser.add_argument("--letters", type=int, default=1000)
    asked = parser.parse_args()
    django.setup()
    main(asked.letters)
