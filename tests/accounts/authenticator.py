"""A passkey in software: real keys and real signatures, which a test may bend as it likes."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.test import Client
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

Flag = AuthenticatorData.FLAG


@dataclass
class Device:
    """One passkey on one device; it counts how often it signed, as a security key does."""

    origin: str = field(default_factory=lambda: settings.SITE_URL)
    host: str = "localhost"  # what it takes the portal's RP id for
    verifies: bool = True  # asks for finger, face or PIN
    counts: bool = True
    counter: int = 0
    handle: str = ""  # whose it is, as told when it was made
    cross_origin: bool = False
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def make(self, options: dict[str, Any], **bent: Any) -> dict[str, Any]:
        """Answer ``navigator.credentials.create``."""
        told = options["publicKey"]
        self.handle = told["user"]["id"]
        credential = AttestedCredentialData.create(
            Aaguid(bytes(16)), self.credential_id, ES256.from_cryptography_key(self.key.public_key())
        )
        data = AuthenticatorData.create(
            sha256(self.host.encode()), self._flags() | Flag.AT, self.counter, credential
        )
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", told["challenge"], **bent).b64,
            attestationObject=websafe_encode(AttestationObject.create("none", data, {})),
        )

    def show(self, options: dict[str, Any], **bent: Any) -> dict[str, Any]:
        """Answer ``navigator.credentials.get``, without looking whether it was asked for."""
        if self.counts:
            self.counter += 1
        data = AuthenticatorData.create(sha256(self.host.encode()), self._flags(), self.counter)
        client_data = self._client_data("webauthn.get", options["publicKey"]["challenge"], **bent)
        signature = self.key.sign(data + client_data.hash, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            clientDataJSON=client_data.b64,
            authenticatorData=websafe_encode(data),
            signature=websafe_encode(signature),
            userHandle=self.handle,
        )

    def _flags(self) -> Any:
        return Flag.UP | Flag.UV if self.verifies else Flag.UP

    def _client_data(self, kind: str, challenge: str, **bent: Any) -> CollectedClientData:
        said = {"type": kind, "origin": self.origin, "cross_origin": self.cross_origin, **bent}
        return CollectedClientData.create(challenge=websafe_decode(challenge), **said)

    def _answer(self, **response: str) -> dict[str, Any]:
        name = websafe_encode(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}


def send(browser: Client, page: str, answer: object, **more: str) -> Any:
    """Send what a device answered, as the page's script does."""
    return browser.post(page, {"credential": json.dumps(answer), **more})
