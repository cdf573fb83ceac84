"""Secret links in mails: made when a mail is sent, checked without a trace at rest.

A token is the public id of a row and a MAC over it: ``base64url(id (16 bytes) || mac (20 bytes))``,
48 characters. The MAC is keyed by ``LINK_KEY`` and covers the purpose and the row's own secret, so a
token opens one purpose of one row, and changing the row's secret kills it (SAFETY T25). Sending a
mail again gives the same link; a stolen copy of the database gives none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import uuid
from datetime import timedelta
from typing import Protocol

from django.conf import settings

from economy import clock
from notifications import outbox
from notifications.models import Message, State

LIFETIME = timedelta(hours=72)  # from the moment the mail was really sent
MAC_BYTES = 20


class LinkedRow(Protocol):
    """A row that a link may open."""

    public_id: uuid.UUID
    link_secret: str


def token(purpose: str, row: LinkedRow) -> str:
    """Return the token that opens ``row`` for ``purpose``."""
    return base64.urlsafe_b64encode(row.public_id.bytes + _mac(purpose, row)).decode()


def public_id(token: str) -> uuid.UUID | None:
    """Return which row a token speaks of, without believing it; ``None`` for what is no token."""
    if len(token) != 48:
        return None
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return uuid.UUID(bytes=raw[:16])


def opens(token: str, purpose: str, row: LinkedRow) -> bool:
    """Say whether the token was made for this purpose and row, in constant time."""
    raw = base64.urlsafe_b64decode(token)
    return hmac.compare_digest(raw[16:], _mac(purpose, row))


def expired(kind: str, reference: str, *, lifetime: timedelta = LIFETIME) -> bool:
    """Say whether the last mail with this link left more than ``lifetime`` ago, by PostgreSQL's clock (F16).

    A mail that still waits and whose departure was never written down (a worker that died just after it)
    counts as sent now: only somebody who received it can hold the link. Of one that was refused, or had no
    purpose any more, the link is as old as the message: a second try that failed revives no old link.
    """
    return is_old(outbox.latest(kind=kind, reference=reference), lifetime=lifetime)


def is_old(message: Message | None, *, lifetime: timedelta = LIFETIME) -> bool:
    """Say the same of a message that is at hand, as it was read with the clock."""
    if message is None:
        return False
    if message.state == State.WAITING:
        return False
    return (message.left_at or message.created_at) + lifetime <= (message.read_at or clock.now())


def _mac(purpose: str, row: LinkedRow) -> bytes:
    text = f"{purpose}|{row.public_id}|{row.link_secret}".encode()
    return hmac.digest(settings.LINK_KEY.encode(), text, hashlib.sha256)[:MAC_BYTES]
