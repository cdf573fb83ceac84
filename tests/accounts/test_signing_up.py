"""A family, a pupil and a teacher fill in « Nouveau compte » (SCREENS A3, A4; SAFETY T1, T4, T28, T36)."""

from __future__ import annotations

import re
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import browsers, usernames
from accounts.models import Level, PolicyDocument, Registration, SignInName, User
from notifications.models import Message
from tests.accounts.conftest import Family, errors_of, letters_to, shape_of

pytestmark = pytest.mark.django_db


def test_the_form_is_shown_only_after_consent(family: Family) -> None:
    response = family.browser.get("/college/inscription/")
    assert response.headers["Location"] == "/college/conditions/"


def test_consent_needs_the_box_ticked(family: Family) -> None:
    document = PolicyDocument.objects.in_force("terms").get()
    response = family.browser.post("/college/conditions/", {"document": document.pk})
    assert "Cochez la case" in errors_of(response)
    assert browsers.CONSENT not in family.browser.cookies


def test_a_consent_to_an_older_version_is_asked_for_again(family: Family) -> None:
    family.accept_terms()
    PolicyDocument.objects.create(
        kind="terms",
        version="2026-2",
        title="Nouvelles",
        body="Texte",
        in_force_from=timezone.localdate(),
        published_at=timezone.now(),
    )
    assert family.browser.get("/college/inscription/").headers["Location"] == "/college/conditions/"


@pytest.mark.parametrize("level", Level.values)
def test_a_sign_up_is_one_row_and_one_letter_and_nobody_yet(family: Family, level: str) -> None:
    family.level = level
    response = family.sign_up()
    assert response.headers["Location"] == "/inscription/verification/"
    sign_up = Registration.objects.get()
    assert (sign_up.level, sign_up.address, sign_up.username) == (level, "jeanne@exemple.fr", "jeanne.dupont")
    assert [letter.reference for letter in letters_to("jeanne@exemple.fr")] == [str(sign_up.public_id)]
    assert not User.objects.exists()


def test_the_version_accepted_and_the_moment_are_kept(family: Family) -> None:
    family.sign_up()
    sign_up = Registration.objects.get()
    assert sign_up.terms == PolicyDocument.objects.in_force("terms").get()
    assert sign_up.terms_accepted_at <= sign_up.created_at


@pytest.mark.real_hash
def test_the_password_is_kept_as_a_hash_only(family: Family) -> None:
    family.sign_up()
    assert Registration.objects.get().password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"profile": ""}, "Dites qui vous êtes"),
        ({"age_group": ""}, "Dites l’âge"),
        ({"first_name": ""}, "Écrivez le prénom"),
        ({"username": ""}, "Choisissez un nom d’utilisateur"),
        ({"username": "admin"}, "réservé"),
        ({"password": ""}, "Choisissez un mot de passe"),
        ({"password": "azerty"}, "au moins 8 caractères"),
        ({"academy": ""}, "Choisissez votre académie"),
        ({"academy": "44", "department": "975"}, "n’a pas ouvert"),
        ({"department": "75"}, "dans l’académie « Normandie »"),
        ({"department": ""}, "dans l’académie « Normandie »"),
        ({"academy": "etranger", "country": ""}, "Choisissez le pays"),
        ({"address": "jeanne"}, "adresse"),
        ({"address_again": "autre@exemple.fr"}, "ne sont pas les mêmes"),
    ],
)
def test_what_is_missing_or_wrong_gets_a_sentence_and_nothing_typed_is_lost(
    family: Family, changes: dict[str, str], sentence: str
) -> None:
    response = family.sign_up(**changes)
    assert response.status_code == 200
    assert sentence in errors_of(response)
    assert not Registration.objects.exists()
    page = response.content.decode()
    assert page.count('value="Dupont"') == 1
    assert "Erreur" in page[: page.index("</title>")]


