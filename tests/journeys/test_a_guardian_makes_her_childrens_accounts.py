"""A mother makes accounts for two children who have no address; one of them forgets the password."""

from __future__ import annotations

import re

import pytest

from .conftest import Comes
from .portal import Portal, link_in
from .test_a_guardian_on_a_phone import confirm
from .visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
PASSWORD = "Ri7ière & galets"
NEW_PASSWORD = "Brume-sur-le-lac-42"


@pytest.mark.long
@pytest.mark.parametrize(
    ("javascript", "number", "name", "address"),
    [
        (False, "0612345141", "Quéméner", "comptes.quemener@exemple.fr"),
        pytest.param(True, "0612345142", "Tanguy", "comptes.tanguy@exemple.fr", marks=pytest.mark.long),
    ],
    ids=["phone-plain", "phone-scripts"],
)
def test_two_accounts_are_made_and_a_forgotten_password_comes_back_to_the_mother(
    comes: Comes, portal: Portal, javascript: bool, number: str, name: str, address: str
) -> None:
    mother = comes(javascript=javascript, size=PHONE)
    arrive(mother, portal, number, name)
    give_address(mother, portal, address)
    mother.go("/mon-compte/")
    mother.follow("Les comptes de mes enfants")
    mother.stands_on("Les comptes de mes enfants")
    mother.press("Créer les comptes")  # too fast
    mother.stands_on("Erreur\u00a0: Les comptes de mes enfants")
    mother.tick(f"Chloé {name.upper()}")
    mother.tick(f"Léo {name.upper()}")
    mother.tick("J’accepte, pour ces enfants")
    mother.press("Créer les comptes")
    mother.stands_on("Les comptes sont créés")
    first, one, second, other = mother.page.locator("main code").all_inner_texts()
    assert first.startswith("chloe.") and second.startswith("leo.") and one != other
    mother.follow("C’est noté, continuer")
    mother.reads(first, second, "Jamais pour le moment")
    mother.sign_out()

    child = comes(javascript=javascript, size=PHONE)
    sign_in(child, first, one)
    child.stands_on("Mon espace")
    child.reads("Bonjour Chloé")
    child.sign_out()
    child.go("/acces-oublie/")
    child.write("Adresse de courriel ou nom d’utilisateur", first)
    child.press("Recevoir le message")
    child.stands_on("Vérifiez vos messages")

    mail = portal.mail_to(address, number=1 + len(before(portal, address)))
    assert "Chloé" in mail.text and first in mail.text
    mother.go(link_in(mail))
    mother.write("Nouveau mot de passe", NEW_PASSWORD)
    mother.press("Enregistrer")
    mother.stands_on("Le mot de passe est changé")
    mother.reads("Chloé", first)
    sign_in(child, first, NEW_PASSWORD)
    child.stands_on("Mon espace")


def arrive(mother: Visitor, portal: Portal, number: str, name: str) -> None:
    """Sign in for the first time, with two children, as far as « Mon espace »."""
    mobile = f"+33{number[1:]}"
    portal.declare(mobile, name.upper(), "Chloé=2014-03-09", "Léo=2016-11-05")
    mother.go("/responsables/premiere-connexion/")
    mother.write("Nom", name)
    mother.write("Prénom", "Inès")
    mother.write("N° de téléphone portable", number)
    mother.press("Suivant")
    code = re.search(r"\d{6}", portal.sms_to(mobile))
    assert code is not None
    mother.write("Code de sécurité", code[0])
    mother.press("Suivant")
    confirm(mother, "09", "03", "2014")
    confirm(mother, "05", "11", "2016")
    mother.write("Nouveau mot de passe", PASSWORD)
    mother.write("Confirmation du mot de passe", PASSWORD)
    mother.press("Confirmer")
    mother.press("J’ai noté mon identifiant")
    mother.tick("J'accepte les conditions d'utilisation")
    mother.press("Continuer")
    mother.stands_on("Mon espace")


def give_address(mother: Visitor, portal: Portal, address: str) -> None:
    """Add an address to the mother's account, by the link of a mail."""
    mother.go("/mon-compte/adresse/")
    mother.write("Adresse de courriel", address)
    mother.write("Courriel (confirmation)", address)
    mother.press("Recevoir le lien")
    mother.go(link_in(portal.mail_to(address)))
    mother.press("Confirmer cette adresse")
    mother.stands_on("Mon compte")


def before(portal: Portal, address: str) -> list[object]:
    """Return the mails to the mother that are none of her children's: the one that confirmed her address."""
    return [mail for mail in portal.mails_to(address) if "Chloé" not in mail.text]


def sign_in(child: Visitor, name: str, password: str) -> None:
    """Sign in at the page of the collège."""
    child.go("/college/connexion/")
    child.write("Nom d'utilisateur / adresse de courriel", name)
    child.write("Mot de passe", password)
    child.press("Connexion")
