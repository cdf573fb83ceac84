"""The link of the mail: here, elsewhere, by a guardian, by a scanner, by a stranger (SCREENS A7, A8;
SAFETY G11, T22 to T26)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db.models.functions import Now
from django.test import Client

from accounts import registration
from accounts.models import Enrolment, PolicyAcceptance, Registration, SignInName, User
from audit.models import Record
from notifications.models import Message
from schools.school_year import SchoolYear
from tests.accounts.conftest import PASSWORD, Family, errors_of, letters_to, link_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def sign_up(family: Family) -> Registration:
    """A grown-up's sign-up that waits."""
    family.sign_up()
    return Registration.objects.get()


@pytest.fixture
def childs_sign_up(family: Family) -> Registration:
    """A child's sign-up that waits for a guardian."""
    family.sign_up(age_group="enfant", first_name="Léa-Marie")
    return Registration.objects.get()


def sent(sign_up: Registration, *, ago: timedelta) -> None:
    """Pretend that the mail left some time ago."""
    Message.objects.filter(reference=str(sign_up.public_id)).update(state="sent", sent_at=Now() - ago)


def test_one_button_confirms_and_signs_in_where_one_signed_up(family: Family, sign_up: Registration) -> None:
    page = family.browser.get(link_of(sign_up))
    assert "Confirmer mon inscription" in page.content.decode()
    assert not User.objects.exists()
    response = family.browser.post(link_of(sign_up), {"action": "confirm"}, follow=True)
    assert "Votre enregistrement a été confirmé" in response.content.decode()
    assert 'href="/mon-espace/"' in response.content.decode()
    assert family.browser.get("/mon-espace/").status_code == 200


def test_confirming_makes_the_whole_person(family: Family, sign_up: Registration) -> None:
    user = registration.confirm(sign_up)
    assert (user.first_name, user.last_name) == ("Jeanne", "Dupont")
    assert SignInName.objects.get().user == user
    assert EmailAddress.objects.get(user=user, verified=True, primary=True).email == "jeanne@exemple.fr"
    enrolment = Enrolment.objects.get(user=user)
    assert (enrolment.level, enrolment.year) == ("college", SchoolYear.current())
    assert enrolment.academy is not None and enrolment.academy.code == "70"
    acceptance = PolicyAcceptance.objects.get(user=user)
    assert acceptance.accepted_at == sign_up.terms_accepted_at
    assert Record.objects.filter(act="account.confirmed", subject=user.subject).exists()
    assert user.check_password(PASSWORD)


def test_the_hash_of_the_password_is_kept_once(sign_up: Registration) -> None:
    registration.confirm(sign_up)
    sign_up.refresh_from_db()
    assert sign_up.password == ""


def test_elsewhere_the_password_is_asked_for(sign_up: Registration) -> None:
    phone = Client()
    assert "sid" not in phone.get(link_of(sign_up)).cookies
    wrong = phone.post(link_of(sign_up), {"action": "confirm", "password": "Autre-chose-1"})
    assert "Ce n’est pas le mot de passe" in errors_of(wrong)
    assert not User.objects.exists()
    phone.post(link_of(sign_up), {"action": "confirm", "password": PASSWORD})
    assert phone.get("/mon-espace/").status_code == 200


def test_elsewhere_passwords_cannot_be_tried_for_ever(sign_up: Registration) -> None:
    thief = Client()
    for _ in range(25):
        thief.post(link_of(sign_up), {"action": "confirm", "password": "Autre-chose-1"})
    response = thief.post(link_of(sign_up), {"action": "confirm", "password": PASSWORD})
    assert "Trop d’essais" in errors_of(response)
    assert not User.objects.exists()


def test_a_guardian_agrees_by_typing_the_childs_name(childs_sign_up: Registration) -> None:
    guardian = Client()
    page = guardian.get(link_of(childs_sign_up)).content.decode()
    assert "Je suis responsable légal de Léa-Marie et j&#x27;accepte" in page
    for typed in ({}, {"first_name": "lea marie"}, {"agrees": "on"}, {"first_name": "Paul", "agrees": "on"}):
        guardian.post(link_of(childs_sign_up), {"action": "confirm", **typed})
        assert not User.objects.exists()
    response = guardian.post(
        link_of(childs_sign_up), {"action": "confirm", "first_name": "lea marie", "agrees": "on"}, follow=True
    )
    assert "peut maintenant se connecter" in response.content.decode()
    assert PolicyAcceptance.objects.get().by_guardian


def test_a_guardian_elsewhere_gets_no_session_of_the_child(childs_sign_up: Registration) -> None:
    guardian = Client()
    guardian.post(link_of(childs_sign_up), {"first_name": "Léa-Marie", "agrees": "on"})
    assert User.objects.exists()
    assert guardian.get("/mon-espace/").status_code == 302


