"""What an SMS costs: the parts that phones put together, and how many of them leave in a day (SAFETY T7).

Text of the alphabet of phones (GSM 03.38) has 160 signs alone and 153 in each of several parts; one sign that
is not in it (« ê », « ç ») makes 70 and 67 of that. Operators count parts, and so do we, whatever gateway
takes them there.
"""

from __future__ import annotations

from datetime import timedelta

from smpplib import consts
from smpplib.gsm import gsm_encode

from throttling import limits

BUDGET = 50_000  # parts a day, for the whole portal
# One sign of those on the left would make each SMS hold 70 signs instead of 160.
LOOK_ALIKES = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "\u00a0": " ", "\u202f": " ", "–": "-", "…": "..."}
)


def cut(text: str, *, reference: int) -> tuple[int, list[bytes]]:
    """Return the coding of a text and its parts: one, or several that phones put together again.

    GSM 03.38 where its alphabet has all the signs of the text, UCS-2 otherwise. No sign stands on both
    sides of a cut. ``reference`` is the same at each attempt: a part that comes twice is still one
    (3GPP TS 23.040, 9.2.3.24.1).
    """
    try:
        signs = [gsm_encode(sign) for sign in text.translate(LOOK_ALIKES)]
        coding, alone, among_others = consts.SMPP_ENCODING_DEFAULT, 160, 153
    except UnicodeError:
        signs = [sign.encode("utf-16-be") for sign in text]
        coding, alone, among_others = consts.SMPP_ENCODING_ISO10646, 140, 134
    if sum(map(len, signs)) <= alone:
        return coding, [b"".join(signs)]
    parts = [b""]
    for sign in signs:
        if len(parts[-1]) + len(sign) > among_others:
            parts.append(b"")
        parts[-1] += sign
    return coding, [
        bytes([5, 0, 3, reference, len(parts), number]) + part for number, part in enumerate(parts, 1)
    ]


def parts(text: str) -> int:
    """Return how many parts an operator counts for a text."""
    return len(cut(text, reference=0)[1])


def budget() -> limits.Limit:
    """Return what leaves in a day at most, codes and words alike."""
    return limits.Limit("notifications.sms_parts", "all", BUDGET, timedelta(days=1))


def spend(text: str) -> None:
    """Count a text before it is sent. Raises :class:`throttling.limits.Refused` over the day's budget."""
    limits.hit(budget(), times=parts(text))


def give_back(text: str) -> None:
    """Take back what was counted for a text that certainly did not leave."""
    limits.give_back(budget(), times=parts(text))
