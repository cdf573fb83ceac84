"""The second factor: a key in an app that makes codes (RFC 6238), and recovery codes for the day it is lost.

Passkeys (:mod:`accounts.passkeys`) stand beside the app: either is a second factor, and one may have both.
Required of staff before the administration opens; anybody may have one. A code serves once (SAFETY T39,
F16): the step of the last one accepted stands in the row and only ever rises, by the clock of PostgreSQL,
one step of 30 seconds early or late. Recovery codes are stored hashed and are each struck out by use.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
import unicodedata
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt, encrypt
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from audit import journal
from throttling import limits

from . import correspondence, reauthentication
from .models import User
from .sealing import seal, unseal

KIND_ADDED = "accounts.second_factor_added"
KIND_REMOVED = "accounts.second_factor_removed"
KIND_ONE_REMOVED = "accounts.second_factor_one_removed"
KIND_RECOVERED = "accounts.second_factor_recovered"
PURPOSE = "accounts.second_factor"
NAME = "Ma classe à la maison"  # what phones call the portal
STEP = 30  # seconds
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # no look-alikes
CODES, CODE_LENGTH = 10, 10  # ten recovery codes of 49 bits

ADDED = journal.register_act("second_factor.added", _("Second facteur ajouté"))
REMOVED = journal.register_act("second_factor.removed", _("Second facteur retiré"))
APP_REMOVED = journal.register_act("second_factor.app_removed", _("Application de codes retirée"))
RECOVERED = journal.register_act("second_factor.recovered", _("Code de secours utilisé"))
CODES_DRAWN = journal.register_act("second_factor.codes_drawn", _("Codes de secours refaits"))

COUNT_UP = """
UPDATE mfa_authenticator
   SET data = jsonb_set(data, '{counter}', to_jsonb(%s::bigint)), last_used_at = now()
 WHERE id = %s AND coalesce((data->>'counter')::bigint, 0) < %s
"""
STRIKE_OUT = """
UPDATE mfa_authenticator
   SET data = jsonb_set(data, '{hashes}', (data->'hashes') - %s), last_used_at = now()
 WHERE user_id = %s AND type = 'recovery_codes' AND data->'hashes' @> to_jsonb(%s::text)
"""


class LastOne(Exception):
    """Staff keep at least one second factor."""


class Adapter(DefaultMFAAdapter):
    """Keeps the keys encrypted at rest, by a key that is not in the database; says who we are to passkeys."""

    def encrypt(self, text: str) -> str:
        """Encrypt by the present ``SECRET_KEY``."""
        return seal(PURPOSE, text)

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt, also what a former ``SECRET_KEY`` encrypted (``SECRET_KEY_FALLBACKS``)."""
        return unseal(PURPOSE, encrypted_text)

    def is_mfa_enabled(self, user: Any, types: Any = None) -> bool:
        """Say whether a sign-in asks for a second factor: often known already from the door."""
        return has_one(user) if user.has_second_factor is None else user.has_second_factor

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name the portal: by the host of ``SITE_URL``, where allauth would believe the request (T27)."""
        return {"id": urlsplit(settings.SITE_URL).hostname or "", "name": NAME}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        """Name a person to their own device: what it stores for good says nothing about them."""
        return {
            "id": user.public_id.bytes,
            "name": user.sign_in_name() or user.full_name,
            "display_name": user.full_name,
        }


def has_one(user: User) -> bool:
    """Say whether this person has a second factor; recovery codes alone are none."""
    factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return factors.exists()


def app_of(user: User) -> Authenticator | None:
    """Return the row of a person's app that makes codes, if they have one."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()


def is_due(user: User) -> bool:
    """Say whether this person has to set one up: staff without one."""
    return user.is_staff and not has_one(user)


def verified(request: HttpRequest) -> bool:
    """Say whether this session was opened, or proved since, with a second factor."""
    records = get_authentication_records(request, request.user if request.user.is_authenticated else None)
    return any(record.get("method") == "mfa" for record in records)


def new_secret() -> str:
    """Draw a key: 160 bits in base 32, as apps read it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def uri(user: User, secret: str) -> str:
    """Return what the QR code says to the app: an ``otpauth://`` address with the person's user name."""
    label = f"{NAME}:{user.sign_in_name() or user.full_name}"
    return f"otpauth://totp/{quote(label)}?secret={secret}&issuer={quote(NAME)}"


def normalised(typed: str) -> str:
    """Return a code as we compare it: spaces and hyphens out, digits of any script as ours, lower case."""
    plain = unicodedata.normalize("NFKC", typed[:100]).lower()
    kept = (each for each in plain if each.isalnum())
    return "".join(str(unicodedata.digit(each)) if each.isdigit() else each for each in kept)


def code_at(secret: str, counter: int) -> str:
    """Return the six digits of a step (RFC 4226)."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1)
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def seconds_now() -> int:
    """Return the whole seconds gone by, by PostgreSQL's clock, one for all machines (SAFETY F16)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT floor(extract(epoch FROM clock_timestamp()))::bigint")
        return int(cursor.fetchone()[0])


