"""Phone numbers as schools write them, in one form (SAFETY section 3, « Phones »).

A number without a country is one of the school's own region: « 0692… » is a mobile in La Réunion and
nothing in Lyon. Families overseas also have numbers of the mainland.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

from .uai import department_of

MAINLAND = "FR"
_REGIONS = {
    "971": "GP", "972": "MQ", "973": "GF", "974": "RE", "975": "PM", "976": "YT", "977": "BL", "978": "MF",
    "986": "WF", "987": "PF", "988": "NC",
}  # fmt: skip
# Where the schools of the thirty académies are: an SMS goes nowhere else (SAFETY T7).
FRENCH_PREFIXES = ("+33", "+590", "+596", "+594", "+262", "+508", "+687", "+689", "+681")
_LONGEST = 40
_OPTIONAL_ZERO = re.compile(r"\( ?0 ?\)")
_NOISE = re.compile(r"[\s().\u00a0/_–—-]+")
_WRITTEN = re.compile(r"\+?[0-9]{4,15}")
_PLAIN = re.compile(r"(?:\+33|0033|0)([1-79][0-9]{8})")
# Kept by the regulator for films and books: such a number reaches nobody, ever. So it is the mobile of people
# who do not exist, and the numbering plan that we look in does not know it.
_OF_FICTION = "+3363998"
_ORDINARY = {PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP}


class Line(StrEnum):
    """What a number reaches."""

    MOBILE = "mobile"
    OTHER = "other"  # somebody's line, without SMS for certain
    NONE = "none"  # no number, or one that nobody is called by: premium, short, free of charge


def region_of(uai: str) -> str:
    """Return in which region's way numbers are written at a school; the mainland's for an unknown one."""
    return _REGIONS.get(department_of(uai), MAINLAND) if uai else MAINLAND


def phone(written: str, region: str = MAINLAND) -> tuple[str, Line]:
    """Return a number in E.164 and what it reaches; ``("", Line.NONE)`` for what is no number.

    Digits of other scripts, letters and extensions are refused: nobody knows what was meant.
    """
    if len(written) > _LONGEST:
        return "", Line.NONE
    text = _NOISE.sub("", _OPTIONAL_ZERO.sub("", written) if written.lstrip()[:1] in "+0" else written)
    if not _WRITTEN.fullmatch(text):
        return "", Line.NONE
    plain = _PLAIN.fullmatch(text)
    if plain and (region == MAINLAND or text[0] == "+" or text.startswith("00")):
        # What a French number reaches is settled by its first digits (numbers in 08 apart).
        number = f"+33{plain[1]}"
        line = Line.MOBILE if number.startswith(_OF_FICTION) else _mainland_line(plain[1][:4])
        return (number, line) if line is not Line.NONE else ("", line)
    if text.startswith("00"):
        text = "+" + text[2:]
    for asked in (region,) if text[0] == "+" else dict.fromkeys((region, MAINLAND)):
        number, line = _look_up(text, asked)
        if line is not Line.NONE:
            return number, line
    return "", Line.NONE


class Reached:
    """The numbers of one person: a mobile, and one other line."""

    def __init__(self, region: str) -> None:
        self._region = region
        self.mobile = self.phone = ""

    def take(self, written: str, *, mobile: bool) -> str:
        """Keep a number; return the reason when it is not, or not where it stood.

        ``mobile`` says that it stands in the column of mobiles. Only there a mobile is one that the
        person may be sent an SMS at; what is no mobile never becomes it.
        """
        if not written:
            return ""
        number, line = phone(written, self._region)
        if line is Line.NONE:
            return "phone_wrong"
        if mobile and line is Line.MOBILE:
            self.mobile = self.mobile or number
            return ""
        self.phone = self.phone or number
        return "phone_no_mobile" if mobile else ""


@lru_cache(maxsize=16_384)
def _mainland_line(beginning: str) -> Line:
    return _look_up(f"+33{beginning}12345", MAINLAND)[1]


@lru_cache(maxsize=16_384)
def _look_up(text: str, region: str) -> tuple[str, Line]:
    """Return number and line by the numbering plans of the world."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return "", Line.NONE
    if not phonenumbers.is_valid_number(number):
        return "", Line.NONE
    kind = phonenumbers.number_type(number)
    line = Line.MOBILE if kind == PhoneNumberType.MOBILE else Line.OTHER if kind in _ORDINARY else Line.NONE
    if line is Line.NONE:
        return "", line
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), line
