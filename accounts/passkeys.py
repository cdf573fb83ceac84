"""Passkeys (WebAuthn, W3C Recommendation level 2): a second factor that cannot be typed into a false page.

Beside the codes of an app, never instead of the password. The library ``fido2`` reads and judges what
browsers send; what is ours is around it: a challenge belongs to one person, one session and one purpose
and serves once; the origin is that of ``SITE_URL`` and no other; the counter of a passkey only rises.
Rows stand in allauth's table, in the shape its ``WebAuthn`` reads.
"""

from __future__ import annotations

import enum
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from fido2.cose import UnsupportedKey
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AuthenticationResponse,
    CollectedClientData,
    CredentialCreationOptions,
    CredentialRequestOptions,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from audit import journal
from throttling import limits

from . import reauthentication, second_factor
from .models import User

logger = structlog.get_logger(__name__)
Proof = TypeVar("Proof")

KIND_ADDED = "accounts.passkey_added"
WAITING = "passkeys.waiting"  # in the session: the challenge that was handed out last
PATIENCE = 5 * 60  # seconds to answer it
MOST = 10  # passkeys of one person
LONGEST_ID = 1023  # bytes: WebAuthn allows no more

ADDED = journal.register_act("passkey.added", _("Clé d’accès ajoutée"))
REMOVED = journal.register_act("passkey.removed", _("Clé d’accès retirée"))
WENT_BACK = journal.register_act(
    "passkey.counter_went_back", _("Clé d’accès refusée : elle a peut-être été copiée")
)

# One statement judges and notes: of two that come at once, one is accepted. A counter that stays at zero is
# that of a passkey which has none, as those that follow their owner from phone to phone (WebAuthn 6.1.1).
COUNT_UP = """
UPDATE mfa_authenticator
   SET data = data || jsonb_build_object('counter', %(counter)s::bigint, 'challenge', %(challenge)s::text),
       last_used_at = now()
 WHERE id = %(id)s
   AND data->>'challenge' IS DISTINCT FROM %(challenge)s
   AND (%(counter)s > (data->>'counter')::bigint OR (%(counter)s = 0 AND (data->>'counter')::bigint = 0))
"""


class Purpose(enum.StrEnum):
    """What a challenge was handed out for."""

    ADD = "add"
    SIGN_IN = "sign_in"  # beside the password
    AGAIN = "again"  # instead of the password, so it must also say who holds it: finger, face or PIN


class NoProof(Exception):
    """The browser's answer proves nothing: damaged, too old, used before, or meant for another site."""


class AlreadyAdded(Exception):
    """This passkey serves an account already."""


class TooMany(Exception):
    """This person has as many passkeys as one may have."""


@dataclass(frozen=True)
class Passkey:
    """One passkey, as its owner reads it in a list."""

    public_id: uuid.UUID
    name: str
    added_at: datetime
    used_at: datetime | None


def origin() -> str:
    """Return the origin that browsers name for the portal: from ``SITE_URL``, never from a request."""
    site = urlsplit(settings.SITE_URL)
    default = {"https": 443, "http": 80}[site.scheme]
    port = f":{site.port}" if site.port and site.port != default else ""
    return f"{site.scheme}://{site.hostname}{port}"


def of(user: User) -> list[Passkey]:
    """Return the passkeys of a person, the oldest first."""
    return [
        Passkey(uuid.UUID(row.data["public_id"]), row.data["name"], row.created_at, row.last_used_at)
        for row in _rows(user).order_by("pk")
    ]


def challenge(request: HttpRequest, user: User, purpose: Purpose) -> dict[str, Any]:
    """Hand out what the browser needs to add or to use a passkey, as values that JSON can write.

    The challenge in it is kept in the session and replaces an earlier one.
    """
    server, known = _server(), auth.get_credentials(user)
    options: CredentialCreationOptions | CredentialRequestOptions
    if purpose is Purpose.ADD:
        options, state = server.register_begin(
            user=auth.build_user_payload(user),
            credentials=known,  # the browser refuses to make a second one on the same device
            resident_key_requirement=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        )
    else:
        options, state = server.authenticate_begin(
            credentials=known,
            user_verification=UserVerificationRequirement.REQUIRED
            if purpose is Purpose.AGAIN
            else UserVerificationRequirement.PREFERRED,
        )
    request.session[WAITING] = {
        "challenge": state["challenge"],
        "user_verification": str(state["user_verification"].value),
        "purpose": purpose.value,
        "user": user.subject,
        "at": second_factor.seconds_now(),
    }
    return dict(options)


