"""Showing a passkey beside the password, and in its place before something grave (SAFETY T39, T27, T56)."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from fido2.utils import websafe_decode

from accounts import passkeys, second_factor
from accounts.models import User
from audit.models import Record
from tests.abreast import abreast
from tests.accounts.authenticator import Device, send
from tests.accounts.conftest import PASSWORD, errors_of
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
    outcome,
    second_step,
    signed_in,
)
from .test_a_second_factor import enrolled, first_step, give

pytestmark = pytest.mark.django_db
__all__ = ["device", "jeanne"]


# --- it is shown ------------------------------------------------------------------------------


def test_it_opens_what_was_wanted_and_is_noted(jeanne, device) -> None:
    assert second_step(device) == "/mon-compte/"
    assert second_step(device) == "/mon-compte/"
    row = Authenticator.objects.get(user=jeanne, type="webauthn")
    assert row.last_used_at is not None and row.data["counter"] == 2


def test_the_password_alone_opens_nothing(jeanne) -> None:
    assert first_step().get("/mon-espace/").status_code == 302


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "https://faux.exemple.fr"},
        {"origin": "http://localhost:1"},
        {"origin": "http://ailleurs.localhost:8000"},
        {"cross_origin": True},
        {"type": "webauthn.create"},
    ],
)
def test_one_shown_to_another_page_is_refused(jeanne, device, bent: dict[str, Any]) -> None:
    assert REFUSED in second_step(device, **bent)


def test_one_made_for_another_site_is_refused(jeanne, device) -> None:
    device.host = "exemple.fr"
    assert REFUSED in second_step(device)


def test_a_signature_by_another_key_is_refused(jeanne, device) -> None:
    assert REFUSED in second_step(Device(credential_id=device.credential_id, handle=device.handle, counter=9))


def test_a_signature_over_something_else_is_refused(jeanne, device) -> None:
    browser = first_step()
    options = asked(browser, STEP)
    one, other = device.show(options), device.show(options)
    one["response"]["authenticatorData"] = other["response"]["authenticatorData"]
    assert REFUSED in errors_of(send(browser, STEP, one))


def test_an_answer_serves_once(jeanne, device) -> None:
    device.counts = False  # no counter of the device's own helps here
    browser = first_step()
    answer = device.show(asked(browser, STEP))
    assert outcome(send(browser, STEP, answer)) == "/mon-compte/"
    browser = first_step()
    assert REFUSED in outcome(send(browser, STEP, answer))  # no challenge waits
    asked(browser, STEP)
    assert REFUSED in outcome(send(browser, STEP, answer))  # another one waits


def test_a_challenge_serves_once_even_after_a_wrong_answer(jeanne, device) -> None:
    browser = first_step()
    options = asked(browser, STEP)
    assert REFUSED in outcome(send(browser, STEP, device.show(options, origin="https://faux.exemple.fr")))
    assert REFUSED in outcome(send(browser, STEP, device.show(options)))


def test_an_answer_belongs_to_its_session(jeanne, device) -> None:
    answer = device.show(asked(first_step(), STEP))
    other = first_step()
    asked(other, STEP)
    assert REFUSED in outcome(send(other, STEP, answer))


def test_a_challenge_is_not_kept_for_ever(jeanne, device) -> None:
    browser = first_step()
    answer = device.show(asked(browser, STEP))
    session = browser.session
    session[passkeys.WAITING] = {
        **session[passkeys.WAITING],
        "at": session[passkeys.WAITING]["at"] - passkeys.PATIENCE,
    }
    session.save()
    assert REFUSED in outcome(send(browser, STEP, answer))


def test_a_machine_whose_clock_is_off_changes_nothing(jeanne, device) -> None:
    browser = first_step()
    with time_machine.travel(timedelta(minutes=-10)):
        options = asked(browser, STEP)
    assert outcome(send(browser, STEP, device.show(options))) == "/mon-compte/"


def test_the_passkey_of_somebody_else_opens_nothing(jeanne, person, device) -> None:
    person("paul.martin")
    his = Device()
    add(signed_in("paul.martin"), his)
    assert REFUSED in second_step(his)
    his.handle = device.handle  # even one that claims to be hers
    assert REFUSED in second_step(his)
    device.handle = ""  # many devices do not say whose they are
    assert second_step(device) == "/mon-compte/"


def test_one_that_says_it_is_somebody_elses_is_refused(jeanne, person, device) -> None:
    device.handle = "AAAAAAAAAAAAAAAAAAAAAA"
    assert REFUSED in second_step(device)


def test_a_challenge_for_the_password_page_does_not_serve_at_the_second_step(jeanne, device) -> None:
    browser = first_step()
    send(browser, STEP, device.show(asked(browser, STEP)))
    answer = device.show(asked(browser, ADD))
    asked_again = asked(browser, AGAIN)
    assert REFUSED in outcome(send(browser, AGAIN, answer))
    assert asked_again["publicKey"]["userVerification"] == "required"
    assert REFUSED in outcome(send(browser, AGAIN, device.show(asked(browser, ADD))))


def test_a_counter_that_goes_back_is_refused_and_written_down(jeanne, device) -> None:
    copied = Device(key=device.key, credential_id=device.credential_id, handle=device.handle, counter=0)
    for _number in range(3):
        assert second_step(device) == "/mon-compte/"
    assert REFUSED in second_step(copied)  # it says 1
    assert Record.objects.filter(act="passkey.counter_went_back", subject=jeanne.subject).count() == 1
    copied.counts, copied.counter = False, 0
    assert REFUSED in second_step(copied)  # it says it has none
    assert second_step(device) == "/mon-compte/"


def test_one_without_a_counter_serves_again_and_again(person) -> None:
    person()
    device = Device(counts=False)
    add(signed_in(), device)
    for _number in range(3):
        assert second_step(device) == "/mon-compte/"


def test_wrong_ones_and_wrong_codes_count_together(jeanne, device) -> None:
    for _number in range(3):
        assert REFUSED in second_step(device, origin="https://faux.exemple.fr")
    for _number in range(2):
        assert "n’est pas bon" in give(first_step(), "000000")
    assert "Trop d’essais" in second_step(device)


def test_right_ones_are_not_counted(jeanne, device) -> None:
    for _number in range(7):
        assert second_step(device) == "/mon-compte/"


def test_a_stranger_is_not_told_who_has_one(jeanne) -> None:
    assert Client().post(f"{STEP}defi/").status_code == 404


def test_whoever_has_none_is_handed_nothing(person) -> None:
    enrolled(person())
    assert first_step().post(f"{STEP}defi/").status_code == 404


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_portal_is_who_site_url_says_whatever_host_was_typed(jeanne, host: str) -> None:
    browser = Client(headers={"host": host})
    browser.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    assert asked(browser, STEP)["publicKey"]["rpId"] == "localhost"


@pytest.mark.parametrize(
    ("site", "origin"),
    [
        ("https://mcm.exemple.fr", "https://mcm.exemple.fr"),
        ("https://MCM.exemple.fr:443", "https://mcm.exemple.fr"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_the_origin_is_written_as_browsers_do(settings, site: str, origin: str) -> None:
    settings.SITE_URL = site
    assert passkeys.origin() == origin


@pytest.mark.parametrize(
    "answer",
    ["", "x", "[]", "null", "1", "{}", '{"rawId": 1}', '{"id": "a", "rawId": "b"}', "[" * 9000, "é" * 30_000],
)
def test_nonsense_is_refused_without_an_error_page(jeanne, answer: str) -> None:
    browser = first_step()
    asked(browser, STEP)
    page = browser.post(STEP, {"credential": answer})
    assert page.status_code == 200 and errors_of(page)


@pytest.mark.parametrize("part", ["signature", "authenticatorData", "clientDataJSON"])
def test_one_letter_changed_anywhere_and_the_answer_proves_nothing(part: str) -> None:
    challenge = "A" * 43
    device, state = Device(), {"challenge": challenge, "user_verification": "preferred"}
    made = device.make({"publicKey": {"challenge": challenge, "user": {"id": ""}}})
    known = [passkeys._made(state, json.dumps(made)).response.attestation_object.auth_data.credential_data]
    user = User(first_name="Jeanne", last_name="Dupont")

    def proves(answer: dict[str, Any]) -> bool:
        return passkeys._judged(lambda: passkeys._shown(state, user, known, json.dumps(answer))) is not None

    answer = device.show({"publicKey": {"challenge": challenge}})
    right = answer["response"][part]
    assert proves(answer)
    for place, letter in enumerate(right):
        bent = right[:place] + ("B" if letter != "B" else "C") + right[place + 1 :]
        if websafe_decode(bent) != websafe_decode(right):  # the last letter may hold bits that only pad
            answer["response"][part] = bent
            assert not proves(answer), f"{part} at {place}"


@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_send_one_answer_at_once_one_gets_in(jeanne, device) -> None:
    device.counts = False
    challenge = "A" * 43
    shown = passkeys.AuthenticationResponse.from_dict(device.show({"publicKey": {"challenge": challenge}}))
    answers = abreast(*[lambda: passkeys._accept(jeanne, shown, challenge)] * 20)
    assert sorted(answers) == [False] * 19 + [True]
    assert not Record.objects.filter(act="passkey.counter_went_back").exists()


# --- it proves again --------------------------------------------------------------------------


def test_it_stands_for_the_password_before_something_grave(jeanne, device) -> None:
    browser = inside(device)
    assert browser.get("/mon-compte/donnees/").headers["Location"].startswith(AGAIN)
    answer = device.show(asked(browser, AGAIN))
    assert (
        send(browser, AGAIN, answer, next="/mon-compte/donnees/").headers["Location"]
        == "/mon-compte/donnees/"
    )
    assert browser.get("/mon-compte/donnees/").status_code == 200


def test_instead_of_the_password_it_must_say_who_holds_it(jeanne, device) -> None:
    device.verifies = False
    browser = inside(device)  # beside the password a touch was enough
    assert REFUSED in errors_of(send(browser, AGAIN, device.show(asked(browser, AGAIN))))
    assert browser.get("/mon-compte/donnees/").status_code == 302


def test_the_page_still_takes_the_password_and_asks_for_it(jeanne, device) -> None:
    browser = inside(device)
    assert "Écrivez votre mot de passe" in errors_of(browser.post(AGAIN, {"password": ""}))
    assert browser.post(AGAIN, {"password": PASSWORD}).status_code == 302


def test_staff_who_waited_before_setting_one_up_are_not_sent_in_circles(person) -> None:
    appoint(person(), "dane", "70")
    browser = signed_in()
    make_old(browser)
    page = browser.get("/mon-espace/", follow=True)
    assert page.status_code == 200 and page.request["PATH_INFO"] == AGAIN
    done = browser.post(page.request["PATH_INFO"], {"password": PASSWORD, "next": ADD})
    assert browser.get(done.headers["Location"]).status_code == 200


@pytest.mark.parametrize("page", ["codes/", "retirer/"])
def test_after_the_password_was_asked_again_one_stands_where_the_button_is(jeanne, device, page) -> None:
    browser = inside(device)
    asked_for = browser.post(f"{SECURITY}{page}").headers["Location"]
    back = browser.post(asked_for, {"password": PASSWORD, "next": f"{SECURITY}{page}"}).headers["Location"]
    assert browser.get(back).headers["Location"] == SECURITY
    assert second_factor.has_one(jeanne)


# --- the administration -----------------------------------------------------------------------


def test_staff_with_a_passkey_alone_reach_the_administration(person, device) -> None:
    user = appoint(person(), "dane", "70")
    browser = signed_in()
    assert second_factor.is_due(user)
    assert browser.get("/administration/").headers["Location"].startswith(SECURITY)
    add(browser, device)
    assert not second_factor.is_due(user)
    assert browser.get("/administration/").status_code == 200
    browser = first_step()
    assert browser.get("/administration/").status_code == 302
    send(browser, STEP, device.show(asked(browser, STEP)))
    assert browser.get("/administration/").status_code == 200


def test_a_session_opened_before_shows_it_on_the_page(person, device) -> None:
    user = appoint(person(), "dane", "70")
    early = signed_in()
    add(signed_in(), device)
    assert early.get("/administration/").status_code == 302
    assert "Utiliser ma clé d’accès" in early.get(SECURITY).content.decode()
    answer = device.show(asked(early, STEP))
    assert send(early, SECURITY, answer, next="/administration/").headers["Location"] == "/administration/"
    assert early.get("/administration/").status_code == 200
    assert second_factor.has_one(user)


# --- without a browser that has them ----------------------------------------------------------


@pytest.mark.parametrize("page", [STEP, SECURITY, AGAIN, ADD, "/mon-compte/securite/application/"])
def test_without_javascript_nothing_of_it_is_a_dead_button(jeanne, page: str) -> None:
    browser = Client()
    if page == STEP:
        browser = first_step()
    else:
        browser.force_login(jeanne)
        session = browser.session
        session["account_authentication_methods_user"] = str(jeanne.pk)
        proof = {"method": "password" if page == SECURITY else "mfa", "at": time.time()}
        session["account_authentication_methods"] = [proof]
        session.save()
    text = browser.get(page).content.decode()
    shown = [tag for tag in text.split("<") if tag.startswith(("form ", "p "))]
    ours = [tag for tag in shown if "data-passkey=" in tag or "data-with-passkeys" in tag]
    assert ours and all(" hidden>" in tag for tag in ours)


def test_a_recovery_code_opens_for_who_has_a_passkey_only(person, device) -> None:
    person()
    page = add(signed_in(), device).content.decode()
    code = page.split("<code>")[1].split("<")[0]
    browser = first_step()
    assert "code de secours" in browser.get(STEP).content.decode()
    assert give(browser, code) == "/mon-compte/"
