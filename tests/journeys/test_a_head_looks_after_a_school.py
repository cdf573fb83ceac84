"""A head finds the school's pages from one place, names who helps, and ends all sessions of the school."""

from __future__ import annotations

import pytest

from .conftest import Comes
from .people import PASSWORD
from .portal import Portal
from .visitor import DESK, PHONE

pytestmark = pytest.mark.browser


@pytest.mark.long
@pytest.mark.parametrize(
    ("javascript", "size", "uai", "school", "head"),
    [
        (False, PHONE, "0140002B", "Collège des Marais", "samir.marais"),
        (True, DESK, "0140003C", "Collège du Port", "samir.port"),
    ],
    ids=["phone-plain", "desk-scripts"],
)
def test_a_head_looks_after_a_school(
    comes: Comes, portal: Portal, javascript: bool, size: dict[str, int], uai: str, school: str, head: str
) -> None:
    portal.appoint_head(uai, school, head, f"{head}@exemple.fr", PASSWORD)
    portal.declare("", "QUÉMÉNER", "Maëlle=2012-03-09", uai=uai)
    office = comes(javascript=javascript, size=size)
    office.go("/college/connexion/")
    office.write("Nom d'utilisateur / adresse de courriel", head)
    office.write("Mot de passe", PASSWORD)
    office.press("Connexion")
    office.follow("Ouvrir mon établissement")
    office.stands_on("Mon établissement")
    office.reads(f"{school} ({uai})", "Membres du personnel", "Demandes à traiter")
    office.follow("Personnel")
    office.stands_on("Le personnel de mon établissement")
    office.follow("Samir Roux")
    office.reads("Qui dirige l’établissement peut déjà tout faire ici.")
    office.follow("Élèves")
    office.write("Prénom et nom de l’élève", "maelle")
    office.press("Chercher")
    office.reads("Maëlle", "ne s’est pas encore connecté")
    office.follow("Sécurité")
    office.stands_on("Fermer toutes les sessions de l’établissement")
    office.press("Fermer toutes les sessions")
    office.stands_on("Erreur\u00a0: Fermer toutes les sessions de l’établissement")
    office.write("Pourquoi\u00a0?", "Des menaces partent de comptes volés.")
    office.tick("J’ai compris")
    office.press("Fermer toutes les sessions")
    for _turn in range(30):
        if "Toutes les sessions sont fermées" in office.page.title():
            break
        office.page.wait_for_timeout(500)
        office.go(office.page.url)
    office.stands_on("Toutes les sessions sont fermées")
    office.follow("Revenir à mon établissement")
    office.stands_on("Mon établissement")  # whoever asked goes on working
