"""Budgets: how many statements each page of a family costs, and how many hashes (docs/performance.md).

A budget is what the page costs today. Who makes a page dearer says here why.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import hashers
from accounts.models import PolicyDocument, Registration, User
from notifications import delivery
from tests.accounts.conftest import PASSWORD, Family, link_of
from tests.accounts.staff import appoint, staff_client
from virtual_classes.panels import any_planned

pytestmark = pytest.mark.django_db
BOUNDS = re.compile(r"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b")
FORM = "/college/inscription/"


@contextmanager
def costs(most: int) -> Any:
    """Hold what happens inside to a number of statements, those that only bound transactions apart."""
    with CaptureQueriesContext(connection) as captured:
        yield
    asked = [query["sql"] for query in captured if not BOUNDS.match(query["sql"])]
    assert len(asked) == most, "\n".join(asked)


@contextmanager
def hashes(most: int) -> Any:
    """Hold what happens inside to a number of password hashes."""
    with mock.patch.object(hashers, "_argon2id", wraps=hashers._argon2id) as hashing:
        yield
    assert hashing.call_count == most


@pytest.fixture
def warm(family: Family) -> Family:
    """A family that comes after others: what all ask for is remembered."""
    other = Family()
    other.sign_up(username="premier.venu", address="premier@exemple.fr")
    other.browser.get(FORM)
    family.browser.get("/college/conditions/")
    any_planned()  # nobody has a virtual class to come: with one, « Mon espace » asks whether it is theirs
    return family


def test_a_whole_journey_costs_fifteen_statements(warm: Family, settings: Any) -> None:
    """From the consent to « Mon espace » elsewhere, the worker's part included (gate: 15)."""
    settings.MAIL_GATEWAY = "notifications.gateways.local.Gateway"
    browser = warm.browser
    document = PolicyDocument.objects.in_force("terms").get()
    with costs(0):
        browser.get("/college/conditions/")
        browser.post("/college/conditions/", {"document": document.pk, "accept": "1"})
        browser.get(FORM)
    with costs(2), hashes(1):
        assert warm.send().status_code == 302
    with costs(1):
        assert browser.get("/inscription/verification/").status_code == 200
    delivery.drain(lapsed=False)  # of the one before
    link = link_of(Registration.objects.get(address="jeanne@exemple.fr"))
    with costs(1), hashes(0):
        assert browser.get(link).status_code == 200
    with costs(3), hashes(0):
        assert browser.post(link).status_code == 302
    with costs(1):
        assert browser.get("/inscription/merci/").status_code == 200
    elsewhere = Client()
    with costs(0):
        elsewhere.get("/college/connexion/")
    with costs(3), hashes(1):
        answer = elsewhere.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
        assert answer.status_code == 302
    with costs(1), hashes(0):
        assert elsewhere.get("/mon-espace/").status_code == 200


def test_a_letter_costs_the_worker_three_statements(warm: Family, settings: Any) -> None:
    settings.MAIL_GATEWAY = "notifications.gateways.local.Gateway"
    delivery.drain(lapsed=False)
    warm.sign_up()
    kept = 1  # the local mailbox writes what a mail server would have taken
    with costs(3 + kept):
        delivery.drain(lapsed=False)


@pytest.mark.parametrize(
    ("address", "most"), [("/", 0), ("/college/connexion/", 0), ("/acces-oublie/", 0), ("/connexion/", 0)]
)
def test_strangers_cost_the_database_nothing(portal: None, address: str, most: int) -> None:
    with costs(most):
        answer = Client().get(address)
    assert answer.status_code == 200 and "sid" not in answer.cookies


@pytest.mark.parametrize(
    ("what", "spent"),
    [
        ("a new address", 1),
        ("an address that has an account", 1),
        ("a name that is taken", 1),
        ("a form that breaks a rule", 0),  # judged by the form alone, known address or not
    ],
)
def test_a_sign_up_costs_one_hash_whatever_becomes_of_it(
    family: Family, person: Callable[..., User], what: str, spent: int
) -> None:
    person("albert.roy", address="albert@exemple.fr")
    family.accept_terms()
    changes = {
        "a new address": {},
        "an address that has an account": {"address": "albert@exemple.fr"},
        "a name that is taken": {"username": "albert.roy"},
        "a form that breaks a rule": {"password": "court"},
    }[what]
    with hashes(spent):
        family.send(**changes)


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("jeanne.dupont", PASSWORD),
        ("jeanne.dupont", "faux"),
        ("jeanne.dupont@exemple.fr", PASSWORD),
        ("jeanne.dupont@exemple.fr", "faux"),
        ("personne", "faux"),
        ("personne@exemple.fr", "faux"),
        ("@", "faux"),
        ("suspendue", PASSWORD),
    ],
)
def test_a_sign_in_costs_one_hash_whoever_is_asked_for(
    person: Callable[..., User], login: str, password: str
) -> None:
    person()
    User.objects.filter(pk=person("suspendue").pk).update(is_active=False)
    with hashes(1):
        Client().post("/college/connexion/", {"login": login, "password": password})


def test_pages_of_somebody_signed_in_cost_what_they_show(person: Callable[..., User]) -> None:
    person()
    any_planned()
    browser = Client()
    browser.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    for address, most in {"/mon-espace/": 1, "/mon-compte/": 5, "/mon-compte/appareils/": 2}.items():
        with costs(most):
            assert browser.get(address).status_code == 200, address


def test_staff_lists_cost_a_bounded_number_of_statements(portal: None, person: Callable[..., User]) -> None:
    dane = staff_client(appoint(None, "dane", "70"))
    counts = []
    for people in (3, 30):
        for number in range(people):
            person(f"eleve.{people}.{number}")
        with CaptureQueriesContext(connection) as captured:
            shown = dane.get("/administration/accounts/user/?q=jeanne").content.decode()
        counts.append(len(captured))
        assert shown.count("Jeanne Dupont") >= people
    assert counts[0] == counts[1]


def test_a_form_sent_twice_costs_no_second_account(family: Family) -> None:
    family.accept_terms()
    key = str(uuid.uuid4())
    family.send(submission=key)
    with hashes(1):
        family.send(submission=key)
    assert Registration.objects.count() == 1
