"""A mother on a small phone signs in to the ENT for the first time (SCREENS D4 to D10)."""

from __future__ import annotations

import re

import pytest

from .conftest import Comes
from .portal import Portal
from .visitor import DESK, PHONE, Visitor

pytestmark = pytest.mark.browser
PASSWORD = "Ri7ière & galets"


@pytest.mark.parametrize(
    ("javascript", "size", "number", "name"),
    [
        (False, PHONE, "0612345111", "Kerbrat"),
        pytest.param(True, PHONE, "0612345112", "Le Goff", marks=pytest.mark.long),
        pytest.param(True, DESK, "0612345113", "Haÿ", marks=pytest.mark.long),
    ],
    ids=["phone-plain", "phone-scripts", "desk-scripts"],
)
def test_a_guardian_goes_from_her_name_to_her_children(
    comes: Comes, portal: Portal, javascript: bool, size: dict[str, int], number: str, name: str
) -> None:
    mobile = f"+33{number[1:]}"
    portal.declare(mobile, name.upper(), "Chloé=2012-03-09", "Léo=2015-11-00")
    mother = comes(javascript=javascript, size=size)
    mother.go("/")
    mother.follow("Représentant légal (parents)")
    mother.stands_on("Connexion des responsables légaux")
    mother.follow("Créer mon compte")
    mother.stands_on("Je confirme mon identité")
    mother.press("Suivant")  # too fast
    mother.stands_on("Erreur\u00a0: Je confirme mon identité")
    mother.write("Nom", name)
    mother.write("Prénom", "ines")
    mother.write("N° de téléphone portable", " ".join(re.findall("..", number)))
    mother.press("Suivant")
    mother.stands_on("Un code de sécurité a été envoyé")
    mother.write("Code de sécurité", "12345")
    mother.press("Suivant")
    mother.stands_on("Erreur\u00a0: Un code de sécurité a été envoyé")
    code = re.search(r"\d{6}", portal.sms_to(mobile))
    assert code is not None
    mother.write("Code de sécurité", f"{code[0][:3]} {code[0][3:]}")
    mother.press("Suivant")
    mother.stands_on("Rattachement des élèves au compte")
    mother.reads("Chloé", "Collège Jules Verne (0501271K)", "Élève 1 sur 2")
    confirm(mother, "10", "03", "2012")
    mother.stands_on("Erreur\u00a0: Rattachement des élèves au compte")
    mother.reads("Cette date n’est pas celle que l’école a enregistrée")
    confirm(mother, "9", "3", "2012")
    mother.reads("Léo", "Élève 2 sur 2")
    mother.follow("Précédent")
    mother.reads("Chloé")
    confirm(mother, "09", "03", "2012")
    confirm(mother, "00", "11", "2015")
    mother.stands_on("Je choisis mon nouveau mot de passe")
    if javascript:
        mother.write("Nouveau mot de passe", "azerty")
        mother.reads("Force du mot de passe\u00a0: Faible")
    mother.write("Nouveau mot de passe", PASSWORD)
    if javascript:
        mother.reads("Force du mot de passe\u00a0: Très fort")
    assert mother.page.get_by_text("Force du mot de passe").count() == javascript
    assert mother.page.get_by_text("Aide à la création de mot de passe sécurisé").count() == 1
    mother.write("Confirmation du mot de passe", PASSWORD + "!")
    mother.press("Confirmer")
    mother.stands_on("Erreur\u00a0: Je choisis mon nouveau mot de passe")
    mother.write("Nouveau mot de passe", PASSWORD)
    mother.write("Confirmation du mot de passe", PASSWORD)
    mother.press("Confirmer")
    mother.stands_on("Mon identifiant")
    identifier = re.search(r"i\.[a-z]+\d\d", mother.page.inner_text("main"))
    assert identifier is not None
    mother.press("J’ai noté mon identifiant")
    mother.stands_on("Les conditions d’utilisation")
    mother.tick("J'accepte les conditions d'utilisation")
    mother.press("Continuer")
    mother.stands_on("Mon espace")
    mother.reads("Les élèves dont je suis le représentant légal", "Chloé", "Léo")
    mother.sign_out()
    mother.go("/responsables/connexion/")
    mother.write("Identifiant", identifier[0])
    mother.write("Mot de passe", PASSWORD)
    mother.press("Se connecter")
    mother.stands_on("Mon espace")


def confirm(mother: Visitor, day: str, month: str, year: str) -> None:
    """Declare to be the legal guardian, with a date."""
    mother.tick("Je suis le représentant légal de cet élève")
    mother.write("Jour", day)
    mother.write("Mois", month)
    mother.write("Année", year)
    mother.press("Confirmer")
