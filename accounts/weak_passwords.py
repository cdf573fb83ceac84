"""Passwords that a guesser tries early, whatever their policy (SAFETY G3, T19)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class PasswordContext:
    """What anyone who knows a person would try first for their password."""

    names: Sequence[str] = ()
    username: str = ""
    address: str = ""
    school_words: Sequence[str] = ()


@dataclass(frozen=True)
class Weakness:
    """Why a password falls early: ``code`` and a French sentence for its owner."""

    code: str
    sentence: str


def weakness(password: str, context: PasswordContext, *, policy_key: str) -> Weakness | None:
    """Why this password (normalised) is refused, or None."""
    if len(set(password.casefold())) < 5:
        return Weakness("repeated", _("Ce mot de passe répète toujours les mêmes caractères."))
    return None
