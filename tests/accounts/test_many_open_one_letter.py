"""Forty-five devices with one letter, two schools with one identifier: one account (F14). Real commits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import FirstSignIn, OtherPost, SignInName, User
from schools.letters import codes
from tests.abreast import abreast
from tests.accounts.letters import ANOTHER, CODE, IDENTIFIER, Letters, school, teacher
from tests.accounts.letters import letters as letters

pytestmark = pytest.mark.django_db(transaction=True)


def opens(code: str) -> Callable[[], Any]:
    return lambda: Client().post("/lettre/", {"identifier": IDENTIFIER, "code": code})


def test_forty_five_devices_make_one_account_of_one_letter(
    letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the letter’s code let every one of them through."""
    spent = codes.Spent(codes.Audience.STAFF, staff_member=teacher())
    monkeypatch.setattr(codes, "spend", lambda **_said: spent)
    answers = abreast(*[opens(CODE)] * 45)
    assert [getattr(answer, "status_code", answer) for answer in answers] == [302] * 45
    assert User.objects.count() == SignInName.objects.count() == FirstSignIn.objects.count() == 1


def test_of_two_schools_that_write_one_identifier_one_makes_the_account(letters: Letters) -> None:
    mine, other = teacher(), teacher(school("0141274J", name="Lycée Hugo"))
    letters.give(mine)
    letters.give(other, ANOTHER)
    answers = abreast(opens(CODE), opens(ANOTHER))
    assert sorted(getattr(answer, "status_code", 500) for answer in answers) == [302, 409]
    user = User.objects.get()
    assert user.staff_member in (mine, other) and not OtherPost.objects.exists()
