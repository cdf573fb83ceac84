"""Somebody comes to the ENT and is led to the right door (SCREENS D1, D2)."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve, reverse

from mcm_portal.ways_in import ASKED_AGAIN, LEVELS, PROFILES, WAITING

LABELS = (
    "Élève",
    "Représentant légal (parents)",
    "Personnel Education Nationale",
    "Enseignement agricole (Élève, parent ou personnel)",
    "Personnel collectivité et invité",
    "École",
    "Collège / Lycée",
    "Mémoriser ce choix",
    "Se connecter",
)


def words(answer: HttpResponse) -> str:
    return answer.content.decode()


def choose(
    browser: Client, profile: str = "responsable", level: str = "college", **more: str
) -> HttpResponse:
    return browser.post("/ent/", {"profile": profile, "level": level, "remember": "non", **more})


def test_a_stranger_reads_the_choices_and_costs_neither_a_session_nor_a_query(client: Client) -> None:
    # Without the db fixture a query is an error.
    answer = client.get("/ent/")
    assert all(label in words(answer) for label in LABELS)
    assert 'value="non" checked' in words(answer)
    assert choose(client).url == reverse("guardian_sign_in")
    assert set(client.cookies) <= {"csrf", "profile"} and not client.cookies["profile"].value


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("profile", PROFILES)
def test_every_choice_leads_to_a_page_that_answers(client: Client, profile: str, level: str) -> None:
    answer = choose(client, profile, level)
    assert answer.status_code == 302
    if resolve(answer.url).url_name not in ("guardian_sign_in", "pupil_sign_in", "ent_staff"):
        page = client.get(answer.url)
        assert page.status_code == 200 and reverse("ent") in words(page)


def test_who_has_a_door_is_led_to_it_and_guests_are_told_what_to_do_today(client: Client) -> None:
    assert choose(client, "eleve").url == reverse("pupil_sign_in")
    assert choose(client, "personnel").url == reverse("ent_staff")
    assert "pas encore ouvert" in words(client.get(choose(client, "invite").url))
    assert set(WAITING) == {"invite"}
    for who in ("personne", "eleve", "personnel"):
        assert client.get(f"/ent/pas-encore/{who}/").status_code == 404


def test_a_profile_of_several_people_is_asked_again(client: Client) -> None:
    answer = client.get(choose(client, "agricole", "ecole").url)
    page = words(answer)
    assert "<h1>Je sélectionne mon profil</h1>" in page and "Responsable d’élève" in page
    assert all(each.leaf and each.leaf.address() in page for each in ASKED_AGAIN.values())
    assert client.get("/ent/profil/lycee-agricole/").status_code == 404


def test_the_choice_alone_is_remembered_and_forgotten_by_a_button(client: Client) -> None:
    choose(client, remember="oui")
    kept = client.cookies["profile"]
    assert kept.value == "responsable.college" and kept["httponly"]
    page = words(client.get("/ent/"))
    assert "Votre choix de la dernière fois" in page and reverse("guardian_sign_in") in page
    assert client.post("/ent/oublier/").url == reverse("ent")
    assert "dernière fois" not in words(client.get("/ent/"))


def test_on_a_public_computer_the_next_choice_forgets_the_one_before(client: Client) -> None:
    choose(client, remember="oui")
    choose(client)
    assert not client.cookies["profile"].value


@pytest.mark.parametrize("cookie", ["admin.college", "eleve", "eleve.", "é" * 300, "eleve.college.x"])
def test_a_cookie_of_somebody_elses_making_is_no_choice(client: Client, cookie: str) -> None:
    client.cookies["profile"] = cookie.encode().hex() if not cookie.isascii() else cookie
    answer = client.get("/ent/")
    assert answer.status_code == 200 and "dernière fois" not in words(answer)


def test_an_answer_that_is_missing_or_none_is_asked_for(client: Client) -> None:
    assert "Dites qui vous êtes" in words(client.post("/ent/", {"level": "ecole"}))
    assert "Choisissez le niveau" in words(client.post("/ent/", {"profile": "eleve"}))
    assert choose(client, "admin").status_code == 200


def test_home_leads_there(client: Client) -> None:
    assert f'href="{reverse("ent")}"' in words(client.get("/"))
