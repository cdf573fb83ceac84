"""The code of a school, its « UAI »: seven digits and a letter that checks them (FORMATS 1)."""

from __future__ import annotations

import re

_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"  # no I, O, Q
_FORM = re.compile(r"(?:0[0-8][0-9]|09[0-5]|9[78][0-9]|[67]20)[0-9]{4}[A-Z]")
# The code's own numbers where they are not those of the department.
_DEPARTMENTS = {"620": "2A", "720": "2B", "983": "988", "984": "987"}


def is_uai(code: str) -> bool:
    """Say whether ``code`` is a UAI in its stored form, its letter included."""
    return bool(_FORM.fullmatch(code)) and code[7] == _LETTERS[int(code[:7]) % len(_LETTERS)]


def clean_uai(raw: str) -> str:
    """Return a UAI as it is stored, without spaces and in capitals; ``""`` for what is none."""
    code = "".join(raw.split()).upper()
    return code if is_uai(code) else ""


def department_of(uai: str) -> str:
    """Return the department of a school by its UAI, as ``academies.json`` writes it: « 2A », « 974 »."""
    number = uai[:3]
    return _DEPARTMENTS.get(number) or (number[1:] if number[0] == "0" else number)
