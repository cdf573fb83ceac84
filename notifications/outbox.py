"""The outbox: the only way out for mails and SMS.

A message is a row written in the transaction of what it tells, so that neither exists without
the other (SAFETY G10). The worker sends it; see ``delivery.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import CharField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast, JSONObject, Now

from economy.together import Batch

from . import letters
from .models import Channel, Message, State
from .nudge import nudge

__all__ = [
    "Channel",
    "forget",
    "last_to",
    "latest",
    "letter_about",
    "post",
    "post_again",
    "post_many",
    "posted_lately",
    "read",
    "withdraw",
]
READ = ("state", "last_error", "created_at", "sent_at")  # what says where a message stands
WITH_THE_CLOCK = ("left_at", "read_at")  # and what says how old its link is


def post(
    *,
    kind: str,
    reference: str,
    to: str,
    channel: Channel = Channel.MAIL,
    language: str = "fr",
    academy: str = "",
    batch: Batch | None = None,
) -> Message:
    """Put a message in the outbox, in the caller's transaction: one INSERT, nothing else.

    ``kind`` is registered by a ``letters.py`` (:class:`LookupError` otherwise); ``reference`` is what
    its renderer needs to find what the letter is about: an opaque id, nothing personal. ``to`` is an
    address, or a phone number in E.164 form; ``academy`` the code of the académie whose staff may see
    it, empty for nobody's. With a ``batch`` the row is written by its statement. A nudge to the worker
    follows the commit, outside of the request (SAFETY F2).
    """
    letters.renderer(kind)
    message = Message(
        kind=kind, reference=reference, to=to, channel=channel, language=language, academy=academy
    )
    if batch is None:
        message.save(force_insert=True)
    else:
        batch.insert(message)
    transaction.on_commit(nudge)
    return message


@dataclass(frozen=True, kw_only=True)
class Posting:
    """One of many messages of a kind: what :func:`post` is told of it."""

    reference: str
    to: str
    language: str = "fr"


def post_many(kind: str, postings: Iterable[Posting], *, academy: str = "") -> int:
    """Put many mails of one kind in the outbox, in the caller's transaction: one INSERT for all of them.

    Returns how many. Raises what :func:`post` does.
    """
    letters.renderer(kind)
    messages = [
        Message(
            kind=kind,
            reference=each.reference,
            to=each.to,
            channel=Channel.MAIL,
            language=each.language,
            academy=academy,
        )
        for each in postings
    ]
    if messages:
        Message.objects.bulk_create(messages)
        transaction.on_commit(nudge)
    return len(messages)


def post_again(message: Message) -> Message:
    """Put a new message of the same kind, about the same thing, to the same place in the outbox.

    :class:`ValueError` if the address is no longer known (``retention.py``).
    """
    if not message.to:
        raise ValueError("the address of this message has been forgotten")
    return post(
        kind=message.kind,
        reference=message.reference,
        to=message.to,
        channel=Channel(message.channel),
        language=message.language,
        academy=message.academy,
    )


def latest(*, kind: str, reference: str) -> Message | None:
    """Return the last message of this kind about this thing, whatever became of it.

    With when one of them last left, and PostgreSQL's time.
    """
    return _with_the_clock(Message.objects.filter(kind=kind, reference=reference)).first()


def _with_the_clock(about: QuerySet[Message]) -> QuerySet[Message]:
    same = Message.objects.filter(kind=OuterRef("kind"), reference=OuterRef("reference"))
    sent = same.exclude(sent_at=None).order_by("-sent_at").values("sent_at")
    told: dict[str, Any] = {"left_at": Subquery(sent[:1]), "read_at": Now()}  # attributes of a message
    return about.order_by("-id").annotate(**told)


def posted_lately(*, kind: str, reference: str, within: timedelta) -> int:
    """Return how many messages of this kind about this thing were posted lately, by the database's clock."""
    about = Message.objects.filter(kind=kind, reference=reference, created_at__gt=Now() - within)
    return about.count()


def letter_about(kind: str, reference: OuterRef) -> Subquery:
    """Return a column for a query about things: where the last message of this kind about each stands.

    ``reference`` is the public id of the thing in the query around. :func:`read` makes a message of it.
    """
    about = Message.objects.filter(kind=kind, reference=Cast(reference, CharField()))
    said = JSONObject(**{name: name for name in (*READ, *WITH_THE_CLOCK)})
    return Subquery(_with_the_clock(about).values(said=said)[:1])


def read(said: dict[str, str | None] | None) -> Message | None:
    """Make a message, to be read only, of the column of :func:`letter_about`; ``None`` for none."""
    if said is None:
        return None
    values = {
        name: value and (datetime.fromisoformat(value) if name.endswith("_at") else value)
        for name, value in said.items()
    }
    clock = {name: values.pop(name) for name in WITH_THE_CLOCK}
    message = Message(**values)
    vars(message).update(clock)
    return message


def last_to(address: str, *, most: int = 5) -> list[Message]:
    """Return the last messages to an address or a number, newest first; none where it is forgotten."""
    if not address:
        return []
    return list(Message.objects.filter(to=address).order_by("-id")[:most])


def withdraw(*, kind: str, reference: str) -> int:
    """Stop what still waits to be sent, for example to a mistyped address; return how many.

    A message that is leaving at this very moment leaves.
    """
    return Message.objects.filter(kind=kind, reference=reference, state=State.WAITING).update(
        state=State.WITHDRAWN
    )


def forget(*, kind: str, reference: str) -> int:
    """Stop what still waits and forget where all messages about this thing went; return how many.

    For somebody who says that they have nothing to do with it.
    """
    withdraw(kind=kind, reference=reference)
    return Message.objects.filter(kind=kind, reference=reference).update(to="")
