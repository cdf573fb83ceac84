"""A teacher on a desktop, whose browser runs the portal's scripts (SCREENS A4, D8; SAFETY F15)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .conftest import Comes
from .people import PASSWORD, Person, accept_terms, confirm_here, fill_in, sign_up

pytestmark = pytest.mark.browser

PAUL = Person(
    first_name="Paul",
    last_name="Nguyễn",
    username="paul.nguyen",
    address="paul.nguyen@exemple.fr",
    level="Le lycée",
    profile="Enseignant",
    academy="Corse",
    department="Haute-Corse (2B)",
)


def test_the_form_helps_a_teacher_while_they_type(comes: Comes) -> None:
    teacher = comes()
    page = teacher.page
    accept_terms(teacher, "Le lycée")
    # The age is a pupil's, the country is who lives abroad's, the button is for browsers without scripts.
    expect(page.get_by_label("18 ans ou plus")).to_be_hidden()
    teacher.choose("Profil utilisateur", "Élève")
    expect(page.get_by_label("18 ans ou plus")).to_be_visible()
    teacher.choose("Profil utilisateur", "Enseignant")
    expect(page.get_by_label("18 ans ou plus")).to_be_hidden()
    expect(page.get_by_label("Pays")).to_be_hidden()
    expect(page.get_by_role("button", name="Mettre à jour les départements")).to_be_hidden()

    document = page.evaluate_handle("document")
    departments = page.get_by_label("Département", exact=True).get_by_role("option")
    teacher.choose("Académie (pour la France uniquement)", "Corse")
    expect(departments).to_have_text(["Choisissez…", "Corse-du-Sud (2A)", "Haute-Corse (2B)"])
    teacher.choose("Académie (pour la France uniquement)", "Hors de France")
    expect(page.get_by_label("Pays")).to_be_visible()
    expect(page.get_by_label("Département", exact=True)).to_be_hidden()
    teacher.choose("Académie (pour la France uniquement)", "Paris")
    expect(page.get_by_label("Département", exact=True)).to_have_value("75")  # there is but one
    assert document.evaluate("before => before === document"), "the page was loaded again"

    teacher.write("Prénom", "Paul")
    teacher.write("Nom", "Nguyễn")
    page.get_by_role("button", name="Utiliser paul.nguyen").click()
    expect(page.get_by_label("Nom d'utilisateur", exact=True)).to_have_value("paul.nguyen")

    rules = page.locator("#id_password-rules li")
    met = page.locator("#id_password-rules li[data-met=true]")
    password = page.get_by_label("Mot de passe", exact=True)
    password.press_sequentially("tz")
    before = met.count()
    assert before < rules.count()
    password.press_sequentially("7#KQplw")
    expect(met).to_have_count(rules.count())
    page.get_by_role("button", name="Afficher le mot de passe").click()
    expect(password).to_have_attribute("type", "text")
    page.get_by_role("button", name="Masquer le mot de passe").click()
    expect(password).to_have_attribute("type", "password")

    teacher.write("Adresse de courriel", "paul@exemple.fr")
    teacher.write("Courriel (confirmation)", "paul@exemple.com")
    page.keyboard.press("Tab")
    teacher.reads("Les deux adresses ne sont pas les mêmes.")


def test_what_is_wrong_is_summed_up_and_leads_to_its_field(comes: Comes) -> None:
    teacher = comes()
    page = teacher.page
    accept_terms(teacher, "Le lycée")
    teacher.press("Créer mon compte")
    summary = page.get_by_role("alert").filter(has_text="Il reste quelque chose à corriger")
    expect(summary).to_be_focused()
    for label in ("Profil utilisateur", "Prénom", "Nom", "Nom d'utilisateur", "Mot de passe"):
        expect(summary.get_by_role("link", name=f"{label}\u00a0:").first).to_be_visible()
    summary.get_by_role("link").filter(has_text="Écrivez le prénom").click()
    field = page.get_by_label("Prénom", exact=True)
    expect(field).to_be_focused()
    described = field.get_attribute("aria-describedby") or ""
    told = [page.locator(f"#{part}").inner_text() for part in described.split()]
    assert "Écrivez le prénom." in told


@pytest.mark.long
def test_a_teacher_whose_name_is_taken_takes_one_that_is_free(comes: Comes) -> None:
    first, second = comes(), comes()
    sign_up(first, PAUL)
    other = Person(**{**vars(PAUL), "address": "paul.autre@exemple.fr"})
    accept_terms(second, other.level)
    fill_in(second, other)
    second.press("Créer mon compte")
    second.reads("Ce nom d’utilisateur est déjà pris.", "Ces noms sont libres")
    free = second.page.locator("input[name=suggestion]:not([value=''])")
    assert free.count() == 3
    name = free.first.get_attribute("value")
    assert name and name != "paul.nguyen"
    free.first.check()
    second.write("Mot de passe", PASSWORD)
    second.press("Créer mon compte")
    second.stands_on("Vérifiez vos messages")
    confirm_here(second, Person(**{**vars(other), "username": name}))
    second.reads("Le lycée", "Enseignant", "Corse", "Haute-Corse")
    confirm_here(first, PAUL)


@pytest.mark.long
def test_who_lives_abroad_gives_a_country_and_finds_it_in_their_space(comes: Comes) -> None:
    awa = Person(
        first_name="Awa",
        last_name="Diop",
        username="awa.diop",
        address="awa@exemple.fr",
        profile="Enseignant",
    )
    teacher = comes()
    accept_terms(teacher, awa.level)
    fill_in(teacher, awa)
    teacher.choose("Académie (pour la France uniquement)", "Hors de France")
    teacher.choose("Pays", "Sénégal")
    teacher.press("Créer mon compte")
    confirm_here(teacher, awa)
    teacher.reads("Sénégal")


def test_a_closed_academy_is_shown_as_such_and_refused(comes: Comes) -> None:
    teacher = comes()
    accept_terms(teacher, "Le lycée")
    fill_in(teacher, PAUL)
    closed = teacher.page.get_by_role("option").filter(has_text="fermée pour le moment")
    teacher.page.get_by_label("Académie (pour la France uniquement)").select_option(
        value=closed.get_attribute("value")
    )
    teacher.press("Créer mon compte")
    teacher.reads("n’a pas ouvert ce service pour le moment")
