"""Charter, password, contact: in this order, whatever is typed (SCREENS C3 to C5, SAFETY T31, T38)."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts import sms_codes, sms_numbers
from accounts.models import (
    AddressChange,
    ContactPreferences,
    FirstSignIn,
    PolicyAcceptance,
    PolicyDocument,
    SmsNumber,
    User,
)
from notifications.letters import Context, NothingToSend, renderer
from notifications.models import Message
from support.models import SupportRequest
from tests.accounts.conftest import errors_of
from tests.accounts.letters import (
    CODE,
    IDENTIFIER,
    OWN,
    Letters,
    accept_charter,
    choose_password,
    come_in,
    give_contact,
    open_letter,
    school,
    teacher,
    teaches,
)
from tests.accounts.letters import letters as letters

pytestmark = pytest.mark.django_db
CHARTER, PASSWORD, CONTACT = (
    f"/premiere-connexion/{step}/" for step in ("charte", "mot-de-passe", "contact")
)
ELSEWHERE = [
    "/mon-espace/",
    "/mon-compte/",
    "/mon-compte/nom/",
    "/mon-compte/mot-de-passe/",
    "/mon-compte/adresse/",
    "/mon-compte/appareils/",
    "/mon-compte/niveau/",
    "/mon-compte/accords/",
    "/mon-compte/donnees/",
    "/preferences/contact/",
    "/preferences/contact/numero/",
    "/preferences/contact/annuaire/",
    "/mes-eleves/",
    f"/mes-eleves/{uuid.uuid4()}/",
    "/mon-etablissement/fichiers/",
    "/mon-etablissement/demandes/",
    "/mon-etablissement/eleves/",
    "/mes-enfants/comptes/",
]
MOBILE = "+33612345678"
PREFERENCES = "/preferences/contact/"


def words(answer: Any) -> str:
    return answer.content.decode().replace("\xa0", " ")


def is_led(answer: Any, step: str) -> bool:
    return answer.status_code == 302 and answer.url.partition("?")[0] == step


@pytest.fixture
def newcomer(letters: Letters) -> Client:
    """A teacher who has just opened her letter."""
    letters.give(teacher())
    return open_letter()[0]


def at_step(browser: Client, number: int) -> str:
    """Go as far as a step, and return its page."""
    acts = (lambda: None, lambda: accept_charter(browser), lambda: choose_password(browser))
    for act in acts[:number]:
        act()
    return (CHARTER, PASSWORD, CONTACT)[number - 1]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_no_address_that_one_types_leads_past_a_step(newcomer: Client, number: int) -> None:
    step = at_step(newcomer, number)
    for address in (*ELSEWHERE, *(each for each in (CHARTER, PASSWORD, CONTACT) if each != step)):
        answer = newcomer.get(address)
        done = (
            address in (CHARTER, PASSWORD, CONTACT) and (CHARTER, PASSWORD, CONTACT).index(address) < number
        )
        assert is_led(answer, "/mon-espace/" if done else step), address
        assert done or is_led(newcomer.post(address), step), address
    assert newcomer.get(step).status_code == 200


def test_a_later_step_that_is_sent_at_once_changes_nothing(newcomer: Client) -> None:
    choose_password(newcomer)
    give_contact(newcomer, phone_1="01 23 45 67 89")
    user = User.objects.get()
    assert user.owes_password and user.owes_contact and not ContactPreferences.objects.exists()
    assert is_led(newcomer.get("/mon-espace/"), CHARTER)


def test_the_charter_stands_in_articles_and_no_box_is_ticked(newcomer: Client) -> None:
    page = words(newcomer.get(CHARTER))
    assert "Chartes d’utilisation" in page and "Étape 1 sur 3" in page and "La charte des personnels" in page
    assert "Article 1 : Dans la classe virtuelle" in page and "Article 4 : Si quelque chose ne va pas" in page
    assert "J'ai lu et j'accepte les conditions ci-dessus" in page
    refused = newcomer.post(CHARTER, {"document": PolicyDocument.objects.in_force("charter_staff").get().pk})
    assert "Cochez la case" in words(refused) and not PolicyAcceptance.objects.exists()
    assert is_led(accept_charter(newcomer), "/mon-espace/")
    assert PolicyAcceptance.objects.get().document.kind == "charter_staff"
    accept_charter(newcomer)  # twice is once
    assert PolicyAcceptance.objects.count() == 1


def test_another_text_is_not_accepted_in_the_place_of_the_charter(newcomer: Client) -> None:
    other = PolicyDocument.objects.in_force("charter_pupils").get()
    newcomer.post(CHARTER, {"document": other.pk, "accept": "1"})
    assert not PolicyAcceptance.objects.exists()


def test_who_comes_by_the_ent_alone_is_not_asked_for_the_terms_of_mcm(newcomer: Client) -> None:
    user = come_in(newcomer)
    assert not user.acceptances.filter(document__kind="terms").exists()
    assert newcomer.get("/renouveler/").status_code in (200, 302)
    assert newcomer.get("/mon-espace/").status_code == 200


@pytest.mark.parametrize(
    ("typed", "again", "said"),
    [
        ("court", "court", "au moins 8 caractères"),
        ("brumelac42!", "brumelac42!", "au moins 1 majuscule"),
        ("BrumeLac42µ", "BrumeLac42µ", "caractère spécial"),
        (OWN, OWN + "?", "ne sont pas les mêmes"),
        (OWN, "", "une seconde fois"),
        ("Roux-Jeanne42!", "Roux-Jeanne42!", ""),
        (CODE, CODE, "au moins 1 minuscule"),
    ],
)
def test_a_password_that_breaks_the_rule_is_told_why(
    newcomer: Client, typed: str, again: str, said: str
) -> None:
    accept_charter(newcomer)
    answer = newcomer.post(PASSWORD, {"password": typed, "confirmation": again})
    assert answer.status_code == 200 and said in errors_of(answer) and errors_of(answer)
    assert User.objects.get().owes_password


def test_the_session_gets_another_key_and_the_others_end_with_the_password(newcomer: Client) -> None:
    accept_charter(newcomer)
    elsewhere, _answer = open_letter()
    before = newcomer.cookies["sid"].value
    choose_password(newcomer)
    assert newcomer.cookies["sid"].value != before
    assert is_led(newcomer.get("/mon-espace/"), CONTACT)
    assert is_led(elsewhere.get("/mon-espace/"), "/connexion/")
    old = Client()
    old.cookies["sid"] = before
    assert is_led(old.get("/mon-espace/"), "/connexion/")
    assert FirstSignIn.objects.get().password_chosen_at is not None


def test_the_same_form_sent_again_is_the_same_success(newcomer: Client) -> None:
    accept_charter(newcomer)
    assert is_led(choose_password(newcomer), "/mon-espace/")
    assert is_led(choose_password(newcomer), "/mon-espace/")
    assert is_led(give_contact(newcomer), "/mon-espace/")
    assert is_led(give_contact(newcomer, phone_1="01 23 45 67 89"), "/mon-espace/")


def test_the_page_that_one_wanted_comes_after_the_steps(newcomer: Client) -> None:
    answer = newcomer.get("/mon-compte/accords/")
    assert answer.url == f"{CHARTER}?next=%2Fmon-compte%2Faccords%2F"
    assert '<input type="hidden" name="next" value="/mon-compte/accords/">' in words(newcomer.get(answer.url))


def test_pages_of_the_steps_are_kept_nowhere(newcomer: Client) -> None:
    for number in (1, 2, 3):
        page = newcomer.get(at_step(newcomer, number))
        assert "no-store" in page.headers["Cache-Control"], number


# --- contact (SCREENS C5) ----------------------------------------------------------------------------


@pytest.fixture
def at_contact(newcomer: Client) -> Client:
    """The same before the last step."""
    accept_charter(newcomer)
    choose_password(newcomer)
    return newcomer


def test_nothing_is_ticked_and_everything_may_be_left_empty(at_contact: Client) -> None:
    page = words(at_contact.get(CONTACT))
    for label in (
        "Email de réception",
        "Je souhaite être informé",
        "des messages reçus sur l’ENT",
        "des notifications de mon établissement",
        "des notifications des partenaires",
        "Téléphone 1",
        "Téléphone 2",
        "Numéro pour les SMS",
        "Ne pas me contacter par SMS",
        "Enregistrer mes informations",
        "n’est transmise à personne",
    ):
        assert label in page
    assert " checked" not in re.sub(r'name="theme"[^>]*checked', "", page)
    assert is_led(give_contact(at_contact), "/mon-espace/")
    assert at_contact.get("/mon-espace/").status_code == 200 and not ContactPreferences.objects.exists()


@pytest.mark.parametrize(
    ("name", "kind", "nature", "told", "untold"),
    [
        ("Collège Jules Verne", "college", "", "Pour un collège", "Pour un lycée"),
        ("Lycée Hugo", "lycee", "", "Pour un lycée", "Pour un collège"),
        ("Lycée Pasteur", "lycee", "LYCEE AGRICOLE", "Pour un établissement agricole", "Pour un collège"),
        ("CFA du bâtiment", "other", "", "apprentis (CFA)", "Pour un collège"),
        ("Institut", "other", "", "Pour un collège", "jamais dit"),  # of no kind that we know: all of them
    ],
)
def test_what_a_partner_is_is_told_for_the_kind_of_school(
    letters: Letters, name: str, kind: str, nature: str, told: str, untold: str
) -> None:
    letters.give(teacher(school(name=name, kind=kind, nature=nature)))
    browser, _answer = open_letter()
    accept_charter(browser)
    choose_password(browser)
    page = words(browser.get(CONTACT))
    assert told in page and untold not in page and "Par exemple" in page


def test_what_is_chosen_is_kept_and_can_be_changed_at_any_time(at_contact: Client) -> None:
    give_contact(at_contact, school_news="on", phone_1="01 23 45 67 89", no_sms="on")
    chosen = ContactPreferences.objects.get()
    assert (chosen.ent_messages, chosen.school_news, chosen.partner_news) == (False, True, False)
    assert (chosen.phone_1, chosen.no_sms) == ("+33123456789", True)
    page = words(at_contact.get("/preferences/contact/"))
    assert "+33123456789" in page and page.count(" checked") >= 2
    answer = at_contact.post("/preferences/contact/", {"partner_news": "on"})
    assert answer.url == "/preferences/contact/?fait=1" and "C’est enregistré" in words(
        at_contact.get(answer.url)
    )
    chosen.refresh_from_db()
    assert (chosen.school_news, chosen.partner_news, chosen.phone_1, chosen.no_sms) == (
        False,
        True,
        "",
        False,
    )


def test_a_wrong_number_is_told_and_nothing_that_was_typed_is_lost(at_contact: Client) -> None:
    answer = give_contact(at_contact, address="jeanne@", sms_mobile="01 23 45 67 89", phone_2="12")
    assert "portable français" in errors_of(answer) and "complet" in errors_of(answer)
    assert 'value="jeanne@"' in words(answer) and 'value="12"' in words(answer)
    assert User.objects.get().owes_contact and not Message.objects.exists()


def test_an_address_serves_once_it_is_confirmed_and_nothing_waits_for_it(at_contact: Client) -> None:
    assert is_led(give_contact(at_contact, address="Jeanne@Exemple.fr"), "/mon-espace/")
    assert at_contact.get("/mon-espace/").status_code == 200
    user = User.objects.get()
    assert user.address() == "" and Message.objects.get().kind == "accounts.address_change"
    assert "suivez-le dans les trois jours" in words(at_contact.get("/preferences/contact/"))
    at_contact.post("/preferences/contact/", {"address": "jeanne@exemple.fr"})
    assert Message.objects.count() == 1  # the same again asks for no second link


def test_the_address_of_somebody_else_is_met_with_the_same_words(letters: Letters, person: Any) -> None:
    person("albert.roy", address="albert@exemple.fr")
    letters.give(teacher())
    browser, _answer = open_letter()
    accept_charter(browser)
    choose_password(browser)
    assert is_led(give_contact(browser, address="albert@exemple.fr"), "/mon-espace/")
    assert "Un lien est parti à albert@exemple.fr" in words(browser.get("/preferences/contact/"))
    assert EmailAddress.objects.count() == 1


def test_numbers_overseas_are_written_as_people_there_write_them(letters: Letters) -> None:
    letters.give(teacher(school("9740001H", "28")))
    browser, _answer = open_letter()
    accept_charter(browser)
    choose_password(browser)
    said = {"phone_1": "0262 12 34 56", "sms_mobile": "0692 12 34 56"}
    assert is_led(give_contact(browser, **said), "/preferences/contact/numero/")
    assert ContactPreferences.objects.get().phone_1 == "+262262123456"
    assert Message.objects.get().to == "+262692123456"


def test_a_number_for_sms_serves_once_its_code_was_typed(at_contact: Client) -> None:
    assert is_led(give_contact(at_contact, sms_mobile="06 12 34 56 78"), "/preferences/contact/numero/")
    user = User.objects.get()
    assert not user.owes_contact and sms_numbers.of(user) == ""
    sent = Message.objects.get()
    assert (sent.kind, sent.to, sent.channel) == ("accounts.sms_number_code", MOBILE, "sms")
    text = renderer(sent.kind)(Context(sent.reference, sent.to, "fr", sent.created_at)).text
    code = re.findall(r"\d{6}", text)[0]
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert "Ce n’est pas le code" in words(at_contact.post("/preferences/contact/numero/", {"code": wrong}))
    answer = at_contact.post("/preferences/contact/numero/", {"code": f"{code[:3]} {code[3:]}"})
    assert is_led(answer, "/preferences/contact/") and sms_numbers.of(user) == MOBILE
    with pytest.raises(NothingToSend):
        renderer(sent.kind)(Context(sent.reference, sent.to, "fr", sent.created_at))


def test_a_code_is_judged_five_times_and_then_no_more(at_contact: Client) -> None:
    give_contact(at_contact, sms_mobile="06 12 34 56 78")
    code = sms_codes.code(sms_numbers.PURPOSE, SmsNumber.objects.get())
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _guess in range(5):
        at_contact.post("/preferences/contact/numero/", {"code": wrong})
    answer = at_contact.post("/preferences/contact/numero/", {"code": code})
    assert "ne sert plus" in words(answer) and sms_numbers.of(User.objects.get()) == ""


def test_who_wants_no_sms_gets_none(at_contact: Client) -> None:
    give_contact(at_contact, sms_mobile="06 12 34 56 78", no_sms="on")
    assert not Message.objects.exists() and not SmsNumber.objects.exists()


def test_a_number_is_taken_away_by_emptying_its_field(at_contact: Client) -> None:
    give_contact(at_contact)
    user = User.objects.get()
    ContactPreferences.objects.create(user=user, sms_mobile=MOBILE)
    assert MOBILE in words(at_contact.get("/preferences/contact/"))
    at_contact.post("/preferences/contact/", {"sms_mobile": ""})
    assert sms_numbers.of(user) == ""


def test_the_same_number_twice_sends_one_code(at_contact: Client) -> None:
    give_contact(at_contact, sms_mobile="06 12 34 56 78")
    at_contact.post("/preferences/contact/", {"sms_mobile": "+33 6 12 34 56 78"})
    assert Message.objects.count() == 1


def test_the_school_is_told_that_its_directory_is_wrong(at_contact: Client) -> None:
    give_contact(at_contact)
    page = words(at_contact.get("/preferences/contact/annuaire/"))
    key = re.findall(r'name="submission" value="([\w-]+)"', page)[0]
    place = re.findall(r'name="school" value="([\w-]+)" checked', page)[0]
    said = {"submission": key, "school": place, "text": "Mon portable a changé."}
    for _twice in range(2):
        assert is_led(at_contact.post("/preferences/contact/annuaire/", said), "/aide/envoyee/")
    asked = SupportRequest.objects.get()
    assert (asked.school, asked.user, asked.text) == (school(), User.objects.get(), "Mon portable a changé.")


def test_who_is_no_schools_staff_has_no_directory(client: Client, person: Any) -> None:
    client.force_login(person())
    assert client.get("/preferences/contact/annuaire/").status_code == 404
    assert client.get("/mes-eleves/").status_code == 404


# --- a new code on paper, by a teacher ------------------------------------------------------------------


def test_a_teacher_finds_the_way_to_the_classes_on_my_space(letters: Letters) -> None:
    member = teacher()
    letters.give(member)
    browser, _answer = open_letter()
    come_in(browser)
    assert "/mes-eleves/" not in words(browser.get("/mon-espace/"))
    teaches(member)
    assert "/mes-eleves/" in words(browser.get("/mon-espace/"))


def test_the_identifier_is_shown_where_the_password_is_chosen(newcomer: Client) -> None:
    accept_charter(newcomer)
    assert IDENTIFIER in words(newcomer.get(PASSWORD))


@pytest.mark.parametrize("said", [{"address": "voleur@exemple.fr"}, {"sms_mobile": "06 12 34 56 78"}])
def test_who_finds_a_session_open_makes_no_way_in_of_their_own(
    at_contact: Client, said: dict[str, str]
) -> None:
    """A confirmed address or number recovers the account: it takes the password (SAFETY T24, T31)."""
    give_contact(at_contact)
    forget_proof(at_contact)
    page = words(at_contact.post(PREFERENCES, {"partner_news": "on", **said}))
    assert "écrivez aussi votre mot de passe" in page and f'value="{next(iter(said.values()))}"' in page
    assert not Message.objects.filter(to__in=["voleur@exemple.fr", MOBILE]).exists()
    assert "pas votre mot de passe" in words(at_contact.post(PREFERENCES, {**said, "password": "Faux-1-x"}))
    assert not AddressChange.objects.exists() and not SmsNumber.objects.exists()
    assert at_contact.post(PREFERENCES, {"partner_news": "on"}).url == f"{PREFERENCES}?fait=1"
    assert at_contact.post(PREFERENCES, {**said, "password": OWN}).status_code == 302
    assert AddressChange.objects.exists() or SmsNumber.objects.exists()


def forget_proof(browser: Client) -> None:
    """Let the last proof of a session be an hour old."""
    session = browser.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()
