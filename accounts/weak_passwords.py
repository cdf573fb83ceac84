"""Passwords that a guesser tries early, although the policy's rule is met (SAFETY G3, T19).

Asked for a digit, a capital and a sign, people write a word with a capital, a year and « ! ». So a
password is refused in two ways: it is on the list made for its policy (``data/weak_passwords_*.txt``,
written by ``manage.py make_weak_passwords``), or nothing is left of it once what a guesser puts around
and into words is taken away: digits, signs, letters written as digits, keyboard walks, repetitions,
and one word of ``data/base_words.txt`` or those that belong to the person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _
from zxcvbn import matching

from schools.person_names import ASCII_LETTERS

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class PasswordContext:
    """What anyone who knows a person would try first for their password."""

    names: Sequence[str] = ()
    username: str = ""
    address: str = ""
    school_words: Sequence[str] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """All of it, as the browser hands it back for the strength word."""
        return tuple(filter(None, (*self.names, self.username, self.address, *self.school_words)))


@dataclass(frozen=True)
class Weakness:
    """Why a password falls early: ``repeated``, ``personal`` or ``common``, and a sentence for its owner."""

    code: str
    sentence: str


def weakness(password: str, context: PasswordContext, *, policy_key: str) -> Weakness | None:
    """Why this password (normalised, at most 128 characters) is refused, or None."""
    folded = _fold(password)
    if _is_repetition(folded):
        return Weakness("repeated", _("Ce mot de passe répète toujours les mêmes caractères."))
    personal = _personal_words(context)
    if _is_dressed_word(folded, personal) or password.casefold() in listed(policy_key):
        forms = folded + _unleet(folded)
        if any(word in forms or word[::-1] in forms for word in personal):
            return Weakness(
                "personal",
                _(
                    "Ce mot de passe se devine : il vient de votre nom, de votre adresse ou de votre école. "
                    "Choisissez par exemple quatre mots sans lien entre eux."
                ),
            )
        return Weakness(
            "common",
            _(
                "Ce mot de passe se devine : il est fait d’un mot ou d’une suite que beaucoup choisissent. "
                "Choisissez par exemple quatre mots sans lien entre eux."
            ),
        )
    return None


@cache
def listed(policy_key: str) -> frozenset[str]:
    """The list made for a policy, without letter case. Read once, when first asked for."""
    text = (DATA / f"weak_passwords_{policy_key}.txt").read_text(encoding="utf-8")
    return frozenset(line.casefold() for line in text.splitlines())


@cache
def base_words() -> dict[str, tuple[str, ...]]:
    """The words of ``data/base_words.txt`` by section, in its order, each once."""
    sections: dict[str, list[str]] = {}
    for line in (DATA / "base_words.txt").read_text(encoding="ascii").splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            section.extend(line.split())
    return {name: tuple(dict.fromkeys(words)) for name, words in sections.items()}


@cache
def ranks() -> dict[str, int]:
    """Each base word with its place among all, the first of each section before the second of each: the
    form that zxcvbn wants."""
    places = sorted((place, word) for words in base_words().values() for place, word in enumerate(words))
    return matching.build_ranked_dict(list(dict.fromkeys(word for _place, word in places)))


# --- one form for all that a guesser takes for the same -----------------------------------------
_LEET = str.maketrans("01!|l3€4@5$7+89(", "oiiiieeaassttbgc")
_DISGUISED_FROM = 4  # letters
_LONGEST_WORD = 24
_ODD_LETTER_FROM = 6  # letters in all, for one that belongs to no word to be let through
_SCATTERED_FROM = 6  # letters of a word with digits and signs strewn in
_LONGEST_TEXT = 256  # a password, a name or an address that is longer is refused elsewhere
_MOST_SIGNS = 4  # different ones; more is no longer a decoration


def _fold(text: str) -> str:
    """Without letter case and accents; digits, signs and other alphabets stay."""
    decomposed = unicodedata.normalize("NFKD", text[:_LONGEST_TEXT].casefold().translate(ASCII_LETTERS))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _unleet(folded: str) -> str:
    """Letters written as digits and signs made letters again; l and i fall together, as 1 stands for both."""
    return folded.translate(_LEET)


def _key(word: str) -> str:
    """The form in which words are compared; a short one in disguise would be found everywhere."""
    return _unleet(word) if len(word) >= _DISGUISED_FROM else word


@cache
def _school_words() -> frozenset[str]:
    return frozenset(map(_key, base_words()["school"]))


@cache
def _filler_words() -> frozenset[str]:
    return frozenset(map(_key, base_words()["filler"]))


@cache
def _single_words() -> frozenset[str]:
    """Words of which one makes a password weak: ours, and the world's most used passwords."""
    ours = (
        word
        for section, words in base_words().items()
        if section not in ("filler", "school")
        for word in words
    )
    worldwide = (
        word
        for word, rank in matching.RANKED_DICTIONARIES["passwords"].items()
        if word.isalpha() and (len(word) >= 5 or (len(word) == 4 and rank <= 1_000)) and rank <= 10_000
    )
    return frozenset(map(_key, (*ours, *worldwide)))


