"""Somebody who uses no mouse and no finger signs up, confirms, leaves and comes back (SCREENS A1 to A7)."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .conftest import Comes
from .people import PASSWORD, Person, accept_terms, fill_in, is_at_home, open_mail

pytestmark = pytest.mark.browser


def test_a_whole_sign_up_by_tab_enter_space_and_arrows_with_the_focus_always_in_sight(comes: Comes) -> None:
    rose = Person(first_name="Rose", last_name="Leroy", username="rose.leroy", address="rose@exemple.fr")
    pupil = comes()
    keys = pupil.page.keyboard
    pupil.go("/")
    pupil.tab_to("Aller au contenu")
    keys.press("Enter")
    pupil.tab_to("Le collège")
    pupil.strike("Enter")
    pupil.tab_to("Créer un compte")
    pupil.strike("Enter")
    pupil.tab_to("J'accepte les conditions d'utilisation")
    keys.press("Space")
    pupil.tab_to("Continuer")
    pupil.strike("Enter")
    pupil.stands_on("Nouveau compte, Le collège")
    pupil.tab_to("Profil utilisateur")
    keys.press("ArrowDown")
    expect(pupil.page.get_by_label("Profil utilisateur")).to_have_value("eleve")
    pupil.tab_to("18 ans ou plus")
    keys.press("ArrowDown")
    keys.press("ArrowUp")
    expect(pupil.page.get_by_label("18 ans ou plus")).to_be_checked()
    pupil.tab_to("Prénom")
    keys.type("Rose")
    pupil.tab_to("Nom")
    keys.type("Leroy")
    pupil.tab_to("Nom d'utilisateur")
    pupil.tab_to("Utiliser rose.leroy")
    keys.press("Enter")
    expect(pupil.page.get_by_label("Nom d'utilisateur")).to_be_focused()
    expect(pupil.page.get_by_label("Nom d'utilisateur")).to_have_value("rose.leroy")
    pupil.tab_to("Mot de passe")
    keys.type(PASSWORD)
    pupil.tab_to("Afficher")
    pupil.tab_to("Académie")
    keys.type("Normandie")
    expect(pupil.page.get_by_label("Département").get_by_role("option", name="Paris")).to_have_count(0)
    pupil.tab_to("Département")
    keys.type("Calvados")
    pupil.tab_to("Adresse de courriel")
    keys.type(rose.address)
    pupil.tab_to("Courriel (confirmation)")
    keys.type(rose.address)
    pupil.strike("Enter")  # from within the field, as people do
    pupil.stands_on("Vérifiez vos messages")
    open_mail(pupil, rose)
    pupil.tab_to("Confirmer mon inscription")
    pupil.strike("Enter")
    pupil.tab_to("Continuer")
    pupil.strike("Enter")
    is_at_home(pupil, rose)
    pupil.tab_to("Se déconnecter")
    pupil.strike("Enter")
    pupil.stands_on("Accueil")
    pupil.tab_to("Le collège")
    pupil.strike("Enter")
    pupil.tab_to("Nom d'utilisateur / adresse de courriel")
    keys.type("ROSE@exemple.fr ")
    pupil.tab_to("Mot de passe")
    keys.type(PASSWORD)
    pupil.strike("Enter")
    is_at_home(pupil, rose)


@pytest.mark.long
def test_enter_in_a_field_sends_the_form_without_javascript_too(comes: Comes) -> None:
    yann = Person(first_name="Yann", last_name="Le Goff", username="yann.legoff", address="yann@exemple.fr")
    pupil = comes(javascript=False)
    accept_terms(pupil, yann.level)
    fill_in(pupil, yann)
    pupil.page.get_by_label("Prénom").focus()
    pupil.strike("Enter")
    pupil.stands_on("Vérifiez vos messages")


def test_after_a_mistake_the_keyboard_goes_from_the_summary_to_the_field(comes: Comes) -> None:
    pupil = comes()
    pupil.go("/college/connexion/")
    pupil.tab_to("Nom d'utilisateur / adresse de courriel")
    pupil.strike("Enter")
    pupil.tab_to("Nom d'utilisateur / adresse de courriel\u00a0: ")
    pupil.page.keyboard.press("Enter")
    expect(pupil.page.get_by_label("Nom d'utilisateur / adresse de courriel")).to_be_focused()
    assert pupil.focus_shows()
