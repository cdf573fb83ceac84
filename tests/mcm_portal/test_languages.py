"""French or English, by the browser and by hand (DESIGN, Languages)."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import RecoveryRequest, User
from mcm_portal import translations
from mcm_portal.languages import FrenchAdministrationMiddleware
from notifications.letters import Context, renderer
from tests.accounts.conftest import PASSWORD, Family, errors_of, family, letters_to, person, portal  # noqa: F401

pytestmark = pytest.mark.django_db
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.9,fr;q=0.5"}


def test_every_message_has_its_english_words_and_they_are_compiled() -> None:
    assert translations.faults("en") == []


def french_sentences() -> list[str]:
    """Return the French messages that say something else in English, without their placeholders."""
    known = []
    for message in translations.read("en"):
        said = message.id
        differs = isinstance(said, str) and said != message.string
        if differs and len(said) > 12 and "%(" not in said and "{" not in said:
            known.append(said)
    return known


def visible(page: str) -> str:
    return html.unescape(re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))


PUBLIC = [
    "home",
    "account_login",
    "recover",
    "recover_sent",
    "terms",
    "data_protection",
    "check_mail",
    "site_map",
]


@pytest.mark.parametrize("name", PUBLIC)
def test_no_french_is_left_on_a_public_page_in_english(portal: None, name: str) -> None:  # noqa: F811
    page = visible(Client(**ENGLISH).get(reverse(name)).content.decode())
    assert '<html lang="en">' in page
    assert [each for each in french_sentences() if each in page] == []


def test_the_form_and_its_errors_are_in_english(family: Family) -> None:  # noqa: F811
    family.browser = Client(**ENGLISH)
    response = family.sign_up(first_name="", password="short", address_again="x@exemple.fr")
    page = visible(response.content.decode())
    assert [each for each in french_sentences() if each in page] == []
    assert "Write the first name." in errors_of(response)


@pytest.mark.parametrize("path", ["", "nom/", "adresse/", "appareils/", "niveau/", "securite/"])
def test_the_account_is_in_english(person, path: str) -> None:  # noqa: F811
    person()
    browser = Client(**ENGLISH)
    browser.cookies["lang"] = "en"
    browser.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    page = visible(browser.get(f"/mon-compte/{path}").content.decode())
    assert [each for each in french_sentences() if each in page] == []


@pytest.mark.parametrize("asked", ["fr", "fr-CA", "de", "", "x" * 10_000, "en;q=0.1,fr"])
def test_whoever_does_not_ask_for_english_gets_french(portal: None, asked: str) -> None:  # noqa: F811
    page = Client(HTTP_ACCEPT_LANGUAGE=asked).get("/").content.decode()
    assert '<html lang="fr">' in page


@pytest.mark.parametrize("asked", ["fr", "en"])
def test_each_language_is_offered_by_its_own_name(portal: None, asked: str) -> None:  # noqa: F811
    page = Client(HTTP_ACCEPT_LANGUAGE=asked).get("/").content.decode()
    offered = re.findall(r'<button type="submit" name="language" value="(\w\w)" lang="\1"[^>]*>(\w+)<', page)
    assert offered == [("fr", "Français"), ("en", "English")]


def test_a_language_is_chosen_by_hand_and_leads_back(portal: None) -> None:  # noqa: F811
    browser = Client(HTTP_ACCEPT_LANGUAGE="fr")
    response = browser.post("/langue/", {"language": "en", "next": "/college/connexion/"})
    assert response.headers["Location"] == "/college/connexion/"
    assert "sessionid" not in browser.cookies and "sid" not in browser.cookies
    assert '<html lang="en">' in browser.get("/college/connexion/").content.decode()
    browser.post("/langue/", {"language": "fr"})
    assert '<html lang="fr">' in browser.get("/college/connexion/").content.decode()


@pytest.mark.parametrize("wanted", ["https://mal.example/", "//mal.example", "javascript:alert(1)", ""])
def test_the_way_back_stays_on_this_site(portal: None, wanted: str) -> None:  # noqa: F811
    response = Client().post("/langue/", {"language": "en", "next": wanted})
    assert response.headers["Location"] == "/"


@pytest.mark.parametrize("language", ["", "de", "../etc", "x" * 5000])
def test_a_language_that_there_is_not_is_not_kept(portal: None, language: str) -> None:  # noqa: F811
    assert not Client().post("/langue/", {"language": language}).cookies


def test_another_site_does_not_choose(portal: None) -> None:  # noqa: F811
    response = Client(HTTP_ORIGIN="https://mal.example").post("/langue/", {"language": "en"})
    assert not response.cookies


def test_the_choice_of_a_person_follows_them(person) -> None:  # noqa: F811
    user = person()
    browser = Client()
    browser.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    browser.post("/langue/", {"language": "en"})
    assert User.objects.get(pk=user.pk).language == "en"
    elsewhere = Client(HTTP_ACCEPT_LANGUAGE="fr")
    elsewhere.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    assert "Hello Jeanne" in elsewhere.get("/mon-espace/").content.decode()


def test_the_mail_of_a_sign_up_speaks_the_language_of_its_form(family: Family) -> None:  # noqa: F811
    family.browser = Client(**ENGLISH)
    family.sign_up()
    assert letters_to("jeanne@exemple.fr")[0].language == "en"


def test_a_recovery_mail_speaks_the_language_of_its_reader(person) -> None:  # noqa: F811
    user = person()
    User.objects.filter(pk=user.pk).update(language="en")
    Client(HTTP_ACCEPT_LANGUAGE="fr").post("/acces-oublie/", {"login": "jeanne.dupont"})
    assert letters_to(user.address())[0].language == "en"
    request = RecoveryRequest.objects.get()
    with translation.override("en"):
        letter = renderer("accounts.recovery")(
            Context(str(request.public_id), user.address(), "en", request.created_at)
        )
    assert [each for each in french_sentences() if each in letter.text] == []


def test_the_administration_is_in_french_whatever_the_browser_asks(portal: None) -> None:  # noqa: F811
    response = Client(**ENGLISH).get("/administration/", follow=False)
    assert response.status_code == 302
    with translation.override("en"):
        FrenchAdministrationMiddleware(lambda _request: None).process_request(
            type("Request", (), {"path": "/administration/accounts/user/"})()
        )
        assert translation.get_language() == "fr"
