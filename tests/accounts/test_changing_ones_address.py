"""Another address for one's account (DESIGN 3a; SAFETY G1, T22, T24, T28)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import address_change, links, recovery
from accounts.models import AddressChange, RecoveryRequest
from notifications.letters import Context, NothingToSend, renderer
from notifications.models import Message
from tests.accounts.conftest import PASSWORD, errors_of, letters_to, shape_of

pytestmark = pytest.mark.django_db
OLD, NEW = "jeanne.dupont@exemple.fr", "nouvelle@exemple.fr"


def signed_in() -> Client:
    browser = Client()
    browser.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    return browser


def ask(browser: Client, address: str = NEW):
    return browser.post("/mon-compte/adresse/", {"address": address, "address_again": address})


def link() -> str:
    """Return the address that the mail to the new address would hold."""
    return f"/adresse/confirmer/{links.token(address_change.KIND, AddressChange.objects.get())}/"


def letter(message: Message):
    """Write a letter as the worker would."""
    write = renderer(message.kind)
    return write(Context(message.reference, message.to, message.language, message.created_at))


def test_the_new_address_gets_a_link_and_the_old_one_a_word(person) -> None:
    user = person()
    browser = signed_in()
    assert ask(browser, " Nouvelle@Exemple.FR ").headers["Location"] == "/mon-compte/"
    assert link() in letter(letters_to(NEW)[0]).text
    assert "Une autre adresse" in letter(letters_to(OLD)[0]).text
    assert (
        "mot-de-passe/" not in letter(letters_to(OLD)[0]).text and NEW not in letter(letters_to(OLD)[0]).text
    )
    assert user.address() == OLD
    assert NEW in browser.get("/mon-compte/").content.decode()


def test_opening_the_link_changes_nothing_and_the_button_does(person) -> None:
    user = person()
    browser = signed_in()
    ask(browser)
    path = link()
    for _visit in range(3):
        assert browser.get(path).status_code == 200
    assert user.address() == OLD
    assert browser.post(path).headers["Location"] == "/mon-compte/?fait=adresse"
    assert user.address() == NEW
    assert letters_to(OLD)[-1].kind == address_change.KIND_DONE
    assert browser.get(path).status_code == 404


def test_elsewhere_the_link_asks_for_the_password(person) -> None:
    user = person()
    ask(signed_in())
    scanner = Client()
    assert scanner.post(link()).status_code == 200
    assert errors_of(scanner.post(link(), {"password": "faux"}))
    assert user.address() == OLD
    assert "est confirmée" in scanner.post(link(), {"password": PASSWORD}).content.decode()
    assert user.address() == NEW
    assert scanner.get("/mon-compte/").status_code == 302  # it opened no session


def test_signed_in_as_somebody_else_the_link_asks_for_the_password_too(person) -> None:
    user = person()
    person("paul.martin")
    ask(signed_in())
    other = Client()
    other.post("/college/connexion/", {"login": "paul.martin", "password": PASSWORD})
    other.post(link())
    assert user.address() == OLD


def test_a_taken_and_a_free_address_get_the_same_answer_for_the_same_statements(person) -> None:
    person()
    person("paul.martin", address="pris@exemple.fr")
    browser = signed_in()
    ask(browser)  # each of the two that follow drops a change
    shapes, answers = [], []
    for address in ("libre@exemple.fr", "pris@exemple.fr"):
        with CaptureQueriesContext(connection) as captured:
            answers.append(ask(browser, address))
        shapes.append(shape_of(captured))
    assert shapes[0] == shapes[1]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert "déjà" in letter(letters_to("pris@exemple.fr")[0]).text.replace("\xa0", " ")
    assert "confirmer" not in letter(letters_to("pris@exemple.fr")[0]).text


def test_an_address_taken_meanwhile_leaves_the_account_as_it_was(person) -> None:
    user = person()
    browser = signed_in()
    ask(browser)
    person("paul.martin", address=NEW)
    assert browser.post(link()).status_code == 409
    assert user.address() == OLD


def test_a_newer_change_kills_the_older_link_and_cancelling_kills_both(person) -> None:
    person()
    browser = signed_in()
    ask(browser)
    first = link()
    first_letter = letters_to(NEW)[0]
    ask(browser, "autre@exemple.fr")
    assert browser.get(first).status_code == 404
    with pytest.raises(NothingToSend):
        letter(first_letter)
    second = link()
    browser.post("/mon-compte/adresse/annuler/")
    assert browser.get(second).status_code == 404


def test_the_link_lives_for_three_days_from_its_departure_by_postgresqls_clock(person, time_machine) -> None:
    user = person()
    browser = signed_in()
    ask(browser)
    path = link()
    now = timezone.now()
    for ago, skew, status in ((71.99, 10, 200), (71.99, -10, 200), (72.01, -10, 410), (72.01, 10, 410)):
        left = Now() - timedelta(hours=ago)
        Message.objects.filter(kind=address_change.KIND).update(state="sent", sent_at=left)
        time_machine.move_to(now + timedelta(minutes=skew))  # a server's clock that is off (SAFETY F16)
        assert Client().get(path).status_code == status
    assert user.address() == OLD


def test_a_reset_drops_a_change_that_a_thief_began(person) -> None:
    user = person()
    ask(signed_in())
    path = link()
    recovery.choose_password(RecoveryRequest.objects.create(user=user), "Une-autre-phrase-7")
    assert Client().get(path).status_code == 404


def test_a_confirmed_change_kills_the_links_in_the_old_mailbox(person) -> None:
    user = person()
    browser = signed_in()
    ask(browser)
    request = RecoveryRequest.objects.create(user=user)
    browser.post(link())
    request.refresh_from_db()
    assert not recovery.is_current(request)


def test_ones_own_address_is_no_change(person) -> None:
    person()
    assert "déjà" in errors_of(ask(signed_in(), OLD))


def test_nobodys_mailbox_is_flooded(person) -> None:
    person()
    browser = signed_in()
    for _number in range(3):
        assert ask(browser).status_code == 302
    assert "Trop de messages" in errors_of(ask(browser))
    assert len(letters_to(NEW)) == 3


def test_changes_nobody_confirmed_are_forgotten_after_a_week(person) -> None:
    user = person()
    AddressChange.objects.create(
        user=user, address=NEW, created_at=timezone.now() - timedelta(days=7, minutes=1)
    )
    assert address_change.purge(timezone.now()) == 1
