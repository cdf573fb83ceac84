"""Sends what waits in the outbox. Any number of senders may run at once, and any may die.

A sender claims a batch by one statement (``FOR UPDATE SKIP LOCKED`` and a lease), writes and sends
each letter over one connection, and notes each result at once: killed at the worst moment, it leaves
one message that goes out twice, under the same Message-ID, and none that is lost (SAFETY G10, F6).
"""

from __future__ import annotations

import random
import time
import traceback
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import translation
from django.utils.module_loading import import_string

from throttling import limits

from . import letters, sms
from .gateways.base import Gateway, Parcel, Postponed, Refused, Unavailable, Unconfirmed
from .models import Channel, State

logger = structlog.get_logger(__name__)

BATCH = 20
# No message is begun later than this after a drain began…
BEGIN_WITHIN = 10  # seconds
# …the task that drains is ended by Celery before its lease ends (tasks.py)…
LEASE = timedelta(seconds=45)
# …and the sweeper comes every 15 seconds: what a dead sender held leaves within a minute (SAFETY F6).

KEEP_TRYING = timedelta(hours=48)
LONGEST_DELAY = timedelta(hours=4)
# While our own gateway is away, everybody waits: be there soon after it is back (SAFETY G10).
LONGEST_OUTAGE_DELAY = timedelta(minutes=5)
MOST_RENDERINGS = 5
MOST_INTERRUPTIONS = 5


class Claim(NamedTuple):
    """A message held by this sender until ``lease_until``."""

    id: int
    public_id: uuid.UUID
    kind: str
    reference: str
    channel: str
    to: str
    language: str
    attempts: int
    interruptions: int
    last_error: str
    created_at: datetime
    lease_until: datetime


_CLAIM = f"""
    WITH due AS (
        SELECT id FROM notifications_message
        WHERE state = 'waiting' AND next_attempt_at <= statement_timestamp()
            AND {{lease}} AND channel <> ALL (%s)
        ORDER BY next_attempt_at LIMIT %s FOR UPDATE SKIP LOCKED)
    UPDATE notifications_message m
    SET lease_until = statement_timestamp() + %s, interruptions = interruptions + %s
    FROM due WHERE m.id = due.id
    RETURNING {", ".join(f'm."{column}"' for column in Claim._fields)}"""  # noqa: S608  (our own constants)
_CLAIM_NEW = _CLAIM.format(lease="lease_until IS NULL")
_CLAIM_LAPSED = _CLAIM.format(lease="lease_until < statement_timestamp()")


def drain(*, lapsed: bool = True) -> bool:
    """Send what is due; return whether time ran out before all was done.

    ``lapsed``: first take up, one by one, what other senders held when they died. Were they taken in
    batches, a letter that kills its sender would take nineteen others with it each time (SAFETY F8).
    """
    sender = Sender()
    try:
        while lapsed and sender.has_time():
            claims = claim(_CLAIM_LAPSED, most=1, interrupted=1, without=sender.closed)
            if not claims:
                break
            sender.send(claims)
        while sender.has_time():
            claims = claim(_CLAIM_NEW, most=BATCH, interrupted=0, without=sender.closed)
            sender.send(claims)
            if len(claims) < BATCH:
                break
        return not sender.has_time()
    finally:
        sender.close()


def claim(statement: str, *, most: int, interrupted: int, without: Iterable[str]) -> list[Claim]:
    """Hold up to ``most`` due messages for the time of a lease, by the clock of the database."""
    with connection.cursor() as cursor:
        values: list[Any] = [list(without), most, LEASE, interrupted]
        cursor.execute(statement, values)
        return [Claim(*row) for row in cursor.fetchall()]


