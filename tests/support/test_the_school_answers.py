"""The head of the school, or the DANE, answers; the person is told and goes on (SAFETY T14, G8, T50)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts import local_admins
from accounts.models import User
from audit.models import Record
from guardians import declaring, reopening
from guardians.models import BirthDateTries
from notifications.letters import NothingToSend
from notifications.models import Message
from schools.models import Student
from support.models import SupportRequest
from tests.accounts.heads import colleague, helper_of
from tests.accounts.staff import appoint, staff_client
from tests.guardians.conftest import START, school
from throttling import limits

from .conftest import OWN, Declared, Guardian, ask, signed_in
from .test_asking_for_help import read

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("portal")]
Declare = Callable[..., Declared]


def test_the_head_answers_and_the_person_is_led_on(head_of: Callable[..., User]) -> None:
    office = signed_in(head_of())
    assert "Aucune demande" in office.get(OWN).content.decode()
    assert "Aucune demande n’attend de réponse." in office.get("/mon-espace/").content.decode()
    ask()
    asked = SupportRequest.objects.get()
    assert "Hélène Dupont" in office.get(OWN).content.decode()
    assert "1 demande attend une réponse" in office.get("/mon-espace/").content.decode()
    page = f"{OWN}{asked.public_id}/"
    shown = office.get(page).content.decode()
    assert "J’ai changé de numéro." in shown and "helene@exemple.fr" in shown
    assert "/mon-etablissement/eleves/?q=Chlo%C3%A9+Dupont" in shown
    assert office.post(page, {"answer": " "}).status_code == 200
    assert office.post(page, {"answer": "Venez au secrétariat."}).url == page
    letter = read(Message.objects.get(kind="support.answer", to="helene@exemple.fr"))
    assert "secrétariat" not in letter.text
    link = re.search(r"/aide/reponse/\S+", letter.text)
    assert link is not None
    answer = Client().get(link[0])
    assert "Venez au secrétariat." in answer.content.decode()
    assert f'href="{START}"' in answer.content.decode()
    assert Record.objects.get(act="request.answered").academy == "70"
    assert Client().get(link[0][:-5] + "AAAA/").status_code == 404


def test_who_left_a_mobile_is_told_by_sms(head_of: Callable[..., User]) -> None:
    office = signed_in(head_of())
    ask(reach="06 12 34 56 78")
    asked = SupportRequest.objects.get()
    office.post(f"{OWN}{asked.public_id}/", {"answer": "Votre fiche est corrigée."})
    sms = Message.objects.get(kind="support.answer")
    assert (sms.channel, sms.to) == ("sms", "+33612345678")
    assert "Collège Jules Verne a répondu" in read(sms).text and len(read(sms).text) < 300


def test_the_answer_comes_in_the_language_of_who_asked(head_of: Callable[..., User]) -> None:
    office = signed_in(head_of())
    ask(Client(headers={"accept-language": "en"}))
    asked = SupportRequest.objects.get()
    office.post(f"{OWN}{asked.public_id}/", {"answer": "Venez."})
    assert Message.objects.get(kind="support.answer").language == "en"


def test_a_request_put_away_tells_nobody(head_of: Callable[..., User]) -> None:
    office = signed_in(head_of())
    ask()
    asked = SupportRequest.objects.get()
    office.post(f"{OWN}{asked.public_id}/", {"close": "1"})
    asked.refresh_from_db()
    assert asked.state == "closed" and not Message.objects.filter(kind="support.answer").exists()


def test_the_head_of_another_school_sees_nothing(head_of: Callable[..., User]) -> None:
    head_of()
    ask()
    asked = SupportRequest.objects.get()
    stranger = signed_in(head_of("0141396S", "nadia.roux"))
    assert "Hélène" not in stranger.get(OWN).content.decode()
    assert stranger.get(f"{OWN}{asked.public_id}/").status_code == 404
    assert stranger.post(f"{OWN}{asked.public_id}/", {"answer": "Non."}).status_code == 404


def test_who_heads_no_school_has_no_such_pages(person: Callable[..., User]) -> None:
    browser = signed_in(person())
    assert browser.get(OWN).status_code == 404
    assert browser.get("/mon-etablissement/eleves/").status_code == 404


def test_the_dane_answers_for_its_academie() -> None:
    school()
    ask()
    ask(school="", academy="70")
    asked = SupportRequest.objects.order_by("pk")[1]
    office = staff_client(appoint(None, "dane", "70"))
    listed = office.get("/administration/support/supportrequest/")
    assert listed.content.decode().count("Hélène Dupont") >= 2
    act = f"/administration/support/supportrequest/{asked.pk}/acte/repondre/"
    said = {"answer": "L’établissement est prévenu.", "reason": "Appel de la famille ce matin"}
    assert office.post(act, said).status_code == 302
    asked.refresh_from_db()
    assert asked.state == "answered" and Message.objects.filter(kind="support.answer").count() == 1
    assert Record.objects.get(act="request.answered").reason == said["reason"]
    assert office.get(act).status_code == 404
    elsewhere = staff_client(appoint(None, "dane", "44"))
    assert elsewhere.get(act).status_code == 404
    assert "Hélène" not in elsewhere.get("/administration/support/supportrequest/").content.decode()


def test_who_is_not_the_guardian_tells_the_school_once(
    declare: Declare, guardian: Guardian, head_of: Callable[..., User]
) -> None:
    head_of()
    family = declare()
    child = family.children[0]
    guardian.start()
    guardian.code()
    for answer in ("not_guardian", "guardian", "not_guardian"):
        guardian.answer(child, answer=answer)
    asked = SupportRequest.objects.get()
    assert (asked.reason, asked.student, asked.school) == ("not_guardian", child, family.school)
    assert (asked.first_name, asked.mobile) == ("Hélène", "+33612345678")
    assert Message.objects.filter(kind="support.nudge").count() == 1
    office = signed_in(User.objects.get(staff_member__isnull=False))
    page = office.get(f"{OWN}{asked.public_id}/").content.decode()
    assert f"/mon-etablissement/eleves/{child.public_id}/" in page
    office.post(f"{OWN}{asked.public_id}/", {"answer": "Merci, c’est corrigé."})
    assert Message.objects.get(kind="support.answer").to == "+33612345678"


def test_the_school_opens_birth_dates_again(
    declare: Declare, guardian: Guardian, head_of: Callable[..., User]
) -> None:
    head = head_of()
    child = declare().children[0]
    guardian.start()
    guardian.code()
    for _wrong in range(5):
        guardian.answer(child, "01 01 2012")
    BirthDateTries.objects.update(wrong_in_a_row=10)
    assert "Trop d’essais" in guardian.answer(child).content.decode()
    office = signed_in(head)
    page = f"/mon-etablissement/eleves/{child.public_id}/"
    assert "plus personne ne peut" in office.get(page).content.decode()
    assert office.post(page, {"reopen": "1"}).url == page
    assert "Les essais sont ouverts" in office.get(page).content.decode()
    assert guardian.answer(child).status_code == 302
    record = Record.objects.get(act="guardian.birth_date_reopened")
    assert (record.actor, record.subject, record.academy) == (head.subject, child.subject, "70")


def test_twenty_wrong_dates_at_a_school_alarm_the_dane_once(declare: Declare) -> None:
    agent = appoint(None, "dane", "70")
    appoint(None, "dane", "44")
    for family in range(6):
        mobile = f"+3361234500{family}"
        declared = declare({f"Chloé{'abcdef'[family]}": "2012-03-09"}, mobile=mobile)
        mother = Guardian()
        mother.start(mobile=mobile)
        mother.code()
        for _wrong in range(4):
            mother.answer(declared.children[0], "01 01 2012")
    alarm = Message.objects.get(kind="guardians.birth_date_alarm")
    assert alarm.to == agent.address()
    assert "Collège Jules Verne" in read(alarm).text
    assert not any(each.first_name in read(alarm).text for each in Student.objects.all())


def test_while_a_whole_school_is_closed_its_pages_say_so_and_the_dane_opens_it(
    declare: Declare, guardian: Guardian, head_of: Callable[..., User]
) -> None:
    office = signed_in(head_of())
    family = declare()
    child = family.children[0]
    page = f"/mon-etablissement/eleves/{child.public_id}/"
    assert "Les essais sont ouverts" in office.get(page).content.decode()
    ask()
    asked = f"{OWN}{SupportRequest.objects.get().public_id}/"
    agent = staff_client(appoint(None, "dane", "70"))
    act = f"/administration/schools/guardiantie/{family.tie().pk}/acte/rouvrir-l-etablissement/"
    assert agent.get(act).status_code == 404
    for _wrong in range(20):
        limits.hit(declaring.school_limit("0501271K"))
    shown = office.get(page).content.decode()
    assert "dans votre établissement" in shown and "DANE" in shown
    assert "demain" in shown or "dans 24 heures" in shown  # the latter from eleven in the evening on
    assert "Les essais sont ouverts" not in shown
    assert "dans tout l’établissement" in office.get(asked).content.decode()
    tie = f"/administration/schools/guardiantie/{family.tie().pk}/change/"
    assert "fermées dans tout l’établissement" in agent.get(tie).content.decode()
    guardian.start()
    guardian.code()
    refused = guardian.answer(child).content.decode()
    assert "ou dans son établissement" in refused and "raison=locked" in refused
    with pytest.raises(reopening.NotAllowed):
        reopening.reopen_school(
            family.school, by=User.objects.get(staff_member__isnull=False), reason="Je dirige"
        )
    assert agent.post(act, {"reason": "Vérifié avec la principale"}).status_code == 302
    assert "Les essais sont ouverts" in office.get(page).content.decode()
    assert "dans tout" not in office.get(asked).content.decode()
    assert guardian.answer(child).status_code == 302
    record = Record.objects.get(act="guardian.birth_dates_reopened_at_school")
    assert (record.subject, record.academy) == (family.school.subject, "70")


def test_help_is_asked_for_the_reason_that_has_happened(declare: Declare, guardian: Guardian) -> None:
    child = declare().children[0]
    guardian.start()
    guardian.code()
    page = f"{START}enfants/{child.public_id}/"
    assert "raison=" not in guardian.browser.get(page).content.decode()
    assert "raison=" not in guardian.answer(child, "01 01 2012").content.decode()
    BirthDateTries.objects.update(wrong_in_a_row=10)
    assert "raison=locked" in guardian.answer(child).content.decode()


def test_an_answer_that_is_erased_is_not_sent(head_of: Callable[..., User]) -> None:
    office = signed_in(head_of())
    ask()
    asked = SupportRequest.objects.get()
    office.post(f"{OWN}{asked.public_id}/", {"answer": "Venez."})
    SupportRequest.objects.all().delete()
    with pytest.raises(NothingToSend):
        read(Message.objects.get(kind="support.answer"))


def test_a_helper_of_the_head_is_told_and_answers_and_is_offered_no_file(
    head_of: Callable[..., User],
) -> None:
    head = head_of()
    member = colleague(school(), "Nadia")
    local_admins.set_areas(member, ["families"], by=head)
    helper = helper_of(member)
    ask()
    assert {message.to for message in Message.objects.filter(kind="support.nudge")} == {
        head.address(),
        helper.address(),
    }
    asked = SupportRequest.objects.get()
    page = f"{OWN}{asked.public_id}/"
    office = signed_in(helper)
    shown = office.get(page).content.decode()
    assert "Trouver l’élève" in shown and "/mon-etablissement/fichiers/" not in shown
    office.post(page, {"answer": "Venez au secrétariat."})
    asked.refresh_from_db()
    assert asked.answered_by == helper
    assert "1 demande attend" not in office.get("/mon-espace/").content.decode()
