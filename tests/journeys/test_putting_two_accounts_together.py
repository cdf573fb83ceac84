"""A teacher puts two accounts together, sees the school’s page, and parts them again (SCREENS C6, C7)."""

from __future__ import annotations

import pytest

from .conftest import Comes
from .people import PASSWORD, Person, confirm_here, sign_up
from .portal import Portal, link_in
from .visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
OTHER_PASSWORD = "Un-lac-sous-la-brume-8"
LOGIN = "Nom de connexion ou adresse de courriel de l’autre compte"


def prove(teacher: Visitor, login: str, password: str) -> None:
    """Name the other account, and send its password."""
    teacher.choose("Où vous connectez-vous avec l’autre compte\u00a0?", "Ma classe à la maison")
    teacher.write(LOGIN, login)
    teacher.write("Mot de passe de l’autre compte", password)
    teacher.press("Voir ce qui sera réuni")


@pytest.mark.long
@pytest.mark.parametrize(
    ("javascript", "uai", "word"),
    [
        pytest.param(True, "0501273M", "scripts", marks=pytest.mark.long),
        (False, "0501274N", "plain"),
    ],
    ids=["scripts", "plain"],
)
def test_two_accounts_become_one_and_two_again(
    comes: Comes, portal: Portal, javascript: bool, uai: str, word: str
) -> None:
    school, other = f"Collège de la Vire {word}", f"samir.vire.{word}"
    portal.appoint_head(uai, school, other, f"{other}@exemple.fr", OTHER_PASSWORD)
    samir = Person(
        first_name="Samir",
        last_name="Roux",
        username=f"s.roux.{word}",
        address=f"s.roux.{word}@exemple.fr",
        profile="Enseignant",
        level="Le lycée",
    )
    teacher = comes(javascript=javascript, size=PHONE)
    sign_up(teacher, samir)
    confirm_here(teacher, samir)

    teacher.go("/mon-compte/")
    teacher.follow("Résumé")
    teacher.stands_on("Préférences\u00a0: résumé")
    teacher.reads(samir.username, samir.address, "Mes dernières connexions")
    teacher.follow("Fusion de comptes")
    teacher.stands_on("Fusion de comptes")
    prove(teacher, other, PASSWORD)
    teacher.stands_on("Erreur\u00a0: Fusion de comptes")
    prove(teacher, other, OTHER_PASSWORD)
    teacher.stands_on("Confirmer la fusion")
    teacher.reads(other, school, "lien pour tout annuler")
    teacher.press("Réunir les deux comptes")
    teacher.stands_on("Les deux comptes sont réunis")

    teacher.page.get_by_text("Mes accès").click()
    teacher.follow(school)
    teacher.stands_on(school)
    teacher.reads("Chef d’établissement", uai, "Saint-Lô")

    robbed = comes(javascript=javascript, size=PHONE)
    robbed.go(link_in(portal.mail_to(f"{other}@exemple.fr")))
    robbed.stands_on("Séparer les deux comptes")
    robbed.press("Séparer les deux comptes")
    robbed.stands_on("Les deux comptes sont séparés")

    teacher.go("/mon-espace/")
    assert "Mes accès" not in teacher.page.inner_text("header")
    teacher.go("/preferences/fusion/")
    assert "Voir ou annuler" not in teacher.page.inner_text("main")
    teacher.sign_out()
    robbed.go("/college/connexion/")
    robbed.write("Nom d'utilisateur / adresse de courriel", other)
    robbed.write("Mot de passe", OTHER_PASSWORD)
    robbed.press("Connexion")
    robbed.stands_on("Mon espace")
    robbed.page.get_by_text("Mes accès").click()
    robbed.reads(school)
