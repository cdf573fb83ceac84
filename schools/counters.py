"""The counter of an académie: whom its staff call when they have lost their identifier (SCREENS C2)."""

from __future__ import annotations

import re
import unicodedata

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import journal
from economy.remembered import forget

from .models import Academy

COUNTER_SET = journal.register_act("academy.counter_set", _("Guichet de l’académie écrit"))
NUMBER = re.compile(r"\+?[0-9]{4,15}")
NOISE = re.compile(r"[\s.\-()/]+")
LONGEST_HOURS = 120


class NoNumber(Exception):
    """What was typed cannot be dialled."""


def clean_phone(typed: str) -> str:
    """Return a number as people read it: digits by twos, « 04 72 80 64 88 »; short numbers stay whole.

    A counter may well have a number that is free of charge or short, which nobody's own phone has: anything
    that can be dialled will do. Raises :class:`NoNumber`.
    """
    digits = NOISE.sub("", unicodedata.normalize("NFKC", typed))
    if not NUMBER.fullmatch(digits):
        raise NoNumber
    if len(digits) == 10 and digits.startswith("0"):
        return " ".join(digits[start : start + 2] for start in range(0, 10, 2))
    return digits


def set_counter(academy: Academy, *, phone: str, hours: str, actor: str, reason: str) -> None:
    """Write down the phone and the hours of a counter; both empty where there is none any more.

    Raises :class:`NoNumber`.
    """
    number = clean_phone(phone) if phone.strip() else ""
    said = " ".join(hours.split())[:LONGEST_HOURS] if number else ""
    with transaction.atomic():
        academy.counter_phone, academy.counter_hours = number, said
        academy.save(update_fields=["counter_phone", "counter_hours"])
        journal.record(
            act=COUNTER_SET,
            actor=actor,
            subject=f"academy:{academy.code}",
            fields=["counter_phone", "counter_hours"],
            reason=reason,
            academy=academy.code,
        )
        forget()
