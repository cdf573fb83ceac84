"""A school whose head, staff and pupils have accounts."""

from __future__ import annotations

import re
import time
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts.models import MCM, PolicyAcceptance, PolicyDocument, SignInName, User
from schools.models import School, Schooling, StaffMember, Student
from tests.guardians.conftest import school

HOME = "/mon-etablissement/"
PASSWORD = "tZ7#kqpLw"
_numbers = count(1)
_hash: list[str] = []


def hashed() -> str:
    """The hash of :data:`PASSWORD`: made once, and the same for all."""
    if not _hash:
        _hash.append(make_password(PASSWORD))
    return _hash[0]


def account(first_name: str, *, address: bool = True, **ties: Any) -> User:
    """Make somebody who has accepted the terms; their name at the door is their first name and a number."""
    user = User.objects.create(first_name=first_name, last_name="Roux", password=hashed(), **ties)
    name = f"{first_name.lower()}.{next(_numbers)}"
    SignInName.objects.create(authority=MCM, name=name, user=user)
    if address:
        EmailAddress.objects.create(user=user, email=f"{name}@exemple.fr", verified=True, primary=True)
    for document in PolicyDocument.objects.in_force("terms"):
        PolicyAcceptance.objects.create(user=user, document=document)
    return user


def colleague(at: School, first_name: str, role: str = "teacher", **fields: Any) -> StaffMember:
    """Have a school declare somebody of its staff."""
    said = {"school": at, "family_name": "ROUX", "first_name": first_name, "role": role, **fields}
    return StaffMember.objects.create(**said)


def pupil(at: School, first_name: str, **fields: Any) -> Student:
    """Have a school declare a pupil."""
    said = {"family_name": "DUPONT", "first_name": first_name, "birth_date": "2012-03-09", **fields}
    child = Student.objects.create(**said)
    Schooling.objects.create(student=child, school=at, school_year=2026)
    return child


def head_of(at: School | None = None, first_name: str = "Samir") -> User:
    """Make the head of a school, with an account that is enrolled nowhere: it comes for the school alone."""
    user = account(first_name, staff_member=colleague(at or school(), first_name, "head"))
    user.sign_in_names.update(authority="educonnect")  # no year of « Ma classe à la maison » to renew
    return user


def helper_of(member: StaffMember) -> User:
    """Give a member of the staff an account."""
    user = account(member.first_name, staff_member=member)
    user.sign_in_names.update(authority="educonnect")
    return user


def browser_of(user: User, *, proved: bool = True) -> Client:
    """Return a browser where somebody is signed in, their password ``proved`` just now."""
    browser = Client()
    browser.force_login(user)
    if proved:
        session = browser.session
        session["account_authentication_methods_user"] = str(user.pk)
        session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
        session.save()
    return browser


def text_of(answer: Any) -> str:
    """Return what a page says, with plain spaces."""
    assert answer.status_code == 200, answer.status_code
    page = re.sub(r"<[^>]+>", " ", answer.content.decode()).replace("&#x27;", "'").replace("\xa0", " ")
    return str(re.sub(r"\s+", " ", page))
