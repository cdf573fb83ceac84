"""A guardian signs in for the first time with a code by SMS (SCREENS D4 to D9)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import SignInName, User
from audit.models import Record
from guardians import activation, codes, declaring, finishing
from guardians.models import Activation, Answer, BirthDateTries, ContactAccount, Guardianship
from notifications.letters import Context, NothingToSend, renderer
from notifications.models import Message
from schools.models import GuardianTie, Responsibility
from throttling.models import Counter

from .conftest import PASSWORD, START, Declared, Guardian

pytestmark = pytest.mark.django_db(transaction=True)
Declare = Callable[..., Declared]


def read(message: Message) -> str:
    """Write a message as the worker does."""
    context = Context(message.reference, message.to, message.language, message.created_at)
    return renderer(message.kind)(context).text


def test_from_a_name_to_ones_children_without_signing_out(declare: Declare, guardian: Guardian) -> None:
    family = declare({"Chloé": "2012-03-09", "Léo": "2015-11-00"})
    assert guardian.start().url == f"{START}code/"
    sms = Message.objects.get(kind="guardians.code")
    assert sms.to == "+33612345678" and sms.channel == "sms"
    code = re.search(r"\d{6}", read(sms))
    assert code and "30 minutes" in read(sms)
    assert guardian.code(f" {code[0][:3]} {code[0][3:]} ").url == f"{START}enfants/"
    first = guardian.browser.get(f"{START}enfants/", follow=True)
    assert "Chloé DUPONT" in first.content.decode() and "(0501271K)" in first.content.decode()
    guardian.answer(family.children[0])
    assert "Léo" in guardian.browser.get(f"{START}enfants/", follow=True).content.decode()
    guardian.answer(family.children[1], "00 11 2015")
    assert guardian.browser.get(f"{START}enfants/").url == f"{START}mot-de-passe/"
    assert guardian.choose_password().url == "/responsables/identifiant/"
    shown = guardian.browser.get("/mon-espace/", follow=True)  # not before the identifier was read
    identifier = SignInName.objects.get(authority="educonnect").name
    assert re.fullmatch(r"h\.dupont\d\d", identifier) and identifier in shown.content.decode()
    home = guardian.arrive()
    assert "Les élèves dont je suis le représentant légal" in home
    assert "Chloé DUPONT" in home and "Léo DUPONT" in home and "Collège Jules Verne (0501271K)" in home
    assert not Activation.objects.exists()  # what was typed is forgotten


def test_the_identifier_opens_the_guardians_door_and_no_other(declare: Declare, guardian: Guardian) -> None:
    identifier = guardian.go_all_the_way(declare())
    for door, opens in (("/responsables/connexion/", True), ("/college/connexion/", False)):
        answer = Client().post(door, {"login": identifier.upper(), "password": PASSWORD})
        assert (answer.status_code == 302) is opens


def test_a_guardian_has_an_identifier_and_no_school_year_of_their_own(
    declare: Declare, guardian: Guardian
) -> None:
    identifier = guardian.go_all_the_way(declare())
    guardian.arrive()
    page = guardian.browser.get("/mon-compte/").content.decode()
    assert identifier in page and "Ajouter un niveau" not in page and "valable jusqu" not in page
    assert guardian.browser.get("/mon-compte/niveau/")["Location"] == "/mon-compte/"


def test_another_password_keeps_the_rule_of_the_guardians_door(declare: Declare, guardian: Guardian) -> None:
    guardian.go_all_the_way(declare())
    guardian.arrive()
    page = guardian.browser.get("/mon-compte/mot-de-passe/").content.decode()
    assert 'data-policy="educonnect"' in page and "tel que * - #" not in page
    refused = guardian.browser.post("/mon-compte/mot-de-passe/", {"password": "tZ7^kqpLw"})
    assert "caractère spécial parmi" in refused.content.decode()
    changed = guardian.browser.post("/mon-compte/mot-de-passe/", {"password": "tZ7#kqpLw"})
    assert changed.url == "/mon-compte/?fait=mot-de-passe"


@pytest.mark.parametrize(
    ("first_name", "last_name"),
    [
        ("helene", "DUPONT"),
        ("Hélène", "Le Goff"),
        ("Hélène Marie", "dupont"),
        ("marie-hélène", "Dupont-Le Goff"),
        ("Marie", "le goff dupont"),
    ],
)
def test_names_are_compared_as_people_write_them(
    declare: Declare, guardian: Guardian, first_name: str, last_name: str
) -> None:
    declare(first_name="Hélène Marie", usage_name="LE GOFF")
    guardian.start(first_name=first_name, last_name=last_name)
    assert guardian.activation.contacts


@pytest.mark.parametrize(
    "typed",
    [
        {"first_name": "Paul"},
        {"last_name": "Durand"},
        {"mobile": "06 12 34 56 79"},
        {"first_name": "Hel"},
    ],
)
def test_who_is_not_in_a_record_gets_no_sms_and_sees_the_same_pages(
    declare: Declare, guardian: Guardian, typed: dict[str, str]
) -> None:
    declare()
    seen = []
    for browser, said in ((guardian, {}), (Guardian(), typed)):
        Counter.objects.all().delete()  # some minutes later
        with CaptureQueriesContext(connection) as asked:
            begun = browser.start(**said)
            page = browser.browser.get(begun.url)
            wrong = browser.code("000000" if codes.code(browser.activation) != "000000" else "111111")
        length = len(re.sub(rb'(?<=value=")[\w-]{64}', b"", page.content + wrong.content))
        seen.append((begun.status_code, begun.url, page.status_code, wrong.status_code, length, len(asked)))
    assert seen[0] == seen[1]
    messages = Message.objects.order_by("pk")
    assert [message.to for message in messages] == ["+33612345678", ""]
    with pytest.raises(NothingToSend):
        read(messages[1])


def test_a_landline_or_half_a_number_is_refused_kindly(guardian: Guardian, portal: None) -> None:
    for number, word in (("01 42 00 00 00", "portable"), ("06 12 34", "complet"), ("", "Écrivez")):
        page = guardian.start(mobile=number)
        assert page.status_code == 200 and word in page.content.decode()
    assert guardian.start(region="RE", mobile="0692 12 34 56").status_code == 302
    assert guardian.activation.mobile == "+262692123456"


def test_a_code_belongs_to_its_browser_and_to_the_last_sms(declare: Declare, guardian: Guardian) -> None:
    declare()
    guardian.start()
    stranger = Guardian()
    code = codes.code(guardian.activation)
    assert b"Recommen" in stranger.browser.post(f"{START}code/", {"code": code}).content
    Activation.objects.update(code_number=2)  # sent again
    assert guardian.code(code).status_code == 200
    assert guardian.code().url == f"{START}enfants/"


def test_a_code_sent_again_waits_a_minute_and_counts(declare: Declare, guardian: Guardian) -> None:
    declare()
    guardian.start()
    page = guardian.browser.post(f"{START}code/", {"again": "1"})
    assert "une minute" in page.content.decode() and Message.objects.count() == 1


def test_five_guesses_are_judged_and_the_right_one_after_them_is_not(
    declare: Declare, guardian: Guardian
) -> None:
    declare()
    guardian.start()
    right = codes.code(guardian.activation)
    wrong = [f"{n:06}" for n in range(6) if f"{n:06}" != right][:5]
    for each in (*wrong, "12345", "abcdef"):  # what is no code is not judged
        guardian.code(each)
    assert guardian.activation.guesses == 5
    assert guardian.code(right).status_code == 410
    assert guardian.activation.verified_at is None


def test_a_wrong_birth_date_is_refused_and_five_close_the_child_for_everybody(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare()
    declare(family.children, first_name="Marc", mobile="+33698765432")
    guardian.start()
    guardian.code()
    for year in range(2008, 2013):
        page = guardian.answer(family.children[0], f"10 03 {year}")
        assert "pas celle que l’école a enregistrée" in page.content.decode()
    assert "Trop d’essais" in guardian.answer(family.children[0]).content.decode()
    other = Guardian()
    other.start(first_name="Marc", mobile="06 98 76 54 32")
    other.code()
    assert "Trop d’essais" in other.answer(family.children[0]).content.decode()
    assert not Guardianship.objects.exists()


def test_ten_wrong_dates_in_a_row_need_the_school(declare: Declare, guardian: Guardian) -> None:
    family = declare()
    guardian.start()
    guardian.code()
    BirthDateTries.objects.create(student=family.children[0], wrong_in_a_row=10)
    page = guardian.answer(family.children[0])
    assert "L’école peut débloquer" in page.content.decode()
    BirthDateTries.objects.update(wrong_in_a_row=9)
    guardian.answer(family.children[0], "10 03 2012")
    assert Record.objects.filter(act=declaring.LOCKED).count() == 1


def test_dates_that_do_not_exist_are_not_counted(declare: Declare, guardian: Guardian) -> None:
    family = declare()
    guardian.start()
    guardian.code()
    for date, word in (
        ("31 02 2012", "existe pas"),
        ("09 03 12", "quatre chiffres"),
        ("09 03 1890", "année"),
    ):
        assert word in guardian.answer(family.children[0], date).content.decode()
    assert guardian.answer(family.children[0]).url == f"{START}enfants/"


def test_who_is_not_the_guardian_gets_nothing_and_it_is_written_down(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare()
    guardian.start()
    guardian.code()
    guardian.answer(family.children[0], "0 0 0", answer="not_guardian")
    assert "Aucun élève rattaché" in guardian.browser.get(f"{START}enfants/").content.decode()
    assert guardian.choose_password().url == f"{START}enfants/"
    assert not User.objects.exists()
    written = Record.objects.get(act=declaring.DENIED)
    assert written.subject == family.children[0].subject and written.academy == "70"


def test_a_person_in_charge_sees_and_does_not_consent(declare: Declare, guardian: Guardian) -> None:
    family = declare(responsibility=Responsibility.IN_CHARGE)
    guardian.go_all_the_way(family)
    assert Guardianship.objects.in_force().count() == 1
    assert not Guardianship.objects.consenting().exists()
    assert "sans donner d’accord" in guardian.arrive()


def test_a_person_in_charge_is_asked_for_no_more_than_that(declare: Declare, guardian: Guardian) -> None:
    declare(responsibility=Responsibility.IN_CHARGE)
    guardian.start()
    guardian.code()
    page = guardian.browser.get(f"{START}enfants/", follow=True).content.decode()
    assert "Je suis la personne en charge" in page and "Je suis le représentant légal" not in page


def test_a_number_without_its_name_uses_up_nothing_of_its_owners(
    declare: Declare, guardian: Guardian
) -> None:
    declare()
    for name in ("Durand", "Petit", "Moreau", "Leroy", "Roux"):
        assert Guardian().start(last_name=name).status_code == 302
    assert guardian.start().status_code == 302
    assert guardian.code().url == f"{START}enfants/"


def test_a_number_gets_ten_codes_a_day_whatever_is_asked(declare: Declare, guardian: Guardian) -> None:
    declare()
    guardian.start()
    sms = Message.objects.get()
    for _time in range(10):
        assert read(sms)
    with pytest.raises(NothingToSend):
        read(sms)


def test_a_suspended_account_is_not_opened_by_another_password(declare: Declare, guardian: Guardian) -> None:
    family = declare()
    guardian.go_all_the_way(family)
    User.objects.update(is_active=False)
    Counter.objects.all().delete()
    again = Guardian()
    again.start()
    again.code()
    again.answer(family.children[0])
    assert again.choose_password("Autres galets ? 9").status_code == 403
    assert again.browser.get("/mon-espace/").status_code == 302


def test_a_person_merely_to_be_called_is_nobody(declare: Declare, guardian: Guardian) -> None:
    declare(responsibility=Responsibility.CONTACT)
    guardian.start()
    assert guardian.activation.contacts == []


def test_whom_the_school_removes_has_no_child_at_the_next_click(declare: Declare, guardian: Guardian) -> None:
    family = declare()
    guardian.go_all_the_way(family)
    assert "Chloé" in guardian.arrive()
    GuardianTie.objects.update(removed_at=timezone.now())
    after = guardian.browser.get("/mon-espace/").content.decode()
    assert "Chloé" not in after and "Aucun élève" in after


def test_the_other_guardian_is_told_and_learns_nothing_but_that(declare: Declare, guardian: Guardian) -> None:
    family = declare(email="helene@exemple.fr")
    declare(family.children, first_name="Marc", mobile="+33698765432", email="marc@exemple.fr")
    guardian.go_all_the_way(family)
    told = Message.objects.get(kind="guardians.another_guardian")
    assert told.to == "marc@exemple.fr"
    text = read(told)
    assert "Chloé" in text and "Hélène" not in text and "DUPONT" not in text and "+336" not in text
    assert Message.objects.get(kind="guardians.account_made").to == "helene@exemple.fr"


def test_who_never_saw_the_answer_to_their_password_sends_it_again_and_is_in(
    declare: Declare, guardian: Guardian
) -> None:
    declared = declare()
    guardian.start()
    guardian.code()
    guardian.answer(declared.children[0])
    before = {name: morsel.value for name, morsel in guardian.browser.cookies.items()}
    assert guardian.choose_password().url == "/responsables/identifiant/"
    guardian.browser.cookies.clear()  # the answer, and the session in it, never came
    for name, value in before.items():
        guardian.browser.cookies[name] = value
    assert guardian.choose_password("Un autre, 3 galets").url == "/responsables/identifiant/"
    assert guardian.browser.get("/responsables/identifiant/").status_code == 302  # to the sign-in
    assert guardian.choose_password().url == "/responsables/identifiant/"
    assert b"h.dup" in guardian.browser.get("/responsables/identifiant/").content
    assert User.objects.count() == 1


def test_one_record_has_one_account_and_a_forgotten_password_is_found_again_by_sms(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare(email="helene@exemple.fr")
    identifier = guardian.go_all_the_way(family)
    guardian.browser.post("/responsables/identifiant/")
    Message.objects.all().delete()
    Counter.objects.all().delete()  # a day later
    again = Guardian()
    assert again.start().url == f"{START}code/"
    again.code()
    again.answer(family.children[0])
    again.choose_password("Autres galets ? 9")
    assert User.objects.count() == 1 and ContactAccount.objects.count() == 1
    assert identifier in again.browser.get("/responsables/identifiant/").content.decode()
    assert guardian.browser.get("/mon-espace/").status_code == 302  # the other session has ended
    assert Message.objects.filter(kind="guardians.access_found_again").count() == 1
    assert (
        Client().post("/responsables/connexion/", {"login": identifier, "password": PASSWORD}).status_code
        == 200
    )


def test_a_password_sent_twice_makes_one_account(declare: Declare, guardian: Guardian) -> None:
    family = declare()
    guardian.start()
    guardian.code()
    guardian.answer(family.children[0])
    waiting = guardian.activation
    one = finishing.finish(waiting, PASSWORD)
    assert finishing.finish(waiting, PASSWORD) == one and User.objects.count() == 1


def test_twins_and_a_child_in_two_schools_are_one_account(declare: Declare, guardian: Guardian) -> None:
    family = declare({"Chloé": "2012-03-09", "Zoé": "2012-03-09"})
    declare([family.children[0]], uai="0141396S")
    guardian.start()
    guardian.code()
    assert [child.name for child in declaring.children(guardian.activation)] == [
        "Chloé DUPONT",
        "Zoé DUPONT",
    ]
    for child in family.children:
        guardian.answer(child)
    guardian.choose_password()
    assert ContactAccount.objects.count() == 2 and Guardianship.objects.in_force().count() == 3


def test_what_is_left_half_way_goes_on_where_it_was_and_is_forgotten_later(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare({"Chloé": "2012-03-09", "Léo": "2015-11-03"})
    guardian.start()
    guardian.code()
    guardian.answer(family.children[0])
    for address in ("code/", "mot-de-passe/"):
        reached = guardian.browser.get(f"{START}{address}", follow=True)
        assert reached.status_code == 200
    assert "Léo" in guardian.browser.get(f"{START}code/", follow=True).content.decode()
    Activation.objects.update(lives_until=timezone.now() - timedelta(minutes=6))
    assert b"Recommen" in guardian.browser.get(f"{START}enfants/").content
    activation.purge()
    assert not Activation.objects.exists()


def test_a_child_of_somebody_else_cannot_be_asked_about(declare: Declare, guardian: Guardian) -> None:
    declare()
    stranger = declare({"Tom": "2011-01-01"}, first_name="Marc", mobile="+33698765432")
    guardian.start()
    guardian.code()
    address = f"{START}enfants/{stranger.children[0].public_id}/"
    assert guardian.browser.get(address).status_code == 404
    with pytest.raises(activation.OutOfTime):
        declaring.answer_for(guardian.activation, stranger.children[0], Answer.GUARDIAN, "2011-01-01")
