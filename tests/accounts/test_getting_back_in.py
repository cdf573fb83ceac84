"""A forgotten user name or password (SCREENS A2; SAFETY T5, T24, T25, T28)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import letters, links, recovery, registration
from accounts.models import RecoveryRequest, Registration, User
from notifications.letters import Context, Letter, NothingToSend
from notifications.models import Message
from tests.accounts.conftest import PASSWORD, Family, errors_of, letters_to, shape_of

pytestmark = pytest.mark.django_db
NEW = "Mon-secret-4-moi"


@pytest.fixture
def jeanne(person) -> User:
    """A person with an account."""
    return person()


def ask(login: str, browser: Client | None = None):
    return (browser or Client()).post("/acces-oublie/", {"login": login})


def letter(message: Message) -> Letter:
    """Render what would be sent."""
    render = {
        registration.KIND: letters.registration_letter,
        recovery.KIND: letters.recovery_letter,
        recovery.KIND_CHANGED: letters.password_changed_letter,
    }
    return render[message.kind](Context(message.reference, message.to, message.language, message.created_at))


def link_in(message: Message) -> str:
    """Return the link of a mail, without the site."""
    return re.search(r"http://[^/]+(/mot-de-passe/\S+)", letter(message).text)[1]


@pytest.mark.parametrize("login", ["jeanne.dupont", " JEANNE.dupont", "Jeanne.Dupont@exemple.fr "])
def test_one_letter_gives_the_user_name_and_a_new_password(jeanne: User, login: str) -> None:
    assert ask(login).headers["Location"] == "/acces-oublie/envoye/"
    message = letters_to("jeanne.dupont@exemple.fr")[0]
    assert "jeanne.dupont" in letter(message).text
    browser = Client()
    assert "jeanne.dupont" in browser.get(link_in(message)).content.decode()
    answer = browser.post(link_in(message), {"password": NEW})
    assert answer.headers["Location"] == "/mon-espace/"
    assert browser.get("/mon-espace/").status_code == 200
    assert User.objects.get().check_password(NEW)


def test_everyone_gets_the_same_page(jeanne: User) -> None:
    answers = {
        (answer.status_code, answer.headers["Location"])
        for answer in map(
            ask, ("jeanne.dupont", "personne.ici", "personne@exemple.fr", "n'importe quoi <>", "@")
        )
    }
    assert answers == {(302, "/acces-oublie/envoye/")}


def test_known_and_unknown_cost_the_same_statements(jeanne: User) -> None:
    shapes = []
    for login in ("jeanne.dupont", "personne.ici", "jeanne.dupont@exemple.fr", "personne@exemple.fr"):
        with CaptureQueriesContext(connection) as captured:
            ask(login)
        shapes.append([sql.replace("NULL", "?") for sql in shape_of(captured)])
    assert shapes[0] == shapes[1] and shapes[2] == shapes[3]


def test_an_unknown_address_is_told_so_in_its_mailbox_only(jeanne: User) -> None:
    ask("personne@exemple.fr")
    assert "Aucun compte n’est lié" in letter(letters_to("personne@exemple.fr")[0]).text


def test_an_unknown_name_writes_to_nobody(jeanne: User) -> None:
    ask("personne.ici")
    with pytest.raises(NothingToSend):
        letter(Message.objects.get())


@pytest.mark.parametrize("login", ["jeanne.dupont", "jeanne@exemple.fr"])
def test_a_sign_up_that_waits_gets_its_link_again(family: Family, login: str) -> None:
    family.sign_up()
    ask(login)
    text = letter(letters_to("jeanne@exemple.fr")[-1]).text
    assert links.token(registration.KIND, Registration.objects.get()) in text


def test_a_link_serves_once(jeanne: User) -> None:
    ask("jeanne.dupont")
    link = link_in(letters_to("jeanne.dupont@exemple.fr")[0])
    Client().post(link, {"password": NEW})
    assert Client().get(link).status_code == 410
    Client().post(link, {"password": "Encore-un-autre-5"})
    assert User.objects.get().check_password(NEW)


def test_only_the_newest_link_serves(jeanne: User) -> None:
    ask("jeanne.dupont")
    ask("jeanne.dupont@exemple.fr")
    old, new = (link_in(message) for message in letters_to("jeanne.dupont@exemple.fr"))
    assert Client().get(old).status_code == 410
    assert Client().get(new).status_code == 200


def test_a_link_lives_one_day(jeanne: User) -> None:
    ask("jeanne.dupont")
    message = letters_to("jeanne.dupont@exemple.fr")[0]
    for seconds, status in ((-20, 200), (1, 410)):
        Message.objects.update(state="sent", sent_at=Now() - timedelta(hours=24, seconds=seconds))
        assert Client().get(link_in(message)).status_code == status


def test_looking_at_the_link_changes_nothing(jeanne: User) -> None:
    ask("jeanne.dupont")
    link = link_in(letters_to("jeanne.dupont@exemple.fr")[0])
    for _ in range(20):
        scanner = Client()
        scanner.head(link)
        scanner.get(link)
        scanner.post(link)
        assert "sid" not in scanner.cookies
    assert User.objects.get().check_password(PASSWORD)
    assert Client().get(link).status_code == 200


def test_a_new_password_ends_the_other_sessions_and_tells_the_owner(jeanne: User) -> None:
    elsewhere = Client()
    elsewhere.post("/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    ask("jeanne.dupont")
    Client().post(link_in(letters_to("jeanne.dupont@exemple.fr")[0]), {"password": NEW})
    assert elsewhere.get("/mon-espace/").status_code == 302
    notice = letters_to("jeanne.dupont@exemple.fr")[-1]
    assert notice.kind == recovery.KIND_CHANGED and "vient de changer" in letter(notice).text


def test_a_new_password_follows_the_policy(jeanne: User) -> None:
    ask("jeanne.dupont")
    link = link_in(letters_to("jeanne.dupont@exemple.fr")[0])
    assert "Ajoutez" in errors_of(Client().post(link, {"password": "azerty"}))
    assert "refus" in errors_of(
        Client().post(link, {"password": "Jeanne2026!"})
    ).lower() or not User.objects.get().check_password("Jeanne2026!")


def test_a_mailbox_gets_at_most_three_letters_in_an_hour(jeanne: User) -> None:
    answers = [ask("jeanne.dupont@exemple.fr") for _ in range(10)]
    assert len(letters_to("jeanne.dupont@exemple.fr")) == 3
    assert "Réessayez" in errors_of(answers[-1])
    strangers = [ask("personne@exemple.fr") for _ in range(10)]
    assert [answer.status_code for answer in answers] == [answer.status_code for answer in strangers]


def test_guesses_begin_anew_after_a_reset(jeanne: User) -> None:
    for _ in range(25):
        Client().post("/connexion/", {"login": "jeanne.dupont", "password": "Autre-chose-1"})
    ask("jeanne.dupont")
    Client().post(link_in(letters_to("jeanne.dupont@exemple.fr")[0]), {"password": NEW})
    assert Client().post("/connexion/", {"login": "jeanne.dupont", "password": NEW}).status_code == 302


def test_requests_are_forgotten_after_a_week(jeanne: User) -> None:
    ask("jeanne.dupont")
    RecoveryRequest.objects.update(created_at=Now() - timedelta(days=7, minutes=1))
    from accounts.tasks import purge

    purge()
    assert not RecoveryRequest.objects.exists()


def test_a_letter_that_still_waits_does_not_follow_a_corrected_address(family: Family) -> None:
    """Whoever owns the first address must not get the link that the second one is owed (SAFETY T24)."""
    family.sign_up()
    ask("jeanne@exemple.fr")
    sign_up = Registration.objects.get()
    family.browser.post(
        "/inscription/verification/",
        {
            "sign_up": str(sign_up.public_id),
            "address": "juste@exemple.fr",
            "address_again": "juste@exemple.fr",
        },
    )
    for message in letters_to("jeanne@exemple.fr"):
        with pytest.raises(NothingToSend):
            letter(message)


def test_a_suspended_account_is_told_so_and_opens_nothing(jeanne: User) -> None:
    ask("jeanne.dupont")
    link = link_in(letters_to("jeanne.dupont@exemple.fr")[0])
    User.objects.update(is_active=False)
    assert "suspendu" in letter(letters_to("jeanne.dupont@exemple.fr")[0]).text
    for answer in (Client().get(link), Client().post(link, {"password": NEW})):
        assert answer.status_code == 404
    assert User.objects.get().check_password(PASSWORD)


def test_a_second_click_is_no_error(jeanne: User) -> None:
    ask("jeanne.dupont")
    link = link_in(letters_to("jeanne.dupont@exemple.fr")[0])
    answers = [Client().post(link, {"password": NEW}).headers["Location"] for _ in range(2)]
    assert answers == ["/mon-espace/", "/mon-espace/"]


def test_a_second_click_at_the_very_moment_of_the_first_signs_in_too(jeanne: User, monkeypatch) -> None:
    ask("jeanne.dupont")
    link = link_in(letters_to("jeanne.dupont@exemple.fr")[0])
    choose, second = recovery.choose_password, Client()

    def after_the_first(asked: RecoveryRequest, password: str) -> User:
        """Let the other click come through between what this one read and what it writes."""
        monkeypatch.setattr(recovery, "choose_password", choose)
        assert Client().post(link, {"password": NEW}).status_code == 302
        return choose(asked, password)

    monkeypatch.setattr(recovery, "choose_password", after_the_first)
    assert second.post(link, {"password": NEW}).headers["Location"] == "/mon-espace/"
    assert second.get("/mon-espace/").status_code == 200


def test_the_user_name_is_no_password(jeanne: User) -> None:
    ask("jeanne.dupont")
    link = link_in(letters_to("jeanne.dupont@exemple.fr")[0])
    User.objects.update(first_name="Zoé", last_name="Ali")
    jeanne.sign_in_names.update(name="zbiglouf")
    assert Client().post(link, {"password": "Zbiglouf1!"}).status_code == 200
    assert User.objects.get().check_password(PASSWORD)


def test_a_name_writes_to_its_mailbox_no_more_often_than_the_address(jeanne: User) -> None:
    answers = [ask("jeanne.dupont@exemple.fr") for _ in range(3)] + [ask("jeanne.dupont") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {302}  # what is dropped is dropped silently
    assert len(letters_to("jeanne.dupont@exemple.fr")) == 3


def test_many_families_behind_one_address_are_all_answered(portal: None) -> None:
    assert {ask(f"famille{number}@exemple.fr").status_code for number in range(60)} == {302}
