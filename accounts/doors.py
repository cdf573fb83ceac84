"""The doors of the portal: whose names are known there, which page one signs in at (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from schools.letters.codes import Audience

from .forms import SignInForm
from .models import MCM, User
from .passwords import MCM as MCM_POLICY
from .passwords import PasswordPolicy

WRONG = _(
    "Le nom d’utilisateur ou le mot de passe n’est pas bon. Vérifiez les "
    "majuscules. Vous venez de vous inscrire ? Ouvrez d’abord le lien reçu par courriel."
)
Proof = Callable[[HttpRequest, str, str, str], User | None]


def by_password(request: HttpRequest, login: str, typed: str, authority: str) -> User | None:
    """Return whom a name and a password let in.

    Raises :class:`throttling.limits.Refused` and :class:`accounts.backends.NewPasswordWanted`.
    """
    found = authenticate(request, username=login, password=typed, authority=authority, explains=True)
    return found if isinstance(found, User) else None


@dataclass(frozen=True)
class Door:
    """Where people sign in with names of one authority."""

    authority: str
    policy: PasswordPolicy
    template: str
    form: type[forms.Form] = SignInForm
    context: Callable[[], dict[str, Any]] = dict  # what its template reads besides, the same for everybody
    proof: Proof = by_password
    letters: frozenset[Audience] = frozenset()  # whose code may be typed in the place of the password
    wrong: str | Promise = WRONG


MCM_DOOR = Door(MCM, MCM_POLICY, "accounts/sign_in.html")
