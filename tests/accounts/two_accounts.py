"""A teacher with two accounts, for those who put them together and apart again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.http import HttpResponse
from django.test import Client

from accounts.models import (
    MCM,
    Enrolment,
    User,
)
from schools.models import Academy, School, StaffMember
from tests.accounts.conftest import PASSWORD

HERE, CONFIRM = "/preferences/fusion/", "/preferences/fusion/confirmer/"
OTHER_PASSWORD = "Un-lac-sous-la-brume-8"
_hashed: dict[str, str] = {}


def words(answer: HttpResponse) -> str:
    return answer.content.decode().replace("\xa0", " ")


@dataclass
class Two:
    """A teacher with two accounts, at a browser where the first is open."""

    browser: Client
    target: User
    source: User

    def prove(self, login: str = "claire.ent", password: str = OTHER_PASSWORD, at: str = MCM) -> Any:
        return self.browser.post(HERE, {"authority": at, "login": login, "password": password})

    def confirm(self, **changes: str) -> Any:
        page = words(self.browser.get(CONFIRM))
        sent = dict(re.findall(r'name="(merge|plan)" value="([^"]*)"', page))
        return self.browser.post(CONFIRM, {**sent, **changes})

    def merge(self) -> str:
        """Go all the way; return the page that says so."""
        assert self.prove().url == CONFIRM
        done = self.confirm()
        assert done.status_code == 302, words(done)
        return str(done.url)

    def again(self) -> tuple[User, User]:
        """Return both accounts as they are now."""
        return User.objects.get(pk=self.target.pk), User.objects.get(pk=self.source.pk)


def signed_in(login: str, password: str = PASSWORD) -> Client:
    browser = Client()
    browser.post("/college/connexion/", {"login": login, "password": password})
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/mon-espace/").status_code == 200


@pytest.fixture
def two(person: Callable[..., User]) -> Two:
    target = person("claire.dubois")
    source = person("claire.ent", level="lycee")
    hashed = _hashed.setdefault(OTHER_PASSWORD, "") or make_password(OTHER_PASSWORD)
    _hashed[OTHER_PASSWORD] = hashed
    User.objects.filter(pk=source.pk).update(password=hashed)
    Enrolment.objects.filter(user__in=[target, source]).update(profile="enseignant")
    return Two(signed_in("claire.dubois"), target, User.objects.get(pk=source.pk))


def member(identifier: str = "cdubois", uai: str = "0501271K", academy: str = "70") -> StaffMember:
    at = Academy.objects.get(code=academy)
    school, _new = School.objects.get_or_create(
        uai=uai,
        defaults={
            "name": f"Collège {uai}",
            "kind": School.Kind.COLLEGE,
            "academy": at,
            "department": at.departments.all()[0],
        },
    )
    return StaffMember.objects.create(
        school=school, family_name="DUBOIS", first_name="Claire", role="teacher", identifier=identifier
    )
