"""What a password must be, told once (SCREENS P1, P2, P3; SAFETY G3, T19, T20, 0.1 points 1 and 2).

The text on the screen, the check-list that ticks itself while one types, and the server's verdict all
come from a ``PasswordPolicy``. Each door keeps the rule of its original. A passphrase of 16
characters meets every policy. Any character is accepted anywhere: a policy's list only says which
ones count as « special ».
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from zxcvbn import matching, scoring, time_estimates

from accounts import weak_passwords
from accounts.weak_passwords import PasswordContext

__all__ = [
    "EDUCONNECT", "ENT", "MCM", "POLICIES", "PasswordContext", "PasswordPolicy", "Rule", "Strength",
    "is_too_long", "normalise", "of_doors", "strength", "strength_under",
]  # fmt: skip

MINIMUM_LENGTH = 8
MAXIMUM_LENGTH = 128
PASSPHRASE_LENGTH = 16
# NFKC makes at most one character of four, and putting marks in order costs the square of their
# number: what is longer than this is too long whatever it becomes, and is never normalised.
_LONGEST_TYPED = 4 * MAXIMUM_LENGTH


def normalise(password: str) -> str:
    """The one form of a password, for the rules and for the hash: NFKC, so that µ (U+00B5) and
    μ (U+03BC) are one, and so are é in one character and é in two. What is too long whatever it becomes
    stays as it is."""
    return password if len(password) > _LONGEST_TYPED else unicodedata.normalize("NFKC", password)


def is_too_long(password: str) -> bool:
    """More than 128 characters once normalised. Cheap for any text, however long."""
    return len(password) > _LONGEST_TYPED or len(normalise(password)) > MAXIMUM_LENGTH


# name → (the pattern of the live check-list, JavaScript with the flag u; the same by Unicode category)
_CLASSES: dict[str, tuple[str, Callable[[str], bool]]] = {
    "digit": (r"\p{Nd}", lambda category: category == "Nd"),
    "lower": (r"\p{Ll}", lambda category: category == "Ll"),
    "upper": (r"\p{Lu}", lambda category: category == "Lu"),
    "other": (r"[^\p{L}\p{M}\p{N}]", lambda category: category[0] not in "LMN"),
}


@dataclass(frozen=True)
class Rule:
    """One line of the check-list.

    ``test`` is its machine-readable form, for the server and the browser alike:
    ``{"kind": "length", "min": 8}``, ``{"kind": "class", "class": "digit", "pattern": …}`` or
    ``{"kind": "any_of", "chars": …}``.
    """

    id: str
    label: str | Promise
    test: dict[str, Any]

    def is_met_by(self, password: str) -> bool:
        """Whether a normalised password meets this line."""
        match self.test:
            case {"kind": "length", "min": minimum}:
                return len(password) >= minimum
            case {"kind": "class", "class": name}:
                belongs = _CLASSES[name][1]
                return any(belongs(unicodedata.category(character)) for character in password)
            case {"kind": "any_of", "chars": characters}:
                return any(character in characters for character in password)
        raise AssertionError(self.test)


def _class_rule(name: str, label: str | Promise, *, id: str | None = None) -> Rule:
    return Rule(id or name, label, {"kind": "class", "class": name, "pattern": _CLASSES[name][0]})


_LENGTH = Rule("length", gettext_lazy("au moins 8 caractères"), {"kind": "length", "min": MINIMUM_LENGTH})
_DIGIT = _class_rule("digit", gettext_lazy("au moins 1 chiffre"))
_LOWER = _class_rule("lower", gettext_lazy("au moins 1 minuscule"))
_UPPER = _class_rule("upper", gettext_lazy("au moins 1 majuscule"))


def _special_among(characters: str) -> Rule:
    shown = " ".join(characters)
    return Rule(
        "special",
        format_lazy(gettext_lazy("au moins 1 caractère spécial parmi {characters}"), characters=shown),
        {"kind": "any_of", "chars": normalise(characters)},
    )


@dataclass(frozen=True)
class PasswordPolicy:
    """The rule of one door, or of several together.

    ``key`` is ``mcm``, ``ent`` or ``educonnect``; of several, their keys with a space between.
    """

    key: str
    rules: tuple[Rule, ...]
    minimum: int = MINIMUM_LENGTH
    maximum: int = MAXIMUM_LENGTH
    passphrase: int = PASSPHRASE_LENGTH

    def validate(self, password: str, context: PasswordContext | None = None) -> None:
        """Refuses a password that breaks a rule, or that a guesser would try early.

        Raises one ValidationError holding one French sentence for each rule broken; their codes are
        the ids of the rules, ``too_long``, ``unreadable``, or those of
        ``weak_passwords.weakness``: ``repeated``, ``personal``, ``common``. ``context`` is what a
        guesser knows of this person.
        """
        if is_too_long(password):
            raise ValidationError(_("Le mot de passe a plus de 128 caractères."), code="too_long")
        password = normalise(password)
        if any("\ud800" <= character <= "\udfff" for character in password):
            raise ValidationError(_("Le mot de passe contient un caractère illisible."), code="unreadable")
        unmet = self.unmet(password)
        errors = [
            ValidationError(_("Ajoutez au mot de passe : %(rule)s.") % {"rule": rule.label}, code=rule.id)
            for rule in unmet
        ]
        # Of what is too short, nothing more needs saying.
        if len(password) >= self.minimum and (
            weakness := self._weakness(password, context or PasswordContext())
        ):
            errors.append(ValidationError(weakness.sentence, code=weakness.code))
        if errors:
            raise ValidationError(errors)

    def is_known_to_guessers(self, password: str) -> bool:
        """Say whether a password in use is tried early by those who guess (SAFETY T16).

        It was not when it was chosen: lists grow. Whose it is does not count here, only what it is.
        """
        return not is_too_long(password) and bool(self._weakness(normalise(password), PasswordContext()))

    def _weakness(self, password: str, context: PasswordContext) -> weak_passwords.Weakness | None:
        """Why a guesser would try it early, by the list of each door."""
        found = (weak_passwords.weakness(password, context, policy_key=key) for key in self.key.split())
        return next(filter(None, found), None)

    def unmet(self, password: str) -> list[Rule]:
        """The lines of the check-list that a normalised password does not tick yet."""
        if len(password) >= self.passphrase:
            return []
        return [rule for rule in self.rules if not rule.is_met_by(password)]

    def as_data(self) -> dict[str, Any]:
        """What the live check-list needs, ready for JSON.

        The browser puts the password in NFKC, counts its code points, and ticks every line once
        there are ``passphrase`` of them.
        """
        return {
            "policy": self.key,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "passphrase": self.passphrase,
            "normalise": "NFKC",
            "rules": [{"id": rule.id, "label": str(rule.label), "test": rule.test} for rule in self.rules],
        }

    def sentence(self) -> str:
        """The whole rule in words, for the hint under the field."""
        return _(
            "Le mot de passe doit comporter %(rules)s. Une phrase de %(passphrase)d caractères ou plus "
            "convient aussi."
        ) % {"rules": ", ".join(str(rule.label) for rule in self.rules), "passphrase": self.passphrase}


MCM = PasswordPolicy(
    key="mcm",
    rules=(
        _LENGTH,
        _DIGIT,
        _LOWER,
        _UPPER,
        _class_rule("other", gettext_lazy("au moins 1 caractère spécial tel que * - #"), id="special"),
    ),
)
ENT = PasswordPolicy(
    key="ent", rules=(_LENGTH, _LOWER, _UPPER, _DIGIT, _special_among("!\"#%&'()*+,-./:;<=>?@[\\_{}|"))
)
EDUCONNECT = PasswordPolicy(
    key="educonnect", rules=(_LENGTH, _UPPER, _LOWER, _DIGIT, _special_among("!?@#$%&'*<>=µ/.;:"))
)
POLICIES = {policy.key: policy for policy in (MCM, ENT, EDUCONNECT)}


def of_doors(doors: Iterable[str]) -> PasswordPolicy:
    """Return what a password must be that opens all these doors, each named by its authority.

    An authority of which nothing else is said is one of the ENT: an académie's, or a school's. Who has no
    name at any door has the rule of « Ma classe à la maison ».
    """
    policies = [POLICIES.get(door, ENT) for door in sorted(doors)] or [MCM]
    found = list({policy.key: policy for policy in policies}.values())
    if len(found) == 1:
        return found[0]
    rules: dict[str, Rule] = {}
    for policy in found:
        rules |= {str(rule.test): rule for rule in policy.rules if str(rule.test) not in rules}
    return PasswordPolicy(key=" ".join(policy.key for policy in found), rules=tuple(rules.values()))


class Strength(IntEnum):
    """How long a password would stand against a guesser."""

    WEAK = 0
    FAIR = 1
    STRONG = 2
    VERY_STRONG = 3

    @property
    def word(self) -> str:
        """« Faible », « Moyen », « Fort » or « Très fort » (SCREENS D8)."""
        return (_("Faible"), _("Moyen"), _("Fort"), _("Très fort"))[self]


def strength(password: str, inputs: Sequence[str] = ()) -> Strength:
    """How strong a password is, by zxcvbn, for the word beside the field; it never decides.

    ``inputs`` are the words a guesser knows: names, user name, address, school. Only the first 72
    characters are judged, zxcvbn's limit.
    """
    # Not zxcvbn.zxcvbn(): that keeps the inputs in a module-wide table, where threads would meet.
    known = {
        **matching.RANKED_DICTIONARIES,
        "base_words": weak_passwords.ranks(),
        "user_inputs": matching.build_ranked_dict([word.lower() for word in inputs]),
    }
    judged = normalise(password[:72])[:72]
    if not judged:  # zxcvbn stumbles over nothing
        return Strength.WEAK
    guesses = scoring.most_guessable_match_sequence(judged, matching.omnimatch(judged, known))["guesses"]
    score = time_estimates.guesses_to_score(guesses)
    return Strength(max(score - 1, 0))


# Codes of ``PasswordPolicy.validate`` for what a guesser tries early, however long it is.
_GUESSABLE = {"repeated", "personal", "common"}


def strength_under(policy: PasswordPolicy, password: str, context: PasswordContext) -> Strength:
    """Return the word beside the field: never more than « Moyen » for a password that would be refused."""
    if is_too_long(password):
        return Strength.WEAK
    found = strength(password, context.words)
    try:
        policy.validate(password, context)
    except ValidationError as refusal:
        guessable = any(error.code in _GUESSABLE for error in refusal.error_list)
        return Strength.WEAK if guessable else min(found, Strength.FAIR)
    return found
