"""Counting, and refusing, before anything is judged (SAFETY T4, T7, T8, T18, T28).

The counters are in PostgreSQL: they outlive a flushed Redis, a restart, and the rollback of
whatever the caller does next.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext, ngettext

from economy import clock

from .models import Counter

PARIS = ZoneInfo("Europe/Paris")
SCOPE = re.compile(r"[a-z][a-z0-9_.]{0,59}")
LONGEST_KEY = 1_000  # characters, beyond what any name, address or password may have

# One statement for all limits. Rows are taken in the order of their keys, so that two callers who
# share several limits wait for each other instead of locking each other out. The clock is the database's.
COUNT = """
INSERT INTO throttling_counter AS counter (key, scope, count, resets_at)
SELECT key, scope, %s, now() + per
  FROM unnest(%s::bytea[], %s::text[], %s::interval[]) AS asked (key, scope, per)
 ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN counter.resets_at <= now() THEN excluded.count ELSE counter.count + excluded.count END,
    resets_at = CASE WHEN counter.resets_at <= now() THEN excluded.resets_at ELSE counter.resets_at END
RETURNING key, count, resets_at, now()
"""

# In the same order, for the same reason.
FORGET = """
DELETE FROM throttling_counter WHERE key = ANY (ARRAY(
    SELECT key FROM throttling_counter WHERE key = ANY (%s::bytea[]) ORDER BY key FOR UPDATE
))
"""


GIVE_BACK = """
UPDATE throttling_counter
   SET count = CASE WHEN key = ANY (%s::bytea[]) THEN 0 ELSE greatest(count - %s, 0) END
 WHERE key = ANY (ARRAY(
    SELECT key FROM throttling_counter WHERE key = ANY (%s::bytea[]) AND count > 0 ORDER BY key FOR UPDATE
))
"""


@dataclass(frozen=True)
class Limit:
    """At most ``most`` times ``per`` window, for one ``key`` of one ``scope``.

    ``scope`` names what is counted (``sign_in.account``; lower-case letters, digits, ``_`` and ``.``)
    and is stored in clear. ``key`` says who: an address, a phone, a client's network. Only its keyed
    hash is stored, and letter case, spaces around and Unicode variants do not make another key (T18).
    The same scope with another ``per`` is another counter: « 3 in 10 minutes and 5 a day » is two limits.
    Raises ``ValueError`` for a scope that could hold personal data, or a window that is not positive.
    """

    scope: str
    key: str
    most: int
    per: timedelta

    def __post_init__(self) -> None:
        if not SCOPE.fullmatch(self.scope):
            raise ValueError("A scope is a short name in lower case, such as sign_in.account")
        if self.most < 0 or self.per <= timedelta(0):
            raise ValueError("A limit needs a positive window, and a count that is not negative")

    @property
    def digest(self) -> bytes:
        """Return the 32 bytes under which this limit is counted: HMAC-SHA256 keyed by ``SECRET_KEY``."""
        # A longer one is nobody's: putting its marks in order would cost the square of their number.
        key = self.key if len(self.key) > LONGEST_KEY else unicodedata.normalize("NFKC", self.key)
        key = " ".join(key.casefold().split())
        said = f"{self.scope}\0{self.per.total_seconds()}\0{key}"
        return salted_hmac(
            "throttling.limits", said.encode("utf-8", "surrogatepass"), algorithm="sha256"
        ).digest()


class Refused(Exception):
    """Too often. ``limit`` is the one that holds longest, ``retry_at`` when it ends (database clock)."""

    def __init__(self, limit: Limit, retry_at: datetime, now: datetime) -> None:
        super().__init__(f"{limit.scope}: more than {limit.most} in {limit.per}")
        self.limit = limit
        self.retry_at = retry_at
        self.now = now

    @property
    def wait(self) -> str:
        """Say when to come back, to stand after « Réessayez »: « dans 12 minutes », « demain ».

        Always rounded up: whoever comes back at the time said is not refused again.
        """
        left = self.retry_at - self.now
        seconds = max(1, math.ceil(left.total_seconds()))
        if seconds <= 50:
            tens = math.ceil(seconds / 10) * 10
            return gettext("dans %(count)d secondes") % {"count": tens}
        if (minutes := math.ceil(seconds / 60)) < 60:
            if minutes == 1:
                return gettext("dans une minute")
            return ngettext("dans %(count)d minute", "dans %(count)d minutes", minutes) % {"count": minutes}
        if (hours := math.ceil(seconds / 3600)) == 1:
            return gettext("dans une heure")
        # The next full hour, in Paris: the only clock a family can be told about.
        opens = self.retry_at.astimezone(PARIS)
        if opens.minute or opens.second or opens.microsecond:
            opens = opens.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        tomorrow = self.now.astimezone(PARIS).date() + timedelta(days=1)
        if hours >= 12 and opens.date() == tomorrow:
            if opens.hour == 0:
                return gettext("demain")
            return gettext("demain à partir de %(hour)d h") % {"hour": opens.hour}
        if hours <= 24:
            return ngettext("dans %(count)d heure", "dans %(count)d heures", hours) % {"count": hours}
        days = math.ceil(seconds / 86_400)
        return ngettext("dans %(count)d jour", "dans %(count)d jours", days) % {"count": days}


def hit(*limits: Limit, times: int = 1) -> dict[Limit, int]:
    """Count one on each limit, then raise :class:`Refused` if one of them is passed; return the counts.

    Call it before judging anything, outside any transaction: the count is committed at once, and
    what fails afterwards cannot take it back (``RuntimeError`` from Django inside a transaction).
    ``times`` counts more than one: what is sent in several parts, for example.
    A window is fixed: it starts with the first hit, and hits that are refused do not lengthen it.
    """
    digests = {limit.digest: limit for limit in limits}
    asked = sorted(digests)
    if not asked:
        return {}
    with _committed_at_once(), connection.cursor() as cursor:
        cursor.execute(
            COUNT,
            [times, asked, [digests[key].scope for key in asked], [digests[key].per for key in asked]],
        )
        counted = {bytes(key): rest for key, *rest in cursor.fetchall()}
    clock.hear(next(iter(counted.values()))[2])
    refusals = [
        Refused(limit, resets_at, now)
        for limit in limits
        for count, resets_at, now in [counted[limit.digest]]
        if count > limit.most
    ]
    if refusals:
        raise max(refusals, key=lambda refusal: refusal.retry_at)
    return {limit: counted[limit.digest][0] for limit in limits}


def _committed_at_once() -> AbstractContextManager[None]:
    """Commit one statement by itself; inside a transaction Django's durable block refuses it."""
    if connection.in_atomic_block or not connection.get_autocommit():
        return transaction.atomic(durable=True)
    return nullcontext()  # a statement alone is a transaction: two ways to PostgreSQL and back less


