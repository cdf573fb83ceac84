"""What the journal's seals are made of: digests of lines, chained, under a key outside the database.

A seal's ``mac`` is an HMAC-SHA256 over all it says, the digest of its lines and the hash of the seal before
it included. Whoever holds the database alone can change a line and every digest after it, and not one
``mac``. A seal also says whether it ``vouches`` for the one before: whether that one was found authentic,
by a key at hand, when this one was made. So whatever stands before an authentic seal is authentic as well,
and a key may be changed (docs/adr/0007).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from .models import Record, Seal

LINE = ("id", "at", "act", "actor", "subject", "fields", "reason", "academy")
BATCH = 1_000  # lines read at once
LOWEST = -(2**63)


def lines(*, after: int, last: int) -> Iterator[tuple[Any, ...]]:
    """Yield the lines with ``after`` < id ≤ ``last`` in the order of ids, as :data:`LINE`, by and by."""
    rows = Record.objects.order_by("id").values_list(*LINE)
    while batch := list(rows.filter(id__gt=after, id__lte=last)[:BATCH]):
        yield from batch
        after = batch[-1][0]


def canonical(*values: object) -> bytes:
    """Return values as the one series of bytes for them: JSON, dates in UTC to the microsecond."""
    written = json.dumps(values, ensure_ascii=False, separators=(",", ":"), default=_moment)
    return written.encode() + b"\n"


def _moment(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} has no canonical form")
    return value.astimezone(UTC).isoformat(timespec="microseconds")


class Keys:
    """The keys at hand: the first one of ``AUDIT_PSEUDONYM_KEY`` seals, or ``SECRET_KEY`` without it.

    Former ones are recognised: the others of ``AUDIT_PSEUDONYM_KEY``, ``SECRET_KEY_FALLBACKS``. Each is
    derived, so that a seal tells nothing of what else the secret protects.
    """

    def __init__(self) -> None:
        secrets = [*settings.AUDIT_PSEUDONYM_KEY, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        derived = [hmac.digest(secret.encode(), b"audit.seal", "sha256") for secret in secrets]
        self._known = {_name(key): key for key in reversed(derived)}
        self._current = derived[0]

    def sign(self, seal: Seal) -> None:
        """Fill in ``key`` and ``mac``."""
        seal.key = _name(self._current)
        seal.mac = _mac(self._current, seal)

    def knows(self, seal: Seal) -> bool:
        """Say whether the key that the seal names is at hand."""
        return seal.key in self._known

    def authentic(self, seal: Seal) -> bool:
        """Say whether a key at hand made this seal as it stands."""
        key = self._known.get(seal.key)
        return key is not None and hmac.compare_digest(_mac(key, seal), seal.mac)


def link(seal: Seal) -> str:
    """Return what the next seal holds of this one: the hash of all it says."""
    return hashlib.sha256(_said(seal) + seal.mac.encode()).hexdigest()


def _name(key: bytes) -> str:
    return hmac.digest(key, b"name", "sha256").hex()[:8]


def _mac(key: bytes, seal: Seal) -> str:
    return hmac.digest(key, _said(seal), "sha256").hex()


def _said(seal: Seal) -> bytes:
    return canonical(
        "seal 1",
        seal.number,
        seal.first_id,
        seal.last_id,
        seal.count,
        seal.sealed_at,
        seal.digest,
        seal.previous,
        seal.vouches,
        seal.key,
    )
