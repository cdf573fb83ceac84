"""A mother looks after her guardian's account on a phone (SCREENS D10)."""

from __future__ import annotations

import re

import pytest

from .conftest import Comes
from .portal import Portal, link_in
from .test_a_guardian_on_a_phone import PASSWORD, confirm
from .visitor import PHONE, Visitor

pytestmark = pytest.mark.browser


def make_account(mother: Visitor, number: str, name: str) -> str:
    """Go from a name to « Mon espace » with one child, Chloé or Léo; return the identifier."""
    mother.go("/responsables/premiere-connexion/")
    mother.write("Nom", name)
    mother.write("Prénom", "ines")
    mother.write("N° de téléphone portable", number)
    mother.press("Suivant")
    code = re.search(r"\d{6}", mother.portal.sms_to(f"+33{number[1:]}"))
    assert code is not None
    mother.write("Code de sécurité", code[0])
    mother.press("Suivant")
    confirm(mother, "09", "03", "2012")
    mother.write("Nouveau mot de passe", PASSWORD)
    mother.write("Confirmation du mot de passe", PASSWORD)
    mother.press("Confirmer")
    identifier = re.search(r"i\.[a-z]+\d\d", mother.page.inner_text("main"))
    assert identifier is not None
    mother.press("J’ai noté mon identifiant")
    mother.tick("J'accepte les conditions d'utilisation")
    mother.press("Continuer")
    mother.stands_on("Mon espace")
    return identifier[0]


def sign_in(mother: Visitor, identifier: str) -> None:
    """Sign in at the guardians' door."""
    mother.go("/responsables/connexion/")
    mother.write("Identifiant", identifier)
    mother.write("Mot de passe", PASSWORD)
    mother.press("Se connecter")


@pytest.mark.long
@pytest.mark.parametrize(
    ("javascript", "numbers", "name"),
    [
        pytest.param(True, ("0612345221", "0612345222", "0612345223"), "Quemener", marks=pytest.mark.long),
        (False, ("0612345231", "0612345232", "0612345233"), "Bihan"),
    ],
    ids=["scripts", "plain"],
)
def test_a_mother_changes_her_number_adds_a_mail_and_brings_a_child_together(
    comes: Comes, portal: Portal, javascript: bool, numbers: tuple[str, str, str], name: str
) -> None:
    first, second, third = numbers
    portal.declare(f"+33{first[1:]}", name.upper(), "Chloé=2012-03-09")
    portal.declare(f"+33{second[1:]}", name.upper(), "Léo=2012-03-09")
    other = make_account(comes(javascript=javascript, size=PHONE, looks_closely=False), second, name)
    mother = comes(javascript=javascript, size=PHONE)
    identifier = make_account(mother, first, name)

    mother.go("/mon-compte/")
    mother.reads("Les élèves dont je suis le représentant légal", f"+33{first[1:]}")
    mother.follow("Modifier mon téléphone portable")
    mother.stands_on("Modifier mon téléphone portable")
    mother.press("Recevoir le code")
    mother.stands_on("Erreur\u00a0: Modifier mon téléphone portable")
    mother.write("N° de téléphone portable", third)
    mother.press("Recevoir le code")
    mother.stands_on("Un code de sécurité a été envoyé")
    mother.press("Renvoyer le SMS")
    mother.reads("Un SMS peut mettre une minute à arriver.")
    code = re.search(r"\d{6}", portal.sms_to(f"+33{third[1:]}"))
    assert code is not None
    mother.write("Code de sécurité", code[0])
    mother.press("Confirmer ce numéro")
    mother.stands_on("Mon compte")
    mother.reads("Votre numéro de portable est confirmé.", f"+33{third[1:]}")
    assert "Changez votre mot de passe" in portal.sms_to(f"+33{first[1:]}", which=2)

    mother.follow("Ajouter mon adresse mail")
    address = f"ines.{name.lower()}@exemple.fr"
    mother.write("Adresse de courriel", address)
    mother.write("Courriel (confirmation)", address)
    mother.press("Recevoir le lien")
    mother.go(link_in(portal.mail_to(address)))
    mother.press("Confirmer cette adresse")
    mother.stands_on("Mon compte")
    mother.reads(address)

    mother.follow("Ajout d’un élève depuis un autre compte")
    mother.write("Identifiant de l’autre compte", other)
    mother.write("Mot de passe de l’autre compte", "faux")
    mother.press("Voir ce qui sera ajouté")
    mother.stands_on("Erreur\u00a0: Ajout d’un élève depuis un autre compte")
    mother.write("Identifiant de l’autre compte", other)
    mother.write("Mot de passe de l’autre compte", PASSWORD)
    mother.press("Voir ce qui sera ajouté")
    mother.stands_on("Confirmer l’ajout des élèves")
    mother.reads("Léo", "0501271K")
    mother.press("Confirmer")
    mother.stands_on("L’ajout des élèves")
    mother.reads("Ces élèves sont maintenant rattachés à ce compte")
    mother.press("Annuler cet ajout")
    mother.reads("Ces élèves sont revenus à l’autre compte")

    mother.follow("Revenir à mon compte")
    mother.press("Activer les alertes")
    mother.reads("Les alertes sont activées")
    mother.sign_out()
    sign_in(mother, identifier)
    mother.stands_on("Les alertes de mon compte")
    mother.press("Continuer")
    mother.stands_on("Mon espace")
    mother.go("/mon-compte/")
    mother.press("Désactiver les alertes")
    mother.follow("Accéder à mes services")
    mother.stands_on("Mon espace")
