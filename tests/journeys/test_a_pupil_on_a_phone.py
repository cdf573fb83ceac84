"""An adult pupil of a collège on a small phone whose browser runs no JavaScript (SCREENS A1 to A8)."""

from __future__ import annotations

import pytest

from .conftest import Comes
from .people import NEW_PASSWORD, Person, confirm_here, is_at_home, sign_in, sign_up
from .portal import Portal, link_in
from .visitor import PHONE

pytestmark = pytest.mark.browser


def test_a_pupil_registers_confirms_signs_in_and_gets_back_in_without_javascript(
    comes: Comes, portal: Portal
) -> None:
    jeanne = Person(
        first_name="Jeanne", last_name="L’Haÿ", username="jeanne.lhay", address="jeanne.lhay@exemple.fr"
    )
    pupil = comes(javascript=False, size=PHONE)
    sign_up(pupil, jeanne)
    confirm_here(pupil, jeanne)
    pupil.reads("Le collège", "Élève", "Normandie", "Calvados")
    pupil.sign_out()
    pupil.stands_on("Accueil")
    assert not pupil.has_a_session()

    sign_in(pupil, jeanne)
    is_at_home(pupil, jeanne)
    pupil.sign_out()

    pupil.go("/college/connexion/")
    pupil.follow("Vous avez oublié votre nom d'utilisateur et/ou votre mot de passe ?")
    pupil.stands_on("Nom d’utilisateur ou mot de passe oublié")
    pupil.write("Adresse de courriel ou nom d’utilisateur", "jeanne.lhay")
    pupil.press("Recevoir le message")
    pupil.stands_on("Vérifiez vos messages")
    mail = portal.mail_to(jeanne.address, number=2)
    assert "jeanne.lhay" in mail.text
    pupil.go(link_in(mail))
    pupil.stands_on("Choisir un nouveau mot de passe")
    pupil.write("Nouveau mot de passe", NEW_PASSWORD)
    pupil.press("Enregistrer et me connecter")
    is_at_home(pupil, jeanne)
    pupil.sign_out()

    sign_in(pupil, jeanne)
    pupil.stands_on("Erreur\u00a0: Connexion, Le collège")
    sign_in(pupil, jeanne, password=NEW_PASSWORD)
    is_at_home(pupil, jeanne)
    assert "mot de passe a changé" in portal.mail_to(jeanne.address, number=3).parsed["Subject"]