def add(request: HttpRequest, user: User, *, name: str, answer: str) -> list[str]:
    """Add the passkey that the browser has made; return recovery codes if there were none, to be shown once.

    The person is told by letter. Raises :class:`NoProof`, :class:`AlreadyAdded` and :class:`TooMany`.
    """
    state = _taken(request, user, Purpose.ADD)
    made = _judged(lambda: _made(state, answer)) if state else None
    if made is None:
        raise NoProof
    found = made.response.attestation_object.auth_data
    assert found.credential_data is not None
    try:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=user.pk)
            if _rows(user).count() >= MOST:
                raise TooMany
            Authenticator.objects.create(
                user=user,
                type=Authenticator.Type.WEBAUTHN,
                data={
                    "name": name,
                    "public_id": str(uuid.uuid4()),
                    "credential_id": websafe_encode(found.credential_data.credential_id),
                    "counter": found.counter,
                    "credential": {
                        "id": made.id,
                        "rawId": made.id,
                        "type": "public-key",
                        "response": dict(made.response),
                    },
                },
            )
            codes = second_factor.draw_missing_codes(user)
            second_factor.tell(KIND_ADDED, user)
            journal.record(act=ADDED, actor=user.subject, subject=user.subject)
    except IntegrityError:
        raise AlreadyAdded from None
    reauthentication.note(request, user, "mfa", type="webauthn")
    return codes


def check(request: HttpRequest, user: User, purpose: Purpose, answer: str) -> bool:
    """Judge a passkey that was shown, once; note the proof in the session when it is right.

    Wrong ones count together with wrong codes. Raises :class:`throttling.limits.Refused`.
    """
    counted = second_factor.guesses(user)
    limits.hit(*counted)
    state = _taken(request, user, purpose)
    known = auth.get_credentials(user)
    shown = _judged(lambda: _shown(state, user, known, answer)) if state else None
    if state is None or shown is None or not _accept(user, shown, state["challenge"]):
        return False
    limits.give_back(*counted)
    reauthentication.note(request, user, "mfa", type="webauthn")
    return True


def remove(user: User, public_id: uuid.UUID) -> bool:
    """« Retirer » one passkey: say whether it was there. The person is told by letter.

    Raises :class:`accounts.second_factor.LastOne` where staff would be left without a second factor.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        row = _rows(user).filter(data__public_id=str(public_id)).first()
        if row is None:
            return False
        second_factor.take_away(user, row, act=REMOVED)
    return True


def _rows(user: User) -> Any:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)


class _PatientServer(Fido2Server):
    """The library's server, whose ``timeout`` it declares as ``None`` and reads as milliseconds."""

    timeout: Any = None


def _server() -> Fido2Server:
    # The library alone would also accept every host below ours, and every port.
    rp = PublicKeyCredentialRpEntity(**second_factor.Adapter().get_public_key_credential_rp_entity())
    server = _PatientServer(rp, verify_origin=lambda said: said == origin())
    server.timeout = PATIENCE * 1000
    return server


def _taken(request: HttpRequest, user: User, purpose: Purpose) -> dict[str, Any] | None:
    """Take the challenge out of the session, before anything is judged; only the one that was meant."""
    state = request.session.pop(WAITING, None)
    if state is None or (state["user"], state["purpose"]) != (user.subject, purpose.value):
        return None
    return state if second_factor.seconds_now() - state["at"] < PATIENCE else None


def _judged(judge: Callable[[], Proof]) -> Proof | None:
    try:
        return judge()
    except Exception as error:  # parsers of a stranger's bytes raise whatever they meet; a proof passes, only
        logger.info("passkey_refused", error=type(error).__name__)
        return None


def _made(state: dict[str, Any], answer: str) -> RegistrationResponse:
    made = RegistrationResponse.from_dict(json.loads(answer))
    _is_ours(made.response.client_data)
    found = _server().register_complete(state, made).credential_data
    if found is None or found.credential_id != made.raw_id or len(found.credential_id) > LONGEST_ID:
        raise ValueError("no credential, or another one than was named")
    if isinstance(found.public_key, UnsupportedKey):
        raise ValueError("a key that could never be checked")
    return made


def _shown(state: dict[str, Any], user: User, known: list[Any], answer: str) -> AuthenticationResponse:
    shown = AuthenticationResponse.from_dict(json.loads(answer))
    _is_ours(shown.response.client_data)
    if shown.response.user_handle and shown.response.user_handle != user.public_id.bytes:
        raise ValueError("the passkey of somebody else")
    _server().authenticate_complete(state, known, shown)
    return shown


def _is_ours(client_data: CollectedClientData) -> None:
    if client_data.cross_origin:
        raise ValueError("from a page inside somebody else's")


def _accept(user: User, shown: AuthenticationResponse, challenge: str) -> bool:
    row = _rows(user).filter(data__credential_id=websafe_encode(shown.raw_id)).first()
    if row is None:
        return False
    counter = shown.response.authenticator_data.counter
    with connection.cursor() as cursor:
        cursor.execute(COUNT_UP, {"id": row.pk, "counter": counter, "challenge": challenge})
        if cursor.rowcount:
            return True
    row.refresh_from_db(fields=["data"])
    if row.data.get("challenge") != challenge:  # not the same answer sent twice
        journal.record(act=WENT_BACK, actor=user.subject, subject=user.subject)
    return False
