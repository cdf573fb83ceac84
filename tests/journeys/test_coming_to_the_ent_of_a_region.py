"""A teacher comes to the ENT of her region on a phone, and the phone remembers (SCREENS C1)."""

from __future__ import annotations

import pytest

from .conftest import Comes
from .visitor import PHONE

pytestmark = pytest.mark.browser


@pytest.mark.long
@pytest.mark.parametrize(
    "javascript", [pytest.param(True, marks=pytest.mark.long), False], ids=["scripts", "plain"]
)
def test_a_teacher_opens_her_heading_and_the_next_time_goes_on(comes: Comes, javascript: bool) -> None:
    teacher = comes(javascript=javascript, size=PHONE)
    teacher.go("/ent/")
    teacher.follow("Mon ENT est celui de ma région")
    teacher.stands_on("Votre région")
    teacher.follow("Auvergne-Rhône-Alpes")
    teacher.stands_on("Auvergne-Rhône-Alpes — Entrer dans l’ENT")
    teacher.press("Confirmer")
    teacher.stands_on("Erreur\u00a0: Auvergne-Rhône-Alpes — Entrer dans l’ENT")
    teacher.page.locator("summary", has_text="Enseignant").first.click()
    teacher.page.locator("#way-enseignant-agricole").check()
    teacher.tick("Oui\u00a0: c’est mon ordinateur")
    teacher.press("Confirmer")
    teacher.stands_on("Enseignant, des établissements agricoles")
    teacher.follow("Changer de profil")
    teacher.follow("Continuer avec ce choix")
    teacher.stands_on("Enseignant, des établissements agricoles")
    teacher.go("/ent/auvergne-rhone-alpes/")
    teacher.press("Oublier ce choix")
    assert teacher.page.get_by_text("Votre choix de la dernière fois").count() == 0
    assert not teacher.has_a_session()
