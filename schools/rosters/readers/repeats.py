"""Who stands in a roster twice, and which national numbers several children share.

A number that different children carry belongs to one of them, and nobody knows to whom: all are taken
without it. One child under two numbers of the school is one child.
"""

from __future__ import annotations

_SPELLING = str.maketrans("", "", " '’‘ʼʻ-‐‑–.")


class Repeats:
    """Told about every pupil first, then asked. Remembers digests of names, not names."""

    def __init__(self) -> None:
        self._carriers: dict[str, tuple[str, int]] = {}  # INE → key of the first carrier, who it is
        self._shared: set[str] = set()
        self._firsts: dict[str, str] = {}  # key of a repeated pupil → key of the first

    def note(self, key: str, ine: str, family_name: str, first_name: str, born: str) -> None:
        """Hear of a pupil: ``key`` is what the file knows them by, the rest as it is written."""
        ine = "".join(ine.split()).upper()
        if not ine:
            return
        who = hash(f"{family_name}|{first_name}|{born}".casefold().translate(_SPELLING))
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
