"""A forgotten password at the doors of the ENT: by address, by SMS, by who holds an account (G1, G2)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import ContactPreferences, SignInName, User, staff_door
from notifications.letters import Context, renderer
from notifications.models import Message
from tests.accounts.conftest import shape_of
from tests.accounts.letters import IDENTIFIER, OWN, teacher

pytestmark = pytest.mark.django_db
STAFF, PUPIL = "/personnels/70/acces-oublie/", "/eleves/acces-oublie/"
MOBILE = "+33612345678"


@pytest.fixture
def colleague(portal: None) -> User:
    """A teacher with an account at the door of her académie."""
    user = User.objects.create_user(
        first_name="Jeanne", last_name="ROUX", password=OWN, staff_member=teacher()
    )
    SignInName.objects.create(authority=staff_door("70"), name=IDENTIFIER, user=user)
    return user


def text_of(message: Message) -> str:
    return renderer(message.kind)(Context(message.reference, message.to, "fr", message.created_at)).text


def ask(login: str = IDENTIFIER, by: str = "mail", where: str = STAFF) -> Any:
    return Client().post(where, {"login": login, "by": by})


def sent() -> list[tuple[str, str]]:
    return list(Message.objects.exclude(to="").order_by("pk").values_list("to", "channel"))


def confirm_both(user: User) -> None:
    EmailAddress.objects.create(user=user, email="jeanne@exemple.fr", verified=True, primary=True)
    ContactPreferences.objects.create(user=user, sms_mobile=MOBILE)


def test_the_staff_choose_where_the_link_goes(colleague: User) -> None:
    confirm_both(colleague)
    assert ask().url == f"{STAFF}envoye/"
    ask(by="sms")
    assert sent() == [("jeanne@exemple.fr", "mail"), (MOBILE, "sms")]


def test_what_there_is_serves_whatever_was_chosen(colleague: User) -> None:
    ContactPreferences.objects.create(user=colleague, sms_mobile=MOBILE)
    ask(by="mail")
    assert sent() == [(MOBILE, "sms")]


def test_a_number_that_is_not_wanted_or_not_confirmed_gets_nothing(colleague: User) -> None:
    ContactPreferences.objects.create(user=colleague, sms_mobile=MOBILE, no_sms=True, phone_1=MOBILE)
    ask(by="sms")
    assert sent() == []


def test_the_link_of_the_sms_opens_the_account_with_a_new_password(colleague: User) -> None:
    ContactPreferences.objects.create(user=colleague, sms_mobile=MOBILE)
    ask(by="sms")
    text = text_of(Message.objects.get())
    link = re.search(r"/mot-de-passe/[\w=-]+/", text)
    assert link is not None and len(text) <= 306 and "ROUX" not in text and IDENTIFIER not in text
    browser = Client()
    assert browser.get(link[0]).status_code == 200
    answer = browser.post(link[0], {"password": "Autre-Lac42!"})
    assert answer.status_code == 302 and browser.session["_auth_user_id"] == str(colleague.pk)
    assert Client().get(link[0]).status_code == 410


def test_a_link_dies_with_the_number_it_went_to(colleague: User) -> None:
    ContactPreferences.objects.create(user=colleague, sms_mobile=MOBILE)
    ask(by="sms")
    link = re.search(r"/mot-de-passe/[\w=-]+/", text_of(Message.objects.get()))
    ContactPreferences.objects.update(sms_mobile="")
    assert link is not None and Client().get(link[0]).status_code == 410


def test_the_same_page_and_the_same_statements_for_who_is_unknown(colleague: User) -> None:
    confirm_both(colleague)
    answers: list[Any] = []
    shapes: list[list[str]] = []
    ask("warm.up")
    for login in (IDENTIFIER, "personne9"):
        with CaptureQueriesContext(connection) as captured:
            answers.append(ask(login))
        shapes.append([re.sub(r"NULL(?=::bigint)", "?", each) for each in shape_of(captured)])
    assert answers[0].url == answers[1].url and shapes[0] == shapes[1]


def test_a_name_of_one_door_is_none_at_another(colleague: User) -> None:
    confirm_both(colleague)
    ask(where=PUPIL)
    ask(where="/personnels/10/acces-oublie/")
    Client().post("/acces-oublie/", {"login": IDENTIFIER})
    assert sent() == []


def test_who_gives_a_new_letter_is_said_to_everybody(portal: None) -> None:
    assert "nouvelle lettre" in Client().get(f"{STAFF}envoye/").content.decode()
    assert "nouveau code sur papier" in Client().get(f"{PUPIL}envoye/").content.decode()
