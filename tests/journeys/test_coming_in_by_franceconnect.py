"""A guardian comes in by FranceConnect, whose own library answers there (SCREENS D3, SAFETY T41, T43)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.guardians.franceconnect import real_provider
from tests.guardians.franceconnect.real_provider import RealProvider
from tests.peers import wait_until

from .conftest import Comes
from .portal import PATIENCE, Portal
from .visitor import PHONE, Visitor

pytestmark = pytest.mark.browser
BUTTON = "S'identifier avec FranceConnect"


@pytest.fixture(scope="module")
def provider(portal: Portal) -> Iterator[RealProvider]:
    """FranceConnect, which the portal is a client of while these tests last."""
    running = RealProvider(portal.address)
    portal.stop("web")
    portal.start(
        "web",
        FRANCECONNECT_ISSUER=running.issuer,
        FRANCECONNECT_CLIENT_ID=real_provider.CLIENT,
        FRANCECONNECT_CLIENT_SECRET=real_provider.SECRET,
    )
    wait_until(portal.answers, seconds=PATIENCE)
    yield running
    running.stop()
    portal.stop("web")
    portal.start("web")
    wait_until(portal.answers, seconds=PATIENCE)


def over_there(visitor: Visitor, button: str, *, comes_back: bool = True) -> None:
    """Press a button of a page, ours or theirs, that leads from one of the two to the other."""
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("main").get_by_role("button", name=button).click()
    if comes_back:
        visitor.look()


def goes_there(visitor: Visitor) -> None:
    """Press the button of the door, and see the other house."""
    visitor.go("/responsables/franceconnect/")
    visitor.stands_on(BUTTON)
    over_there(visitor, BUTTON, comes_back=False)


@pytest.mark.long
@pytest.mark.parametrize("javascript", [True, False], ids=["with_scripts", "without_scripts"])
def test_a_guardian_on_a_phone_comes_in_and_leaves_again(
    comes: Comes, provider: RealProvider, javascript: bool
) -> None:
    guardian = comes(size=PHONE, javascript=javascript, forgives=(provider.origin,))
    goes_there(guardian)
    assert guardian.page.title() == "FranceConnect de test"
    over_there(guardian, "Nadia")
    guardian.stands_on("FranceConnect vous a reconnu")
    guardian.reads("Nadia Rose", "LÉGER", "ROUSSEL")
    assert not guardian.has_a_session()
    assert urlsplit(guardian.page.url).query == ""

    over_there(guardian, "Ce n’est pas moi", comes_back=False)
    assert guardian.page.url.startswith(f"{provider.issuer}/session/end")
    over_there(guardian, "Oui")
    guardian.stands_on("C’est effacé")
    assert not any(cookie["name"].endswith("franceconnect") for cookie in guardian.context.cookies())
    guardian.follow("Recommencer")
    goes_there(guardian)
    assert guardian.page.title() == "FranceConnect de test"  # nobody is signed in over there any more


@pytest.mark.long
def test_a_mother_makes_her_account_on_a_phone_and_leaves_no_session_behind(
    comes: Comes, portal: Portal, provider: RealProvider
) -> None:
    portal.declare("+33612345121", "TANGUY", "Maëlle=2013-05-04")
    mother = comes(size=PHONE, forgives=(provider.origin,))
    goes_there(mother)
    over_there(mother, "Inès")
    mother.stands_on("FranceConnect vous a reconnu")
    write_birth_date(mother, "4", "5", "2013")
    mother.press("Continuer")
    mother.stands_on("Rattachement des élèves au compte")
    mother.tick("Je suis le représentant légal de cet élève")
    write_birth_date(mother, "4", "5", "2013")
    mother.press("Confirmer")
    mother.stands_on("Je choisis mon nouveau mot de passe")
    mother.write("Nouveau mot de passe", "Ri7ière & galets")
    mother.write("Confirmation du mot de passe", "Ri7ière & galets")
    mother.press("Confirmer")
    mother.stands_on("Mon identifiant")
    found = re.search(r"\w\.tanguy\d+", mother.page.inner_text("main"))
    assert found is not None
    identifier = found[0]
    mother.press("J’ai noté mon identifiant")
    mother.stands_on("Les conditions d’utilisation")
    mother.tick("J'accepte les conditions d'utilisation")
    mother.press("Continuer")
    mother.stands_on("Mon espace")
    mother.reads("Maëlle")
    signs_out_there_too(mother, provider)

    goes_there(mother)
    assert mother.page.title() == "FranceConnect de test"  # nobody is signed in over there any more
    over_there(mother, "Inès")
    mother.stands_on("Mon espace")  # and she comes back without a password
    mother.follow("Mon compte")
    mother.follow("Ne plus venir par FranceConnect")
    mother.write("Votre mot de passe", "Ri7ière & galets")
    mother.press("Ne plus venir par FranceConnect")
    mother.reads("FranceConnect n’ouvre plus votre compte.")
    signs_out_there_too(mother, provider)

    goes_there(mother)  # and joins it again, once both have proved themselves
    over_there(mother, "Inès")
    mother.stands_on("FranceConnect vous a reconnu")
    write_birth_date(mother, "4", "5", "2013")
    mother.press("Continuer")
    mother.stands_on("Vous avez déjà un compte")
    mother.page.get_by_role("main").get_by_role("link", name="Se connecter").click()
    mother.write("Identifiant", identifier)
    mother.write("Mot de passe", "Ri7ière & galets")
    mother.press("Se connecter")
    mother.stands_on("Relier FranceConnect à mon compte")
    mother.press("Relier FranceConnect")
    mother.stands_on("Mon espace")
    signs_out_there_too(mother, provider)


def write_birth_date(mother: Visitor, day: str, month: str, year: str) -> None:
    mother.write("Jour", day)
    mother.write("Mois", month)
    mother.write("Année", year)


def signs_out_there_too(mother: Visitor, provider: RealProvider) -> None:
    with mother.page.expect_navigation():
        mother.page.get_by_role("banner").get_by_role("button", name="Se déconnecter").click()
    assert mother.page.url.startswith(f"{provider.issuer}/session/end")
    assert not mother.has_a_session()
    over_there(mother, "Oui")
    mother.stands_on("Vous êtes déconnecté")
    assert not any(cookie["name"].endswith("franceconnect") for cookie in mother.context.cookies())


def test_a_guardian_who_refuses_finds_a_way_on(comes: Comes, provider: RealProvider) -> None:
    guardian = comes(size=PHONE, forgives=(provider.origin,))
    goes_there(guardian)
    over_there(guardian, "Annuler")
    guardian.stands_on("Vous n’avez pas continué avec FranceConnect")
    guardian.follow("Réessayer")
    guardian.stands_on(BUTTON)
    over_there(guardian, BUTTON, comes_back=False)
    over_there(guardian, "Paul")
    guardian.stands_on("FranceConnect vous a reconnu")


def test_a_guardian_who_goes_back_after_coming_in_is_not_lost(comes: Comes, provider: RealProvider) -> None:
    guardian = comes(forgives=(provider.origin,), expected_status=400)
    goes_there(guardian)
    over_there(guardian, "Nadia")
    guardian.expected_status = 400  # over there, of a page that has served
    for _ in range(4):
        guardian.page.go_back()
        if urlsplit(guardian.page.url).path == "/responsables/franceconnect/":
            break
    guardian.stands_on(BUTTON)
    guardian.expected_status = 200
    over_there(guardian, BUTTON)  # known over there: it leads on at once
    guardian.stands_on("FranceConnect vous a reconnu")


def test_an_answer_carried_to_another_browser_opens_nothing_there(
    comes: Comes, provider: RealProvider
) -> None:
    guardian = comes(forgives=(provider.origin,))
    came: list[str] = []
    guardian.page.on("request", lambda request: came.append(request.url))
    goes_there(guardian)
    over_there(guardian, "Nadia")
    (address,) = [url for url in came if "/responsables/franceconnect/retour/?" in url]
    other = comes()
    other.go(address)
    other.stands_on("Nous ne reconnaissons pas ce navigateur")
    guardian.go(address)  # the same one again, in its own browser
    guardian.stands_on("FranceConnect vous a reconnu")


@pytest.mark.long
def test_a_frozen_franceconnect_keeps_nobody_waiting_for_ever(
    comes: Comes, provider: RealProvider, portal: Portal
) -> None:
    portal.kill_web_processes()  # the new ones know nothing of where FranceConnect is
    wait_until(portal.answers, seconds=PATIENCE)
    guardian = comes()
    guardian.go("/responsables/franceconnect/")
    provider.freeze()
    try:
        over_there(guardian, BUTTON)
    finally:
        provider.thaw()
    guardian.stands_on("FranceConnect ne répond pas")
    guardian.forgives = (provider.origin,)
    guardian.follow("Réessayer")
    over_there(guardian, BUTTON, comes_back=False)
    over_there(guardian, "Paul")
    guardian.stands_on("FranceConnect vous a reconnu")


@pytest.mark.long
def test_nothing_of_it_is_in_the_logs(comes: Comes, provider: RealProvider, portal: Portal) -> None:
    guardian = comes(forgives=(provider.origin,))
    came: list[str] = []
    guardian.page.on("request", lambda request: came.append(request.url))
    goes_there(guardian)
    over_there(guardian, "Nadia")
    over_there(guardian, "Ce n’est pas moi", comes_back=False)
    words = {
        value
        for url in came
        for name, value in parse_qsl(urlsplit(url).query)
        if name in ("state", "nonce", "code", "code_challenge", "id_token_hint")
    }
    assert len(words) >= 5
    written = portal.said()
    assert "GET franceconnect_callback" in written
    assert [word for word in (*words, "LÉGER", "Nadia") if word in written] == []
