"""The stand-in's endpoints, as FranceConnect has them, and its one page."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from guardians.franceconnect import provider

from .people import PEOPLE

SALT = "guardians.franceconnect.demonstration"
CODE_LIVES = 30  # seconds, as FranceConnect's
TOKEN_LIVES = 60
KEY_ID = "demonstration"
View = Callable[..., HttpResponse]


def demonstration(view: View) -> View:
    """Let an endpoint exist with DEBUG only, and only where it stands in for nothing real."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (settings.DEBUG and settings.FRANCECONNECT_STAND_IN):
            raise Http404
        return view(request, *args, **kwargs)

    return login_not_required(never_cache(guarded))


@functools.cache
def _key() -> ec.EllipticCurvePrivateKey:
    """The same key in every process of this portal; it proves nothing to anybody else."""
    drawn = hashlib.sha256(f"{SALT}|{settings.SECRET_KEY}".encode()).digest()
    return ec.derive_private_key(int.from_bytes(drawn[:31], "big") + 1, ec.SECP256R1())


def _signed(claims: dict[str, Any], lives: int) -> str:
    now = int(time.time())
    claims = {
        "iss": settings.FRANCECONNECT_ISSUER,
        "aud": settings.FRANCECONNECT_CLIENT_ID,
        "iat": now,
        "exp": now + lives,
        **claims,
    }
    return jwt.encode(claims, _key(), algorithm="ES256", headers={"kid": KEY_ID})


def _sub(person: str) -> str:
    return hashlib.sha256(f"{SALT}|{person}|{settings.FRANCECONNECT_CLIENT_ID}".encode()).hexdigest() + "v1"


@demonstration
def configuration(request: HttpRequest) -> HttpResponse:
    """OpenID Connect Discovery."""
    issuer = settings.FRANCECONNECT_ISSUER
    return JsonResponse(
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/jwks",
            "end_session_endpoint": f"{issuer}/session/end",
        }
    )


@demonstration
def jwks(request: HttpRequest) -> HttpResponse:
    """The public half of the key."""
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(_key().public_key()))
    return JsonResponse({"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "ES256"}]})


@demonstration
def authorize(request: HttpRequest) -> HttpResponse:
    """Choose who to be, or refuse; then back to the portal."""
    asked = request.GET
    back = provider.return_address()
    if (asked.get("client_id"), asked.get("redirect_uri")) != (settings.FRANCECONNECT_CLIENT_ID, back):
        return HttpResponseBadRequest()
    if request.method != "POST":
        return render(request, "guardians/demonstration/choose.html", {"people": PEOPLE})
    answer = {"state": asked.get("state", ""), "iss": settings.FRANCECONNECT_ISSUER}
    person = request.POST.get("person", "")
    if person in PEOPLE:
        kept = {
            "person": person,
            "nonce": asked.get("nonce", ""),
            "challenge": asked.get("code_challenge", ""),
        }
        answer["code"] = signing.dumps(kept, salt=f"{SALT}.code")
    else:
        answer["error"] = "access_denied"
    return HttpResponseRedirect(f"{back}?{urlencode(answer)}")


@csrf_exempt
@demonstration
def token(request: HttpRequest) -> HttpResponse:
    """A code and its proof against two tokens."""
    sent = request.POST
    try:
        kept = signing.loads(sent.get("code", ""), salt=f"{SALT}.code", max_age=CODE_LIVES)
    except signing.BadSignature:
        return JsonResponse({"error": "invalid_grant"}, status=400)
    digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if not hmac.compare_digest(challenge, kept["challenge"]):
        return JsonResponse({"error": "invalid_grant"}, status=400)
    if sent.get("client_secret") != settings.FRANCECONNECT_CLIENT_SECRET:
        return JsonResponse({"error": "invalid_client"}, status=401)
    access = signing.dumps(kept["person"], salt=f"{SALT}.access")
    half = hashlib.sha256(access.encode()).digest()[:16]
    proof = {
        "sub": _sub(kept["person"]),
        "nonce": kept["nonce"],
        "acr": "eidas1",
        "auth_time": int(time.time()),
        "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
    }
    return JsonResponse(
        {
            "access_token": access,
            "id_token": _signed(proof, TOKEN_LIVES),
            "token_type": "Bearer",
            "expires_in": TOKEN_LIVES,
        }
    )


@demonstration
def userinfo(request: HttpRequest) -> HttpResponse:
    """Who it is, as a signed token."""
    access = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        person = signing.loads(access, salt=f"{SALT}.access", max_age=TOKEN_LIVES)
    except signing.BadSignature:
        return JsonResponse({"error": "invalid_token"}, status=401)
    said = _signed({"sub": _sub(person), **PEOPLE[person]}, TOKEN_LIVES)
    return HttpResponse(said, content_type="application/jwt")


@demonstration
def end_session(request: HttpRequest) -> HttpResponse:
    """There is no session here to end: back to the portal."""
    left = settings.SITE_URL + reverse("franceconnect_left")
    if request.GET.get("post_logout_redirect_uri") != left:
        return HttpResponseBadRequest()
    return HttpResponseRedirect(f"{left}?{urlencode({'state': request.GET.get('state', '')})}")
