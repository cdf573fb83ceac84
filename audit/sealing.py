"""Sealing the journal, once a minute, without a request that waits for another's line (SAFETY T53).

Ids are given out in order and become visible in any order: a line may appear below one that is there
already, as long as its transaction is open. What is sealed must be complete, so a range ends at a line
whose elders have all arrived or never will: every transaction that was writing into the journal when its
last line had been seen has ended. PostgreSQL's own table of locks tells (as it tells ``CREATE INDEX
CONCURRENTLY``): a writer holds its lock on the table from before it takes an id until it has committed.
Nobody is locked out meanwhile.
"""

from __future__ import annotations

import hashlib
import time
from datetime import datetime

import structlog
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from .chain import LINE, Keys, canonical, lines, link
from .models import Record, Seal

MOST_LINES = 10_000  # under one seal
WRITERS_MAY_TAKE = 10.0  # seconds; a longer transaction is waited for by the next round
SECONDS = 30.0  # for one round; a journal of a million lines takes a few
PAUSE = 0.05

WRITERS = """
SELECT virtualtransaction FROM pg_locks
 WHERE locktype = 'relation' AND relation = 'audit_record'::regclass
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND mode = 'RowExclusiveLock' AND granted AND pid IS DISTINCT FROM pg_backend_pid()
"""

logger = structlog.get_logger(__name__)


def seal() -> list[Seal]:
    """Seal all lines that are settled; return the seals made, none when nothing is new.

    Two at once do no harm: a seal's number and its first line are unique. The number and the beginning of
    each seal go to the log, which the database's owner does not hold: seals cut off at the end are found
    by them (``verify_journal --known``).
    """
    end = time.monotonic() + SECONDS
    newest = Record.objects.order_by("-id").values_list("id", flat=True).first()
    last = Seal.objects.order_by("-number").first()
    made: list[Seal] = []
    if newest is None or (last and last.last_id >= newest) or not _elders_have_arrived():
        return made
    keys = Keys()
    while (last is None or last.last_id < newest) and time.monotonic() < end:
        following = _following(last, newest, keys)
        if following is None:
            break
        try:
            with transaction.atomic():
                following.save(force_insert=True)
        except IntegrityError:  # another sealer was faster
            pass
        else:
            made.append(following)
            logger.info("journal_sealed", seal=known(following), count=following.count)
        last = Seal.objects.order_by("-number").first()
    return made


def known(seal: Seal) -> str:
    """Return what identifies a seal outside the database: its number and the beginning of its mac."""
    return f"{seal.number}:{seal.mac[:16]}"


def oldest_unsealed_seconds() -> float | None:
    """Return the age of the oldest line without a seal, by the database's clock; ``None`` without one."""
    after = Seal.objects.order_by("-number").values_list("last_id", flat=True).first()
    oldest = (
        Record.objects.filter(id__gt=after or 0)
        .order_by("id")
        .annotate(now=Now())
        .values_list("at", "now")
        .first()
    )
    return None if oldest is None else max(0.0, (oldest[1] - oldest[0]).total_seconds())


def _elders_have_arrived() -> bool:
    """Wait until all who were writing into the journal have ended; false when one takes too long."""
    writing = _writers()
    end = time.monotonic() + WRITERS_MAY_TAKE
    while writing:
        if time.monotonic() > end:
            logger.warning("journal_not_sealed_while_written", count=len(writing))
            return False
        time.sleep(PAUSE)
        writing &= _writers()
    return True


def _writers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(WRITERS)
        return {transaction for (transaction,) in cursor.fetchall()}


def _following(last: Seal | None, newest: int, keys: Keys) -> Seal | None:
    after = last.last_id if last else 0
    digest, count, until = hashlib.sha256(), 0, after
    for line in lines(after=after, last=newest):
        digest.update(canonical(*line))
        count, until = count + 1, line[LINE.index("id")]
        if count == MOST_LINES:
            break
    if not count:
        return None
    vouches = last is None or keys.authentic(last)
    if not vouches:
        logger.error("journal_seal_not_recognised")
    seal = Seal(
        number=last.number + 1 if last else 1,
        first_id=after + 1,
        last_id=until,
        count=count,
        sealed_at=_now(),
        digest=digest.hexdigest(),
        previous=link(last) if last else "",
        vouches=vouches,
    )
    keys.sign(seal)
    return seal


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
