"""Somebody who cannot get in asks the school of their child (SAFETY G1, T47, « Support »)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import personal_data
from accounts.models import User
from audit.models import Record
from notifications.letters import Context, Letter, renderer
from notifications.models import Message
from schools.models import School
from support import requests
from support.models import SupportRequest
from tests.abreast import abreast
from tests.accounts.conftest import errors_of, shape_of
from tests.accounts.staff import appoint
from tests.guardians.conftest import school

from .conftest import HELP, Declared, Guardian, ask, typed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("portal")]
Declare = Callable[..., Declared]


def read(message: Message) -> Letter:
    """Write a message as the worker does."""
    context = Context(message.reference, message.to, message.language, message.created_at)
    return renderer(message.kind)(context)


def test_a_request_is_kept_and_a_copy_goes_to_who_asked(head_of: Callable[..., User]) -> None:
    head = head_of()
    answer = ask()
    assert answer.status_code == 302 and answer.url == "/aide/envoyee/"
    asked = SupportRequest.objects.get()
    assert (asked.school.uai, asked.academy.code, asked.state) == ("0501271K", "70", "open")
    assert (asked.first_name, asked.child, asked.text) == ("Hélène", "Chloé Dupont", "J’ai changé de numéro.")
    copy = Message.objects.get(kind="support.copy")
    assert copy.to == "helene@exemple.fr"
    assert "Collège Jules Verne" in read(copy).text
    assert "changé de numéro" not in read(copy).text + read(copy).html  # nobody writes to a stranger by us
    nudge = Message.objects.get(kind="support.nudge")
    assert nudge.to == head.address()
    assert (
        "Dupont" not in read(nudge).text + read(nudge).html
        and "mon-etablissement/demandes" in read(nudge).text
    )
    assert Record.objects.get(act="request.opened").subject == f"request:{asked.public_id}"


def test_a_head_is_nudged_once_a_day(head_of: Callable[..., User]) -> None:
    head_of()
    ask()
    ask()
    assert Message.objects.filter(kind="support.nudge").count() == 1
    SupportRequest.objects.update(opened_at=timezone.now() - timedelta(hours=25))
    ask()
    assert Message.objects.filter(kind="support.nudge").count() == 2


def test_whoever_names_a_school_and_a_child_learns_nothing(declare: Declare) -> None:
    declare({"Chloé": "2012-03-09"})
    ask()  # the caches of statements are warm
    pages, statements = [], []
    for child, name, reach in (
        ("Chloé Dupont", "Dupont", "06 12 34 56 78"),
        ("Zoé Nul", "Nul", "06 99 99 99 99"),
    ):
        browser = Client()
        browser.get(HELP)
        with CaptureQueriesContext(connection) as captured:
            answer = ask(browser, child=child, last_name=name, reach=reach)
        statements.append(shape_of(captured))
        pages.append((answer.status_code, answer.url, browser.get(answer.url).content))
    assert statements[0] == statements[1]
    assert pages[0][:2] == pages[1][:2] and len(pages[0][2]) == len(pages[1][2])


def test_the_same_form_sent_twice_is_one_request() -> None:
    school()
    once = typed()
    browser = Client()
    for _again in range(2):
        assert browser.post(HELP, once).status_code == 302
    assert SupportRequest.objects.count() == 1
    assert Message.objects.filter(kind="support.copy").count() == 1


def test_a_form_sent_twice_at_the_same_moment_is_one_request() -> None:
    school()
    once = typed()
    codes = abreast(*[lambda: Client().post(HELP, once).status_code] * 6)
    assert SupportRequest.objects.count() == 1 and 302 in codes and set(codes) <= {200, 302}
    assert Message.objects.filter(kind="support.copy").count() == 1


def test_a_browser_asks_five_times_a_day() -> None:
    school()
    browser = Client()
    for n in range(5):
        assert ask(browser, reach=f"helene{n}@exemple.fr").status_code == 302
    refused = ask(browser, reach="helene5@exemple.fr")
    assert refused.status_code == 200 and "Plusieurs demandes" in errors_of(refused)
    assert SupportRequest.objects.count() == 5


def test_one_mailbox_gets_five_copies_a_day_whoever_asks() -> None:
    school()
    for _n in range(6):
        ask()
    assert Message.objects.filter(kind="support.copy").count() == 5


def test_a_school_is_found_by_its_name_and_commune() -> None:
    first = school()
    School.objects.filter(pk=first.pk).update(commune="Saint-Lô", postcode="50000")
    other = school("0141396S", "Lycée Jules Verne")
    page = ask(school="jules verne")
    assert page.status_code == 200
    shown = page.content.decode()
    assert "Collège Jules Verne, 50000 Saint-Lô (0501271K)" in shown and "(0141396S)" in shown
    assert ask(school="jules verne", chosen=str(other.public_id)).status_code == 302
    assert SupportRequest.objects.get().school == other


def test_who_does_not_know_the_school_writes_to_the_academie() -> None:
    refused = ask(school="École des Rives inconnues")
    assert "Nous ne trouvons pas cet établissement" in errors_of(refused)
    assert ask(school="École des Rives inconnues", academy="70").status_code == 302
    asked = SupportRequest.objects.get()
    assert asked.school is None and asked.academy.code == "70"


def test_nothing_that_is_typed_reaches_a_header_or_breaks_a_page() -> None:
    school()
    nasty = "Bonjour\r\nBcc: toutlemonde@exemple.fr\r\n\r\n<script>alert(1)</script>\u202e\x07"
    assert ask(text=nasty).status_code == 302
    asked = SupportRequest.objects.get()
    assert asked.text == "Bonjour\nBcc: toutlemonde@exemple.fr\n\n<script>alert(1)</script>"
    subject = read(Message.objects.get(kind="support.copy")).subject
    assert "\n" not in subject and "Bcc" not in subject
    for field, value in (
        ("last_name", "Dupont\r\nBcc: x@y.fr"),
        ("child", "<b>Chloé</b>"),
        ("reach", "a@exemple.fr\nBcc: b@exemple.fr"),
        ("reach", "+18765550100"),
        ("school", "\x00"),
        ("reason", "autre"),
        ("submission", "1"),
        ("text", "a" * 1001),
    ):
        assert ask(**{field: value}).status_code == 200, field
    assert SupportRequest.objects.count() == 1


def test_the_form_holds_what_this_browser_typed_and_nothing_the_school_knows(
    declare: Declare, guardian: Guardian
) -> None:
    declare(usage_name="MARTIN", email="helene@exemple.fr")
    guardian.start(first_name="helene")
    page = guardian.browser.get(f"{HELP}?raison=mobile").content.decode()
    assert 'value="helene"' in page and 'value="+33612345678"' in page
    assert 'value="mobile" checked' in page
    assert "MARTIN" not in page and 'exemple.fr"' not in page and "Chloé" not in page
    stranger = Client().get(HELP).content.decode()
    assert 'value="helene"' not in stranger


def test_every_page_that_refuses_leads_to_a_person(declare: Declare, guardian: Guardian) -> None:
    family = declare()
    browser = guardian.browser
    start = "/responsables/premiere-connexion/"
    pages = [browser.get(start), browser.get(f"{start}code/")]  # too late: nothing has begun
    guardian.start()
    pages.append(browser.get(f"{start}code/"))
    guardian.code()
    pages.append(browser.get(f"{start}enfants/", follow=True))
    guardian.answer(family.children[0], answer="not_guardian")
    pages.append(browser.get(f"{start}enfants/"))
    for page in pages:
        assert f'href="{HELP}' in page.content.decode()


def test_requests_go_three_months_after_they_were_closed(person: Callable[..., User]) -> None:
    school()
    for n in range(3):
        ask(reach=f"helene{n}@exemple.fr")
    old, recent, waiting = SupportRequest.objects.order_by("pk")
    closed = {"state": "closed"}
    now = timezone.now()
    SupportRequest.objects.filter(pk=old.pk).update(closed_at=now - timedelta(days=91), **closed)
    SupportRequest.objects.filter(pk=recent.pk).update(closed_at=now - timedelta(days=89), **closed)
    assert requests.purge() == 1
    assert set(SupportRequest.objects.all()) == {recent, waiting}


def test_a_person_gets_and_erases_what_they_asked(person: Callable[..., User]) -> None:
    school()
    user = person()
    ask(reach=user.address())
    ask(reach="autre@exemple.fr")
    assert [each["child"] for each in personal_data.export(user)["support_requests"]] == ["Chloé Dupont"]
    personal_data.erase(user)
    assert [each.mail for each in SupportRequest.objects.all()] == ["autre@exemple.fr"]


def test_two_who_answer_at_once_answer_once(head_of: Callable[..., User]) -> None:
    head = head_of()
    ask()
    asked = SupportRequest.objects.get()
    requests.answer(asked, "Venez au secrétariat.", by=head)
    with pytest.raises(requests.NotOpen):
        requests.close(asked, by=head)
    assert SupportRequest.objects.get().state == "answered"


def test_where_no_head_has_an_account_the_dane_is_told(head_of: Callable[..., User]) -> None:
    agent = appoint(None, "dane", "70")
    school()
    ask()
    ask(school="", academy="70")
    told = Message.objects.filter(kind="support.nudge_dane")
    assert [message.to for message in told] == [agent.address()] * 2, "a school, and an académie"
    letter = read(told[0])
    assert "/administration/support/supportrequest/" in letter.text and "Dupont" not in letter.text
    ask()
    assert told.count() == 2, "once a day"
