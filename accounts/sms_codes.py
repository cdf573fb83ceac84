"""The six digits of an SMS: derived when they are sent and when they are judged, kept nowhere (SAFETY G7).

They come from ``LINK_KEY``, a purpose, the row that waits for them and the number of the code: a message
that the gateway sends twice carries the same code (SAFETY F22), a code asked for again kills the one before,
and a copy of the database gives none.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
import uuid
from typing import Protocol

from django.conf import settings

DIGITS = 6


class WaitingRow(Protocol):
    """A row that waits for a code."""

    public_id: uuid.UUID
    code_number: int


def code(purpose: str, row: WaitingRow) -> str:
    """Return the code in force of a row."""
    text = f"{purpose}|{row.public_id}|{row.code_number}".encode()
    number = int.from_bytes(hmac.digest(settings.LINK_KEY.encode(), text, hashlib.sha256))
    return f"{number % 10**DIGITS:0{DIGITS}}"


def read(typed: str) -> str:
    """Return what somebody typed as six plain digits: spaces, hyphens and full-width digits are fine.

    An empty string for what is no code.
    """
    plain = unicodedata.normalize("NFKC", typed[:100])
    digits = "".join(sign for sign in plain if not sign.isspace() and sign not in "-.\u200b")
    return digits if len(digits) == DIGITS and digits.isascii() and digits.isdigit() else ""


def is_right(purpose: str, row: WaitingRow, typed: str) -> bool:
    """Judge a code in constant time."""
    return hmac.compare_digest(code(purpose, row).encode(), read(typed).encode())
