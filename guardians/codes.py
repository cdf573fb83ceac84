"""The six digits of an SMS: derived when they are sent and when they are judged, kept nowhere (SAFETY G7).

They come from ``LINK_KEY``, the row that waits for them (a first sign-in, a new number) and the number of
the code: a message that the gateway sends
twice carries the same code (SAFETY F22), a code asked for again kills the one before, and a copy of the
database gives none.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from django.conf import settings

from .models import Activation, MobileChange

DIGITS = 6


def code(activation: Activation | MobileChange) -> str:
    """Return the code in force of a row that waits for one."""
    text = f"guardians.codes|{activation.public_id}|{activation.code_number}".encode()
    number = int.from_bytes(hmac.digest(settings.LINK_KEY.encode(), text, hashlib.sha256))
    return f"{number % 10**DIGITS:0{DIGITS}}"


def read(typed: str) -> str:
    """Return what somebody typed as six plain digits: spaces, hyphens and full-width digits are fine.

    An empty string for what is no code.
    """
    plain = unicodedata.normalize("NFKC", typed[:100])
    digits = "".join(sign for sign in plain if not sign.isspace() and sign not in "-.\u200b")
    return digits if len(digits) == DIGITS and digits.isascii() and digits.isdigit() else ""


def is_right(activation: Activation | MobileChange, typed: str) -> bool:
    """Judge a code in constant time."""
    return hmac.compare_digest(code(activation).encode(), read(typed).encode())
