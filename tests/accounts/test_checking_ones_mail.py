"""« Vérifiez vos messages »: what became of the mail, again, elsewhere (SCREENS A5; SAFETY F9, T28)."""

from __future__ import annotations

import pytest
from django.db.models.functions import Now
from django.test import Client

from accounts import registration
from accounts.models import Registration
from notifications.models import Message, State
from tests.accounts.conftest import Family, letters_to, link_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(family: Family) -> Family:
    """A family that has just signed up."""
    family.sign_up()
    return family


def page_of(family: Family) -> str:
    return family.browser.get("/inscription/verification/").content.decode()


def minutes_pass() -> None:
    """Let the pause between two letters be over."""
    Message.objects.update(created_at=Now() - registration.PAUSE)


def send(family: Family, **typed: str):
    """Send one of the page's forms, as it stands for this browser's sign-up."""
    sign_up = Registration.objects.order_by("-id").first()
    return family.browser.post(
        "/inscription/verification/", {"sign_up": str(sign_up.public_id), **typed}, follow=True
    )


def test_it_says_where_the_mail_goes(waiting: Family) -> None:
    page = page_of(waiting)
    assert "jeanne@exemple.fr" in page and "indésirables" in page


def test_it_says_what_became_of_the_mail(waiting: Family) -> None:
    message = Message.objects.get()
    seen = [page_of(waiting)]
    for change in (
        {"state": State.SENT, "sent_at": Now()},
        {"state": State.WAITING, "sent_at": None, "last_error": "451"},
        {"state": State.DEAD, "last_error": "550"},
    ):
        Message.objects.filter(pk=message.pk).update(**change)
        message.refresh_from_db()
        seen.append(page_of(waiting))
        assert message.situation_in_words in seen[-1]
    assert len(set(seen)) == 4


def test_it_is_sent_again_but_not_twice_within_a_minute(waiting: Family) -> None:
    assert "Vous pourrez le redemander" in send(waiting, action="again").content.decode()
    assert len(letters_to("jeanne@exemple.fr")) == 1
    minutes_pass()
    send(waiting, action="again")
    states = [letter.state for letter in letters_to("jeanne@exemple.fr")]
    assert states == [State.WITHDRAWN, State.WAITING]


def test_there_is_a_cap_on_what_one_mailbox_gets(waiting: Family) -> None:
    for _ in range(10):
        minutes_pass()
        send(waiting, action="again")
    assert len(letters_to("jeanne@exemple.fr")) == 3


def test_a_mail_sent_again_holds_the_same_link(waiting: Family) -> None:
    before = link_of(Registration.objects.get())
    minutes_pass()
    send(waiting, action="again")
    assert link_of(Registration.objects.get()) == before


def test_a_mistyped_address_is_corrected(waiting: Family) -> None:
    old = link_of(Registration.objects.get())
    send(waiting, action="correct", address="jeanne@example.org", address_again="Jeanne@example.org")
    assert "jeanne@example.org" in page_of(waiting)
    assert [letter.state for letter in letters_to("jeanne@exemple.fr")] == [State.WITHDRAWN]
    assert [letter.state for letter in letters_to("jeanne@example.org")] == [State.WAITING]
    assert link_of(Registration.objects.get()) != old


def test_two_different_addresses_are_not_a_correction(waiting: Family) -> None:
    answer = send(waiting, action="correct", address="a@exemple.fr", address_again="b@exemple.fr")
    assert "ne sont pas les mêmes" in answer.content.decode()
    assert Registration.objects.get().address == "jeanne@exemple.fr"


def test_another_browser_learns_nothing(waiting: Family) -> None:
    page = Client().get("/inscription/verification/").content.decode()
    assert "jeanne" not in page


def test_once_confirmed_there_is_nothing_left_to_check(waiting: Family) -> None:
    waiting.browser.post(link_of(Registration.objects.get()), {"action": "confirm"})
    assert waiting.browser.get("/inscription/verification/").headers["Location"] == "/inscription/merci/"
    send(waiting, action="again")
    assert len(letters_to("jeanne@exemple.fr")) == 1


def test_a_slip_of_the_keyboard_is_pointed_at(family: Family) -> None:
    family.sign_up(address="jeanne@gmial.com")
    assert "jeanne@gmail.com" in page_of(family)


def test_a_page_of_another_sign_up_acts_on_nothing(waiting: Family) -> None:
    first = Registration.objects.get()
    waiting.sign_up(first_name="Zoé", username="zoe.dupont", address="zoe@exemple.fr")
    waiting.browser.post(
        "/inscription/verification/",
        {"sign_up": str(first.public_id), "address": "x@exemple.fr", "address_again": "x@exemple.fr"},
    )
    assert not letters_to("x@exemple.fr")
    assert set(Registration.objects.values_list("address", flat=True)) == {
        "jeanne@exemple.fr",
        "zoe@exemple.fr",
    }


def test_a_sign_up_that_is_gone_meanwhile_is_no_error(waiting: Family) -> None:
    sign_up = Registration.objects.get()
    with pytest.raises(registration.Gone):
        Registration.objects.all().delete()
        registration.correct_address(sign_up, "x@exemple.fr", device="d")
    answer = waiting.browser.post("/inscription/verification/", {"sign_up": str(sign_up.public_id)})
    assert "Aucune inscription n’attend" in answer.content.decode()


def test_disowning_forgets_the_address(waiting: Family) -> None:
    Message.objects.update(state=State.SENT, sent_at=Now())
    registration.disown(Registration.objects.get())
    assert not letters_to("jeanne@exemple.fr")
