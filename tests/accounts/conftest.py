"""People, sign-ups and the reference data they hang on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import links, registration
from accounts.models import MCM, Enrolment, PolicyAcceptance, PolicyDocument, Registration, SignInName, User
from notifications.models import Message
from schools.models import Academy
from schools.school_year import SchoolYear

PASSWORD = "tZ7#kqpLw"


@pytest.fixture
def portal(db: None, open_portal: Callable[[], None]) -> None:
    """The reference data, the texts in force, every académie open but one (44)."""
    if not Academy.objects.exists():
        open_portal()


@dataclass
class Family:
    """Somebody at a browser: what they type, and the steps of a sign-up."""

    browser: Client = field(default_factory=Client)
    level: str = "college"
    typed: dict[str, Any] = field(
        default_factory=lambda: {
            "profile": "eleve",
            "age_group": "majeur",
            "first_name": "Jeanne",
            "last_name": "Dupont",
            "username": "jeanne.dupont",
            "password": PASSWORD,
            "academy": "70",
            "department": "14",
            "country": "",
            "address": "jeanne@exemple.fr",
            "address_again": "jeanne@exemple.fr",
        }
    )

    def accept_terms(self) -> Any:
        """Tick the box of the terms in force."""
        document = PolicyDocument.objects.in_force("terms").get()
        return self.browser.post(f"/{self.level}/conditions/", {"document": document.pk, "accept": "1"})

    def sign_up(self, **changes: Any) -> Any:
        """Accept the terms and send the form, with what is to be changed in it."""
        self.accept_terms()
        return self.send(**changes)

    def send(self, **changes: Any) -> Any:
        """Send the form."""
        typed = {"submission": str(uuid4()), **self.typed, **changes}
        if "address" in changes and "address_again" not in changes:
            typed["address_again"] = typed["address"]
        return self.browser.post(f"/{self.level}/inscription/", typed)


@pytest.fixture
def family(portal: None) -> Family:
    """A family that has not begun yet."""
    return Family()


def link_of(sign_up: Registration, purpose: str = registration.KIND) -> str:
    """Return the address that the sign-up's mail would hold."""
    page = "confirmer" if purpose == registration.KIND else "mot-de-passe"
    return f"/inscription/{page}/{links.token(purpose, sign_up)}/"


def errors_of(response: Any) -> str:
    """Return every error that a page shows, as one text."""
    page = response.content.decode().replace("\xa0", " ")
    summary = re.search(r"data-errors>(.*?)</div>", page, re.DOTALL)
    return " ".join(re.findall(r'fr-message--error">(.*?)</p>', page)) + (summary[1] if summary else "")


def shape_of(captured: CaptureQueriesContext) -> list[str]:
    """Return the statements that ran, without their values."""
    return [re.sub(r"'[^']*'|\bs?\d[\w]*|\"s\d+_x\d+\"", "?", query["sql"]) for query in captured]


@pytest.fixture
def person(portal: None) -> Callable[..., User]:
    """Make somebody who signed up and confirmed."""

    def make(
        name: str = "jeanne.dupont",
        *,
        address: str = "",
        password: str = PASSWORD,
        school_year: int | None = None,
        level: str = "college",
    ) -> User:
        user = User.objects.create_user(first_name="Jeanne", last_name="Dupont", password=password)
        SignInName.objects.create(authority=MCM, name=name, user=user)
        EmailAddress.objects.create(
            user=user, email=address or f"{name}@exemple.fr", verified=True, primary=True
        )
        academy = Academy.objects.get(code="70")
        Enrolment.objects.create(
            user=user,
            level=level,
            profile="eleve",
            academy=academy,
            department=academy.departments.get(code="14"),
            school_year=SchoolYear.current().year if school_year is None else school_year,
        )
        PolicyAcceptance.objects.create(user=user, document=PolicyDocument.objects.in_force("terms").get())
        return user

    return make


def make_older(browser: Client, seconds: float) -> None:
    """Let the proofs that a browser's session saw be older."""
    session = browser.session
    for record in session["account_authentication_methods"]:
        record["at"] -= seconds
    session.save()


def letters_to(address: str) -> list[Message]:
    """Return the messages in the outbox for an address, oldest first."""
    return list(Message.objects.filter(to=address).order_by("id"))
