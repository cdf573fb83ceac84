"""Every page again, on each kind of screen, in each colour, with and without JavaScript.

The other journeys look closely at each page once; here every combination does (issue 2, « Look and access »).
"""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import ViewportSize

from .conftest import Comes
from .people import NEW_PASSWORD, Person, accept_terms, fill_in, is_at_home, open_mail, sign_up
from .portal import Portal
from .visitor import DESK, PHONE, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.long]
COMBINATIONS = list(itertools.product([PHONE, DESK], ["light", "dark"], [True, False]))


@pytest.mark.parametrize(
    ("size", "scheme", "javascript"),
    COMBINATIONS,
    ids=[
        f"{'phone' if size is PHONE else 'desk'}-{scheme}-{'scripts' if javascript else 'plain'}"
        for size, scheme, javascript in COMBINATIONS
    ],
)
def test_no_barrier_and_no_complaint_on_any_page(
    comes: Comes,
    portal: Portal,
    request: pytest.FixtureRequest,
    size: ViewportSize,
    scheme: str,
    javascript: bool,
) -> None:
    portal.audited.clear()
    kind = request.node.callspec.id
    mona = Person(
        first_name="Mona", last_name="Lys", username=f"mona.{kind}", address=f"mona.{kind}@exemple.fr"
    )
    child = Person(
        first_name="Théo",
        last_name="Lys",
        username=f"theo.{kind}",
        address=f"parent.{kind}@exemple.fr",
        age="Moins de 18 ans (15 à 17 ans)",
    )

    def somebody() -> Visitor:
        return comes(size=size, scheme=scheme, javascript=javascript)

    pupil, elsewhere = somebody(), somebody()
    pupil.go("/nulle-part/", status=404)
    pupil.go("/college/connexion/")
    pupil.press("Connexion")
    pupil.go("/college/conditions/")
    pupil.press("Continuer")
    accept_terms(pupil, mona.level)
    pupil.press("Créer mon compte")
    fill_in(pupil, mona)
    pupil.press("Créer mon compte")
    pupil.press("Corriger l’adresse")
    pupil.press("Renvoyer le message")
    link = open_mail(elsewhere, mona)
    elsewhere.press("Confirmer mon inscription")
    elsewhere.follow("Ce n'est pas moi")
    elsewhere.press("Effacer cette inscription")
    pupil.go(link)
    pupil.press("Confirmer mon inscription")
    elsewhere.go(link)
    pupil.follow("Continuer")
    is_at_home(pupil, mona)
    pupil.go("/")
    pupil.go("/deconnexion/")
    pupil.press("Se déconnecter")
    pupil.go("/acces-oublie/")
    pupil.press("Recevoir le message")
    pupil.write("Adresse de courriel ou nom d’utilisateur", mona.address)
    pupil.press("Recevoir le message")
    reset = open_mail(pupil, mona, number=2)
    pupil.press("Enregistrer et me connecter")
    pupil.write("Nouveau mot de passe", NEW_PASSWORD)
    pupil.press("Enregistrer et me connecter")
    elsewhere.go(reset, status=410)
    elsewhere.go("/inscription/verification/")
    sign_up(elsewhere, child)
    agreement = open_mail(elsewhere, child)
    elsewhere.press("Donner mon accord")
    elsewhere.write("Prénom de l’enfant", child.first_name)
    elsewhere.tick("Je suis responsable légal de Théo et j'accepte")
    elsewhere.press("Donner mon accord")
    elsewhere.go(f"{agreement[:-3]}xx/", status=404)
    for page in ("conditions-utilisation", "donnees-personnelles"):
        elsewhere.go(f"/textes/{page}/")
    visited = {title.rpartition(" — ")[0] for title in pupil.titles + elsewhere.titles}
    assert len(visited) >= 20
