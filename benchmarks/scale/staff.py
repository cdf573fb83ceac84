"""``python -m benchmarks.scale.staff``: makes staff with open sessions; writes their cookies as JSON.

Run in the environment of the portal that they look into. Their second factor is a row, and their last
proof lies in the future: a measurement takes longer than a proof lasts.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module

import django

from .crowd import BIG, SMALL

# Who looks: a role, and an académie or all of them.
STAFF: dict[str, tuple[str, str]] = {
    "national": ("national", ""),
    "DANE, big": ("dane", BIG),
    "DANE, small": ("dane", SMALL),
    "reader": ("dpo", ""),
    "reader, big": ("dpo", BIG),
}


def open_sessions() -> dict[str, dict[str, str]]:
    """Make one person for each of :data:`STAFF`; return the cookies of each one's browser."""
    from allauth.account.models import EmailAddress
    from allauth.mfa.models import Authenticator
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from accounts.models import MCM, PolicyAcceptance, PolicyDocument, SignInName, StaffRole, User
    from schools.models import Academy

    store = import_module(settings.SESSION_ENGINE).SessionStore
    cookies = {}
    for who, (role, code) in STAFF.items():
        name = f"agent.{role}.{code or 'partout'}"
        found = User.objects.with_name(MCM, name).first()
        if found is None:
            found = User.objects.create_user(first_name="Agent", last_name="Martel", is_staff=True)
            SignInName.objects.create(authority=MCM, name=name, user=found)
            EmailAddress.objects.create(
                user=found, email=f"{name}@boite.example", verified=True, primary=True
            )
            for text in PolicyDocument.objects.in_force(PolicyDocument.Kind.TERMS):
                PolicyAcceptance.objects.create(user=found, document=text)
            academy = Academy.objects.get(code=code) if code else None
            StaffRole.objects.create(user=found, role=role, academy=academy)
            Authenticator.objects.create(user=found, type=Authenticator.Type.TOTP, data={})
        session = store()
        session[SESSION_KEY] = str(found.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = found.get_session_auth_hash()
        later = time.time() + 6 * 3600
        session["account_authentication_methods_user"] = str(found.pk)
        session["account_authentication_methods"] = [
            {"method": "password", "at": later},
            {"method": "mfa", "at": later, "type": "totp"},
        ]
        session.save()
        cookies[who] = {settings.SESSION_COOKIE_NAME: session.session_key or ""}
    return cookies


if __name__ == "__main__":
    django.setup()
    json.dump(open_sessions(), sys.stdout)
