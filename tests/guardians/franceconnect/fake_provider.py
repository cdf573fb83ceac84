"""A FAKE provider that forges: it says whatever a test wants, rightly or wrongly signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

CLIENT = "portail"
SECRET = "secret-du-portail"


def b64(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class FakeForgingProvider:
    """Answers as an honest one until a test changes what it says."""

    def __init__(self) -> None:
        self.key, self.other_key = (
            ec.generate_private_key(ec.SECP256R1()),
            ec.generate_private_key(ec.SECP256R1()),
        )
        self.rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.published: list[dict[str, Any]] = [self.public(self.key, "k1")]
        self.asked: Counter[str] = Counter()
        self.forms: list[dict[str, str]] = []
        self.question: dict[str, str] = {}
        # What a test changes.
        self.proof: dict[str, Any] = {}  # None takes a claim away
        self.said: dict[str, Any] = {}
        self.sign_proof: Callable[[dict[str, Any]], str] = self.signed
        self.sign_said: Callable[[dict[str, Any]], str] = self.signed
        self.userinfo_kind = "application/jwt"
        self.access = "un-jeton-d-acces"
        self.token_status = 200
        self.instead: dict[str, bytes] = {}  # path → raw body
        self.drip = 0.0  # seconds between two bytes
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self.server.server_port}/api/v2"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()

    # --- signing, and forging ---------------------------------------------------------------------

    @staticmethod
    def public(key: ec.EllipticCurvePrivateKey, kid: str) -> dict[str, Any]:
        """Return the public half as a JWK."""
        return {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"}

    def signed(self, claims: dict[str, Any], *, key: Any = None, kid: str = "k1", alg: str = "ES256") -> str:
        """Sign as an honest provider does, or with another key, id or algorithm."""
        content = json.dumps(claims).encode()  # jwt.encode would refuse to lie
        return jwt.PyJWS().encode(content, key or self.key, algorithm=alg, headers={"kid": kid})

    def unsigned(self, claims: dict[str, Any]) -> str:
        """Make a token of « alg none »."""
        return f"{b64(json.dumps({'alg': 'none', 'kid': 'k1'}).encode())}.{b64(json.dumps(claims).encode())}."

    def signed_with_the_public_key(self, claims: dict[str, Any]) -> str:
        """Make a token of HS256 whose secret is the public key, which everybody has."""
        public = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        text = f"{b64(json.dumps({'alg': 'HS256', 'kid': 'k1'}).encode())}.{b64(json.dumps(claims).encode())}"
        return f"{text}.{b64(hmac.digest(public, text.encode(), 'sha256'))}"

    # --- what it says -----------------------------------------------------------------------------

    def honest_proof(self) -> dict[str, Any]:
        """What an honest id_token says."""
        now = int(time.time())
        return {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "a" * 64 + "v1",
            "iat": now,
            "exp": now + 60,
            "nonce": self.question.get("nonce"),
            "acr": "eidas1",
            "at_hash": b64(hashlib.sha256(self.access.encode()).digest()[:16]),
        }

    def honest_words(self) -> dict[str, Any]:
        """What an honest userinfo says."""
        now = int(time.time())
        return {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "a" * 64 + "v1",
            "iat": now,
            "exp": now + 60,
            "given_name": "Nadia Rose",
            "family_name": "LÉGER",
            "preferred_username": "ROUSSEL",
            "birthdate": "1985-07-14",
            "gender": "female",
        }

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Return status, media type and body."""
        if path in self.instead:
            return 200, "application/json", self.instead[path]
        if path.endswith("/.well-known/openid-configuration"):
            names = ("authorization", "token", "userinfo", "end_session")
            found = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in names}
            return (
                200,
                "application/json",
                json.dumps({"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", **found}).encode(),
            )
        if path.endswith("/jwks"):
            return 200, "application/json", json.dumps({"keys": self.published}).encode()
        if path.endswith("/token"):
            proof = {k: v for k, v in {**self.honest_proof(), **self.proof}.items() if v is not None}
            given = {"access_token": self.access, "token_type": "Bearer", "id_token": self.sign_proof(proof)}
            return self.token_status, "application/json", json.dumps(given).encode()
        said = {k: v for k, v in {**self.honest_words(), **self.said}.items() if v is not None}
        return 200, self.userinfo_kind, self.sign_said(said).encode()

    def _handler(provider) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                provider.asked[path.rpartition("/api/v2")[2]] += 1
                status, kind, body = provider.answer(path.rpartition("/api/v2")[2])
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if not provider.drip:
                    self.wfile.write(body)
                    return
                try:
                    for at in range(len(body)):
                        self.wfile.write(body[at : at + 1])
                        self.wfile.flush()
                        time.sleep(provider.drip)
                except OSError:
                    pass

            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
                provider.forms.append({name: values[0] for name, values in parse_qs(sent).items()})
                self.do_GET()

            def log_message(self, *words: Any) -> None:
                pass

        return Handler
