"""« Clé OTP »: a PIN and a code, typed as one word in the place of the password (SCREENS C2, SAFETY T39).

The key is a row of its own, apart from the second factor (docs/adr/0009). A code serves once: the step of
the last one accepted only rises, by the clock of PostgreSQL, one step of 30 seconds early or late. A
recovery code has six digits as well and stands for the code, after the PIN, each once.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.contrib.auth.hashers import check_password, make_password
from django.db import connection, transaction
from django.db.models import DateTimeField, Func
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from audit import journal
from throttling import limits

from . import correspondence, standing
from .hashers import spend_one_hash
from .models import OtpKey, User
from .second_factor import matching_step, new_secret, normalised

KIND_ADDED = "accounts.otp_key_added"
KIND_REMOVED = "accounts.otp_key_removed"
KIND_SPARE_USED = "accounts.otp_key_spare_used"
CODE = 6  # digits
SHORTEST_PIN, LONGEST_PIN = 4, 8
SPARE = 10  # recovery codes
WAITS = timedelta(days=1)  # a key whose first code never came
ACADEMY_DOOR = "academie:"  # how the authority of a staff door begins

ADDED = journal.register_act("otp_key.added", _("Clé OTP activée"))
PIN_CHANGED = journal.register_act("otp_key.pin_changed", _("Code PIN de la clé OTP changé"))
SPARE_DRAWN = journal.register_act("otp_key.spare_drawn", _("Codes de secours de la clé OTP refaits"))
SPARE_USED = journal.register_act("otp_key.spare_used", _("Code de secours de la clé OTP utilisé"))
REMOVED = journal.register_act("otp_key.removed", _("Clé OTP retirée"))

# One statement each, so that of two that come at once one is accepted.
STRIKE_OUT = """
UPDATE accounts_otpkey SET spare = spare - %s, last_used_at = now()
 WHERE id = %s AND spare @> to_jsonb(%s::text)
