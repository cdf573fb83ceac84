"""The doors of the portal: whose names are known there, which page one signs in at (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from schools.letters.codes import Audience
from schools.models import Academy

from .forms import SignInForm
from .models import MCM, PUPILS, User, staff_door
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


def _of_the_ent() -> list[tuple[str, str]]:
    staff = [
        (staff_door(code), gettext("ENT, personnels : académie %(academy)s") % {"academy": name})
        for code, name in Academy.objects.order_by("name").values_list("code", "name")
    ]
    return [(PUPILS, gettext("ENT, élèves")), *staff]


register(lambda: [(MCM, gettext("Ma classe à la maison"))])
register(_of_the_ent)
