"""Families as schools declare them, and a guardian at a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import PolicyDocument
from guardians import codes
from guardians.models import Activation
from schools.models import (
    Academy,
    GuardianContact,
    GuardianTie,
    Responsibility,
    School,
    Schooling,
    Student,
)
from tests.accounts.conftest import portal as portal  # the reference data and the texts in force

MOBILE = "+33612345678"
PASSWORD = "Ri7ière & galets"
START = "/responsables/premiere-connexion/"


@dataclass
class Declared:
    """What a school says: a contact, and the children it may be called about."""

    school: School
    contact: GuardianContact
    children: list[Student]

    def tie(self, child: int = 0) -> GuardianTie:
        return GuardianTie.objects.get(contact=self.contact, student=self.children[child])


def school(uai: str = "0501271K", name: str = "Collège Jules Verne") -> School:
    academy = Academy.objects.get(code="70")
    made, _new = School.objects.get_or_create(
        uai=uai,
        defaults={
            "name": name,
            "kind": School.Kind.COLLEGE,
            "academy": academy,
            "department": academy.departments.all()[0],
        },
    )
    return made


@pytest.fixture
def declare(portal: None) -> Callable[..., Declared]:
    """Let a school declare a guardian and children (first name → birth date)."""

    def declare(
        children: dict[str, str] | list[Student] | None = None,
        *,
        uai: str = "0501271K",
        responsibility: str = Responsibility.LEGAL,
        **contact: Any,
    ) -> Declared:
        at = school(uai)
        if not isinstance(children, list):
            children = [
                Student.objects.create(family_name="DUPONT", first_name=name, birth_date=born)
                for name, born in (children or {"Chloé": "2012-03-09"}).items()
            ]
        said = {"family_name": "DUPONT", "first_name": "Hélène", "mobile": MOBILE, **contact}
        known = GuardianContact.objects.create(school=at, **said)
        for child in children:
            Schooling.objects.get_or_create(student=child, school=at, defaults={"school_year": 2026})
            GuardianTie.objects.create(contact=known, student=child, responsibility=responsibility)
        return Declared(at, known, children)

    return declare


@dataclass
class Guardian:
    """Somebody at a browser of their own."""

    browser: Client = field(default_factory=Client)
    typed: dict[str, str] = field(
        default_factory=lambda: {
            "last_name": "Dupont",
            "first_name": "Hélène",
            "region": "FR",
            "mobile": "06 12 34 56 78",
        }
    )

    def start(self, **typed: str) -> HttpResponse:
        return self.browser.post(START, {**self.typed, **typed})

    @property
    def activation(self) -> Activation:
        return Activation.objects.latest("pk")

    def code(self, typed: str | None = None) -> HttpResponse:
        return self.browser.post(f"{START}code/", {"code": typed or codes.code(self.activation)})

    def answer(self, child: Student, date: str = "09 03 2012", answer: str = "guardian") -> HttpResponse:
        day, month, year = date.split()
        said = {"answer": answer, "day": day, "month": month, "year": year}
        return self.browser.post(f"{START}enfants/{child.public_id}/", said)

    def choose_password(self, password: str = PASSWORD) -> HttpResponse:
        return self.browser.post(f"{START}mot-de-passe/", {"password": password, "confirmation": password})

    def go_all_the_way(self, declared: Declared) -> str:
        """Return the identifier."""
        assert self.start().url == f"{START}code/"
        assert self.code().url == f"{START}enfants/"
        for child in declared.children:
            self.answer(child, " ".join(reversed(child.birth_date.split("-"))))
        assert self.choose_password().url == "/responsables/identifiant/"
        user = self.activation.user
        assert user is not None
        return user.sign_in_names.get(authority="educonnect").name

    def arrive(self) -> str:
        """Say that the identifier was read, accept the terms; return « Mon espace »."""
        self.browser.post("/responsables/identifiant/")
        terms = PolicyDocument.objects.get(kind=PolicyDocument.Kind.TERMS, language="fr")
        self.browser.post("/conditions-nouvelles/", {"document": terms.pk, "accept": "1"})
        return self.browser.get("/mon-espace/").content.decode()


@pytest.fixture
def guardian() -> Guardian:
    """One guardian, nobody yet."""
    return Guardian()
