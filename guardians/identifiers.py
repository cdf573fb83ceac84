"""The identifiers of guardians: « p.nomXX », with more digits as a name fills (SCREENS D9, DESIGN 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from secrets import SystemRandom

from schools.person_names import transliterate

EDUCONNECT = "educonnect"  # the authority of the guardians' door
LONGEST_NAME = 40
TRIES_PER_LENGTH = 4
DIGITS = (2, 3, 4, 6)
_random = SystemRandom()


def candidates(first_name: str, last_name: str) -> Iterator[str]:
    """Draw identifiers to try, one after the other: two random digits at first, then three, four, six."""
    initial = _letters(first_name)[:1] or "x"
    stem = f"{initial}.{_letters(last_name)[:LONGEST_NAME] or 'parent'}"
    for digits in DIGITS:
        for _try in range(TRIES_PER_LENGTH):
            yield f"{stem}{_random.randrange(10**digits):0{digits}}"


def _letters(name: str) -> str:
    return re.sub("[^a-z]", "", transliterate(name).lower())