@pytest.mark.parametrize("age_group", ["enfant", "mineur"])
def test_a_minor_cannot_confirm_with_the_password(family: Family, age_group: str) -> None:
    family.sign_up(age_group=age_group)
    Client().post(link_of(Registration.objects.get()), {"action": "confirm", "password": PASSWORD})
    family.browser.post(link_of(Registration.objects.get()), {"action": "confirm"})
    assert not User.objects.exists()


def test_a_hundred_scanners_do_no_harm(family: Family, sign_up: Registration) -> None:
    """GET and HEAD, then every form of every page, as a program that presses all buttons would."""
    for number in range(100):
        scanner = Client()
        link = link_of(sign_up)
        scanner.head(link)
        scanner.get(link)
        if number < 20:
            for action in ("confirm", "new_password"):
                scanner.post(link, {"action": action})
            scanner.get(f"{link}?pas-moi=1")
            scanner.post(f"{link}?pas-moi=1")
        assert "sid" not in scanner.cookies
    assert not User.objects.exists()
    response = family.browser.post(link_of(sign_up), {"action": "confirm"}, follow=True)
    assert "Votre enregistrement a été confirmé" in response.content.decode()


def test_a_link_opened_again_says_that_it_is_done(family: Family, sign_up: Registration) -> None:
    family.browser.post(link_of(sign_up), {"action": "confirm"})
    for browser in (family.browser, Client()):
        page = browser.get(link_of(sign_up))
        assert page.status_code == 200
        assert "Votre enregistrement a été confirmé" in page.content.decode()
    again = Client().post(link_of(sign_up), {"action": "confirm", "password": PASSWORD}, follow=True)
    assert "Votre enregistrement a été confirmé" in again.content.decode()
    assert User.objects.count() == 1


def test_not_me_forgets_the_sign_up_and_frees_its_name(sign_up: Registration) -> None:
    owner = Client()
    assert Registration.objects.exists()
    owner.post(f"{link_of(sign_up)}?pas-moi=1", {"sure": "1"})
    assert not Registration.objects.exists() and not SignInName.objects.exists()
    assert Family().sign_up(address="autre@exemple.fr").status_code == 302


def test_not_me_comes_too_late_for_an_account(sign_up: Registration) -> None:
    registration.confirm(sign_up)
    with pytest.raises(registration.AlreadyConfirmed):
        registration.disown(sign_up)
    assert Registration.objects.exists() and User.objects.exists()


def test_a_link_lives_three_days_from_the_moment_the_mail_left(family: Family, sign_up: Registration) -> None:
    sent(sign_up, ago=timedelta(hours=72) - timedelta(seconds=30))
    assert family.browser.get(link_of(sign_up)).status_code == 200
    sent(sign_up, ago=timedelta(hours=72, seconds=1))
    page = family.browser.get(link_of(sign_up))
    assert page.status_code == 410
    family.browser.post(link_of(sign_up), {"action": "confirm"})
    assert not User.objects.exists()


def test_a_link_whose_mail_has_not_left_yet_is_not_old(family: Family, sign_up: Registration) -> None:
    Registration.objects.update(created_at=Now() - timedelta(days=5))
    assert family.browser.get(link_of(sign_up)).status_code == 200


def test_an_old_link_brings_a_new_one(family: Family, sign_up: Registration) -> None:
    sent(sign_up, ago=timedelta(hours=80))
    Message.objects.update(created_at=Now() - timedelta(hours=80))
    old = link_of(sign_up)
    response = Client().post(old, {"action": "again"})
    assert "Un nouveau message est parti" in response.content.decode()
    assert len(letters_to("jeanne@exemple.fr")) == 2
    sign_up.refresh_from_db()
    assert family.browser.get(link_of(sign_up)).status_code == 200
    assert family.browser.get(old).status_code == 404  # it does not come back to life


def test_every_damaged_link_is_refused_with_a_way_out(family: Family, sign_up: Registration) -> None:
    good = link_of(sign_up).split("/")[3]
    for place in range(len(good)):
        other = "A" if good[place] != "A" else "B"
        page = family.browser.get(f"/inscription/confirmer/{good[:place]}{other}{good[place + 1 :]}/")
        assert page.status_code == 404
    assert "Inscrivez-vous de nouveau" in page.content.decode()


@pytest.mark.parametrize("token", ["a", "é" * 48, "%00" * 16, "A" * 5000, "😀" * 12, "A" * 48, "=" * 48])
def test_what_is_no_token_is_no_error(portal: None, token: str) -> None:
    for page in ("inscription/confirmer", "inscription/mot-de-passe", "mot-de-passe"):
        assert Client().get(f"/{page}/{token}/").status_code == 404


