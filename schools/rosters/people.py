"""What schools write about people, in the form it is kept in: names, addresses, numbers (FORMATS 2 and 3).

Each function takes what was written and returns the stored form, or raises :class:`NotTaken` with one of
the codes of :data:`schools.rosters.refusals.REASONS`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from django.core.exceptions import ValidationError
from email_validator import EmailNotValidError, validate_email

from schools import person_names

MOST_LETTERS_OF_AN_ADDRESS = 254
MOST_LETTERS_OF_A_CODE = 60  # of a class, a relationship, a key

# Names of these letters are in their stored form already: most of them, and quickly seen.
_LETTER = "[A-Za-zÀ-ÖØ-öø-ÿ]"
_PLAIN_NAME = re.compile(rf"{_LETTER}+(?:[ '’-]{_LETTER}+)*")
# An address that every reading of the norms accepts.
_PLAIN_ADDRESS = re.compile(
    r"[a-z0-9]+(?:[._+-][a-z0-9]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?:fr|com|net|org|re|eu|be|lu|ch)",
    re.ASCII,
)
_PLAIN_CODE = re.compile(r"[A-Za-z0-9À-ÖØ-öø-ÿ]+(?:[ _.-][A-Za-z0-9À-ÖØ-öø-ÿ]+)*")
_INE = re.compile(r"[0-9A-Z]{11}", re.ASCII)
_IDENTIFIER = re.compile(r"[a-z][a-z0-9._-]{1,59}", re.ASCII)
_NAME_CODES = {
    "required": "name_missing",
    "too_long": "name_too_long",
    "invisible": "name_invisible",
    "not_latin": "name_not_latin",
}
_TITLES = {"m": "M.", "mr": "M.", "monsieur": "M.", "mme": "Mme", "madame": "Mme", "mlle": "Mme"}
_SEXES = {"1": "M", "m": "M", "h": "M", "g": "M", "masculin": "M", "garçon": "M", "homme": "M",
          "2": "F", "f": "F", "féminin": "F", "fille": "F", "femme": "F"}  # fmt: skip
_YES = frozenset(("1", "o", "oui", "true", "vrai", "x", "yes", "y"))


class NotTaken(ValueError):
    """What was written is not what the field holds."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def name(written: str) -> str:
    """Return a first, family or usage name by the rules of :mod:`schools.person_names`, as it is written."""
    if len(written) <= person_names.MAXIMUM_LENGTH and _PLAIN_NAME.fullmatch(written):
        return written
    return _clean_name(written)


@lru_cache(maxsize=8_192)
def _clean_name(written: str) -> str:
    try:
        return person_names.clean_name(written)
    except ValidationError as refused:
        raise NotTaken(_NAME_CODES.get(refused.code or "", "name_wrong")) from None


def email(written: str) -> str:
    """Return an address in the form accounts keep: lower case, the domain in ASCII; no server is asked."""
    address = written.strip().lower()
    if len(address) <= 60 and _PLAIN_ADDRESS.fullmatch(address):
        return address
    if len(address) > MOST_LETTERS_OF_AN_ADDRESS or not address.rpartition("@")[0].isascii():
        raise NotTaken("email_wrong")
    try:
        valid = validate_email(address, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise NotTaken("email_wrong") from None
    assert valid.ascii_email is not None  # the local part is ASCII
    return valid.ascii_email.lower()


def code(written: str, *, longest: int = MOST_LETTERS_OF_A_CODE) -> str:
    """Return the code of a class or a school's own word: NFC, one space between words, nothing invisible."""
    if len(written) <= longest and _PLAIN_CODE.fullmatch(written):
        return written
    text = " ".join(unicodedata.normalize("NFC", written[: 4 * longest]).split())
    if len(text) > longest or any(unicodedata.category(sign)[0] == "C" for sign in text):
        raise NotTaken("code_wrong")
    return text


def ine(written: str) -> str:
    """Return a national pupil number: eleven digits and capitals; ``""`` for a school that has none."""
    number = "".join(written.split()).upper()
    if number and not _INE.fullmatch(number):
        raise NotTaken("ine_wrong")
    return number


def identifier(written: str) -> str:
    """Return an academic identifier (« pmartin2 »): what stands before the « @ » counts, in lower case."""
    text = written.strip().lower().partition("@")[0]
    if text and not _IDENTIFIER.fullmatch(text):
        raise NotTaken("identifier_wrong")
    return text


def title(written: str) -> str:
    """Return « M. », « Mme », or ``""`` for another title or none."""
    return _TITLES.get(written.strip().rstrip(".").lower(), "")


def sex(written: str) -> str:
    """Return « M », « F », or ``""`` when it is not said."""
    return _SEXES.get(written.strip().lower(), "")


def yes(written: str) -> bool:
    """Say whether a box was ticked; whatever is not clearly a yes is a no."""
    return written.strip().lower() in _YES
