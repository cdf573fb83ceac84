"""The mails as people read them (SCREENS A6; SAFETY T25, T27)."""

from __future__ import annotations

import re

import pytest

from accounts import letters, recovery, registration
from accounts.models import Registration
from notifications.letters import Context, Letter, NothingToSend
from notifications.models import Message
from tests.accounts.conftest import Family, link_of

pytestmark = pytest.mark.django_db
RENDERERS = {
    registration.KIND: letters.registration_letter,
    registration.KIND_NEW_PASSWORD: letters.registration_password_letter,
    recovery.KIND: letters.recovery_letter,
}


def read(message: Message) -> Letter:
    return RENDERERS[message.kind](
        Context(message.reference, message.to, message.language, message.created_at)
    )


@pytest.mark.parametrize(
    ("level", "words"), [("ecole", "L'école primaire"), ("college", "Le collège"), ("lycee", "Le lycée")]
)
def test_the_level_stands_in_the_subject_and_in_the_body(family: Family, level: str, words: str) -> None:
    family.level = level
    family.sign_up()
    letter = read(Message.objects.get())
    assert words in letter.subject and words in letter.text
    assert words.replace("'", "&#x27;") in letter.html


def test_there_is_one_link_in_text_and_html_and_it_is_the_right_one(family: Family, settings) -> None:
    family.sign_up()
    letter = read(Message.objects.get())
    link = settings.SITE_URL + link_of(Registration.objects.get())
    assert letter.text.count(link) == 1
    assert re.findall(r'href="([^"]+)"', letter.html) == [link, f"{settings.SITE_URL}/"]
    assert "copiez" in letter.text and "copiez" in letter.html


def test_it_says_that_nobody_reads_answers_and_who_helps(family: Family, settings) -> None:
    settings.ADMIN_CONTACT = "aide@example.org"
    family.sign_up()
    letter = read(Message.objects.get())
    for part in (letter.text, letter.html):
        assert "automatique" in part and "aide@example.org" in part


def test_a_guardians_letter_names_the_child(family: Family) -> None:
    family.sign_up(age_group="mineur")
    letter = read(Message.objects.get())
    assert "Jeanne" in letter.subject and "responsable légal" in letter.text


def test_an_address_with_an_account_reads_of_that_account(family: Family, person) -> None:
    person("albert.roy", address="jeanne@exemple.fr")
    family.sign_up()
    letter = read(Message.objects.get())
    assert "déjà un compte" in letter.subject and "albert.roy" in letter.text
    assert "/inscription/confirmer/" not in letter.text + letter.html


def test_nothing_is_written_once_the_sign_up_is_gone_or_goes_elsewhere(family: Family) -> None:
    family.sign_up()
    message = Message.objects.get()
    Registration.objects.update(address="autre@exemple.fr")
    with pytest.raises(NothingToSend):
        read(message)
    Registration.objects.all().delete()
    with pytest.raises(NothingToSend):
        read(message)


def test_a_name_with_signs_is_plain_in_the_text_and_safe_in_the_html(family: Family) -> None:
    family.sign_up(age_group="enfant")
    Registration.objects.update(first_name="<b>O'Neil</b>")
    letter = read(Message.objects.get())
    assert "<b>O'Neil</b>" in letter.text
    assert "<b>" not in letter.html


def test_a_stranger_cannot_write_to_a_mailbox_through_us(family: Family) -> None:
    """Neither the user name nor more than three words of a first name, and nothing that becomes a link."""
    family.sign_up(age_group="enfant", username="www.gagnez-iphone.com")
    Registration.objects.update(first_name="Appelez www.evil.com vite le support au plus tot")
    letter = read(Message.objects.get())
    for part in (letter.subject, letter.text, letter.html):
        assert "iphone" not in part and "www.evil" not in part and "support" not in part


def test_links_begin_with_the_portals_address_whatever_the_request_said(family: Family, settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    family.browser.defaults["HTTP_HOST"] = "evil.example"
    family.sign_up()
    letter = read(Message.objects.get())
    assert "evil.example" not in letter.text + letter.html
