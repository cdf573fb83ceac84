"""« Vérifiez vos messages »: the mail that does not come (SCREENS A5; SAFETY F9, F15, T28)."""

from __future__ import annotations

import pytest

from tests.peers import wait_until

from .conftest import Comes
from .people import Person, accept_terms, confirm_here, fill_in, open_mail, sign_up
from .portal import PATIENCE, Portal, link_in
from .visitor import PHONE, Visitor

pytestmark = pytest.mark.browser


def a_minute_passes(portal: Portal) -> None:
    """Forget when letters were last asked for, and make every message due."""
    portal.sql("DELETE FROM throttling_counter WHERE scope = 'letters.pause'")
    portal.sql("UPDATE notifications_message SET created_at = created_at - interval '61 seconds'")
    portal.sql("UPDATE notifications_message SET next_attempt_at = now() WHERE state = 'waiting'")


def look_until(visitor: Visitor, words: str) -> None:
    """Follow « Voir où il en est » until the page says so."""

    def said() -> bool:
        visitor.follow("Voir où il en est")
        return words in visitor.page.inner_text("main")

    wait_until(said, seconds=PATIENCE)


@pytest.mark.long
def test_a_mistyped_address_is_corrected_and_its_link_is_dead(comes: Comes, portal: Portal) -> None:
    wrong = Person(first_name="Ali", last_name="Benali", username="ali.benali", address="ali@exmple.fr")
    right = Person(**{**vars(wrong), "address": "ali@exemple.fr"})
    pupil, stranger = comes(size=PHONE, javascript=False), comes()
    sign_up(pupil, wrong)
    dead = link_in(portal.mail_to(wrong.address))
    pupil.write("Adresse de courriel", right.address)
    pupil.write("Courriel (confirmation)", "ali@exemple.com")
    pupil.press("Corriger l’adresse")
    pupil.stands_on("Erreur\u00a0: Vérifiez vos messages")
    pupil.write("Courriel (confirmation)", right.address)
    pupil.press("Corriger l’adresse")
    pupil.stands_on("Vérifiez vos messages")
    pupil.reads(right.address)
    stranger.go(dead, status=404)
    stranger.stands_on("Ce lien ne mène plus nulle part")
    confirm_here(pupil, right)


@pytest.mark.long
def test_a_refused_mail_is_told_with_its_reason_and_another_arrives(comes: Comes, portal: Portal) -> None:
    eva = Person(first_name="Eva", last_name="Roux", username="eva.roux", address="eva@exemple.fr")
    portal.mailbox.to[eva.address] = "550 5.1.1 no such user"
    pupil = comes(size=PHONE)
    sign_up(pupil, eva)
    look_until(pupil, "Le message n’a pas pu être remis.")
    pupil.reads("Cette adresse n’existe pas, ou n’accepte pas nos messages. Vérifiez-la.")
    del portal.mailbox.to[eva.address]
    a_minute_passes(portal)
    pupil.press("Renvoyer le message")
    look_until(pupil, "Le message est parti à")
    assert portal.mails_to(eva.address)
    pupil.press("Renvoyer le message")
    pupil.reads("Vous pourrez le redemander")
    assert len(portal.mails_to(eva.address)) == 1
    confirm_here(pupil, eva)


@pytest.mark.long
def test_a_mail_server_that_asks_to_wait_gets_the_mail_later(comes: Comes, portal: Portal) -> None:
    tom = Person(first_name="Tom", last_name="Gris", username="tom.gris", address="tom@exemple.fr")
    portal.mailbox.to[tom.address] = "451 4.7.1 greylisted, come back"
    pupil = comes(javascript=False)
    sign_up(pupil, tom)
    look_until(pupil, "Nous réessayons.")
    pupil.reads("Le serveur de cette adresse nous demande d’attendre. Vous n’avez rien à faire.")
    del portal.mailbox.to[tom.address]
    a_minute_passes(portal)
    look_until(pupil, "Le message est parti à")
    confirm_here(pupil, tom)


def test_back_and_refresh_send_nothing_twice(comes: Comes, portal: Portal) -> None:
    zoe = Person(first_name="Zoé", last_name="Vert", username="zoe.vert", address="zoe@exemple.fr")
    pupil = comes()
    sign_up(pupil, zoe)
    pupil.page.reload()
    pupil.look()
    pupil.stands_on("Vérifiez vos messages")
    pupil.page.go_back()
    pupil.look()
    pupil.stands_on("Les conditions d'utilisation")  # the next one here gives a consent of their own
    pupil.page.go_forward()
    pupil.look()
    pupil.stands_on("Vérifiez vos messages")
    accept_terms(pupil, zoe.level)  # who starts afresh learns that the name is taken
    fill_in(pupil, zoe)
    pupil.press("Créer mon compte")
    pupil.reads("Ce nom d’utilisateur est déjà pris.")
    confirm_here(pupil, zoe)
    pupil.page.go_back()
    pupil.look()
    pupil.stands_on("Votre enregistrement a été confirmé")
    pupil.page.go_back()  # the page with the button, whose link has been used
    pupil.look()
    pupil.stands_on("Votre enregistrement a été confirmé")
    assert len(portal.mails_to(zoe.address)) == 1
    assert portal.sql("SELECT count(*) FROM accounts_user WHERE last_name = 'Vert'") == [(1,)]


def test_a_button_pressed_twice_makes_one_sign_up_and_one_mail(comes: Comes, portal: Portal) -> None:
    max_ = Person(first_name="Max", last_name="Noir", username="max.noir", address="max@exemple.fr")
    pupil = comes()
    accept_terms(pupil, max_.level)
    fill_in(pupil, max_)
    with pupil.page.expect_navigation():
        pupil.page.evaluate("const form = document.querySelector('main form'); form.submit(); form.submit()")
    pupil.page.wait_for_url("**/inscription/verification/")
    pupil.look()
    pupil.stands_on("Vérifiez vos messages")
    confirm_here(pupil, max_)
    assert len(portal.mails_to(max_.address)) == 1


@pytest.mark.long
def test_a_link_older_than_three_days_brings_a_new_one(comes: Comes, portal: Portal) -> None:
    ugo = Person(first_name="Ugo", last_name="Brun", username="ugo.brun", address="ugo@exemple.fr")
    pupil = comes(size=PHONE, javascript=False)
    sign_up(pupil, ugo)
    link = link_in(portal.mail_to(ugo.address))
    look_until(pupil, "Le message est parti à")
    portal.sql(
        "UPDATE notifications_message SET sent_at = sent_at - interval '72 hours' WHERE \"to\" = %s",
        ugo.address,
    )
    pupil.go(link, status=410)
    pupil.stands_on("Ce lien a plus de trois jours")
    a_minute_passes(portal)
    pupil.press("Recevoir un nouveau lien")
    open_mail(pupil, ugo, number=2)
    pupil.press("Confirmer mon inscription")
    pupil.stands_on("Votre enregistrement a été confirmé")


def test_an_address_that_has_an_account_is_told_so_in_its_mailbox_only(comes: Comes, portal: Portal) -> None:
    lila = Person(first_name="Lila", last_name="Rose", username="lila.rose", address="lila@exemple.fr")
    pupil, other = comes(), comes()
    sign_up(pupil, lila)
    confirm_here(pupil, lila)
    sign_up(other, Person(**{**vars(lila), "username": "lila.rose2", "address": "LILA@Exemple.fr"}))
    mail = portal.mail_to(lila.address, number=2)
    assert str(mail.parsed["Subject"]).startswith("Vous avez déjà un compte")
    assert "lila.rose" in mail.text
    assert "/inscription/confirmer/" not in mail.text
