"""A family comes to the ENT on a phone and is led to the right door (SCREENS D1, D2)."""

from __future__ import annotations

import pytest

from .conftest import Comes
from .visitor import PHONE

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "javascript", [pytest.param(True, marks=pytest.mark.long), False], ids=["scripts", "plain"]
)
def test_a_father_says_who_he_is_and_the_computer_remembers_until_he_forgets(
    comes: Comes, javascript: bool
) -> None:
    father = comes(javascript=javascript, size=PHONE)
    father.go("/")
    father.follow("Élève, personnel ou invité")
    father.stands_on("Entrer dans l’ENT")
    father.press("Se connecter")
    father.stands_on("Erreur\u00a0: Entrer dans l’ENT")
    father.tick("Représentant légal (parents)")
    father.tick("Collège / Lycée")
    father.tick("Oui\u00a0: c’est mon ordinateur")
    father.press("Se connecter")
    father.stands_on("Connexion des responsables légaux")
    father.go("/ent/")
    father.follow("Continuer avec ce choix")
    father.stands_on("Connexion des responsables légaux")
    father.go("/ent/")
    father.press("Oublier ce choix")
    father.stands_on("Entrer dans l’ENT")
    assert father.page.get_by_text("Votre choix de la dernière fois").count() == 0
    assert not father.has_a_session()
    father.tick("Enseignement agricole (Élève, parent ou personnel)")
    father.tick("École")
    father.press("Se connecter")
    father.stands_on("Je sélectionne mon profil")
    father.follow("Personnel d’un établissement agricole")
    father.stands_on("De quelle académie êtes-vous\u00a0?")
    father.follow("Normandie")
    father.stands_on("Authentification")
