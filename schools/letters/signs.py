"""The code of a letter: eight signs drawn, and a ninth that checks them.

The ninth tells a slip of the pen from a wrong code before anything is counted: weights 1 to 8 modulo the 31
signs of the alphabet, a prime, so that no single wrong sign and no two that changed places go unnoticed.
"""

from __future__ import annotations

from schools import paper_codes

LENGTH = 9
PURPOSE = "schools.letters"


class Mistyped(Exception):
    """This is no code: a sign is missing, impossible or mistaken. Nothing was tried, nothing is counted."""


def draw() -> str:
    """Draw a code: 39 bits, and the sign that checks them."""
    drawn = paper_codes.draw(LENGTH - 1)
    return drawn + _check(drawn)


def read(typed: str) -> str:
    """Return what somebody typed as a plain code: any case, spaces and hyphens are fine.

    Raises :class:`Mistyped`.
    """
    code = paper_codes.plain(typed)
    if not paper_codes.is_made_of_signs(code, LENGTH) or _check(code[:-1]) != code[-1]:
        raise Mistyped
    return code


def shown(code: str) -> str:
    """Return a code as it is printed: « K7M 4PX 9TB »."""
    return " ".join(code[start : start + 3] for start in range(0, LENGTH, 3))


def digest(code: str) -> str:
    """Return what a row keeps of a plain code."""
    return paper_codes.digest(PURPOSE, code)


def _check(drawn: str) -> str:
    weighted = sum(place * paper_codes.ALPHABET.index(sign) for place, sign in enumerate(drawn, start=1))
    return paper_codes.ALPHABET[weighted % len(paper_codes.ALPHABET)]
