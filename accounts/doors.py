"""The doors of the portal: whose names are known there, which page one signs in at (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms

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