def settle(counted: dict[Limit, int], *, forgiven: Iterable[Limit] = ()) -> None:
    """Take back what :func:`hit` counted for an act that was no abuse, once it comes to matter.

    The first few are left in the counters: a fifth of what a limit allows stands for them, so that most
    such acts cost no statement. The counters only ever err on the side of refusing a little sooner.
    """
    matters = [limit for limit, count in counted.items() if count > limit.most // 5]
    give_back(
        *(limit for limit in matters if limit not in set(forgiven)),
        forgiven=[limit for limit in forgiven if limit in matters],
    )


def peek(limit: Limit) -> int:
    """Return how often ``limit`` was hit in its running window, without counting."""
    live = Counter.objects.filter(key=limit.digest, resets_at__gt=Now())
    return live.values_list("count", flat=True).first() or 0


def closed(limit: Limit) -> Refused | None:
    """Return the refusal that the next hit would meet, which says until when; ``None`` while it is open.

    Counts nothing: for a page that says where things stand.
    """
    live = Counter.objects.filter(key=limit.digest, resets_at__gt=Now(), count__gte=limit.most)
    found = live.values_list("resets_at", Now()).first()
    return None if found is None else Refused(limit, *found)


def clear(*limits: Limit) -> None:
    """Forget what was counted, for instance after the right password."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [[limit.digest for limit in limits]])


def give_back(*limits: Limit, forgiven: Iterable[Limit] = (), times: int = 1) -> None:
    """Take back what was counted for an act that did not take place, for instance a letter not written.

    ``times`` as they were counted. Of those ``forgiven`` nothing stays counted: one statement for both.
    """
    forgotten = [limit.digest for limit in forgiven]
    asked = [*(limit.digest for limit in limits), *forgotten]
    if not asked:
        return
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, [forgotten, times, asked])
