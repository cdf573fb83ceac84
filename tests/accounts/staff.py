"""Staff at a browser: somebody who has a role, and a session opened with a second factor."""

from __future__ import annotations

import time
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import MCM, PolicyAcceptance, PolicyDocument, SignInName, StaffRole, User
from schools.models import Academy

_numbers = count(1)


def appoint(user: User | None, role: str, academy: str | None = None) -> User:
    """Give a role, in one académie (a code) or everywhere; to a new person if none is given."""
    if user is None:
        name = f"agent.{role}.{academy or 'partout'}.{next(_numbers)}"
        user = User.objects.create_user(
            first_name="Agent", last_name="Martel", password="Fort-Boyard-7-clefs"
        )
        SignInName.objects.create(authority=MCM, name=name[:30], user=user)
        EmailAddress.objects.create(user=user, email=f"{name}@exemple.fr", verified=True, primary=True)
        for document in PolicyDocument.objects.in_force("terms"):
            PolicyAcceptance.objects.create(user=user, document=document)
    StaffRole.objects.create(
        user=user, role=role, academy=Academy.objects.get(code=academy) if academy else None
    )
    User.objects.filter(pk=user.pk).update(is_staff=True)
    return User.objects.get(pk=user.pk)


def staff_client(user: User, *, second_factor: bool = True, **options: Any) -> Client:
    """Return a browser where this person is signed in, with a second factor unless told otherwise."""
    client = Client(**options)
    client.force_login(user)
    if second_factor:
        Authenticator.objects.get_or_create(user=user, type=Authenticator.Type.TOTP, defaults={"data": {}})
        session = client.session
        now = time.time()
        session["account_authentication_methods_user"] = str(user.pk)
        session["account_authentication_methods"] = [
            {"method": "password", "at": now},
            {"method": "mfa", "at": now, "type": "totp"},
        ]
        session.save()
    return client