def matching_step(secret: str, code: str, now: int | None = None) -> int | None:
    """Return the step that a code belongs to, now or one step away by the clock of PostgreSQL.

    ``now`` are the seconds of that clock, where they are known already.
    """
    now = seconds_now() if now is None else now
    steps = [now // STEP + away for away in (0, -1, 1)]
    return next((step for step in steps if hmac.compare_digest(code_at(secret, step), code)), None)


def add(user: User, secret: str, code: str) -> list[str] | None:
    """Set the key up once a first code proves that the app has it; return the recovery codes, once.

    ``None`` if the code is not right. An earlier key is replaced.
    """
    step = matching_step(secret, normalised(code))
    if step is None:
        return None
    with transaction.atomic():
        Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
        Authenticator.objects.create(
            user=user, type=Authenticator.Type.TOTP, data={"secret": encrypt(secret), "counter": step}
        )
        codes = _draw_codes(user)
        tell(KIND_ADDED, user)
        journal.record(act=ADDED, actor=user.subject, subject=user.subject)
    return codes


def draw_codes(user: User) -> list[str]:
    """Replace the recovery codes; return the new ones, which nobody can be shown again."""
    with transaction.atomic():
        codes = _draw_codes(user)
        journal.record(act=CODES_DRAWN, actor=user.subject, subject=user.subject)
    return codes


def codes_left(user: User) -> int:
    """Return how many recovery codes have not been used."""
    row = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(row.data.get("hashes", [])) if row else 0


def draw_missing_codes(user: User) -> list[str]:
    """Draw recovery codes for who has none left, so that a lost device shuts nobody out; else return none."""
    return [] if codes_left(user) else _draw_codes(user)


def _draw_codes(user: User) -> list[str]:
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.RECOVERY_CODES,
        data={"hashes": [_hash(user, code) for code in codes]},
    )
    return codes


def _hash(user: User, code: str) -> str:
    said = f"{user.public_id}|{code}"
    return salted_hmac("accounts.second_factor.codes", said, algorithm="sha256").hexdigest()


def guesses(user: User) -> tuple[limits.Limit, ...]:
    """Return what counts wrong codes and wrong passkeys of a person: 5 in a quarter of an hour, 25 a day."""
    return (
        limits.Limit("second_factor", user.subject, 5, timedelta(minutes=15)),
        limits.Limit("second_factor", user.subject, 25, timedelta(days=1)),
    )


def check(request: HttpRequest, user: User, typed: str) -> bool:
    """Judge a code of the app or a recovery code, once; note the proof in the session when it is right.

    Raises :class:`throttling.limits.Refused`.
    """
    right = is_right(user, typed)
    if right:
        reauthentication.note(request, user, "mfa", type="totp")
    return right


def is_right(user: User, typed: str) -> bool:
    """Judge a code of the app or a recovery code, once, whoever is signed in.

    Raises :class:`throttling.limits.Refused`.
    """
    counted = guesses(user)
    limits.hit(*counted)
    code = normalised(typed)
    right = _accept_step(user, code) if len(code) == 6 and code.isdigit() else _strike_out(user, code)
    if right:
        limits.give_back(*counted)
    return right


def _accept_step(user: User, code: str) -> bool:
    row = app_of(user)
    if row is None or "secret" not in row.data:
        return False
    step = matching_step(decrypt(row.data["secret"]), code)
    if step is None:
        return False
    with connection.cursor() as cursor:  # of two that come at once, one is accepted
        cursor.execute(COUNT_UP, [step, row.pk, step])
        return bool(cursor.rowcount)


def _strike_out(user: User, code: str) -> bool:
    digest = _hash(user, code)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(STRIKE_OUT, [digest, user.pk, digest])
            struck = bool(cursor.rowcount)
        if struck:
            tell(KIND_RECOVERED, user)
            journal.record(act=RECOVERED, actor=user.subject, subject=user.subject)
    return struck


def remove_all(user: User) -> int:
    """Take every factor of a person away; whoever calls writes down why and tells them."""
    return Authenticator.objects.filter(user=user).delete()[0]


def take_away(user: User, row: Authenticator, *, act: str) -> None:
    """Take one factor away and tell the person; with the last one go the recovery codes, none by themselves.

    The caller has locked the person's row: two pages could otherwise take the last two at once. Raises
    :class:`LastOne` where staff would be left without any.
    """
    row.delete()
    left = has_one(user)
    if not left and user.is_staff:
        raise LastOne  # the caller's transaction puts it back
    if not left:
        remove_all(user)
    tell(KIND_ONE_REMOVED if left else KIND_REMOVED, user)
    journal.record(act=act, actor=user.subject, subject=user.subject)


def remove_app(user: User) -> bool:
    """« Retirer » the app that makes codes: say whether it was there. Raises :class:`LastOne`."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        row = app_of(user)
        if row is None:
            return False
        take_away(user, row, act=APP_REMOVED)
    return True


def remove(user: User) -> None:
    """« Retirer »: the person's own wish. The page refuses it to staff, who need one."""
    with transaction.atomic():
        if remove_all(user):
            tell(KIND_REMOVED, user)
            journal.record(act=REMOVED, actor=user.subject, subject=user.subject)


def tell(kind: str, user: User) -> None:
    """Write a letter to the person, where there is an address; inside the act's transaction."""
    correspondence.post(kind, user)
