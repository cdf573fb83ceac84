"""Guessing is hopeless, and nobody locks anybody out (SAFETY G5, G6, G15, T16, T17, T18)."""

from __future__ import annotations

import pytest
import redis
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts import backends, recovery
from accounts.models import MCM, RecoveryRequest, SignInName, User
from tests.accounts.conftest import PASSWORD, errors_of

pytestmark = pytest.mark.django_db(transaction=True)
TOO_MANY = "Trop d’essais"


def guess(browser: Client, login: str = "jeanne.dupont", password: str = "faux", **more: str) -> str:
    """Send one guess; return « in », or the errors of the page."""
    response = browser.post("/college/connexion/", {"login": login, "password": password}, **more)
    return "in" if response.status_code == 302 else errors_of(response)


def hammer(times: int, **more: str) -> list[str]:
    """Guess that often, each time from a fresh browser and with another password."""
    return [guess(Client(), password=f"faux-{number}", **more) for number in range(times)]


def test_after_a_hundred_hostile_guesses_the_owner_gets_in_from_a_known_browser(person) -> None:
    person()
    own = Client()
    assert guess(own, password=PASSWORD) == "in"
    own.post("/deconnexion/")
    hammer(100)
    assert TOO_MANY in guess(Client(), password=PASSWORD)
    assert guess(own, password=PASSWORD) == "in"


def test_the_known_browser_is_known_for_one_account_only(person) -> None:
    person()
    person("paul.martin")
    own = Client()
    assert guess(own, login="paul.martin", password=PASSWORD) == "in"
    own.post("/deconnexion/")
    hammer(26)
    assert TOO_MANY in guess(own, password=PASSWORD)


def test_a_family_shares_a_browser(person) -> None:
    names = ["jeanne.dupont", "paul.dupont", "lea.dupont"]
    for name in names:
        person(name)
    own = Client()
    for name in names:
        assert guess(own, login=name, password=PASSWORD) == "in"
        own.post("/deconnexion/")
    for name in names:
        for number in range(26):
            guess(Client(), login=name, password=f"faux-{number}")
        assert guess(own, login=name, password=PASSWORD) == "in"
        own.post("/deconnexion/")


def test_a_known_browser_has_a_budget_of_its_own_and_no_more(person) -> None:
    person()
    own = Client()
    assert guess(own, password=PASSWORD) == "in"
    own.post("/deconnexion/")
    for _number in range(backends.GUESSES):
        assert TOO_MANY not in guess(own)
    assert TOO_MANY in guess(own, password=PASSWORD)


def test_a_copied_or_invented_mark_makes_no_browser_known(person) -> None:
    person()
    own, thief = Client(), Client()
    assert guess(own, password=PASSWORD) == "in"
    hammer(26)
    value = own.cookies["known"].value
    thief.cookies["known"] = value.replace(value[5], "0" if value[5] != "0" else "1", 1)
    assert TOO_MANY in guess(thief, password=PASSWORD)


def test_a_new_password_makes_every_browser_a_stranger_again(person) -> None:
    user = person()
    own = Client()
    assert guess(own, password=PASSWORD) == "in"
    own.post("/deconnexion/")
    user.set_password("Une-autre-phrase-7")
    user.save()
    hammer(26)
    assert TOO_MANY in guess(own, password="Une-autre-phrase-7")


def test_after_a_hundred_guesses_in_a_row_only_a_reset_by_mail_opens_the_account(
    person, time_machine
) -> None:
    user = person()
    for day in range(1, 5):
        answers = hammer(25)
        assert not any(TOO_MANY in answer for answer in answers), day
        backends.limits.clear(backends.guesses(user.subject))  # the next day
    assert "choisir un nouveau mot de passe" in guess(Client(), password=PASSWORD)
    request = RecoveryRequest.objects.create(user=user)
    recovery.choose_password(request, "Une-autre-phrase-7")
    assert guess(Client(), password="Une-autre-phrase-7") == "in"


def test_a_success_begins_the_row_anew_but_not_the_day(person) -> None:
    user = person()
    hammer(22)
    assert guess(Client(), password=PASSWORD) == "in"
    assert backends.limits.peek(backends.guesses_in_a_row(user.subject)) == 0
    assert backends.limits.peek(backends.guesses(user.subject)) == 22


def test_who_signs_in_all_day_long_is_never_refused(person) -> None:
    user = person()
    for _time in range(40):
        assert guess(Client(), password=PASSWORD) == "in"
    assert backends.limits.peek(backends.guesses(user.subject)) <= backends.GUESSES // 5


def test_guesses_that_are_not_judged_do_not_count_towards_the_reset(person) -> None:
    user = person()
    hammer(60)
    assert backends.limits.peek(backends.guesses_in_a_row(user.subject)) == backends.GUESSES


def test_one_password_tried_on_many_accounts_is_tried_no_further(person) -> None:
    people = [person(f"eleve.numero{number}") for number in range(3)]
    answers = [
        guess(Client(), login=f"inconnu{number}", password="Printemps2026!", REMOTE_ADDR=f"192.0.2.{number}")
        for number in range(backends.SAME_PASSWORD)
    ]
    assert not any(TOO_MANY in answer for answer in answers)
    for user in people:
        name = user.sign_in_names.get().name
        assert TOO_MANY in guess(Client(), login=name, password="Printemps2026!", REMOTE_ADDR="198.51.100.1")
        assert guess(Client(), login=name, password=PASSWORD) == "in"


@pytest.mark.parametrize(
    "forged", ["198.51.100.{}", "198.51.100.{}, 203.0.113.9", "2001:db8::{}", "unknown", "127.0.0.{}"]
)
def test_a_forged_origin_buys_no_further_guesses(person, forged: str) -> None:
    person()
    answers = [
        guess(Client(), password=f"faux-{number}", HTTP_X_FORWARDED_FOR=forged.format(number))
        for number in range(40)
    ]
    assert sum(TOO_MANY not in answer for answer in answers) == backends.GUESSES


def test_the_counters_hold_with_redis_emptied(person) -> None:
    person()
    hammer(25)
    redis.Redis.from_url(settings.CELERY_BROKER_URL.replace("redis+socket", "unix")).flushall()
    assert TOO_MANY in guess(Client(), password=PASSWORD)


def test_a_hundred_and_five_pupils_behind_one_address_all_get_in(portal) -> None:
    encoded = make_password(PASSWORD)
    for number in range(105):
        user = User.objects.create(first_name="Élève", last_name=str(number), password=encoded)
        SignInName.objects.create(authority=MCM, name=f"eleve.{number}", user=user)
        EmailAddress.objects.create(user=user, email=f"e{number}@exemple.fr", verified=True, primary=True)
    answers = []
    for number in range(105):
        browser = Client(REMOTE_ADDR="192.0.2.1")
        if number % 5 == 0:
            assert TOO_MANY not in guess(browser, login=f"eleve.{number}", password=f"tZ7#kqpL{number}")
        answers.append(guess(browser, login=f"eleve.{number}", password=PASSWORD))
    assert answers == ["in"] * 105
