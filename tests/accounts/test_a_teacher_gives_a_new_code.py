"""A teacher gives a pupil of their own classes a new code on paper."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from schools.models import Schooling, StaffMember
from tests.accounts.letters import Letters, division, pupil, school, teacher, teaches
from tests.accounts.letters import letters as letters
from tests.support.conftest import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_desk(letters: Letters, person: Any) -> Client:
    """A teacher of class 5A, who has just typed the password."""
    member = teacher()
    teaches(member)
    user = person("jeanne.roux")
    user.staff_member = member
    user.save()
    return signed_in(user)


def address(code: str = "5A", at: Any = None) -> str:
    return f"/mes-eleves/{division(at or school(), code).public_id}/"


def ask(browser: Client, child: Any, where: str = "", key: str = "") -> Any:
    said = {"submission": key or str(uuid.uuid4()), "pupil": str(child.public_id)}
    return browser.post(where or address(), said)


def test_she_sees_her_classes_and_their_pupils(at_desk: Client, letters: Letters) -> None:
    pupil()
    division(school(), "6B")
    page = at_desk.get("/mes-eleves/").content.decode()
    assert address() in page and address("6B") not in page
    assert "Chloé DUPONT" in at_desk.get(address()).content.decode()


def test_the_letter_is_a_file_to_print_made_for_that_pupil(at_desk: Client, letters: Letters) -> None:
    child = pupil()
    answer = ask(at_desk, child)
    assert answer.headers["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")
    assert "no-store" in answer.headers["Cache-Control"]
    (made,) = letters.replaced
    assert made["person"] == child and made["by"].startswith("user:") and made["school"] == school()


def test_she_gives_none_to_a_pupil_of_another_class_or_school(at_desk: Client, letters: Letters) -> None:
    child = pupil()
    other = pupil(school("0141274J", name="Lycée Hugo"), identifier="leo.martin12")
    assert ask(at_desk, other).status_code == 404
    assert ask(at_desk, child, address("6B")).status_code == 404
    assert ask(at_desk, other, address(at=school("0141274J"))).status_code == 404
    Schooling.objects.filter(student=child).update(
        gone_at="2026-01-01T00:00:00Z", access_until="2026-01-08T00:00:00Z"
    )
    assert ask(at_desk, child).status_code == 404
    assert letters.replaced == []


def test_who_left_the_school_gives_no_codes_any_more(at_desk: Client, letters: Letters) -> None:
    child = pupil()
    StaffMember.objects.update(gone_at="2026-11-26T00:00:00Z", access_until="2099-12-03T00:00:00Z")
    assert at_desk.get("/mes-eleves/").status_code == 404
    assert ask(at_desk, child).status_code == 404 and letters.replaced == []


def test_the_password_is_asked_for_again_first(letters: Letters, person: Any) -> None:
    member = teacher()
    teaches(member)
    user = person("jeanne.roux")
    user.staff_member = member
    user.save()
    browser = Client()
    browser.force_login(user)
    child = pupil()
    assert ask(browser, child).url.startswith("/mon-compte/identite/") and letters.replaced == []
