"""A mother whose mobile is wrong at the school asks for help, and comes in with a code of the school's."""

from __future__ import annotations

import re

import pytest

from .conftest import Comes
from .people import PASSWORD as HEADS_PASSWORD
from .portal import Portal, link_in
from .visitor import DESK, PHONE

pytestmark = pytest.mark.browser
PASSWORD = "Ri7ière & galets"


@pytest.mark.long
@pytest.mark.parametrize(
    ("javascript", "uai", "school", "name", "head"),
    [
        (False, "0141396S", "Collège Jean Moulin", "Quéméner", "samir.plain"),
        pytest.param(
            True, "0140001A", "Collège des Falaises", "Le Bihan", "samir.scripts", marks=pytest.mark.long
        ),
    ],
    ids=["phone-plain", "phone-scripts"],
)
def test_a_mother_whose_mobile_is_wrong_is_helped_in(
    comes: Comes, portal: Portal, javascript: bool, uai: str, school: str, name: str, head: str
) -> None:
    address = f"{head}.mere@exemple.fr"
    portal.appoint_head(uai, school, head, f"{head}@exemple.fr", HEADS_PASSWORD)
    portal.declare("", name.upper(), "Maëlle=2012-03-09", uai=uai)
    mother = comes(javascript=javascript, size=PHONE)
    mother.go("/responsables/premiere-connexion/")
    mother.write("Nom", name)
    mother.write("Prénom", "Inès")
    mother.write("N° de téléphone portable", "06 12 34 59 99")
    mother.press("Suivant")
    mother.stands_on("Un code de sécurité a été envoyé")  # it never comes
    mother.follow("Demander de l’aide à l’établissement")
    mother.stands_on("Demander de l’aide à l’établissement")
    mother.write("Prénom et nom de l’enfant", f"Maëlle {name}")
    mother.write("Établissement", f"{school} Saint-Lô")
    mother.write("Courriel ou téléphone portable pour vous répondre", address)
    mother.write("Votre message", "J’ai un nouveau numéro.")
    mother.press("Envoyer ma demande")
    mother.stands_on("Erreur\u00a0: Demander de l’aide à l’établissement")
    mother.tick(school)
    mother.press("Envoyer ma demande")
    mother.stands_on("Votre demande est partie")
    assert "Votre demande d’aide est arrivée" in portal.mail_to(address).text

    assert name not in portal.mail_to(f"{head}@exemple.fr").text
    office = comes(javascript=True, size=DESK)
    office.go("/college/connexion/")
    office.write("Nom d'utilisateur / adresse de courriel", head)
    office.write("Mot de passe", HEADS_PASSWORD)
    office.press("Connexion")
    office.follow("Lire les demandes des familles")
    office.follow(f"Inès {name}")
    office.reads("J’ai un nouveau numéro.", f"Maëlle {name}")
    request = office.page.url
    office.follow("Trouver l’élève")
    office.stands_on("Trouver un élève")
    office.follow("Maëlle")
    office.press("Donner un code")
    office.stands_on("Code d’appairage")
    code = re.search(r"[2-9A-Z]{3} [2-9A-Z]{3}", office.page.inner_text("main .fr-h2"))
    assert code is not None
    office.follow("Revenir à l’élève")
    office.reads("Codes qui n’ont pas encore servi")
    office.go(request)
    office.write("Votre réponse", "Bonjour, votre code vous attend au secrétariat.")
    office.press("Répondre")
    office.reads("Répondue")

    mother.go(link_in(portal.mail_to(address, number=2)))
    mother.stands_on("Une réponse à votre demande")
    mother.reads("votre code vous attend au secrétariat")
    mother.follow("Continuer là où j’en étais")
    mother.follow("J’ai un code donné par l’établissement")
    if javascript:  # the square on the sheet
        mother.go(f"/responsables/premiere-connexion/code-ecole/#{code[0].replace(' ', '')}")
        mother.page.reload()
        field = mother.page.get_by_label("Code donné par l’établissement", exact=True)
        assert field.input_value() == code[0].replace(" ", "")
    mother.write("Nom", name)
    mother.write("Prénom", "Ines")
    mother.write("Code donné par l’établissement", "222 222")
    mother.press("Suivant")
    mother.stands_on("Erreur\u00a0: J’ai un code donné par l’établissement")
    mother.write("Code donné par l’établissement", code[0])
    mother.press("Suivant")
    mother.stands_on("Rattachement des élèves au compte")
    mother.reads("Maëlle")
    mother.tick("Je suis le représentant légal de cet élève")
    mother.write("Jour", "9")
    mother.write("Mois", "3")
    mother.write("Année", "2012")
    mother.press("Confirmer")
    mother.stands_on("Je choisis mon nouveau mot de passe")
    mother.write("Nouveau mot de passe", PASSWORD)
    mother.write("Confirmation du mot de passe", PASSWORD)
    mother.press("Confirmer")
    mother.stands_on("Mon identifiant")
    mother.press("J’ai noté mon identifiant")
    mother.tick("J'accepte les conditions d'utilisation")
    mother.press("Continuer")
    mother.reads("Les élèves dont je suis le représentant légal", "Maëlle")