def _personal_words(context: PasswordContext) -> frozenset[str]:
    """Names, user name, address and school, in all the ways they are put together."""
    names = [letters for name in context.names if (letters := _letters(name))]
    words = {*names, *_parts(context.names), *_parts(context.school_words), *_parts([context.username])}
    words.add(_letters(context.username))
    for one in names:
        for other in names:
            if one != other:
                words.update((one + other, one[0] + other, one + other[0]))
    local, _at, domain = context.address.partition("@")
    words.update((*_parts([local]), _letters(local)))
    if domain:
        words.update((*_parts(domain.split(".")[:-1]), _letters(domain)))
    return frozenset(_key(word) for word in words if len(word) >= 3)


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, _fold(text)))


def _parts(texts: Iterable[str]) -> Iterable[str]:
    """« Jean-Luc de La Tour » → jean, luc, tour; little words alone say nothing."""
    for text in texts:
        for part in re.split(r"[\W\d_]+", _fold(text)):
            if len(part) >= 3 and _key(part) not in _filler_words():
                yield part


# --- what a guesser's rules rebuild -------------------------------------------------------------
def _is_repetition(folded: str) -> bool:
    """Few different characters, or a short piece over and over."""
    if len(set(folded)) < 5:
        return True
    return any(len(folded) >= 2 * period and folded[period:] == folded[:-period] for period in range(1, 8))


def _is_dressed_word(folded: str, personal: frozenset[str]) -> bool:
    letters = "".join(filter(str.isalpha, folded))
    signs = {character for character in folded if not character.isalnum() and not character.isspace()}
    if len(signs) > _MOST_SIGNS:
        return False
    if not letters or (len(letters) <= 2 and re.search(r"\d{4}", folded)):
        return True
    forms = {folded, folded[::-1]}
    if len(letters) >= _SCATTERED_FROM or (len(letters) >= 4 and _end_of_walk(letters, 0) == len(letters)):
        forms |= {letters, letters[::-1]}
    return any(_can_be_rebuilt(form, personal) for form in forms)


# One base word costs 2, a school word and an odd letter 1 each.
_BUDGET = 3
# Where one stands while reading a password from its start: the one base word used,
# whether a letter was skipped, whether anything but little words was found.
_State = tuple[str, bool, bool]


def _can_be_rebuilt(text: str, personal: frozenset[str]) -> bool:
    """Whether the text is nothing but decorations, the person's own words, keyboard walks, little words,
    and what ``_BUDGET`` pays for: a base word and a school word, or three school words, for example.
    """
    written = _unleet(text)
    costs: list[dict[_State, int]] = [{} for _position in range(len(text) + 1)]
    costs[0][("", False, False)] = 0

    def reach(position: int, state: _State, cost: int) -> None:
        if cost < costs[position].get(state, _BUDGET + 1):
            costs[position][state] = cost

    for start, states in enumerate(costs[:-1]):
        if not states:
            continue
        pieces = list(_pieces(text, written, start, personal))
        for (base, odd, found), cost in states.items():
            if not text[start].isalpha():
                reach(start + 1, (base, odd, found), cost)
            elif not odd:
                reach(start + 1, (base, True, found), cost + 1)
            for end, kind in pieces:
                match kind:
                    case "little":
                        reach(end, (base, odd, found), cost)
                    case "free":
                        reach(end, (base, odd, True), cost)
                    case "school":
                        reach(end, (base, odd, True), cost + 1)
                    case "base" if base in ("", written[start:end]):
                        reach(end, (written[start:end], odd, True), cost if base else cost + 2)
    enough = sum(map(str.isalpha, text)) >= _ODD_LETTER_FROM
    return any(found and (enough or not odd) for _base, odd, found in costs[-1])


def _pieces(text: str, written: str, start: int, personal: frozenset[str]) -> Iterable[tuple[int, str]]:
    """The words, walks and runs that begin here: (where each ends, its kind)."""
    for end in range(start + 2, min(len(text), start + _LONGEST_WORD) + 1):
        word = written[start:end] if end - start >= _DISGUISED_FROM else text[start:end]
        kind = (
            "free" if word in personal
            else "school" if word in _school_words()
            else "little" if word in _filler_words()
            else "base" if word in _single_words()
            else ""
        )  # fmt: skip
        if kind:
            yield end, kind
    for end in range(start + 3, _end_of_walk(text, start) + 1):
        yield end, "free" if end - start >= 4 else "little"


# Neighbours on French and English keyboards, and the alphabet. Digits are decorations anyway.
_WALKS: tuple[str, ...] = (
    "azertyuiop", "qsdfghjklm", "wxcvbn", "qwertyuiop", "asdfghjkl", "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyz", "aqw", "zsx", "edc", "rfv", "tgb", "yhn", "qaz", "wsx",
)  # fmt: skip
_WALKS += tuple(walk[::-1] for walk in _WALKS)


def _end_of_walk(text: str, start: int) -> int:
    """Where the longest walk, or run of one letter, that begins here ends."""
    end = start + 1
    while end < len(text) and text[start].isalpha() and text[end] == text[start]:
        end += 1
    while end < len(text) and any(text[start : end + 1] in walk for walk in _WALKS):
        end += 1
    return end
