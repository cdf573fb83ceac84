"""The names of people, as they type them (SAFETY T30 and section 3, SCREENS A4).

A name is kept as its owner writes it: accents, the apostrophe they chose, capitals. What is refused
is what is not a name: digits, signs, markup, invisible and direction characters, other scripts
(the school's papers are in Latin letters, and a look-alike letter serves only to deceive).
"""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MAXIMUM_LENGTH = 100
# Putting marks in order costs the square of their number: a longer text is refused before that.
_LONGEST_TYPED = 4 * MAXIMUM_LENGTH

APOSTROPHES = "'’‘ʼʻ"  # the last two are letters in Breton, Tahitian, Wallisian…
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2013", "-"))  # what word processors make of « - »
_PLAIN_MARKS = range(0x0300, 0x0332)  # accents; beyond are strokes through letters, circles, joiners
_MOST_MARKS = 2  # on one letter, as in « ễ »

# One letter stands for a kind: L letter, A apostrophe, H hyphen, D dot, S space.
_WORD = r"(?:A?L+(?:AL+)*A?D?|(?:LD){2,})"
_SHAPE = re.compile(rf"{_WORD}(?:(?:HH?|S){_WORD})*")

_NOT_LATIN = _("Écrivez le nom en lettres latines, comme sur le livret scolaire.")
_INVISIBLE = _("Le nom contient un caractère invisible. Effacez-le et tapez-le de nouveau.")
_NOT_A_NAME = _(
    "Écrivez le nom avec des lettres seulement. L’espace, le trait d’union, l’apostrophe et le point "
    "sont possibles."
)
_SHAPELESS = _("Écrivez le nom comme sur le livret scolaire, par exemple « Anne-Marie » ou « O’Neil ».")
_TOO_LONG = _("Ce nom est trop long : 100 caractères au plus.")
_EMPTY = _("Écrivez le nom.")

# Letters that no decomposition turns into ASCII.
ASCII_LETTERS = str.maketrans(
    {
        "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ẞ": "SS", "ø": "o", "Ø": "O",
        "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ł": "l", "Ł": "L",
        "ħ": "h", "Ħ": "H", "ı": "i", "ŋ": "n", "Ŋ": "N", "ə": "e", "Ə": "E", "ɛ": "e", "Ɛ": "E",
        "ɔ": "o", "Ɔ": "O", "ɲ": "n", "Ɲ": "N", "ɓ": "b", "Ɓ": "B", "ɗ": "d", "Ɗ": "D", "ŧ": "t",
        "Ŧ": "T", "ƙ": "k", "Ƙ": "K", "ƴ": "y", "Ƴ": "Y", "ĸ": "k", "ſ": "s",
    }
)  # fmt: skip


def clean_name(raw: str) -> str:
    """A first name or a family name in its stored form: NFC, one space between words, at most 100
    characters.

    Raises ValidationError with one French sentence; its code is ``required``, ``too_long``,
    ``invisible``, ``not_latin``, ``not_a_name`` or ``shapeless``.
    """
    if len(raw) > _LONGEST_TYPED:
        raise ValidationError(_TOO_LONG, code="too_long")
    name = unicodedata.normalize("NFC", raw).translate(_HYPHENS)
    name = "".join(" " if unicodedata.category(character) == "Zs" else character for character in name)
    name = re.sub(r" *(-+) *", r"\1", " ".join(name.strip(" \t").split(" ")))
    name = re.sub(r" +", " ", name)
    if not name:
        raise ValidationError(_EMPTY, code="required")
    if len(name) > MAXIMUM_LENGTH:
        raise ValidationError(_TOO_LONG, code="too_long")
    if not _SHAPE.fullmatch(_kinds(name)):
        raise ValidationError(_SHAPELESS, code="shapeless")
    return name


def transliterate(text: str) -> str:
    """The same text in ASCII as far as Latin letters go: « Ðào » → « Dao », « Lœtitia » → « Loetitia ».
    What has no ASCII form is left out, and what comes after the first 400 characters."""
    decomposed = unicodedata.normalize("NFKD", text[:_LONGEST_TYPED].translate(ASCII_LETTERS))
    return decomposed.encode("ascii", "ignore").decode("ascii")


def _kinds(name: str) -> str:
    """One letter for each character of the name (see ``_SHAPE``); marks belong to their letter."""
    kinds: list[str] = []
    marks = 0
    for character in name:
        if ord(character) in _PLAIN_MARKS and kinds[-1:] == ["L"]:
            marks += 1
            if marks > _MOST_MARKS:
                raise ValidationError(_NOT_A_NAME, code="not_a_name")
            continue
        kinds.append(_kind(character))
        marks = len(unicodedata.normalize("NFD", character)) - 1
    return "".join(kinds)


def _kind(character: str) -> str:
    if character in APOSTROPHES:
        return "A"
    if kind := {" ": "S", "-": "H", ".": "D"}.get(character):
        return kind
    category = unicodedata.category(character)
    if category[0] in "CZ":
        raise ValidationError(_INVISIBLE, code="invisible")
    if unicodedata.name(character, "").startswith("VARIATION SELECTOR") or character == "\u034f":
        raise ValidationError(_INVISIBLE, code="invisible")
    if category in ("Lu", "Ll") and _is_plain_latin(character):
        return "L"
    if category[0] in "LM" and ord(character) not in range(0x0300, 0x0370):
        raise ValidationError(_NOT_LATIN, code="not_latin")
    raise ValidationError(_NOT_A_NAME, code="not_a_name")


def _is_plain_latin(character: str) -> bool:
    """A letter of a Latin alphabet, not one of its full-width, mathematical or phonetic doubles."""
    return (
        unicodedata.name(character, "").startswith("LATIN ")
        and unicodedata.normalize("NFKC", character) == character
        and character.upper() != character.lower()
    )


def comparison_key(name: str) -> str:
    """What two spellings of one name have in common: no case, accents, hyphens or apostrophes.
    What comes after the first 400 characters is not looked at: to put marks without end in order takes hours.
    """
    composed = unicodedata.normalize("NFC", name[:_LONGEST_TYPED])
    letters = (transliterate(sign) or sign for sign in composed.casefold())
    return "".join(letter for letter in "".join(letters).casefold() if letter.isalnum())
