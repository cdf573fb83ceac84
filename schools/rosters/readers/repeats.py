"""Who stands in a roster twice, and which national numbers several children share.

A number that different children carry belongs to one of them, and nobody knows to whom: all are taken
without it. One name, one full birth date and no other number, or one name and one number: that is one
child, however often it is written. Twins have first names of their own.
"""

from __future__ import annotations

import unicodedata

from schools.rosters.birth_dates import calendar_day

_SIGNS = str.maketrans("", "", " '’‘ʼʻ-‐‑–.")


def same_name(name: str) -> str:
    """Return what two spellings of one name in one file have in common: no case, accents and signs."""
    plain = name.casefold().translate(_SIGNS)
    if plain.isascii():
        return plain
    decomposed = unicodedata.normalize("NFKD", plain).replace("œ", "oe").replace("æ", "ae")
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


class Repeats:
    """Told about every pupil first, then asked. Remembers digests of names, not names."""

    def __init__(self) -> None:
        self._carriers: dict[str, tuple[str, int]] = {}  # INE → key of the first carrier, who it is
        self._shared: set[str] = set()
        self._unnumbered: dict[int, str] = {}  # who it is → key of the first
        self._firsts: dict[str, str] = {}  # key of a repeated pupil → key of the first

    def note(self, key: str, ine: str, family_name: str, first_name: str, born: str) -> None:
        """Hear of a pupil: ``key`` is what the file knows them by, the rest as it is written."""
        ine = "".join(ine.split()).upper()
        who = hash((same_name(family_name), same_name(first_name), born))
        if not ine:
            if family_name and first_name and calendar_day(born):
                first = self._unnumbered.setdefault(who, key)
                if first != key:
                    self._firsts[key] = first
            return
        first, known = self._carriers.setdefault(ine, (key, who))
        if known != who:
            self._shared.add(ine)
        elif first != key:
            self._firsts[key] = first

    def is_shared(self, ine: str) -> bool:
        """Say whether different children carry this number."""
        return ine in self._shared

    def first_of(self, key: str) -> str:
        """Return the key under which the same child stood first: ``key`` itself for nearly all."""
        return self._firsts.get(key, key)
