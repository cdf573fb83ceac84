"""« Mon compte » in a browser: address, password, devices, a level (SCREENS A2, A8; SAFETY T31, F15)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import Comes
from .people import Person, confirm_here, is_at_home, sign_in, sign_up
from .portal import Portal
from .visitor import PHONE

pytestmark = pytest.mark.browser
NEW_PASSWORD = "Les-tortues-dorment-4-heures"


@pytest.mark.long
def test_a_mother_moves_her_account_to_another_address_on_a_phone(comes: Comes, portal: Portal) -> None:
    rosa = Person(first_name="Rosa", last_name="Petit", username="rosa.petit", address="rosa@exemple.fr")
    phone = comes(size=PHONE, javascript=False)
    sign_up(phone, rosa)
    confirm_here(phone, rosa)
    phone.follow("Mon compte")
    phone.stands_on("Mon compte")
    phone.reads("rosa.petit", "rosa@exemple.fr")
    phone.follow("Modifier mon adresse mail")
    phone.write("Adresse de courriel", "rosa@ailleurs.fr")
    phone.write("Courriel (confirmation)", "rosa@autre.fr")
    phone.press("Recevoir le lien")
    phone.reads("Les deux adresses ne sont pas les mêmes")
    phone.write("Courriel (confirmation)", "rosa@ailleurs.fr")
    phone.press("Recevoir le lien")
    phone.reads("Une nouvelle adresse attend d’être confirmée")
    told = portal.mail_to("rosa@exemple.fr", number=2)
    assert "Une autre adresse" in told.text
    link = re.search(r"https://\S+/adresse/confirmer/\S+", portal.mail_to("rosa@ailleurs.fr").text)
    assert link is not None
    elsewhere = comes()
    elsewhere.go(link[0])
    elsewhere.press("Confirmer cette adresse")
    elsewhere.reads("Écrivez votre mot de passe.")
    phone.go(link[0])
    phone.press("Confirmer cette adresse")
    phone.reads("Votre nouvelle adresse est confirmée.", "rosa@ailleurs.fr")
    phone.page.reload()  # and once more: nothing is repeated
    phone.stands_on("Mon compte")
    assert "ne lui sert plus" in portal.mail_to("rosa@exemple.fr", number=3).text
    elsewhere.go(link[0], status=404)
    elsewhere.stands_on("Ce lien ne change plus d’adresse")
    phone.sign_out()
    sign_in(phone, rosa, name="rosa@ailleurs.fr")
    is_at_home(phone, rosa)


@pytest.mark.long
def test_a_forgotten_device_is_closed_and_a_new_password_ends_the_rest(comes: Comes, portal: Portal) -> None:
    noe = Person(first_name="Noé", last_name="Garnier", username="noe.garnier", address="noe.g@exemple.fr")
    desk, library, cousin = comes(scheme="dark"), comes(size=PHONE), comes()
    sign_up(desk, noe)
    confirm_here(desk, noe)
    sign_in(library, noe)
    sign_in(cousin, noe)
    desk.follow("Mon compte")
    desk.follow("Voir les appareils connectés")
    desk.stands_on("Les appareils connectés")
    desk.reads("c’est ici", "Sur le même réseau que vous")
    expect(desk.page.get_by_role("button", name=re.compile("^Fermer Ch"))).to_have_count(2)
    desk.page.get_by_role("button", name=re.compile("^Fermer Ch")).first.click()
    expect(desk.page.get_by_role("button", name=re.compile("^Fermer Ch"))).to_have_count(1)
    desk.follow("Changer mon mot de passe")
    desk.write("Nouveau mot de passe", NEW_PASSWORD)
    desk.press("Enregistrer")
    desk.reads("Votre mot de passe a changé")
    for other in (library, cousin):
        other.go("/mon-compte/")
        other.stands_on("Connexion")
    assert "vient de changer" in portal.mail_to("noe.g@exemple.fr", number=2).text
    sign_in(library, noe, password=NEW_PASSWORD)
    is_at_home(library, noe)


def test_a_name_is_corrected_and_a_level_added(comes: Comes) -> None:
    ana = Person(first_name="Anna", last_name="Roux", username="ana.roux", address="ana@exemple.fr")
    pupil = comes()
    sign_up(pupil, ana)
    confirm_here(pupil, ana)
    pupil.follow("Mon compte")
    pupil.follow("Modifier mon prénom ou mon nom")
    pupil.write("Prénom", "Ana")
    pupil.press("Enregistrer")
    pupil.reads("Votre nom est enregistré.", "Ana Roux")
    pupil.follow("Ajouter un niveau")
    pupil.tick("Le lycée")
    pupil.press("Ajouter ce niveau")
    pupil.reads("Le niveau est ajouté.", "Le lycée")
    pupil.follow("Voir les textes que j’ai acceptés")
    pupil.stands_on("Les textes que j’ai acceptés")
    pupil.reads("2026-1")


def test_after_signing_out_the_back_button_shows_nobody(comes: Comes) -> None:
    """The next person at a shared computer (SAFETY T32)."""
    ines = Person(
        first_name="Inès", last_name="Lambert", username="ines.lambert", address="ines.l@exemple.fr"
    )
    visitor = comes()
    sign_up(visitor, ines)
    confirm_here(visitor, ines)
    visitor.follow("Mon compte")
    visitor.reads("Inès Lambert")
    visitor.sign_out()
    for _step in range(3):
        visitor.page.go_back(wait_until="load")
        visitor.page.wait_for_load_state("networkidle")  # it may have been led on
        shown = visitor.page.content()
        assert "Inès" not in shown and "Lambert" not in shown
