"""« Mon compte » of a guardian: mail, mobile, alerts (SCREENS D10)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts import address_change, links, personal_data, sms_numbers
from accounts.models import AddressChange, OpenSession, PolicyAcceptance, PolicyDocument, User
from audit.models import Record
from guardians import codes, mobiles
from guardians.models import GuardianAccount, Guardianship, MobileChange
from guardians.tasks import purge
from notifications.letters import Context, NothingToSend, renderer
from notifications.models import Message
from tests.abreast import abreast
from tests.accounts.conftest import make_older
from throttling import limits
from throttling.models import Counter

from .conftest import PASSWORD, Declared, Guardian

pytestmark = pytest.mark.django_db(transaction=True)
Declare = Callable[..., Declared]
OLD, NEW = "+33612345678", "+33698765432"


def read(message: Message) -> str:
    """Write a message as the worker does."""
    context = Context(message.reference, message.to, message.language, message.created_at)
    return renderer(message.kind)(context).text


def words(answer: HttpResponse) -> str:
    return answer.content.decode().replace("\xa0", " ")


@pytest.fixture
def mother(declare: Declare, guardian: Guardian) -> Guardian:
    """A guardian with an account, on « Mon espace »."""
    guardian.go_all_the_way(declare())
    guardian.arrive()
    return guardian


def person() -> User:
    return User.objects.latest("pk")


def ask(mother: Guardian, mobile: str = "06 98 76 54 32") -> HttpResponse:
    return mother.browser.post("/mon-compte/portable/", {"region": "FR", "mobile": mobile})


def type_code(mother: Guardian, typed: str = "") -> HttpResponse:
    code = typed or codes.code(MobileChange.objects.get())
    return mother.browser.post("/mon-compte/portable/code/", {"code": code})


# --- what the page shows ----------------------------------------------------------------------------


def test_the_page_shows_the_children_the_number_and_the_ways_on(mother: Guardian) -> None:
    page = words(mother.browser.get("/mon-compte/"))
    for said in (
        "Les élèves dont je suis le représentant légal",
        "Collège Jules Verne (0501271K)",
        "Adresse mail",
        "Téléphone portable",
        OLD,
        "C’est le numéro que l’école connaît.",
        "Ajout d’un élève depuis un autre compte",
        "Afficher les alertes de mon compte à chaque connexion",
        "Activer",
        "Accéder à mes services",
    ):
        assert said in page


# --- the mail ---------------------------------------------------------------------------------------


def test_who_has_no_address_adds_one_that_serves_once_it_is_confirmed(mother: Guardian) -> None:
    assert "pas encore d’adresse" in words(mother.browser.get("/mon-compte/adresse/"))
    typed = {"address": "helene@exemple.fr", "address_again": "helene@exemple.fr"}
    assert mother.browser.post("/mon-compte/adresse/", typed).url == "/mon-compte/"
    assert person().address() == ""
    assert [each.to for each in Message.objects.filter(kind__startswith="accounts.")] == ["helene@exemple.fr"]
    link = links.token(address_change.KIND, AddressChange.objects.get())
    mother.browser.post(f"/adresse/confirmer/{link}/")
    assert person().address() == "helene@exemple.fr"


# --- the mobile -------------------------------------------------------------------------------------


def test_a_new_number_is_confirmed_by_its_code_and_the_old_one_and_the_mail_are_told(
    mother: Guardian,
) -> None:
    EmailAddress.objects.create(user=person(), email="helene@exemple.fr", verified=True, primary=True)
    assert ask(mother).url == "/mon-compte/portable/code/"
    sms = Message.objects.get(kind=mobiles.KIND_CODE)
    assert sms.to == NEW and codes.code(MobileChange.objects.get()) in read(sms)
    assert mobiles.of(person()) == OLD  # as long as nobody has the code
    assert type_code(mother).url == "/mon-compte/?fait=portable"
    assert mobiles.of(person()) == NEW
    told = Message.objects.filter(kind=mobiles.KIND_CHANGED)
    assert {each.to for each in told} == {OLD, "helene@exemple.fr"}
    assert all(NEW not in read(each) for each in told)
    assert Record.objects.filter(act=mobiles.CHANGED, fields=["mobile"]).exists()
    assert not MobileChange.objects.exists()


def test_the_schools_record_stays_as_it_is_and_the_page_says_so(mother: Guardian) -> None:
    assert "ne change pas la fiche de l’école" in words(mother.browser.get("/mon-compte/portable/"))
    ask(mother)
    type_code(mother)
    assert person().contact_accounts.get().contact.mobile == OLD
    assert "déjà le numéro" in words(ask(mother))


def test_a_number_is_changed_only_by_who_has_just_given_the_password(mother: Guardian) -> None:
    make_older(mother.browser, 305)
    assert ask(mother).url.startswith("/mon-compte/identite/")


def test_of_many_codes_at_once_five_are_judged(mother: Guardian) -> None:
    ask(mother)
    change = MobileChange.objects.get()
    right = codes.code(change)
    wrong = [f"{n:06}" for n in range(21) if f"{n:06}" != right][:20]
    given = abreast(*(lambda typed=typed: mobiles.verify_code(change, typed) for typed in wrong))
    assert sum(each is False for each in given) == 5
    assert "ne sert plus" in words(type_code(mother))  # not even the right one
    assert mobiles.of(person()) == OLD


def test_the_right_code_in_two_tabs_at_once_acts_once(mother: Guardian) -> None:
    ask(mother)
    change = MobileChange.objects.get()
    code = codes.code(change)
    given = abreast(*(lambda: mobiles.verify_code(change, code) for _tab in range(3)))
    assert given.count(True) == 1
    assert Record.objects.filter(act=mobiles.CHANGED).count() == 1


def test_a_code_sent_again_waits_a_minute_and_kills_the_one_before(mother: Guardian) -> None:
    ask(mother)
    first = Message.objects.get(kind=mobiles.KIND_CODE)
    old = codes.code(MobileChange.objects.get())
    again = mother.browser.post("/mon-compte/portable/code/", {"act": "again"})
    assert "une minute" in words(again)
    Counter.objects.all().delete()
    assert "vient de partir" in words(mother.browser.post("/mon-compte/portable/code/", {"act": "again"}))
    with pytest.raises(NothingToSend):
        read(first)
    assert type_code(mother, old).status_code == 200 and mobiles.of(person()) == OLD


def test_nobodys_phone_is_flooded(mother: Guardian) -> None:
    sent = 0
    for _try in range(8):
        Counter.objects.filter(scope="guardians.mobile_cooldown").delete()
        sent += ask(mother).status_code == 302
    assert sent == 3  # within ten minutes


def test_a_change_is_cancelled_or_forgotten_in_time(mother: Guardian) -> None:
    ask(mother)
    assert mother.browser.post("/mon-compte/portable/code/", {"act": "cancel"}).url == "/mon-compte/"
    assert not MobileChange.objects.exists()
    Counter.objects.all().delete()
    ask(mother)
    MobileChange.objects.update(lives_until=timezone.now() - timedelta(seconds=1))
    assert mother.browser.get("/mon-compte/portable/code/").url == "/mon-compte/"
    purge()
    assert not MobileChange.objects.exists()


def test_who_is_no_guardian_finds_none_of_these_pages(portal: None) -> None:
    browser = Client()
    user = User.objects.create_user(first_name="A", last_name="B", password=PASSWORD)
    PolicyAcceptance.objects.create(user=user, document=PolicyDocument.objects.in_force("terms").get())
    browser.force_login(user)
    for address in ("portable/code/", "alertes/"):
        assert browser.get(f"/mon-compte/{address}").status_code == 404
    assert browser.post("/mon-compte/alertes/choix/", {"on": "1"}).status_code == 404


# --- the alerts -------------------------------------------------------------------------------------


def sign_in(identifier: str, agent: str = "Mozilla/5.0 (Android) Firefox/120") -> Client:
    browser = Client(headers={"user-agent": agent})
    browser.post("/responsables/connexion/", {"login": identifier, "password": PASSWORD})
    return browser


def test_alerts_are_shown_once_after_each_sign_in_to_who_asked_for_them(mother: Guardian) -> None:
    identifier = person().sign_in_names.get().name
    assert sign_in(identifier).get("/mon-espace/").status_code == 200  # off unless asked for
    answer = mother.browser.post("/mon-compte/alertes/choix/", {"on": "1"})
    assert answer.url == "/mon-compte/?fait=alertes"
    assert "Désactiver" in words(mother.browser.get("/mon-compte/"))  # not before the next sign-in
    phone = sign_in(identifier)
    first = phone.get("/mon-compte/", follow=True)
    assert "Les alertes de mon compte" in words(first) and "Rien de nouveau" in words(first)
    assert phone.get("/mon-espace/").status_code == 302  # not skipped by typing an address
    assert phone.post("/mon-compte/alertes/", {"next": "/mon-compte/"}).url == "/mon-compte/"
    assert phone.get("/mon-espace/").status_code == 200
    second = words(sign_in(identifier).get("/mon-espace/", follow=True))
    assert "Votre connexion précédente" in second and "Firefox sur Android" in second
    phone.post("/mon-compte/alertes/choix/", {"on": "0"})
    assert sign_in(identifier).get("/mon-espace/").status_code == 200


def test_what_happened_to_the_account_is_told_without_naming_anybody(
    mother: Guardian, declare: Declare
) -> None:
    user = person()
    mother.browser.post("/mon-compte/alertes/choix/", {"on": "1"})
    ask(mother)
    type_code(mother)
    child = Guardianship.objects.get(user=user).tie.student
    other = declare([child], first_name="Marc", family_name="MARTIN", mobile="+33611111111")
    stranger = User.objects.create_user(first_name="Marc", last_name="Martin", password=PASSWORD)
    Guardianship.objects.create(user=stranger, tie=other.tie())
    thief = sign_in(user.sign_in_names.get().name, "Mozilla/5.0 (Windows) Chrome/120")
    assert thief.get("/mon-espace/").status_code == 302
    page = words(sign_in(user.sign_in_names.get().name).get("/mon-espace/", follow=True))
    assert "Le numéro de portable de votre compte a changé." in page
    assert "Un autre responsable légal de Chloé a créé son accès." in page
    assert "ouvert ailleurs : Chrome sur Windows" in page
    assert "Marc" not in page and "MARTIN" not in page


def test_what_was_read_in_one_session_is_no_news_in_the_next(mother: Guardian) -> None:
    name = person().sign_in_names.get().name
    mother.browser.post("/mon-compte/alertes/choix/", {"on": "1"})
    ask(mother)
    type_code(mother)
    OpenSession.objects.all().delete()
    for told in (True, False):
        browser = sign_in(name)
        assert ("portable de votre compte" in words(browser.get("/mon-espace/", follow=True))) is told
        browser.post("/mon-compte/alertes/")
        browser.post("/deconnexion/")


# --- what is known of a person ------------------------------------------------------------------------


def test_the_number_is_handed_over_and_erased(mother: Guardian) -> None:
    ask(mother)
    type_code(mother)
    assert NEW in json.dumps(personal_data.export(person()), default=str)
    personal_data.erase(person())
    assert not GuardianAccount.objects.exists()
    assert not re.search(re.escape(NEW), str(list(Message.objects.values())))


def test_a_number_is_not_rung_more_often_because_two_doors_ask_for_it(portal: None) -> None:
    def somebody() -> User:
        return User.objects.create_user(first_name="Inès", last_name="Roux", password="x")

    for kind in (mobiles.NUMBERS, sms_numbers.NUMBERS, mobiles.NUMBERS):
        kind.ask(somebody(), NEW, browser="")
    with pytest.raises(limits.Refused):
        sms_numbers.NUMBERS.ask(somebody(), NEW, browser="")
    assert Message.objects.filter(to=NEW).count() == 3
