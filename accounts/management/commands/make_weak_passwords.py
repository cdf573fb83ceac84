"""Writes the lists of weak passwords that ``accounts.weak_passwords`` refuses (SAFETY G3)."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand

from accounts.passwords import POLICIES, PasswordPolicy
from accounts.weak_passwords import DATA, base_words

ENTRIES = 5_000  # for each policy; ASVS 6.2.4 asks for 3,000

# What people add to a word when a rule asks for a digit and a sign, the most usual first.
_ENDINGS = (
    "1!", "123!", "2026!", "12!", "1*", "2025!", "01!", "1.", "123*", "1@", "2024!", "!1", "13!", "75!",
    "2020!", "1?", "1234!", "2026*", "1#", "69!", "59!", "2020*", "123.", "00!", "1$", "10!", "2027!",
    "#1", "31!", "2023!", "12345!", "06!", "33!", "2012!", "@123", "2011!", "93!", "14!", "14#", "2010!",
    "2022!", "44!", "2021!", "2013!", "11!", "2!", "3!", "77!", "2026?", "2026#", "123?", "*123", "!123",
)  # fmt: skip
_LEET = (str.maketrans("ao", "@0"), str.maketrans("aoei", "40€1"), str.maketrans("aoeis", "@03!$"))


def entries(policy: PasswordPolicy) -> list[str]:
    """The ``ENTRIES`` passwords a guesser would try first under this policy, always the same.

    Only what meets the policy is kept, and no passphrase is made.
    """
    fitting = (guess for guess in _guesses() if len(guess) < policy.passphrase and not policy.unmet(guess))
    return sorted(islice(fitting, ENTRIES))


@cache
def _guesses() -> list[str]:
    """Words with endings, the likeliest first.

    Words and endings both come in order of use; a password's turn is the product of its ranks, as in
    a guesser's rules. Each word comes with a capital, then in capitals, then with digits as letters.
    """
    turns = {guess.capitalize(): place for place, guess in enumerate(base_words()["whole"])}
    sections = [words for name, words in base_words().items() if name not in ("filler", "whole")]
    for word_rank, word in enumerate(_in_turn(sections), start=1):
        for ending_rank, ending in enumerate(_ENDINGS, start=1):
            for dress_rank, dressed in enumerate(_dressed(word), start=1):
                turns.setdefault(dressed + ending, word_rank * ending_rank * dress_rank**2)
    return sorted(turns, key=lambda guess: (turns[guess], guess))


def _in_turn(sections: list[tuple[str, ...]]) -> list[str]:
    """The first word of each section, then the second of each, and so on, each word once."""
    longest = max(map(len, sections))
    return list(dict.fromkeys(s[place] for place in range(longest) for s in sections if place < len(s)))


def _dressed(word: str) -> list[str]:
    return [word.capitalize(), word.upper(), *(word.capitalize().translate(table) for table in _LEET)]


class Command(BaseCommand):
    """``manage.py make_weak_passwords``: after a change to ``accounts/data/base_words.txt``."""

    help = "Écrit les listes de mots de passe trop faciles, une par règle (accounts/data/)."

    def handle(self, *args: Any, **options: Any) -> None:
        for policy in POLICIES.values():
            path = DATA / f"weak_passwords_{policy.key}.txt"
            path.write_text("".join(f"{entry}\n" for entry in entries(policy)), encoding="utf-8")
            self.stdout.write(f"{path.name}: {ENTRIES}")
