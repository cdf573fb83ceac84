"""Staff help people and sign-ups of their académie: with a reason, in the journal, and told (issue 3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts import recovery, registration
from accounts.models import Enrolment, PolicyAcceptance, RecoveryRequest, Registration, User
from audit.models import Record
from notifications.letters import Context, Letter
from notifications.letters import renderer as renderer_of
from notifications.models import Message
from schools.models import Academy
from tests.accounts.conftest import PASSWORD, Family, letters_to, link_of
from tests.accounts.staff import appoint, staff_client
from throttling.models import Counter

pytestmark = pytest.mark.django_db
REASON = {"reason": "Appel de la famille, vérifié par rappel."}
PEOPLE, SIGN_UPS = "/administration/accounts/user/", "/administration/accounts/registration/"
MEND = ["fermer-sessions", "nouveau-mot-de-passe", "suspendre", "retablir"]


@pytest.fixture
def dane(portal: None) -> Client:
    """A DANE admin of Normandie."""
    return staff_client(appoint(None, "dane", "70"))


@pytest.fixture
def sign_up(family: Family) -> Registration:
    """Somebody of Normandie whose sign-up waits; their first letter left some time ago."""
    family.sign_up()
    waiting = Registration.objects.get()
    Message.objects.update(created_at="2026-01-01T12:00Z")
    return waiting


def act(browser: Client, row: Registration | User, name: str, **said: str):
    """Send the form of an act."""
    base = PEOPLE if isinstance(row, User) else SIGN_UPS
    return browser.post(f"{base}{row.pk}/acte/{name}/", {**REASON, **said}, follow=True)


def said_on(answer) -> str:
    return answer.content.decode().replace("\xa0", " ")


def letter_of(message: Message) -> Letter:
    context = Context(message.reference, message.to, message.language, message.created_at)
    return renderer_of(message.kind)(context)


# --- a reason, always ------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["", "   ", "trop court", "x" * 501])
def test_nothing_is_done_without_a_reason(dane: Client, person: Callable[..., User], reason: str) -> None:
    user = person()
    if reason == "trop court":
        reason = " trop peu "
    answer = act(dane, user, "suspendre", reason=reason)
    assert 'role="alert"' in said_on(answer)
    user.refresh_from_db()
    assert user.is_active and not Record.objects.filter(act="account.suspended").exists()


def test_opening_the_page_of_an_act_does_nothing(dane: Client, person: Callable[..., User]) -> None:
    user = person()
    for name in MEND[:3]:
        answer = dane.get(f"{PEOPLE}{user.pk}/acte/{name}/")
        assert answer.status_code == 200 and "csrfmiddlewaretoken" in said_on(answer)
    user.refresh_from_db()
    assert user.is_active and user.has_usable_password() and user.session_epoch == 0


def test_a_form_of_another_site_is_refused(portal: None, person: Callable[..., User]) -> None:
    user = person()
    browser = staff_client(appoint(None, "dane", "70"), enforce_csrf_checks=True)
    assert act(browser, user, "suspendre").status_code == 403
    user.refresh_from_db()
    assert user.is_active


# --- sign-ups that wait ----------------------------------------------------------------------------


def test_the_mail_of_a_sign_up_is_sent_again(dane: Client, sign_up: Registration) -> None:
    assert "Le courriel repart." in said_on(act(dane, sign_up, "renvoyer"))
    message = letters_to(sign_up.address)[-1]
    assert (message.kind, message.academy, message.state) == (registration.KIND, "70", "waiting")
    line = Record.objects.get(act="registration.resent")
    assert (line.academy, line.reason, line.subject) == (
        "70",
        REASON["reason"],
        f"registration:{sign_up.public_id}",
    )
    assert "Attendez une minute" in said_on(act(dane, sign_up, "renvoyer"))


def test_staff_cannot_bomb_a_mailbox_either(dane: Client, sign_up: Registration) -> None:
    for _ in range(2):  # the first of three an hour was the sign-up's own
        Message.objects.update(created_at="2026-01-01T12:00Z")
        assert "Le courriel repart." in said_on(act(dane, sign_up, "renvoyer"))
    Message.objects.update(created_at="2026-01-01T12:00Z")
    answer = said_on(act(dane, sign_up, "renvoyer"))
    assert "a déjà reçu beaucoup de nos messages" in answer
    assert len(letters_to(sign_up.address)) == 3


def test_several_mails_are_sent_again_at_once(dane: Client, family: Family) -> None:
    family.sign_up()
    Family(browser=Client()).sign_up(username="second.compte", address="second@exemple.fr")
    Message.objects.update(created_at="2026-01-01T12:00Z")
    ticked = [str(row.pk) for row in Registration.objects.all()]
    chosen = {"action": "renvoyer", "_selected_action": ticked, "index": "0"}
    answer = dane.post(SIGN_UPS, chosen)
    assert "Motif" in said_on(answer) and Message.objects.count() == 2
    answer = dane.post(SIGN_UPS, {**chosen, "_reason_given": "1", **REASON}, follow=True)
    assert "Le courriel repart. (2)" in said_on(answer)
    assert Message.objects.count() == 4


def test_a_wrong_address_is_corrected_and_its_link_is_dead(dane: Client, sign_up: Registration) -> None:
    first_link = link_of(sign_up)
    answer = act(dane, sign_up, "corriger-adresse", address=" Juste@Exemple.FR ")
    assert "L’adresse est corrigée" in said_on(answer)
    sign_up.refresh_from_db()
    assert sign_up.address == "juste@exemple.fr"
    assert Client().get(first_link).status_code == 404
    assert letters_to("juste@exemple.fr")[-1].kind == registration.KIND
    assert len(letters_to("jeanne@exemple.fr")) == 1  # a stranger's, perhaps: told nothing
    line = Record.objects.get(act="registration.corrected")
    assert line.fields == ["address"] and line.academy == "70" and line.actor.startswith("user:")


def test_an_address_that_is_none_is_explained(dane: Client, sign_up: Registration) -> None:
    answer = said_on(act(dane, sign_up, "corriger-adresse", address="juste@"))
    assert "Écrivez une adresse de courriel complète" in answer
    sign_up.refresh_from_db()
    assert sign_up.address == "jeanne@exemple.fr"


def test_a_sign_up_is_confirmed_by_hand_and_the_mailbox_is_told(dane: Client, sign_up: Registration) -> None:
    answer = act(dane, sign_up, "confirmer")
    assert "L’inscription est confirmée" in said_on(answer)
    user = User.objects.with_address(sign_up.address).get()
    assert Client().login(username="jeanne.dupont", password=PASSWORD)
    letter = letter_of(letters_to(sign_up.address)[-1])
    assert "Jeanne Dupont" in letter.text and "confirmé" in letter.text and "/connexion/" in letter.text
    lines = Record.objects.filter(subject=user.subject)
    assert set(lines.values_list("act", flat=True)) == {"account.confirmed", "account.confirmed_by_staff"}
    assert not lines.filter(actor=user.subject).exists()
    assert lines.get(act="account.confirmed_by_staff").reason == REASON["reason"]


def test_for_a_minor_the_agreement_is_kept_as_the_guardians(dane: Client, family: Family) -> None:
    family.sign_up(age_group="mineur")
    act(dane, Registration.objects.get(), "confirmer")
    assert PolicyAcceptance.objects.get(user__last_name="Dupont").by_guardian


def test_an_address_that_has_an_account_is_not_confirmed_twice(
    dane: Client, family: Family, person: Callable[..., User]
) -> None:
    person("autre", address="jeanne@exemple.fr")
    family.sign_up()
    answer = said_on(act(dane, Registration.objects.get(), "confirmer"))
    assert "Un autre compte utilise déjà cette adresse" in answer
    assert EmailAddress.objects.filter(email="jeanne@exemple.fr").count() == 1


# --- people ----------------------------------------------------------------------------------------


def test_all_sessions_of_a_person_end(dane: Client, person: Callable[..., User]) -> None:
    user = person()
    browser = Client()
    browser.force_login(user)
    assert browser.get("/mon-espace/").status_code == 200
    act(dane, user, "fermer-sessions")
    assert browser.get("/mon-espace/")["Location"].startswith("/connexion/")
    assert "fermé toutes les connexions" in letter_of(letters_to(user.address())[-1]).text


def test_a_new_password_is_required_and_staff_never_know_it(
    dane: Client, person: Callable[..., User]
) -> None:
    user = person()
    browser = Client()
    browser.force_login(user)
    page = said_on(act(dane, user, "nouveau-mot-de-passe"))
    assert browser.get("/mon-espace/")["Location"].startswith("/connexion/")
    assert not Client().login(username="jeanne.dupont", password=PASSWORD)
    message = letters_to(user.address())[-1]
    assert (message.kind, message.academy) == (recovery.KIND, "70")
    letter = letter_of(message)
    link = letter.text.split("/mot-de-passe/")[1].split("/")[0]
    assert "L’ancien ne marche plus" in letter.text and "reste le même" not in letter.text
    assert link not in page
    answer = Client().post(f"/mot-de-passe/{link}/", {"password": "Nouveau-Chat-9-dort"}, follow=True)
    assert answer.status_code == 200
    assert Client().login(username="jeanne.dupont", password="Nouveau-Chat-9-dort")


def test_without_an_address_no_password_is_taken_away(dane: Client, person: Callable[..., User]) -> None:
    user = person()
    EmailAddress.objects.filter(user=user).delete()
    assert "n’a pas d’adresse" in said_on(act(dane, user, "nouveau-mot-de-passe"))
    user.refresh_from_db()
    assert user.has_usable_password() and not RecoveryRequest.objects.exists()


def test_an_account_is_suspended_and_restored(dane: Client, person: Callable[..., User]) -> None:
    user = person()
    browser = Client()
    browser.force_login(user)
    act(dane, user, "suspendre")
    assert browser.get("/mon-espace/")["Location"].startswith("/connexion/")
    assert not Client().login(username="jeanne.dupont", password=PASSWORD)
    assert "suspendu" in letter_of(letters_to(user.address())[-1]).text
    act(dane, user, "retablir")
    assert Client().login(username="jeanne.dupont", password=PASSWORD)
    assert "rétabli" in letter_of(letters_to(user.address())[-1]).text
    acts = Record.objects.filter(subject=user.subject, reason=REASON["reason"], academy="70")
    assert set(acts.values_list("act", flat=True)) == {"account.suspended", "account.restored"}


def test_only_a_national_admin_takes_a_second_factor_off(dane: Client, person: Callable[..., User]) -> None:
    user = person()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    assert act(dane, user, "retirer-second-facteur").status_code == 404
    assert Authenticator.objects.filter(user=user).exists()
    national = staff_client(appoint(None, "national"))
    assert "Le second facteur est retiré" in said_on(act(national, user, "retirer-second-facteur"))
    assert not Authenticator.objects.filter(user=user).exists()
    assert "second facteur" in letter_of(letters_to(user.address())[-1]).text


def test_support_reads_and_sends_again_and_nothing_else(
    sign_up: Registration, person: Callable[..., User]
) -> None:
    support = staff_client(appoint(None, "support", "70"))
    user = person("autre.personne")
    page = said_on(support.get(f"{PEOPLE}{user.pk}/change/"))
    assert "autre.personne@exemple.fr" in page and "/acte/" not in page
    for name in MEND:
        assert act(support, user, name).status_code == 404
    for name in ("corriger-adresse", "confirmer"):
        assert act(support, sign_up, name, address="autre@exemple.fr").status_code == 404
    assert "Le courriel repart." in said_on(act(support, sign_up, "renvoyer"))
    user.refresh_from_db()
    assert user.is_active and user.has_usable_password() and user.session_epoch == 0


@pytest.mark.parametrize("role", ["national", "dane", "support", "dpo"])
def test_a_dane_admin_cannot_act_on_a_colleague(dane: Client, person: Callable[..., User], role: str) -> None:
    colleague = appoint(person(), role, "70" if role in ("dane", "support") else None)
    page = said_on(dane.get(f"{PEOPLE}{colleague.pk}/change/"))
    assert "Jeanne Dupont" in page and "/acte/" not in page
    for name in MEND:
        assert act(dane, colleague, name).status_code == 404
    colleague.refresh_from_db()
    assert colleague.is_active and colleague.has_usable_password() and colleague.session_epoch == 0


def test_nobody_acts_on_themselves(person: Callable[..., User]) -> None:
    national = appoint(person(), "national")
    browser = staff_client(national)
    for name in [*MEND, "retirer-second-facteur"]:
        assert act(browser, national, name).status_code == 404


def test_a_national_admin_helps_staff_too(portal: None, person: Callable[..., User]) -> None:
    colleague = appoint(person(), "dane", "70")
    assert "suspendu" in said_on(act(staff_client(appoint(None, "national")), colleague, "suspendre"))


def test_who_has_moved_to_another_academie_is_helped_there(dane: Client, person: Callable[..., User]) -> None:
    user = person(school_year=2020)
    assert dane.get(f"{PEOPLE}{user.pk}/change/").status_code == 200
    lyon = Academy.objects.get(code="10")
    Enrolment.objects.create(
        user=user,
        level="lycee",
        profile="eleve",
        academy=lyon,
        department=lyon.departments.first(),
        school_year=2021,
    )
    assert dane.get(f"{PEOPLE}{user.pk}/change/").status_code == 404
    assert staff_client(appoint(None, "dane", "10")).get(f"{PEOPLE}{user.pk}/change/").status_code == 200


def test_no_secret_is_shown(dane: Client, sign_up: Registration, person: Callable[..., User]) -> None:
    user = person("autre.personne")
    for page in (f"{PEOPLE}{user.pk}/change/", f"{SIGN_UPS}{sign_up.pk}/change/"):
        shown = said_on(dane.get(page))
        for secret in ("argon2", user.password, sign_up.password, sign_up.link_secret, sign_up.browser):
            assert secret not in shown


def test_who_looked_at_whom_stands_in_the_journal(sign_up: Registration, person: Callable[..., User]) -> None:
    staff = appoint(None, "support", "70")
    browser = staff_client(staff)
    user = person("autre.personne")
    browser.get(f"{PEOPLE}{user.pk}/change/")
    browser.get(f"{SIGN_UPS}{sign_up.pk}/change/")
    lines = Record.objects.filter(actor=staff.subject).values_list("act", "subject", "academy")
    assert set(lines) == {
        ("account.read_by_staff", user.subject, "70"),
        ("registration.read_by_staff", f"registration:{sign_up.public_id}", "70"),
    }


def test_the_state_of_the_mail_is_shown_in_words(dane: Client, sign_up: Registration) -> None:
    message = letters_to(sign_up.address)[0]
    Message.objects.filter(pk=message.pk).update(state="dead", last_error="550 5.1.1")
    assert "Cette adresse n’existe pas" in said_on(dane.get(f"{SIGN_UPS}{sign_up.pk}/change/"))


def test_letters_of_recovery_and_sign_up_are_of_their_academie(
    family: Family, person: Callable[..., User]
) -> None:
    user = person("autre.personne")
    family.sign_up()
    for typed in (user.address(), "autre.personne", "jeanne@exemple.fr", "jeanne.dupont"):
        Counter.objects.all().delete()
        Client().post("/acces-oublie/", {"login": typed})
    assert {message.academy for message in Message.objects.all()} == {"70"}
    assert Message.objects.count() == 5
