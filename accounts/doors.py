"""The doors of the portal: whose names are known there, which page one signs in at (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from schools.letters.codes import Audience
from schools.models import Academy

from .forms import SignInForm
from .models import MCM, PUPILS, User, academy_of_door, is_staff_door, staff_door
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
    # Whether what was typed is a password: some doors take something else in its place.
    is_password: Callable[[str], bool] = lambda _typed: True


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


# The page one signs in at, by its name, of each authority of the apps above.
_pages: dict[str, str] = {}


def register_page(authority: str, name: str) -> None:
    """Say at which page the names of an authority sign in. Called once, from an app's ``doors.py``."""
    _pages[authority] = name


def sign_in_page(authority: str) -> str:
    """Return the address where the names of an authority sign in; that of MCM for one nobody knows."""
    if is_staff_door(authority):
        return reverse("staff_sign_in", args=[academy_of_door(authority)])
    return reverse(_pages.get(authority, "account_login"))


def recovery_page(authority: str) -> str:
    """Return, likewise, the address where a forgotten password of the ENT is told."""
    if is_staff_door(authority):
        return reverse("staff_recover", args=[academy_of_door(authority)])
    return reverse("pupil_recover" if authority == PUPILS else "recover")


def _of_the_ent() -> list[tuple[str, str]]:
    staff = [
        (staff_door(code), gettext("ENT, personnels : académie %(academy)s") % {"academy": name})
        for code, name in Academy.objects.order_by("name").values_list("code", "name")
    ]
    return [(PUPILS, gettext("ENT, élèves")), *staff]


register(lambda: [(MCM, gettext("Ma classe à la maison"))])
register(_of_the_ent)
register_page(PUPILS, "pupil_sign_in")
