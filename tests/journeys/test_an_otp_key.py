"""A teacher puts a key in the place of the password, on a phone (SCREENS C2, SAFETY T39)."""

from __future__ import annotations

import re

import pytest

from .conftest import Comes
from .portal import Portal
from .test_a_second_factor import code_of
from .visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
CODE, PASSWORD, PIN = "K7M4PQXWG", "Brume-Lac42!", "2749"


def signs_in(teacher: Visitor, identifier: str, typed: str) -> None:
    teacher.go("/personnels/70/connexion/")
    teacher.write("Identifiant", identifier)
    teacher.write("Mot de passe ou Passcode OTP", typed)
    teacher.press("Valider")


@pytest.mark.long
@pytest.mark.parametrize(
    ("javascript", "identifier"),
    [(False, "cmorel7"), (True, "cmorel8")],
    ids=["phone-plain", "phone-scripts"],
)
def test_a_teacher_activates_the_key_and_comes_in_with_pin_and_code_then_with_a_spare_one(
    comes: Comes, portal: Portal, javascript: bool, identifier: str
) -> None:
    portal.hand_a_letter("0501271K", identifier, CODE, "teacher")
    teacher = comes(javascript=javascript, size=PHONE)
    teacher.go("/personnels/70/connexion/")
    teacher.follow("Première connexion par clé OTP : activer ma clé".replace(" :", "\u00a0:"))
    teacher.write("Identifiant", identifier)
    teacher.write("Mot de passe ou Passcode OTP", CODE)
    teacher.press("Valider")
    teacher.stands_on("Chartes d’utilisation")
    teacher.tick("J'ai lu et j'accepte les conditions ci-dessus")
    teacher.press("Valider")
    teacher.stands_on("Changement de mot de passe")
    teacher.write("Mot de passe", PASSWORD)
    teacher.write("Confirmation", PASSWORD)
    teacher.press("Valider")
    teacher.stands_on("Contact et préférences")
    teacher.press("Enregistrer mes informations")
    teacher.stands_on("Ma clé OTP")  # where she was on the way to, all steps later
    teacher.press("Activer ma clé")
    teacher.stands_on("Activer ma clé OTP")
    seed = teacher.page.locator("#cle").inner_text().replace(" ", "")
    teacher.write("Code PIN", PIN)
    teacher.write("Code PIN, encore une fois", PIN)
    teacher.write("Code", "000000")
    teacher.press("Activer ma clé")
    teacher.stands_on("Erreur\u00a0: Activer ma clé OTP")
    teacher.write("Code PIN", PIN)
    teacher.write("Code PIN, encore une fois", PIN)
    teacher.write("Code", code_of(seed))
    teacher.press("Activer ma clé")
    teacher.stands_on("Vos codes de secours")
    spare = re.findall(r"\b\d{6}\b", teacher.page.inner_text("main"))
    assert len(spare) == 10
    teacher.follow("C’est noté, continuer")
    teacher.sign_out()

    signs_in(teacher, identifier, PIN + code_of(seed, later=1))
    teacher.stands_on("Mon espace")
    teacher.sign_out()
    signs_in(teacher, identifier, f"{PIN} {spare[4]}")
    teacher.stands_on("Mon espace")
    teacher.sign_out()
    signs_in(teacher, identifier, PIN + spare[4])
    teacher.stands_on("Erreur\u00a0: Authentification")  # each serves once
    signs_in(teacher, identifier, PASSWORD)
    teacher.stands_on("Mon espace")
