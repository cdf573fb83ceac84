"""« Mon compte » (SCREENS A2, A8; SAFETY T31, T33, T35, T36, F15)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import HttpRequest
from django.test import Client, RequestFactory

from accounts import account, sessions
from accounts.models import OpenSession, RecoveryRequest, User
from accounts.session_store import SessionStore
from audit.models import Record
from tests.accounts.conftest import PASSWORD, errors_of, letters_to, make_older

pytestmark = pytest.mark.django_db
NEW = "Une-autre-phrase-7"


def signed_in(name: str = "jeanne.dupont", password: str = PASSWORD) -> Client:
    """Return a browser where somebody has signed in."""
    browser = Client()
    assert browser.post("/college/connexion/", {"login": name, "password": password}).status_code == 302
    return browser


def text_of(browser: Client, path: str = "/mon-compte/") -> str:
    return browser.get(path).content.decode().replace("\xa0", " ")


def test_everything_the_portal_knows_is_on_the_page(person) -> None:
    person()
    page = text_of(signed_in())
    for part in ("Jeanne Dupont", "jeanne.dupont", "jeanne.dupont@exemple.fr", "Normandie", "Calvados"):
        assert part in page


def test_a_stranger_is_led_to_the_sign_in_page(person) -> None:
    person()
    for path in ("", "nom/", "mot-de-passe/", "adresse/", "appareils/", "niveau/", "accords/", "donnees/"):
        assert Client().get(f"/mon-compte/{path}").headers["Location"].startswith("/connexion/?next=")


def test_names_are_corrected_and_noted_without_their_values(person) -> None:
    user = person()
    browser = signed_in()
    response = browser.post("/mon-compte/nom/", {"first_name": " jeanne-marie ", "last_name": "Dupont"})
    assert response.headers["Location"] == "/mon-compte/?fait=nom"
    user.refresh_from_db()
    assert (user.first_name, user.last_name) == ("jeanne-marie", "Dupont")
    line = Record.objects.get(act="names.changed")
    assert (line.fields, line.actor, line.subject) == (["first_name"], user.subject, user.subject)
    assert "Votre nom est enregistré" in text_of(browser, "/mon-compte/?fait=nom")


def test_a_name_that_is_none_is_refused_kindly(person) -> None:
    user = person()
    response = signed_in().post("/mon-compte/nom/", {"first_name": "Jeanne\x00", "last_name": ""})
    assert errors_of(response)
    user.refresh_from_db()
    assert user.last_name == "Dupont"


def test_fields_that_the_form_does_not_have_change_nothing(person) -> None:
    user = person()
    more = {"is_staff": "1", "is_superuser": "1", "profile": "enseignant", "username": "x", "user": "1"}
    signed_in().post("/mon-compte/nom/", {"first_name": "Jeanne", "last_name": "Durand", **more})
    user.refresh_from_db()
    assert (user.last_name, user.is_staff, user.is_superuser) == ("Durand", False, False)
    assert user.enrolments.get().profile == "eleve"


def test_another_password_ends_the_other_sessions_and_a_mail_says_so(person) -> None:
    user = person()
    phone, desk = signed_in(), signed_in()
    request = RecoveryRequest.objects.create(user=user)
    response = desk.post("/mon-compte/mot-de-passe/", {"password": NEW})
    assert response.headers["Location"] == "/mon-compte/?fait=mot-de-passe"
    assert "ont été déconnectés" in text_of(desk, "/mon-compte/?fait=mot-de-passe")
    assert phone.get("/mon-compte/").status_code == 302
    assert [letter.kind for letter in letters_to(user.address())] == ["accounts.password_changed"]
    request.refresh_from_db()
    assert request.used_at is not None
    assert signed_in(password=NEW).get("/mon-compte/").status_code == 200
    assert OpenSession.objects.filter(user=user, session_key=desk.cookies["sid"].value).exists()


def test_a_weak_password_is_refused(person) -> None:
    user = person()
    assert errors_of(signed_in().post("/mon-compte/mot-de-passe/", {"password": "Azerty123!"}))
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_web_server_whose_clock_is_off_takes_no_proof_for_old_nor_for_new(person, time_machine) -> None:
    person()
    browser = signed_in()
    for minutes in (45, -45):  # from now on, for this server only
        time_machine.move_to(datetime.now(UTC) + timedelta(minutes=minutes))
        assert browser.get("/mon-compte/mot-de-passe/").status_code == 200
    late = signed_in()  # by that server: the others see the same five minutes
    time_machine.move_to(datetime.now(UTC) + timedelta(minutes=45))
    assert late.get("/mon-compte/mot-de-passe/").status_code == 200
    make_older(late, 305)
    time_machine.move_to(datetime.now(UTC) - timedelta(minutes=45))
    assert late.get("/mon-compte/mot-de-passe/").status_code == 302


@pytest.mark.parametrize("page", ["mot-de-passe", "adresse", "donnees"])
def test_a_sensitive_act_asks_for_the_password_again_after_five_minutes(person, page: str) -> None:
    person()
    browser = signed_in()
    make_older(browser, 290)
    assert browser.get(f"/mon-compte/{page}/").status_code == 200
    make_older(browser, 15)
    response = browser.get(f"/mon-compte/{page}/")
    assert response.headers["Location"] == f"/mon-compte/identite/?next=%2Fmon-compte%2F{page}%2F"
    wrong = browser.post(response.headers["Location"], {"password": "faux"})
    assert "Ce n’est pas votre mot de passe" in errors_of(wrong)
    right = browser.post(response.headers["Location"], {"password": PASSWORD})
    assert right.headers["Location"] == f"/mon-compte/{page}/"
    assert browser.get(f"/mon-compte/{page}/").status_code == 200


def test_the_password_is_asked_again_twenty_five_times_a_day_at_most(person) -> None:
    person()
    browser = signed_in()
    for _number in range(25):
        assert "Trop d’essais" not in errors_of(browser.post("/mon-compte/identite/", {"password": "x"}))
    assert "Trop d’essais" in errors_of(browser.post("/mon-compte/identite/", {"password": PASSWORD}))


@pytest.mark.parametrize("wanted", ["https://mal.example/", "//mal.example", "javascript:alert(1)"])
def test_the_way_back_stays_on_this_site(person, wanted: str) -> None:
    person()
    response = signed_in().post("/mon-compte/identite/", {"password": PASSWORD, "next": wanted})
    assert response.headers["Location"] == "/mon-compte/"


def test_devices_are_listed_and_closed(person) -> None:
    person()
    phone, desk = signed_in(), signed_in()
    page = text_of(desk, "/mon-compte/appareils/")
    assert page.count("c’est ici") == 1
    other = OpenSession.objects.get(session_key=phone.cookies["sid"].value)
    assert desk.post("/mon-compte/appareils/", {"session": str(other.public_id)}).status_code == 302
    assert phone.get("/mon-compte/").status_code == 302
    signed_in()
    desk.post("/mon-compte/appareils/", {"action": "others"})
    assert OpenSession.objects.count() == 1


@pytest.mark.parametrize("typed", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_a_device_that_is_not_ones_own_is_not_found(person, typed: str) -> None:
    person()
    assert signed_in().post("/mon-compte/appareils/", {"session": typed}).status_code == 404


def test_the_device_of_somebody_else_stays_open(person) -> None:
    person()
    person("paul.martin")
    theirs = signed_in("paul.martin")
    row = OpenSession.objects.get()
    assert signed_in().post("/mon-compte/appareils/", {"session": str(row.public_id)}).status_code == 404
    assert theirs.get("/mon-compte/").status_code == 200


def test_another_level_is_added_without_a_mail(person) -> None:
    user = person()
    typed = {"level": "lycee", "profile": "eleve", "academy": "70", "department": "14", "country": ""}
    browser = signed_in()
    assert browser.get("/mon-compte/niveau/").status_code == 200
    response = browser.post("/mon-compte/niveau/", typed)
    assert response.headers["Location"] == "/mon-compte/?fait=niveau"
    assert sorted(user.enrolments.values_list("level", flat=True)) == ["college", "lycee"]
    assert not letters_to(user.address())


def test_a_level_one_has_or_a_closed_academy_is_refused(person) -> None:
    user = person()
    typed = {"level": "college", "profile": "eleve", "academy": "70", "department": "14", "country": ""}
    assert errors_of(signed_in().post("/mon-compte/niveau/", typed))
    closed = {**typed, "level": "lycee", "academy": "44", "department": "974"}
    assert errors_of(signed_in().post("/mon-compte/niveau/", closed))
    assert user.enrolments.count() == 1


def test_the_accepted_texts_are_listed_with_version_and_author(person) -> None:
    user = person()
    user.acceptances.update(by_guardian=True)
    page = text_of(signed_in(), "/mon-compte/accords/")
    assert "2026-1" in page and "un responsable légal, en votre nom" in page


def test_ones_own_data_are_handed_over(person) -> None:
    person()
    response = signed_in().get("/mon-compte/donnees/")
    assert json.loads(response.content)["person"]["first_name"] == "Jeanne"
    assert "attachment" in response.headers["Content-Disposition"]
    assert "password" not in response.content.decode()


def test_every_change_needs_the_token_of_its_page(person) -> None:
    person()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.get())
    for path in (
        "nom/",
        "mot-de-passe/",
        "adresse/",
        "adresse/annuler/",
        "appareils/",
        "niveau/",
        "identite/",
    ):
        assert browser.post(f"/mon-compte/{path}", {"action": "others"}).status_code == 403


def under_way(browser: Client) -> HttpRequest:
    """Return a page of somebody signed in that has read its session and its person, and not acted yet."""
    request = RequestFactory().post("/mon-compte/mot-de-passe/")
    request.session = SessionStore(browser.cookies["sid"].value)
    request.user = sessions.person_of(request)
    return request


def test_a_new_password_sent_twice_at_once_is_one_and_leaves_one_signed_in(person) -> None:
    user = person()
    browser = signed_in()
    first, second = under_way(browser), under_way(browser)
    for request in (first, second):
        account.change_password(request, request.user, NEW)
    first.session.save()
    browser.cookies["sid"] = first.session.session_key
    assert browser.get("/mon-compte/").status_code == 200
    assert len(letters_to(user.address())) == 1


def test_of_two_new_passwords_chosen_at_once_the_first_stands(person) -> None:
    user = person()
    browser = signed_in()
    first, second = under_way(browser), under_way(browser)
    account.change_password(first, first.user, NEW)
    with pytest.raises(account.Outdated):
        account.change_password(second, second.user, "Encore-une-phrase-8")
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_a_password_changed_in_a_session_closed_meanwhile_brings_it_not_back(person) -> None:
    user = person()
    request = under_way(signed_in())
    OpenSession.objects.filter(user=user).delete()
    with pytest.raises(SessionInterrupted):  # a page 400
        account.change_password(request, request.user, NEW)
    assert not OpenSession.objects.exists()
