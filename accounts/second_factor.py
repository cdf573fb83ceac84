"""The second factor of a session: what the administration asks before it opens."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from .models import User


def has_one(user: User) -> bool:
    """Say whether this person has a second factor."""
    factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return factors.exists()


def verified(request: HttpRequest) -> bool:
    """Say whether this session was opened, or proved since, with a second factor."""
    methods = request.session.get("account_authentication_methods", [])
    return any(record.get("method") == "mfa" for record in methods)
