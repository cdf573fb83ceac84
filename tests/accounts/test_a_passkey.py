"""Having a passkey: adding one, taking it away, what is known of it (SAFETY T39, T27)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.test import Client
from fido2.utils import websafe_decode

from accounts import assistance, passkeys, personal_data, second_factor
from accounts.models import User
from audit.models import Record
from tests.abreast import abreast
from tests.accounts.authenticator import Device, send
from tests.accounts.conftest import errors_of, letters_to
from tests.accounts.staff import appoint

from .people_with_passkeys import (
    ADD,
    AGAIN,
    REFUSED,
    SECURITY,
    STEP,
    add,
    asked,
    device,
    inside,
    jeanne,
    make_old,
    signed_in,
)
from .test_a_second_factor import SECRET, enrolled, first_step, give, step_now

pytestmark = pytest.mark.django_db
__all__ = ["device", "jeanne"]


# --- it is set up -----------------------------------------------------------------------------


def test_the_first_one_comes_with_recovery_codes_a_letter_and_a_line_in_the_journal(person, device) -> None:
    user = person()
    browser = signed_in()
    page = add(browser, device)
    assert page.content.decode().count("<code>") == second_factor.CODES
    assert second_factor.has_one(user) and second_factor.codes_left(user) == second_factor.CODES
    assert letters_to(user.address())[-1].kind == passkeys.KIND_ADDED
    assert Record.objects.filter(act="passkey.added", subject=user.subject).count() == 1
    listed = browser.get(SECURITY).content.decode()
    assert "Mon téléphone" in listed and "N’a pas encore servi" in listed


def test_a_second_one_keeps_the_recovery_codes(jeanne, device) -> None:
    before = Authenticator.objects.get(user=jeanne, type="recovery_codes").data
    browser = first_step()
    send(browser, STEP, device.show(asked(browser, STEP)))
    assert add(browser, Device(), "Clé du bureau").headers["Location"] == f"{SECURITY}?fait=cle"
    assert [each.name for each in passkeys.of(jeanne)] == ["Mon téléphone", "Clé du bureau"]
    assert Authenticator.objects.get(user=jeanne, type="recovery_codes").data == before


def test_one_without_a_name_is_called_after_the_browser(person, device) -> None:
    user = person()
    phone = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
    add(signed_in(**{"User-Agent": phone}), device, name="  ")
    assert passkeys.of(user)[0].name == "Firefox sur Android"


def test_the_browser_is_told_which_devices_have_one(jeanne, device) -> None:
    browser = first_step()
    send(browser, STEP, device.show(asked(browser, STEP)))
    told = asked(browser, ADD)["publicKey"]
    name = device.make({"publicKey": told})["id"]
    assert [each["id"] for each in told["excludeCredentials"]] == [name]


def test_a_device_cannot_serve_twice_nor_two_people(jeanne, person, device) -> None:
    person("paul.martin")
    again = Device(key=device.key, credential_id=device.credential_id)
    assert "sert déjà" in errors_of(add(signed_in("paul.martin"), again))
    row = Authenticator.objects.get(user=jeanne, type="webauthn")
    with pytest.raises(IntegrityError), transaction.atomic():
        Authenticator.objects.create(
            user=User.objects.exclude(pk=jeanne.pk).get(), type="webauthn", data=row.data
        )


def test_ten_are_enough(jeanne, device) -> None:
    browser = first_step()
    send(browser, STEP, device.show(asked(browser, STEP)))
    for _number in range(passkeys.MOST - 1):
        assert add(browser, Device()).status_code == 302
    assert "Retirez-en une" in errors_of(add(browser, Device()))


def test_adding_one_asks_for_a_fresh_proof(person) -> None:
    person()
    browser = signed_in()
    make_old(browser)
    assert browser.get(ADD).headers["Location"].startswith("/mon-compte/identite/")
    assert browser.post(f"{ADD}defi/").status_code == 302


def test_whoever_has_one_shows_it_before_adding_another(jeanne) -> None:
    browser = Client()
    browser.force_login(jeanne)
    session = browser.session
    session["account_authentication_methods_user"] = str(jeanne.pk)
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session.save()
    assert browser.get(ADD).headers["Location"] == SECURITY
    assert browser.post(f"{ADD}defi/").headers["Location"] == SECURITY
    assert browser.post(ADD, {"credential": "{}"}).headers["Location"] == SECURITY


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "https://faux.exemple.fr"},
        {"origin": "http://localhost:1"},  # another program of the same machine
        {"origin": "http://ailleurs.localhost:8000"},
        {"cross_origin": True},
        {"type": "webauthn.get"},
    ],
)
def test_one_made_on_another_page_is_refused(person, device, bent: dict[str, Any]) -> None:
    user = person()
    browser = signed_in()
    answer = device.make(asked(browser, ADD), **bent)
    assert REFUSED in errors_of(send(browser, ADD, answer, name="x"))
    assert not second_factor.has_one(user)


def test_one_made_for_another_challenge_or_sent_twice_is_refused(person, device) -> None:
    user = person()
    browser = signed_in()
    answer = device.make(asked(browser, ADD))
    asked(browser, ADD)
    assert REFUSED in errors_of(send(browser, ADD, answer, name="x"))
    assert REFUSED in errors_of(send(browser, ADD, answer, name="x"))
    assert not second_factor.has_one(user)


# --- it is taken away -------------------------------------------------------------------------


def removal(user: User, number: int = 0) -> str:
    return f"{ADD}{passkeys.of(user)[number].public_id}/retirer/"


def test_taking_one_of_two_away_is_told_and_leaves_the_other(jeanne, device) -> None:
    browser = first_step()
    send(browser, STEP, device.show(asked(browser, STEP)))
    add(browser, Device(), "Clé du bureau")
    address = removal(jeanne, 1)
    assert "Clé du bureau" in browser.get(address).content.decode()
    assert len(passkeys.of(jeanne)) == 2  # looking takes nothing away
    assert browser.post(address).headers["Location"] == f"{SECURITY}?fait=retiree"
    assert [each.name for each in passkeys.of(jeanne)] == ["Mon téléphone"]
    assert second_factor.codes_left(jeanne) == second_factor.CODES
    assert letters_to(jeanne.address())[-1].kind == second_factor.KIND_ONE_REMOVED
    assert Record.objects.filter(act="passkey.removed", subject=jeanne.subject).count() == 1
    assert browser.post(address).status_code == 404


def test_with_the_last_one_go_the_recovery_codes_and_the_password_is_enough(jeanne, device) -> None:
    browser = first_step()
    send(browser, STEP, device.show(asked(browser, STEP)))
    browser.post(removal(jeanne))
    assert not Authenticator.objects.filter(user=jeanne).exists()
    assert letters_to(jeanne.address())[-1].kind == second_factor.KIND_REMOVED
    signed_in()


def test_taking_one_away_asks_for_a_fresh_proof(jeanne, device) -> None:
    browser = inside(device)
    assert browser.post(removal(jeanne)).headers["Location"].startswith(AGAIN)
    assert len(passkeys.of(jeanne)) == 1


def test_nobody_takes_away_the_passkey_of_somebody_else(jeanne, person, device) -> None:
    person("paul.martin")
    assert signed_in("paul.martin").post(removal(jeanne)).status_code == 404
    assert len(passkeys.of(jeanne)) == 1


def test_staff_keep_their_last_one_whichever_it_is(jeanne, device) -> None:
    user = appoint(jeanne, "dane", "70")
    browser = first_step()
    send(browser, STEP, device.show(asked(browser, STEP)))
    assert removal(user) not in browser.get(SECURITY).content.decode()
    assert browser.post(removal(user)).status_code == 409
    assert second_factor.has_one(user) and second_factor.codes_left(user)
    second_factor.add(user, SECRET, second_factor.code_at(SECRET, step_now()))
    assert browser.post(removal(user)).status_code == 302
    assert browser.post(f"{SECURITY}application/retirer/").status_code == 409
    assert second_factor.app_of(user) is not None


def test_staff_may_go_from_the_app_to_a_passkey(person, device) -> None:
    user = appoint(person(), "dane", "70")
    enrolled(user)
    browser = first_step()
    give(browser, second_factor.code_at(SECRET, step_now()))
    add(browser, device)
    assert browser.get(f"{SECURITY}application/retirer/").status_code == 200
    assert browser.post(f"{SECURITY}application/retirer/").status_code == 302
    assert second_factor.app_of(user) is None and len(passkeys.of(user)) == 1
    assert Record.objects.filter(act="second_factor.app_removed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_staff_who_take_both_away_at_once_keep_one(jeanne) -> None:
    user = appoint(jeanne, "dane", "70")
    second_factor.add(user, SECRET, second_factor.code_at(SECRET, step_now()))
    public_id = passkeys.of(user)[0].public_id
    said = abreast(lambda: second_factor.remove_app(user), lambda: passkeys.remove(user, public_id))
    raised = [each for each in said if isinstance(each, Exception)]
    assert [type(each) for each in raised] == [second_factor.LastOne]
    assert second_factor.has_one(user)


def test_a_staff_act_takes_passkeys_too(jeanne) -> None:
    assistance.remove_second_factor(jeanne, by=appoint(None, "national"), reason="Téléphone perdu")
    assert not Authenticator.objects.filter(user=jeanne).exists()
    assert letters_to(jeanne.address())[-1].kind == assistance.KIND_FACTOR_REMOVED
    signed_in()


# --- what is known of it ----------------------------------------------------------------------


def test_a_person_is_handed_the_names_of_their_passkeys_and_nothing_that_opens(jeanne) -> None:
    told = json.dumps(personal_data.export(jeanne)["second_factors"], ensure_ascii=False)
    assert "Mon téléphone" in told and "webauthn" in told
    data = Authenticator.objects.get(user=jeanne, type="webauthn").data
    assert data["credential_id"] not in told
    personal_data.erase(jeanne)
    assert not Authenticator.objects.exists()


def test_the_device_keeps_nothing_that_says_who_it_is(person, device) -> None:
    user = person()
    told = asked(signed_in(), ADD)["publicKey"]
    device.make({"publicKey": told})
    handle = websafe_decode(told["user"]["id"])
    assert handle == user.public_id.bytes
    assert told["rp"] == {"id": "localhost", "name": "Ma classe à la maison"}
