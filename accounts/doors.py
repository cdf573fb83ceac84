"""The doors of the portal: whose names are known there, which page one signs in at (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from .forms import SignInForm
from .models import MCM
from .passwords import MCM as MCM_POLICY
from .passwords import PasswordPolicy


@dataclass(frozen=True)
class Door:
    """Where people sign in with names of one authority."""

    authority: str
    policy: PasswordPolicy
    template: str
    form: type[forms.Form] = SignInForm
    context: Callable[[], dict[str, Any]] = dict  # what its template reads besides, the same for everybody


MCM_DOOR = Door(MCM, MCM_POLICY, "accounts/sign_in.html")

# The authorities that names belong to, each with the words people know its door by.
Authorities = Callable[[], list[tuple[str, str]]]
_authorities: list[Authorities] = []


def register(authorities: Authorities) -> None:
    """Add authorities to those one may name an account by. Called once, from an app's ``doors.py``."""
    if authorities not in _authorities:
        _authorities.append(authorities)


def authorities() -> list[tuple[str, str]]:
    """Return each authority with its words in the language of the page, that of MCM first."""
    return [each for some in _authorities for each in some()]


def in_words(authority: str) -> str:
    """Return the words people know the door of an authority by; its own name where nobody gave any."""
    return dict(authorities()).get(authority, authority)


register(lambda: [(MCM, _("Ma classe à la maison"))])