@pytest.mark.parametrize("address_again", ["JEANNE@EXEMPLE.FR", " jeanne@exemple.fr "])
def test_letter_case_and_spaces_do_not_make_two_addresses(family: Family, address_again: str) -> None:
    assert family.sign_up(address_again=address_again).status_code == 302


def test_who_lives_abroad_gives_a_country_instead(family: Family) -> None:
    family.sign_up(academy="etranger", department="", country="SN")
    sign_up = Registration.objects.get()
    assert (sign_up.country, sign_up.academy, sign_up.department) == ("SN", None, None)


def test_a_teacher_is_not_asked_for_an_age(family: Family) -> None:
    family.sign_up(profile="enseignant", age_group="enfant")
    assert Registration.objects.get().age_group == ""


def test_departments_follow_the_academy_without_javascript(family: Family) -> None:
    family.accept_terms()
    response = family.browser.post(
        "/college/inscription/",
        {**family.typed, "academy": "27", "department": "", "show_departments": "1"},
    )
    page = response.content.decode()
    assert "Corse-du-Sud (2A)" in page and "Calvados" not in page
    assert 'value="Jeanne"' in page and "Erreur" not in page[: page.index("</title>")]


def test_all_departments_can_be_chosen_before_an_academy_is(family: Family) -> None:
    family.accept_terms()
    page = family.browser.get("/college/inscription/").content.decode()
    assert "Corse-du-Sud (2A)" in page and "Calvados (14)" in page


def test_a_closed_academy_is_shown_as_such(family: Family) -> None:
    family.accept_terms()
    page = family.browser.get("/college/inscription/").content.decode()
    assert re.search(r'value="44"[^>]*>[^<]*fermée pour le moment', page)


def test_a_name_that_is_taken_brings_names_that_are_free(family: Family) -> None:
    family.sign_up()
    other = Family()
    response = other.sign_up(address="autre@exemple.fr")
    assert "déjà pris" in errors_of(response)
    free = re.findall(r'name="suggestion" value="(.+?)"', response.content.decode())
    assert len(free) == 3
    assert all(usernames.clean(name) == name for name in free)
    assert not SignInName.objects.filter(name__in=free).exists()
    assert not letters_to("autre@exemple.fr")
    assert other.send(address="autre@exemple.fr", suggestion=free[0]).status_code == 302
    assert Registration.objects.get(address="autre@exemple.fr").username == free[0]


def test_a_name_that_is_taken_costs_the_mailbox_nothing(family: Family) -> None:
    family.sign_up()
    other = Family()
    for _ in range(5):
        other.sign_up(address="autre@exemple.fr")
    assert other.send(address="autre@exemple.fr", username="un.nom.libre").status_code == 302


def test_a_known_and_an_unknown_address_get_the_same_answer(family: Family, person) -> None:
    person("albert.roy", address="albert@exemple.fr")
    known = family.sign_up(address="albert@exemple.fr")
    unknown_family = Family()
    unknown = unknown_family.sign_up(address="bernard@exemple.fr", username="jeanne.dupond")
    assert (known.status_code, known.headers["Location"]) == (
        unknown.status_code,
        unknown.headers["Location"],
    )
    first = family.browser.get("/inscription/verification/").content.decode()
    second = unknown_family.browser.get("/inscription/verification/").content.decode()
    blind = r'name="(?:csrfmiddlewaretoken|sign_up)" value="[\w-]+"|(?:albert|bernard)@exemple.fr'
    assert re.sub(blind, "", first) == re.sub(blind, "", second)


def test_a_known_and_an_unknown_address_cost_the_same_statements(family: Family, person) -> None:
    person("albert.roy", address="albert@exemple.fr")
    family.accept_terms()
    family.send(address="premier@exemple.fr", username="premier.venu")  # the académies are read once
    with CaptureQueriesContext(connection) as known:
        family.send(address="albert@exemple.fr")
    with CaptureQueriesContext(connection) as unknown:
        family.send(address="nouveau@exemple.fr", username="jeanne.dupond")
    assert shape_of(known) == shape_of(unknown)


