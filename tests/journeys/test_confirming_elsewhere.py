"""The mail is opened in another browser than the one that signed up (SCREENS A7, A8; SAFETY G11, T24)."""

from __future__ import annotations

import pytest

from .conftest import Comes
from .people import NEW_PASSWORD, PASSWORD, Person, is_at_home, open_mail, sign_in, sign_up
from .portal import Portal, link_in
from .visitor import PHONE

pytestmark = pytest.mark.browser


def test_a_guardian_agrees_on_a_phone_and_the_child_signs_in_at_home(comes: Comes, portal: Portal) -> None:
    lea = Person(
        first_name="Léa",
        last_name="Ðào",
        username="lea.dao",
        address="parent.dao@exemple.fr",
        age="Moins de 15 ans",
    )
    child, guardian = comes(), comes(size=PHONE, javascript=False)
    sign_up(child, lea)
    child.reads("C’est le responsable légal de Léa qui ouvre le lien")

    mail = portal.mail_to(lea.address)
    assert "Léa" in str(mail.parsed["Subject"])
    assert "Le collège" in str(mail.parsed["Subject"])
    link = open_mail(guardian, lea)
    guardian.stands_on("Donner mon accord")
    guardian.press("Donner mon accord")
    guardian.reads("Écrivez le prénom de l’enfant.", "Cochez la case pour donner votre accord.")
    guardian.write("Prénom de l’enfant", "Jeanne")
    guardian.tick("Je suis responsable légal de Léa et j'accepte")
    guardian.press("Donner mon accord")
    guardian.reads("Ce n’est pas le prénom écrit à l’inscription.")
    guardian.write("Prénom de l’enfant", "lea")  # letter case and accents are no reason to refuse
    guardian.press("Donner mon accord")
    guardian.stands_on("Votre enregistrement a été confirmé")
    guardian.reads("Léa peut maintenant se connecter")
    assert not guardian.has_a_session()

    child.go("/inscription/verification/")  # who had left this page open is led on
    child.stands_on("Votre enregistrement a été confirmé")
    assert not child.has_a_session()
    child.follow("Continuer")
    sign_in(child, lea)
    is_at_home(child, lea)
    assert portal.sql(
        "SELECT by_guardian FROM accounts_policyacceptance a JOIN accounts_user u ON u.id = a.user_id"
        " WHERE u.last_name = 'Ðào'"
    ) == [(True,)]

    guardian.go(link)  # once more, days later
    guardian.stands_on("Votre enregistrement a été confirmé")
    assert not guardian.has_a_session()


@pytest.mark.long
def test_an_adult_elsewhere_is_asked_for_the_password(comes: Comes) -> None:
    marc = Person(first_name="Marc", last_name="O’Neil", username="marc.oneil", address="marc@exemple.fr")
    home, phone = comes(), comes(size=PHONE)
    sign_up(home, marc)
    link = open_mail(phone, marc)
    phone.stands_on("Confirmer mon inscription")
    phone.reads("Vous ouvrez ce lien sur un autre appareil")
    phone.write("Mot de passe choisi à l’inscription", "ce n’est pas lui")
    phone.press("Confirmer mon inscription")
    phone.reads("Ce n’est pas le mot de passe choisi à l’inscription.")
    phone.write("Mot de passe choisi à l’inscription", PASSWORD)
    phone.press("Confirmer mon inscription")
    phone.stands_on("Votre enregistrement a été confirmé")
    phone.follow("Continuer")
    is_at_home(phone, marc)
    home.go(link)
    home.stands_on("Votre enregistrement a été confirmé")
    assert not home.has_a_session()


@pytest.mark.long
def test_an_adult_elsewhere_who_forgot_the_password_chooses_another_by_a_fresh_mail(
    comes: Comes, portal: Portal
) -> None:
    ines = Person(first_name="Inès", last_name="Petit", username="ines.petit", address="ines@exemple.fr")
    home, phone = comes(), comes(size=PHONE, javascript=False)
    sign_up(home, ines)
    open_mail(phone, ines)
    phone.press("Choisir un nouveau mot de passe")
    phone.stands_on("Vérifiez vos messages")
    fresh = portal.mail_to(ines.address, number=2)
    phone.go(link_in(fresh))
    phone.stands_on("Choisir un nouveau mot de passe")
    phone.write("Nouveau mot de passe", "inespetit1A!")
    phone.press("Confirmer mon inscription")
    phone.stands_on("Erreur\u00a0: Choisir un nouveau mot de passe")
    phone.write("Nouveau mot de passe", NEW_PASSWORD)
    phone.press("Confirmer mon inscription")
    phone.stands_on("Votre enregistrement a été confirmé")
    phone.follow("Continuer")
    is_at_home(phone, ines)
    sign_in(home, ines, password=NEW_PASSWORD)
    is_at_home(home, ines)


@pytest.mark.long
def test_a_stranger_who_gets_the_mail_says_so_and_nothing_is_kept(comes: Comes, portal: Portal) -> None:
    luc = Person(first_name="Luc", last_name="Blanc", username="luc.blanc", address="inconnu@exemple.fr")
    home, stranger = comes(), comes(size=PHONE, javascript=False)
    sign_up(home, luc)
    link = open_mail(stranger, luc)
    stranger.follow("Ce n'est pas moi")
    stranger.press("Effacer cette inscription")  # a program that presses every button deletes nothing
    stranger.reads("Cochez la case pour effacer l’inscription.")
    stranger.tick("Je n’ai pas demandé ce compte")
    stranger.press("Effacer cette inscription")
    stranger.stands_on("Inscription effacée")
    assert portal.sql("SELECT 1 FROM accounts_registration WHERE address = %s", luc.address) == []
    assert portal.sql("SELECT 1 FROM accounts_signinname WHERE name = %s", luc.username) == []
    stranger.go(link, status=404)
    stranger.stands_on("Ce lien ne mène plus nulle part")
    home.go("/inscription/verification/")
    home.reads("Aucune inscription n’attend dans ce navigateur.")


@pytest.mark.long
def test_a_mail_scanner_that_presses_every_button_does_no_harm(comes: Comes, portal: Portal) -> None:
    nour = Person(first_name="Nour", last_name="Aziz", username="nour.aziz", address="nour@exemple.fr")
    home, scanner = comes(), comes()
    sign_up(home, nour)
    link = open_mail(scanner, nour)
    assert scanner.page.request.head(link).status == 200
    scanner.press("Confirmer mon inscription")
    scanner.stands_on("Erreur\u00a0: Confirmer mon inscription")
    scanner.follow("Ce n'est pas moi")
    scanner.press("Effacer cette inscription")
    assert not scanner.has_a_session()
    assert portal.sql("SELECT confirmed_at FROM accounts_registration WHERE address = %s", nour.address) == [
        (None,)
    ]
    home.go(link)
    home.press("Confirmer mon inscription")
    home.stands_on("Votre enregistrement a été confirmé")
    scanner.go(link)
    scanner.stands_on("Votre enregistrement a été confirmé")
    assert not scanner.has_a_session()
