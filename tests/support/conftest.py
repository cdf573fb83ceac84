"""A school with a head, and somebody who asks it for help."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from schools.models import StaffMember
from tests.accounts.conftest import person as person
from tests.accounts.conftest import portal as portal
from tests.guardians.conftest import Declared, Guardian, school
from tests.guardians.conftest import declare as declare
from tests.guardians.conftest import guardian as guardian

HELP = "/responsables/aide/"
OWN = "/mon-etablissement/demandes/"


def typed(**changes: Any) -> dict[str, Any]:
    """What a mother writes to the school of her daughter."""
    return {
        "submission": str(uuid4()),
        "reason": "mobile",
        "last_name": "Dupont",
        "first_name": "Hélène",
        "child": "Chloé Dupont",
        "school": "0501271K",
        "reach": "helene@exemple.fr",
        "text": "J’ai changé de numéro.",
        **changes,
    }


def ask(browser: Client | None = None, **changes: Any) -> Any:
    """Send a request."""
    return (browser or Client()).post(HELP, typed(**changes))


def signed_in(user: User) -> Client:
    """Return a browser where somebody has just typed their password."""
    browser = Client()
    browser.force_login(user)
    session = browser.session
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session.save()
    return browser


@pytest.fixture
def head_of(person: Callable[..., User]) -> Callable[..., User]:
    """Make the head of a school, with an account."""

    def make(uai: str = "0501271K", name: str = "samir.roux") -> User:
        member = StaffMember.objects.create(
            school=school(uai), family_name="ROUX", first_name="Samir", role="head"
        )
        user = person(name)
        User.objects.filter(pk=user.pk).update(staff_member=member)
        return User.objects.get(pk=user.pk)

    return make


__all__ = ["Declared", "Guardian", "ask", "declare", "guardian", "person", "portal", "signed_in", "typed"]
