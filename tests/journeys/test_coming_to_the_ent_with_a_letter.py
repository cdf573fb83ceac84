"""A teacher and a child come to the ENT with the code of their letters, on a phone, at a desk (C2 to C5)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .conftest import Comes
from .portal import Portal
from .visitor import DESK, PHONE

pytestmark = pytest.mark.browser
CODE = "K7M4PQXWG"  # the last sign checks the others
PASSWORD = "Brume-Lac42!"
SCRIPTS = [
    pytest.param(False, PHONE, 1, id="phone-plain"),
    pytest.param(True, DESK, 2, id="desk-scripts", marks=pytest.mark.long),
]


@pytest.mark.parametrize(("javascript", "size", "number"), SCRIPTS)
def test_a_teacher_takes_the_three_steps(
    comes: Comes, portal: Portal, javascript: bool, size: Any, number: int
) -> None:
    identifier, mobile = f"cmorel{number}", f"+3361234510{number}"
    portal.hand_a_letter("0501271K", identifier, CODE, "teacher")
    teacher = comes(javascript=javascript, size=size)
    teacher.go("/lettre/")
    teacher.stands_on("J’ai une lettre")
    teacher.write("Identifiant", identifier)
    teacher.write("Code de la lettre", "K7M4")
    teacher.press("Valider")
    teacher.stands_on("Erreur\u00a0: J’ai une lettre")
    teacher.go(f"/lettre/{identifier}/{CODE}/")
    teacher.stands_on("C’est bien vous\u00a0?")
    teacher.go("/personnels/70/connexion/")
    teacher.stands_on("Authentification")
    teacher.write("Identifiant", identifier)
    teacher.write("Mot de passe ou Passcode OTP", "pas-le-bon")
    teacher.press("Valider")
    teacher.stands_on("Erreur\u00a0: Authentification")
    teacher.write("Mot de passe ou Passcode OTP", CODE)
    teacher.press("Valider")
    teacher.stands_on("Chartes d’utilisation")
    teacher.press("Valider")
    teacher.stands_on("Erreur\u00a0: Chartes d’utilisation")
    teacher.tick("J'ai lu et j'accepte les conditions ci-dessus")
    teacher.press("Valider")
    teacher.stands_on("Changement de mot de passe")
    teacher.write("Mot de passe", "azerty")
    if javascript:
        teacher.reads("Force du mot de passe\u00a0: Faible")
    teacher.write("Confirmation", "azerty")
    teacher.press("Valider")
    teacher.stands_on("Erreur\u00a0: Changement de mot de passe")
    teacher.write("Mot de passe", PASSWORD)
    teacher.write("Confirmation", PASSWORD)
    teacher.press("Valider")
    teacher.stands_on("Contact et préférences")
    teacher.reads("Je souhaite être informé")
    teacher.write("Numéro pour les SMS", "12")
    teacher.press("Enregistrer mes informations")
    teacher.stands_on("Erreur\u00a0: Contact et préférences")
    teacher.write("Email de réception", f"claire{number}@exemple.fr")
    teacher.tick("des notifications de mon établissement")
    teacher.write("Numéro pour les SMS", f"06{mobile[4:]}")
    teacher.press("Enregistrer mes informations")
    teacher.stands_on("Confirmer le numéro pour les SMS")
    code = re.search(r"\d{6}", portal.sms_to(mobile))
    assert code is not None
    teacher.write("Code de sécurité", code[0])
    teacher.press("Confirmer")
    teacher.stands_on("Mes préférences")
    teacher.follow("Signaler à l’établissement un téléphone faux")
    teacher.stands_on("Signaler un téléphone faux")
    teacher.go("/mon-espace/")
    teacher.follow("Donner un nouveau code à un élève")
    teacher.stands_on("Mes élèves")
    teacher.follow("5A")
    teacher.stands_on("Les élèves de 5A")
    teacher.sign_out()
    teacher.go("/personnels/70/connexion/")
    teacher.follow("Mot de passe oublié")
    teacher.stands_on("Mot de passe oublié")
    teacher.write("Identifiant", identifier)
    teacher.tick("Par SMS, à mon numéro confirmé")
    teacher.press("Recevoir le lien")
    teacher.stands_on("Vérifiez vos messages")
    link = re.search(r"/mot-de-passe/[\w=-]+/", portal.sms_to(mobile, which=2))
    assert link is not None
    teacher.go(link[0])
    teacher.stands_on("Choisir un nouveau mot de passe")


@pytest.mark.parametrize(("javascript", "size", "number"), SCRIPTS)
def test_a_child_of_ten_takes_two_steps(
    comes: Comes, portal: Portal, javascript: bool, size: Any, number: int
) -> None:
    identifier = f"zoe.petit4{number}"
    portal.hand_a_letter("0501271K", identifier, CODE, "pupil")
    child = comes(javascript=javascript, size=size)
    child.go("/eleves/connexion/")
    child.stands_on("Connexion des élèves")
    child.follow("Mot de passe oublié")
    child.stands_on("Mot de passe oublié")
    child.write("Identifiant", identifier)
    child.press("Demander de l’aide")
    child.stands_on("C’est parti")
    child.follow("Revenir à la connexion")
    child.write("Identifiant", identifier)
    child.write("Mot de passe", CODE)
    child.press("Valider")
    child.stands_on("Chartes d’utilisation")
    child.reads("La charte des élèves")
    child.tick("J'ai lu et j'accepte les conditions ci-dessus")
    child.press("Valider")
    child.stands_on("Changement de mot de passe")
    child.write("Mot de passe", PASSWORD)
    child.write("Confirmation", PASSWORD)
    child.press("Valider")
    child.stands_on("Mon espace")
    child.go("/preferences/contact/")
    child.reads("Avant 15 ans")
    child.sign_out()
    child.go("/eleves/connexion/")
    child.write("Identifiant", identifier)
    child.write("Mot de passe", PASSWORD)
    child.press("Valider")
    child.stands_on("Mon espace")
