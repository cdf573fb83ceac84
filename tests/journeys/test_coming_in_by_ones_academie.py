"""A teacher comes in by the sign-in service of the académie, whose own library answers there (SCREENS C1)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.accounts.openid.conftest import BACK, DOOR
from tests.guardians.franceconnect import real_provider
from tests.guardians.franceconnect.real_provider import RealProvider

from .conftest import Comes
from .portal import Portal
from .test_coming_in_by_franceconnect import over_there
from .visitor import DESK, PHONE, Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def provider(portal: Portal) -> Iterator[RealProvider]:
    """The académie's service."""
    running = RealProvider(
        portal.address, program="academy.mjs", mount="/sso", back=BACK, bye="/fournisseurs/au-revoir/"
    )
    yield running
    running.stop()


def goes_there(teacher: Visitor) -> None:
    """Press the button of the door, and see the other house."""
    teacher.go(DOOR)
    teacher.reads("Nous ne voyons pas votre mot de passe.")
    over_there(teacher, "Continuer", comes_back=False)
    assert teacher.page.title() == "Académie de test"


def signs_out_there_too(teacher: Visitor, provider: RealProvider) -> None:
    with teacher.page.expect_navigation():
        teacher.page.get_by_role("banner").get_by_role("button", name="Se déconnecter").click()
    teacher.page.wait_for_url(f"{provider.issuer}/session/end*")
    assert not teacher.has_a_session()
    over_there(teacher, "Oui")
    teacher.stands_on("Vous êtes déconnecté")


@pytest.mark.parametrize(
    ("javascript", "person", "identifier"),
    [
        pytest.param(False, "luc", "lmartin", id="phone-plain"),
        pytest.param(True, "claire", "cdubois", id="desk-scripts", marks=pytest.mark.long),
    ],
)
def test_a_teacher_is_tied_once_comes_in_again_and_sees_it_in_the_account(
    comes: Comes, portal: Portal, provider: RealProvider, javascript: bool, person: str, identifier: str
) -> None:
    portal.set_up_provider(
        provider.issuer, real_provider.CLIENT, real_provider.SECRET, "0690001B", identifier, person.title()
    )
    size = DESK if javascript else PHONE
    teacher = comes(javascript=javascript, size=size, forgives=(provider.origin,))
    goes_there(teacher)
    over_there(teacher, person)
    teacher.stands_on("Chartes d’utilisation")
    teacher.tick("J'ai lu et j'accepte les conditions ci-dessus")
    teacher.press("Valider")
    teacher.stands_on("Contact et préférences")  # the académie has the password: none is to be chosen here
    teacher.press("Enregistrer mes informations")
    teacher.stands_on("Mon espace")
    signs_out_there_too(teacher, provider)

    goes_there(teacher)  # asked again who they are
    over_there(teacher, person)
    teacher.stands_on("Mon espace")
    teacher.follow("Mon compte")
    teacher.reads("Portail de l’académie de Lyon ouvre votre compte")
    teacher.follow("Ne plus venir par Portail de l’académie de Lyon")
    teacher.reads("C’est aujourd’hui la seule façon d’ouvrir ce compte.")
    teacher.follow("Revenir à mon compte")
    signs_out_there_too(teacher, provider)