"""


class NoKey(Exception):
    """There is no key to do this with."""


class _Clock(Func):
    function = "clock_timestamp"
    output_field = DateTimeField()


@dataclass(frozen=True)
class _Held:
    """A key as a sign-in needs it."""

    row: OtpKey
    seconds: int  # by PostgreSQL's clock


def may_have_one(user: User) -> bool:
    """Say whether a key would open anything for this person: staff of a school, or known at its door."""
    return user.staff_member_id is not None or any(
        authority.startswith(ACADEMY_DOOR) for authority in standing.of(user).doors
    )


def key_of(user: User) -> OtpKey | None:
    """Return the key in use of a person."""
    return OtpKey.objects.active().filter(user=user).first()


def has_key(user: User) -> bool:
    """Say whether a person has a key in use; one that waits for its first code is none."""
    return OtpKey.objects.active().filter(user=user).exists()


# --- signing in -----------------------------------------------------------------------------------


def looks_like_one(typed: str) -> bool:
    """Say whether what was typed has the shape of a PIN and a code: 10 to 14 digits, spaces not counted."""
    digits = normalised(typed)
    return digits.isdecimal() and SHORTEST_PIN + CODE <= len(digits) <= LONGEST_PIN + CODE


def verify(user: User | None, typed: str, *, name: str = "") -> bool:
    """Judge a PIN followed by six digits, for the door that somebody signs in at; a code serves once.

    Whoever is asked for, with a key or without, ``None`` for a ``name`` that nobody has: one hash and the
    same statements, but for the one that notes a success, and refused as soon (SAFETY G1, G2). Five wrong
    ones in a quarter of an hour, 25 in a day (T39), counted before anything is judged. Called outside any
    transaction; the caller has counted the guess at the account as well, as for a password. Raises
    :class:`throttling.limits.Refused`.
    """
    counted = guesses(user.subject if user else f"nobody {name.strip().lower()}")
    limits.hit(*counted)
    digits = normalised(typed)
    pin, code = digits[:-CODE], digits[-CODE:]
    held = _held(user)
    if held is None:
        spend_one_hash()
        return False
    is_pin = check_password(pin, held.row.pin)
    step = matching_step(held.row.seed(), code, held.seconds)
    if not (is_pin and held.row.user.is_active and looks_like_one(typed)):
        return False
    right = _count_up(held.row, step) if step is not None else _strike_out(held.row, code)
    if right:
        limits.give_back(*counted)
    return right


def guesses(key: str) -> tuple[limits.Limit, ...]:
    """Return what counts wrong ones at an account, or a name that nobody has: 5 in 15 minutes, 25 a day."""
    return (
        limits.Limit("otp_key", key, 5, timedelta(minutes=15)),
        limits.Limit("otp_key", key, 25, timedelta(days=1)),
    )


def _held(user: User | None) -> _Held | None:
    keys = OtpKey.objects.active().select_related("user").annotate(at=_Clock())
    row = keys.filter(user=user.pk if user is not None else 0).first()
    if row is None:
        return None
    at: datetime = vars(row)["at"]
    return _Held(row, int(at.timestamp()))


def _count_up(row: OtpKey, step: int) -> bool:
    keys = OtpKey.objects.active().filter(pk=row.pk, counter__lt=step)
    return bool(keys.update(counter=step, last_used_at=Now()))


def _strike_out(row: OtpKey, code: str) -> bool:
    digest = _hash(row.user, code)
    if not any(hmac.compare_digest(digest, each) for each in row.spare):
        return False
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(STRIKE_OUT, [digest, row.pk, digest])
            struck = bool(cursor.rowcount)
        if struck:
            correspondence.post(KIND_SPARE_USED, row.user)
            journal.record(act=SPARE_USED, actor=row.user.subject, subject=row.user.subject)
    return struck


# --- setting it up --------------------------------------------------------------------------------


def begin(user: User) -> OtpKey:
    """Draw a key that waits for its PIN and first code; one that waits already stays the same one.

    The key in use, if there is one, goes on serving until the new one is active.
    """
    row, _made = OtpKey.objects.get_or_create(
        user=user, active_at=None, defaults={"sealed_seed": OtpKey.sealed(new_secret())}
    )
    return row


def waiting_of(user: User) -> OtpKey | None:
    """Return the key that waits for its first code."""
    return OtpKey.objects.waiting().filter(user=user).first()


def abandon(user: User) -> None:
    """Throw away the key that waits: the next one that is begun is another."""
    OtpKey.objects.waiting().filter(user=user).delete()


def activate(user: User, *, pin: str, code: str) -> list[str] | None:
    """Put the waiting key to use, once its PIN is chosen and a first code proves that the app has it.

    Returns the recovery codes, which nobody can be shown again; ``None`` for a code that is not right. An
    earlier key is gone from then on. Raises :class:`NoKey` where none waits, and
    :class:`throttling.limits.Refused` after as many wrong codes as a sign-in allows.
    """
    counted = guesses(user.subject)
    limits.hit(*counted)
    hashed = make_password(pin)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two tabs take turns
        row = waiting_of(user)
        if row is None:
            raise NoKey
        step = matching_step(row.seed(), normalised(code))
        if step is None:
            return None
        OtpKey.objects.active().filter(user=user).delete()
        codes, row.spare = _spare_codes(user)
        row.pin, row.counter = hashed, step
        row.save(update_fields=["pin", "counter", "spare"])
        OtpKey.objects.filter(pk=row.pk).update(active_at=Now())
        correspondence.post(KIND_ADDED, user)
        journal.record(act=ADDED, actor=user.subject, subject=user.subject)
    limits.give_back(*counted)
    return codes


def change_pin(user: User, pin: str) -> None:
    """Choose another PIN for the key in use. Raises :class:`NoKey`."""
    hashed = make_password(pin)
    with transaction.atomic():
        if not OtpKey.objects.active().filter(user=user).update(pin=hashed):
            raise NoKey
        journal.record(act=PIN_CHANGED, actor=user.subject, subject=user.subject)


def draw_spare(user: User) -> list[str]:
    """Replace the recovery codes of the key in use; return the new ones. Raises :class:`NoKey`."""
    codes, hashes = _spare_codes(user)
    with transaction.atomic():
        if not OtpKey.objects.active().filter(user=user).update(spare=hashes):
            raise NoKey
        journal.record(act=SPARE_DRAWN, actor=user.subject, subject=user.subject)
    return codes


def remove(user: User) -> None:
    """Take the key away, and the one that waits; the password goes on opening the account."""
    with transaction.atomic():
        abandon(user)
        if OtpKey.objects.active().filter(user=user).delete()[0]:
            correspondence.post(KIND_REMOVED, user)
            journal.record(act=REMOVED, actor=user.subject, subject=user.subject)


def forget(keys: Collection[int]) -> None:
    """Erase the keys of these people, by their keys, in the transaction of whoever takes their password away.

    A passcode opens an account without the password: one that a thief has set up would outlive it (SAFETY
    G16, T24).
    """
    OtpKey.objects.filter(user__in=keys).delete()


def purge() -> None:
    """Erase the keys whose first code never came."""
    OtpKey.objects.waiting().filter(began_at__lt=Now() - WAITS).delete()


def is_easily_guessed(pin: str) -> bool:
    """Say whether a PIN is one that everybody tries first: one digit only, a run, a pair again and again."""
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    return steps in ({0}, {1}, {-1}) or pin == pin[:2] * (len(pin) // 2)


def _spare_codes(user: User) -> tuple[list[str], list[str]]:
    codes: list[str] = []
    while len(codes) < SPARE:
        code = f"{secrets.randbelow(10**CODE):0{CODE}d}"
        if code not in codes:
            codes.append(code)
    return codes, [_hash(user, code) for code in codes]


def _hash(user: User, code: str) -> str:
    said = f"{user.public_id}|{code}"
    return salted_hmac("accounts.otp_keys.spare", said, algorithm="sha256").hexdigest()