def test_a_link_opens_one_thing_only(family: Family, sign_up: Registration) -> None:
    token = link_of(sign_up).split("/")[3]
    assert family.browser.get(f"/inscription/mot-de-passe/{token}/").status_code == 404
    assert family.browser.get(f"/mot-de-passe/{token}/").status_code == 404


def test_the_secret_in_the_address_goes_nowhere(family: Family, sign_up: Registration) -> None:
    response = family.browser.get(link_of(sign_up))
    assert response.headers["Referrer-Policy"] == "strict-origin"
    assert "no-store" in response.headers["Cache-Control"]


def test_rival_sign_ups_of_the_address_are_dropped(sign_up: Registration) -> None:
    rival = Family()
    rival.sign_up(username="autre.nom")
    registration.confirm(sign_up)
    assert list(Registration.objects.all()) == [sign_up]
    assert not SignInName.objects.filter(name="autre.nom").exists()


def test_an_address_confirmed_meanwhile_is_told_kindly(family: Family, sign_up: Registration, person) -> None:
    person("quelquun.dautre", address="jeanne@exemple.fr")
    response = family.browser.post(link_of(sign_up), {"action": "confirm"})
    assert response.status_code == 409
    assert "Cette adresse a déjà un compte" in response.content.decode()
    assert SignInName.objects.get(name="jeanne.dupont").registration == sign_up


class TestSomebodyElseSignedUpWithMyAddress:
    """The five ways to prepare an account before its owner comes (SAFETY T24)."""

    def test_my_click_alone_gives_their_password_nothing(self, sign_up: Registration) -> None:
        victim = Client()
        victim.post(link_of(sign_up), {"action": "confirm"})
        assert not User.objects.exists()

    def test_a_new_password_by_a_fresh_mail_shuts_them_out(
        self, family: Family, sign_up: Registration
    ) -> None:
        victim = Client()
        victim.post(link_of(sign_up), {"action": "new_password"})
        kinds = [letter.kind for letter in letters_to("jeanne@exemple.fr")]
        assert kinds == [registration.KIND, registration.KIND_NEW_PASSWORD]
        fresh = link_of(sign_up, registration.KIND_NEW_PASSWORD)
        victim.post(fresh, {"password": "Mon-secret-4-moi"})
        assert victim.get("/mon-espace/").status_code == 200
        user = User.objects.get()
        assert user.check_password("Mon-secret-4-moi") and not user.check_password(PASSWORD)
        assert family.browser.get("/mon-espace/").status_code == 302

    def test_a_second_click_on_the_new_password_is_no_dead_end(self, sign_up: Registration) -> None:
        fresh = link_of(sign_up, registration.KIND_NEW_PASSWORD)
        for _ in range(2):
            answer = Client().post(fresh, {"password": "Mon-secret-4-moi"}, follow=True)
            assert "Votre enregistrement a été confirmé" in answer.content.decode()

    def test_my_own_sign_up_wins(self, sign_up: Registration) -> None:
        mine = Family()
        mine.sign_up(username="la.vraie.jeanne")
        registration.confirm(Registration.objects.get(sign_in_name__name="la.vraie.jeanne"))
        assert not Registration.objects.filter(pk=sign_up.pk).exists()

    def test_a_correction_kills_the_link_that_went_to_me(self, family: Family, sign_up: Registration) -> None:
        to_me = link_of(sign_up)
        family.browser.post(
            "/inscription/verification/",
            {
                "sign_up": str(sign_up.public_id),
                "address": "leur@exemple.fr",
                "address_again": "leur@exemple.fr",
            },
        )
        assert Client().get(to_me).status_code == 404

    def test_they_cannot_confirm_without_my_mail(self, family: Family, sign_up: Registration) -> None:
        assert family.browser.get("/inscription/merci/").status_code == 200
        assert family.browser.get("/mon-espace/").status_code == 302


def test_at_a_shared_computer_the_next_person_is_asked_for_the_password(
    family: Family, sign_up: Registration
) -> None:
    """The browser is the same, but somebody signed in or out since."""
    family.browser.post("/connexion/", {"login": "personne.ici", "password": PASSWORD})
    Family(browser=family.browser).sign_up(username="autre.enfant", address="autre@exemple.fr")
    page = family.browser.get(link_of(sign_up)).content.decode()
    assert "Mot de passe choisi" in page


def test_thanks_are_for_whom_they_concern(portal: None) -> None:
    assert Client().get("/inscription/merci/").headers["Location"] == "/"