class Sender:
    """One drain: its gateways, which of them turned out to be closed, and how long it may go on."""

    def __init__(self) -> None:
        self.stop_at = time.monotonic() + BEGIN_WITHIN
        self.gateways: dict[str, Gateway] = {}
        self.closed: dict[str, str] = {}  # channel → code of the trouble

    def has_time(self) -> bool:
        """Say whether another message may be begun."""
        return time.monotonic() < self.stop_at

    def send(self, claims: Sequence[Claim]) -> None:
        """Send each, note what became of it, and put back what could not be tried."""
        stranded = []
        for position, held in enumerate(claims):
            if not self.has_time():
                put_back(claims[position:])
                break
            if held.channel in self.closed:
                stranded.append(held)
            else:
                self._send_one(held)
        for channel, code in self.closed.items():
            put_back(
                [held for held in stranded if held.channel == channel],
                code=code,
                delay=delay_after(1, _luck()),
            )

    def close(self) -> None:
        """Close what is open."""
        for channel in list(self.gateways):
            self._let_go(channel)

    def _let_go(self, channel: str) -> None:
        gateway = self.gateways.pop(channel, None)
        if gateway is not None:
            gateway.close()

    def _send_one(self, held: Claim) -> None:
        if held.interruptions >= MOST_INTERRUPTIONS:
            logger.error("letter_kills_its_sender", message=str(held.public_id), kind=held.kind)
            close(held, State.DEAD, "interrupted")
            return
        try:
            letter = render(held)
        except letters.NothingToSend:
            close(held, State.VOID)
            return
        except OperationalError:
            postpone(held, "unexpected")
            return
        except Exception as trouble:
            _tell("letter_failed", held, trouble)
            if held.last_error == "render" and held.attempts + 1 >= MOST_RENDERINGS:
                close(held, State.DEAD, "render")
            else:
                postpone(held, "render")
            return
        if held.channel == Channel.SMS and not _is_within_the_budget(held, letter):
            return
        try:
            self._gateway(held.channel).send(
                Parcel(held.public_id, held.channel, held.to, held.language, letter)
            )
        except Refused as refusal:
            _not_sent(held, letter)
            close(held, State.DEAD, refusal.code)
        except Unavailable as trouble:
            _not_sent(held, letter)
            self.closed[held.channel] = trouble.code
            logger.warning("gateway_unavailable", channel=held.channel, code=trouble.code)
            postpone(held, trouble.code, longest=LONGEST_OUTAGE_DELAY)
        except Unconfirmed as silence:
            if held.channel == Channel.SMS and held.last_error == silence.code:
                # It has had it twice and probably sent it: never three SMS (SAFETY F22).
                close(held, State.DEAD, silence.code)
            else:
                postpone(held, silence.code)
        except Postponed as delay:
            _not_sent(held, letter)
            postpone(held, delay.code)
        except Exception as trouble:  # a fault of ours must not kill messages
            _tell("gateway_failed", held, trouble)
            self._let_go(held.channel)
            postpone(held, "unexpected")
        else:
            close(held, State.SENT)

    def _gateway(self, channel: str) -> Gateway:
        if channel not in self.gateways:
            path = settings.MAIL_GATEWAY if channel == Channel.MAIL else settings.SMS_GATEWAY
            self.gateways[channel] = import_string(path)()
        return self.gateways[channel]


def _is_within_the_budget(held: Claim, letter: letters.Letter) -> bool:
    """Count the parts of an SMS before it is sent; over the day's budget it waits (SAFETY T7).

    A code that waits too long has no purpose any more, and its renderer says so; a word to an owner leaves
    when the day is over.
    """
    try:
        sms.spend(letter.text)
    except limits.Refused:
        logger.error("sms_budget_spent", message=str(held.public_id), kind=held.kind)
        postpone(held, "budget")
        return False
    except OperationalError:
        postpone(held, "unexpected")
        return False
    return True


def _not_sent(held: Claim, letter: letters.Letter) -> None:
    if held.channel == Channel.SMS:
        sms.give_back(letter.text)


def render(held: Claim) -> letters.Letter:
    """Let the app that owns this kind of letter write it, in the language of the message."""
    context = letters.Context(held.reference, held.to, held.language, held.created_at)
    with translation.override(held.language):
        return letters.renderer(held.kind)(context)


def delay_after(attempt: int, luck: float, *, longest: timedelta = LONGEST_DELAY) -> timedelta:
    """Return how long to wait after the ``attempt``-th failure (from 1): 1, 2, 5, 10, 20, 40 minutes…

    doubling up to ``longest``, give or take a tenth by ``luck`` (from 0 to 1), so that what failed
    together does not come back together (SAFETY F9).
    """
    minutes = (1, 2, 5)[attempt - 1] if attempt <= 3 else 5 * 2 ** min(attempt - 3, 20)
    return min(timedelta(minutes=minutes), longest) * (0.9 + 0.2 * luck)


