"""Names made to look like another's: « CIaire Dubois » with a capital I, « Duboís », « Claire Dubols » (T46).

A visitor's name is what a visitor typed. The teacher is told when it looks like somebody of the class.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from schools.person_names import transliterate

from .models import Resemblance

# Letters that a hurried eye takes for each other, each as one of them.
_ALIKE = str.maketrans(
    {"l": "i", "j": "i", "1": "i", "|": "i", "0": "o", "5": "s", "y": "v", "q": "g", "9": "g"}
)
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("nn", "m"))
# Letters of other scripts that are drawn as Latin ones are; names are refused them, other texts are not.
_DRAWN_ALIKE = str.maketrans("аеорсхуіјѕһԁԛԝкмтвнαεορνικτυβγ", "aeopcxyijshdqwkmtbhaeopviktuby")
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")


def skeleton(name: str) -> tuple[str, ...]:
    """Return what a name looks like: its words without case, accents and look-alike letters, in order."""
    plain = unicodedata.normalize("NFKC", name[:400]).casefold().translate(_DRAWN_ALIKE)
    words = _NOT_LETTERS.split(transliterate(plain).lower())
    return tuple(sorted(_drawn(word) for word in words if word))


def _drawn(word: str) -> str:
    for pair, letter in _PAIRS:
        word = word.replace(pair, letter)
    word = word.translate(_ALIKE)
    return re.sub(r"(.)\1+", r"\1", word)  # a letter doubled is not seen


def resembles(name: str, *, teachers: Iterable[str], pupils: Iterable[str]) -> str:
    """Return whom a visitor's name looks like: a :class:`Resemblance`, empty for nobody.

    Of a teacher the family name is enough (« Mme Dubois »); of a pupil first name and name, in any order.
    Names come as « first name family name ».
    """
    typed = skeleton(name)
    if not typed:
        return ""
    written = _in_one_word(name)
    for teacher in teachers:
        # Of « Jean Pierre Dubois » nobody says where the name begins: the last word is looked for as well.
        for last in dict.fromkeys((teacher.partition(" ")[2], teacher.rpartition(" ")[2])):
            known = skeleton(last)
            if known and (_holds(typed, known) or _is_within(_in_one_word(last), written)):
                return Resemblance.TEACHER
    for pupil in pupils:
        known = skeleton(pupil)
        if known and (_holds(typed, known) or _is_within(_in_one_word(pupil), written)):
            return Resemblance.PUPIL
    return ""


def _in_one_word(name: str) -> str:
    """Return what a name looks like without its spaces: « Claire-Dubois », « Du Bois », « D u b o i s »."""
    plain = unicodedata.normalize("NFKC", name[:400]).casefold().translate(_DRAWN_ALIKE)
    return _drawn(_NOT_LETTERS.sub("", transliterate(plain).lower()))


def _is_within(known: str, written: str) -> bool:
    """Say whether a name, long enough not to be a part of others by chance, stands in what was typed."""
    return len(known) >= 5 and known in written


def _holds(typed: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Say whether each word of a known name is among the words typed, but for one slip in a long word."""
    if "".join(known) in ("".join(typed), "".join(sorted(typed))):
        return True
    return all(any(_near(word, other) for other in typed) for word in known)


def _near(one: str, other: str) -> bool:
    if one == other:
        return True
    if min(len(one), len(other)) < 5 or abs(len(one) - len(other)) > 1:
        return False
    start = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    a, b = one[start:], other[start:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