def test_the_same_form_sent_twice_is_one_sign_up(family: Family) -> None:
    family.accept_terms()
    key = str(uuid.uuid4())
    first = family.send(submission=key)
    second = family.send(submission=key)
    assert (first.status_code, first.headers["Location"]) == (second.status_code, second.headers["Location"])
    assert Registration.objects.count() == Message.objects.count() == 1


def test_the_form_of_one_child_taken_back_and_filled_in_for_another_is_two_sign_ups(family: Family) -> None:
    family.accept_terms()
    key = str(uuid.uuid4())
    family.send(submission=key)
    family.send(submission=key, first_name="Zoé", username="zoe.dupont", address="zoe@exemple.fr")
    assert set(Registration.objects.values_list("first_name", flat=True)) == {"Jeanne", "Zoé"}
    assert "zoe@exemple.fr" in family.browser.get("/inscription/verification/").content.decode()


def test_somebody_elses_form_key_opens_nothing(family: Family) -> None:
    key = str(uuid.uuid4())
    family.sign_up(submission=key)
    thief = Family()
    assert "déjà pris" in errors_of(thief.sign_up(submission=key))
    assert browsers.REGISTRATION not in thief.browser.cookies
    assert thief.send(submission=key, username="un.autre", address="autre@exemple.fr").status_code == 302
    assert Registration.objects.count() == 2


def test_the_next_person_at_the_computer_gives_their_own_consent(family: Family) -> None:
    family.sign_up()
    assert family.browser.get("/college/inscription/").headers["Location"] == "/college/conditions/"


@pytest.mark.parametrize("country", ["FR", "RE", "GP", "MQ", "NC", "PF"])
def test_no_part_of_france_is_abroad(family: Family, country: str) -> None:
    assert family.sign_up(academy="etranger", department="", country=country).status_code == 200
    assert not Registration.objects.exists()


def test_a_browser_that_is_refused_does_not_use_up_somebodys_mailbox(family: Family) -> None:
    family.sign_up()
    curious = Family()
    curious.accept_terms()
    for _ in range(10):
        curious.send()
    for number in range(4):
        curious.send(username=f"nom.libre{number}", address="innocent@exemple.fr")
    assert not letters_to("innocent@exemple.fr")
    assert Family().sign_up(username="innocent", address="innocent@exemple.fr").status_code == 302


def test_thirty_names_from_one_browser_are_not_all_looked_up(family: Family) -> None:
    family.sign_up()
    curious = Family()
    curious.accept_terms()
    answers = [
        errors_of(curious.send(username="jeanne.dupont", address=f"curieux{number}@exemple.fr"))
        for number in range(30)
    ]
    assert ["déjà pris" in answer for answer in answers] == [True] * 10 + [False] * 20
    assert ["Réessayez" in answer for answer in answers] == [False] * 10 + [True] * 20


def test_a_mailbox_gets_at_most_three_letters_in_an_hour(family: Family) -> None:
    for number in range(12):
        harasser = Family()
        harasser.sign_up(username=f"jeanne.{number}", address=f"victime+{number}@exemple.fr")
    assert Message.objects.count() == 3


def test_extra_fields_change_nothing(family: Family) -> None:
    family.sign_up(
        role="teacher", is_staff="1", is_superuser="1", confirmed_at="2026-01-01", user="1", level="lycee"
    )
    sign_up = Registration.objects.get()
    assert (sign_up.level, sign_up.confirmed_at, sign_up.user) == ("college", None, None)


def test_a_form_of_another_site_is_refused(family: Family) -> None:
    family.accept_terms()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = family.browser.cookies
    assert strict.post("/college/inscription/", family.typed).status_code == 403
    assert not Registration.objects.exists()


def test_a_stranger_gets_no_session(family: Family) -> None:
    family.sign_up()
    assert "sid" not in family.browser.cookies