def _luck() -> float:
    return random.random()  # noqa: S311  (spreads the load, guards nothing)


def close(held: Claim, state: State, code: str = "") -> None:
    """Note that a message was sent, or never will be."""
    # « sent » is noted whatever happened meanwhile, since it is true. The rest is for the sender who
    # holds the message: its lease may have ended, or the message been withdrawn.
    _write(
        "state = %(state)s, last_error = %(code)s, attempts = attempts + %(tried)s, lease_until = NULL,"
        " sent_at = CASE WHEN %(state)s = 'sent' THEN statement_timestamp() END",
        [held],
        state=state.value,
        code=code,
        tried=int(state != State.VOID),
        anyway=state == State.SENT,
    )
    logger.info("message_closed", message=str(held.public_id), kind=held.kind, state=state.value, code=code)


def postpone(held: Claim, code: str, *, longest: timedelta = LONGEST_DELAY) -> None:
    """Note a failed attempt and when the next is due; after 48 hours of them the message is dead."""
    _write(
        "attempts = attempts + 1, last_error = %(code)s, lease_until = NULL,"
        " state = CASE WHEN statement_timestamp() < created_at + %(keep)s THEN state ELSE 'dead' END,"
        " next_attempt_at = LEAST(statement_timestamp() + %(delay)s, created_at + %(keep)s)",
        [held],
        code=code,
        keep=KEEP_TRYING,
        delay=delay_after(held.attempts + 1, _luck(), longest=longest),
    )
    logger.info("message_postponed", message=str(held.public_id), kind=held.kind, code=code)


def put_back(claims: Sequence[Claim], *, code: str | None = None, delay: timedelta = timedelta(0)) -> None:
    """Let go of messages that were not tried. This is no attempt of theirs."""
    _write(
        "lease_until = NULL, last_error = COALESCE(%(code)s, last_error),"
        " next_attempt_at = GREATEST(next_attempt_at, statement_timestamp() + %(delay)s)",
        claims,
        code=code,
        delay=delay,
    )


def _write(changes: str, claims: Sequence[Claim], *, anyway: bool = False, **values: Any) -> None:
    if not claims:
        return
    statement = f"UPDATE notifications_message SET {changes} WHERE id = ANY (%(ids)s)"  # noqa: S608
    if not anyway:
        statement += " AND state = 'waiting' AND lease_until = %(lease)s"
    with connection.cursor() as cursor:
        cursor.execute(
            statement, {**values, "ids": [held.id for held in claims], "lease": claims[0].lease_until}
        )


def _tell(event: str, held: Claim, trouble: Exception) -> None:
    # The text of an exception may quote an address or a link: only its type and its place are logged.
    where = traceback.extract_tb(trouble.__traceback__)[-1]
    logger.error(
        event,
        message=str(held.public_id),
        kind=held.kind,
        trouble=type(trouble).__name__,
        where=f"{where.filename}:{where.lineno}",
    )


def beat() -> None:
    """Leave a sign of life of the worker, for the health page."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_heartbeat (name, seen_at) VALUES ('worker', statement_timestamp())"
            " ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at"
        )


def heartbeat_age_seconds() -> float | None:
    """Return how long ago the worker was last seen alive; None if it never was."""
    return _seconds("SELECT seen_at FROM notifications_heartbeat WHERE name = 'worker'")


def oldest_unsent_seconds() -> float | None:
    """Return for how long the oldest message has waited for us; None if none does.

    One whose recipient's server asked us to come back later (4xx) does not count: a single full
    mailbox would raise the alarm for two days.
    """
    return _seconds(
        "SELECT min(created_at) FROM notifications_message WHERE state = 'waiting' AND last_error !~ '^4'"
    )


def _seconds(moment: str) -> float | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT extract(epoch FROM statement_timestamp() - ({moment}))::float8")  # noqa: S608
        (seconds,) = cursor.fetchone()
    return None if seconds is None else max(0.0, seconds)
