"""Checks a name and a password at a door: one query and one hash, whoever is asked for (SAFETY G2, T3)."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from throttling import limits

from . import addresses
from .hashers import spend_one_hash
from .models import MCM, User

GUESSES = 25  # evaluated guesses of an account per day, over all its names (SAFETY G5)


def guesses(key: str) -> limits.Limit:
    """Return the limit that counts the guesses at one account, or at one name that nobody has."""
    return limits.Limit("sign_in.account", key, GUESSES, timedelta(days=1))


class DoorBackend(ModelBackend):
    """Resolves a sign-in name by (authority, name), or a confirmed address at any door."""

    def authenticate(  # type: ignore[override]
        self,
        request: HttpRequest | None,
        *,
        login: str | None = None,
        password: str | None = None,
        authority: str = MCM,
        **_others: object,
    ) -> User | None:
        """Return the person, or ``None``.

        Every guess is counted before it is judged, known account or not. Raises
        :class:`throttling.limits.Refused` when the account has had its guesses for the day.
        """
        if login is None or password is None:
            return None
        user = self.find(login, authority)
        guess = guesses(user.subject if user else f"{authority}:{login.strip().lower()}")
        limits.hit(guess)
        if user is None or not user.is_active:
            spend_one_hash()
            return None
        if not check_password(password, user.password):
            return None
        limits.give_back(guess)  # a person may sign in as often as they like
        return user

    @staticmethod
    def find(login: str, authority: str) -> User | None:
        """Return whom a typed name or address belongs to, without regard to letter case or outer spaces."""
        login = login.strip()
        if "@" in login:
            try:
                address = addresses.clean_address(login)
            except ValidationError:
                address = login.lower()
            return User.objects.with_address(address).first()
        return User.objects.with_name(authority, login.lower()).first()
