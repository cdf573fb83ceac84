"""The doors of the ENT for pupils and for the staff of each académie (SCREENS C2).

A name, and what proves it: the password, at the first time the code of the school's letter, and for the staff
the passcode of a one-time-password key.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from schools.letters.codes import Audience
from schools.models import Academy

from . import otp_keys
from .backends import DoorBackend, count_guess
from .doors import Door, by_password
from .ent_forms import PupilSignInForm, StaffSignInForm
from .models import PUPILS, User, staff_door
from .passwords import ENT

_WRONG = _(
    "L’identifiant ou le mot de passe n’est pas bon. Vérifiez les majuscules. C’est la première fois ? "
    "Recopiez l’identifiant et le code de la lettre ; un code sert une seule fois."
)


def by_passcode_or_password(request: HttpRequest, login: str, typed: str, authority: str) -> User | None:
    """Return whom a name lets in with a passcode or a password: one hash, whatever was typed.

    What has the shape of a passcode is judged as one and as nothing else, whoever has a key: a password has
    letters in it (P2). Raises :class:`throttling.limits.Refused`.
    """
    if not otp_keys.looks_like_one(typed):
        return by_password(request, login, typed, authority)
    user = DoorBackend.find(login, authority)
    was_right = count_guess(request, user, login, typed, authority)
    if not otp_keys.verify(user, typed, name=login):
        return None
    was_right()
    return user


def for_pupils() -> Door:
    """Return the one door of all pupils."""
    return Door(
        PUPILS,
        ENT,
        "accounts/ent/sign_in_pupil.html",
        PupilSignInForm,
        letters=frozenset({Audience.PUPIL}),
        wrong=_WRONG,
    )


def for_staff(academy: str) -> Door:
    """Return the door of an académie's staff, by its code."""
    return Door(
        staff_door(academy),
        ENT,
        "accounts/ent/sign_in_staff.html",
        StaffSignInForm,
        partial(_staff_context, academy),
        proof=by_passcode_or_password,
        letters=frozenset({Audience.STAFF}),
        wrong=_WRONG,
        is_password=lambda typed: not otp_keys.looks_like_one(typed),
    )


def _staff_context(code: str) -> dict[str, Any]:
    return {"academy": Academy.objects.get(code=code)}
