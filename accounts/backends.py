"""Checks a name and a password at a door: one query and one hash, whoever is asked for (SAFETY G2, T3).

How often one may guess (SAFETY G5, G6, T16):

- 25 guesses a day at an account, over all its names and its address;
- 100 guesses without a single success in between: then only a reset by mail opens it again;
- one password tried in vain on 50 accounts in a day is tried no further (« spraying »);
- a browser where the person signed in before has 25 guesses of its own a day, whatever strangers did
  meanwhile: nobody locks a classmate out. Its cookie is worth that budget and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from economy.compiled import Compiled
from throttling import limits

from . import addresses, browsers
from .hashers import spend_one_hash
from .models import MCM, FirstSignIn, User

GUESSES = 25  # evaluated guesses of an account per day, over all its names (SAFETY G5)
IN_A_ROW = 100  # without a success; NIST SP 800-63B 5.2.2
SAME_PASSWORD = 50  # accounts tried with one password in a day, in vain
DAY, YEAR = timedelta(days=1), timedelta(days=365)


def guesses(key: str) -> limits.Limit:
    """Return the limit that counts the guesses of a day at one account, or at one name that nobody has."""
    return limits.Limit("sign_in.account", key, GUESSES, DAY)


def guesses_in_a_row(key: str) -> limits.Limit:
    """Return the limit that counts the guesses since the last success."""
    return limits.Limit("sign_in.in_a_row", key, IN_A_ROW, YEAR)


def forget_guesses(user: User) -> None:
    """Begin anew after a reset by mail: the guesses were at another password."""
    limits.clear(guesses(user.subject), guesses_in_a_row(user.subject))


def count_guess(
    request: HttpRequest | None, user: User | None, name: str, typed: str, authority: str
) -> Callable[[], None]:
    """Count a guess at a name before anything is judged; return what is to be called once it was right.

    Whatever proves an account at a door counts here: a password, or the passcode of a key (SAFETY G5, G6).
    Raises :class:`throttling.limits.Refused`.
    """
    key = user.subject if user else f"{authority}:{name.strip().lower()}"
    in_a_row = guesses_in_a_row(key)
    known = browsers.known_as(request, user) if request and user else ""
    if known:
        counted: tuple[limits.Limit, ...] = (
            limits.Limit("sign_in.known_browser", f"{key}:{known}", GUESSES, DAY),
        )
    else:
        counted = (
            guesses(key),
            in_a_row,
            limits.Limit("sign_in.same_password", typed, SAME_PASSWORD, DAY),
        )
    try:
        counts = limits.hit(*counted)
    except limits.Refused as refusal:
        # Nothing was judged: only the limit that refuses has been used.
        limits.give_back(*(limit for limit in counted if limit != refusal.limit))
        raise
    # A person may sign in as often as they like, and has shown that they are no guesser.
    return lambda: limits.settle(counts, forgiven=(in_a_row,))


class NewPasswordWanted(Exception):
    """The password was right, and opens nothing any more: staff have asked for another one."""


class DoorBackend(ModelBackend):
    """Resolves a sign-in name by (authority, name), or a confirmed address at any door."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        *,
        authority: str = MCM,
        explains: bool = False,
        **_others: Any,
    ) -> User | None:
        """Return the person, or ``None``. ``username`` is what was typed: a name at this door, or an address.

        Every guess is counted before it is judged, known account or not. Raises
        :class:`throttling.limits.Refused` when the account has had its guesses, and to who ``explains``
        :class:`NewPasswordWanted` for the right password of an account that waits for another one: whoever
        knew it knows the account (SAFETY G1), and learns how its owner gets back in, nothing more (G16).
        """
        if username is None or password is None:
            return None
        user = self.find(username, authority)
        was_right = count_guess(request, user, username, password, authority)
        if user is None or not user.is_active:
            spend_one_hash()
            return None
        # One that was closed is judged as well, by the same hash (SAFETY G2); it opens nothing.
        kept = user.password.removeprefix(UNUSABLE_PASSWORD_PREFIX)
        if not check_password(password, kept) or _is_out_of_date(user):
            return None
        if not user.has_usable_password():
            if explains:
                raise NewPasswordWanted
            return None
        was_right()
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
            rows = _by_address.rows(address)
        else:
            rows = _by_name.rows(authority, login.lower())
        if not rows:
            return None
        has_second_factor, *values = rows[0]
        user = User.from_db("default", PERSON, values)
        user.has_second_factor = has_second_factor
        return user


def _is_out_of_date(user: User) -> bool:
    """Say whether what was typed is the code of a letter that stands for a password no more (SAFETY T38)."""
    if not user.owes_password:
        return False
    letters = FirstSignIn.objects.filter(user=user)
    return letters.exists() and not letters.good().exists()


def _with_factor(found: QuerySet[User]) -> QuerySet[User, Any]:
    factors = Authenticator.objects.filter(user=OuterRef("pk")).exclude(
        type=Authenticator.Type.RECOVERY_CODES
    )
    return found.annotate(factor=Exists(factors)).values_list("factor", *PERSON)


PERSON = [field.attname for field in User._meta.concrete_fields]
_by_address = Compiled(lambda address: _with_factor(User.objects.with_address(address)), "\x01address")
_by_name = Compiled(
    lambda authority, name: _with_factor(User.objects.with_name(authority, name)), "\x01door", "\x01name"
)
