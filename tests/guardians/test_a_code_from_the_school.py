"""A guardian comes in with a code that the school gave by hand (issue « pairing codes », SAFETY G7, G8)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.models import Record
from guardians import pairing
from guardians.models import Activation, ContactAccount, GuardianAccount, Guardianship, PairingCode
from notifications.models import Message
from schools.letters import codes, signs
from schools.letters.keeping import lines_of
from schools.models import GuardianTie, Student
from tests.abreast import abreast
from tests.accounts.conftest import errors_of, person, shape_of
from tests.accounts.staff import appoint, staff_client
from tests.support.conftest import head_of, signed_in

from .conftest import START, Declared, Guardian
from .test_signing_in_for_the_first_time import read

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["head_of", "person"]
Declare = Callable[..., Declared]
CODE = f"{START}code-ecole/"
ADD = "/responsables/ajouter-un-enfant/"
WRONG = "Ce code ne convient pas"


def come(code: str, browser: Client | None = None, **typed: str) -> Any:
    """Type a code with one's names."""
    said = {"last_name": "Dupont", "first_name": "helene", "code": code, **typed}
    return (browser or Client()).post(CODE, said)


@pytest.fixture
def give(head_of: Callable[..., User]) -> Callable[..., str]:
    """Let the head of the school give a code for a tie."""
    heads: list[User] = []

    def give(tie: GuardianTie) -> str:
        if not heads:
            heads.append(head_of())
        return pairing.give(tie, by=heads[0], submission=uuid4())

    return give


def test_a_mother_whose_mobile_is_wrong_comes_in_with_the_schools_code(
    declare: Declare, guardian: Guardian, head_of: Callable[..., User]
) -> None:
    family = declare(mobile="")
    child = family.children[0]
    head = head_of()
    office = signed_in(head)
    page = f"/mon-etablissement/eleves/{child.public_id}/"
    found = office.get("/mon-etablissement/eleves/", {"q": "chloe dup"})
    assert page in found.content.decode()
    shown = office.get(page)
    assert "Hélène DUPONT" in shown.content.decode()
    said = {"give": str(family.contact.public_id), "submission": str(uuid4())}
    sheet = office.post(page, said)
    code = re.search(r'class="fr-h2">([2-9A-Z]{3} [2-9A-Z]{3})<', sheet.content.decode())
    assert code is not None and "data:image/svg+xml" in sheet.content.decode()
    assert code[1].replace(" ", "") not in str(PairingCode.objects.values())
    again = office.post(page, said)  # the same form: nothing is given, nothing shown
    assert "déjà été montré" in again.content.decode() and PairingCode.objects.count() == 1
    assert come(code[1].lower(), guardian.browser).url == f"{START}enfants/"
    assert "Chloé" in guardian.browser.get(f"{START}enfants/", follow=True).content.decode()
    assert "Cette date n’est pas" in guardian.answer(child, "10 03 2012").content.decode()
    guardian.answer(child)
    assert guardian.choose_password().url == "/responsables/identifiant/"
    assert "Chloé DUPONT" in guardian.arrive()
    acts = set(Record.objects.filter(subject=child.subject).values_list("act", "actor"))
    assert ("pairing.given", head.subject) in acts and any(act == "pairing.spent" for act, _by in acts)


def test_one_code_opens_once_and_for_its_name_only(declare: Declare, give: Callable[..., str]) -> None:
    code = give(declare().tie())
    for typed in ({"last_name": "Martin"}, {"first_name": "Paul"}, {"code": "222222"}):
        assert WRONG in errors_of(come(**{"code": code, **typed}))
    assert "n’est pas complet" in errors_of(come("?"))
    assert not Activation.objects.exists()
    assert come(code).status_code == 302
    assert WRONG in errors_of(come(code))


def test_a_code_ends_with_its_week_its_tie_or_its_revocation(
    declare: Declare, give: Callable[..., str]
) -> None:
    tie = declare().tie()
    old, revoked, removed = give(tie), give(tie), give(tie)
    first, second, _third = PairingCode.objects.order_by("pk")
    PairingCode.objects.filter(pk=first.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    assert second.given_by is not None
    pairing.revoke(second, by=second.given_by)
    assert WRONG in errors_of(come(old)) and WRONG in errors_of(come(revoked))
    GuardianTie.objects.update(removed_at=timezone.now())
    assert WRONG in errors_of(come(removed))
    assert Record.objects.filter(act="pairing.revoked").count() == 1


def test_what_is_wrong_costs_the_same_whatever_it_is(declare: Declare, give: Callable[..., str]) -> None:
    code = give(declare().tie())
    come("333333")  # the caches of statements are warm
    shapes = []
    for typed in ({"code": code, "last_name": "Martin"}, {"code": "222222"}):
        browser = Client()
        browser.get(CODE)
        with CaptureQueriesContext(connection) as captured:
            come(browser=browser, **typed)
        shapes.append(shape_of(captured))
    assert shapes[0] == shapes[1]


def test_a_device_tries_ten_codes_a_day(declare: Declare, give: Callable[..., str]) -> None:
    code = give(declare().tie())
    browser = Client()
    browser.get(CODE)
    for _guess in range(10):
        assert WRONG in errors_of(come("222222", browser))
    assert "Réessayez" in errors_of(come(code, browser))


def test_of_two_tabs_one_spends_the_code(declare: Declare, give: Callable[..., str]) -> None:
    code = give(declare().tie())
    answers = abreast(*(lambda: come(code).status_code for _tab in range(8)))
    assert sorted(map(str, answers)) == ["200"] * 7 + ["302"]
    assert Activation.objects.count() == 1


def test_a_form_sent_twice_by_one_browser_leads_on_twice(declare: Declare, give: Callable[..., str]) -> None:
    tie = declare().tie()
    code = give(tie)
    browser = Client()
    browser.get(CODE)
    for _click in range(2):
        assert come(code, browser).url == f"{START}enfants/"
    assert Activation.objects.count() == 1
    assert WRONG in errors_of(come(code, browser, last_name="Martin"))  # somebody else at this browser
    assert WRONG in errors_of(come(code))  # and another browser
    at_once, other = Client(), give(tie)
    at_once.get(CODE)

    def click() -> str:
        tab = Client()
        tab.cookies.update(at_once.cookies)
        return str(come(other, tab).url)

    assert abreast(*(click for _tab in range(5))) == [f"{START}enfants/"] * 5
    assert Activation.objects.filter(pairing__isnull=False).count() == 2
    GuardianTie.objects.update(removed_at=timezone.now())
    assert WRONG in errors_of(come(other, at_once))


def test_what_a_browser_has_begun_with_a_code_ends_with_its_time(
    declare: Declare, give: Callable[..., str]
) -> None:
    code, browser = give(declare().tie()), Client()
    browser.get(CODE)
    come(code, browser)
    Activation.objects.update(lives_until=timezone.now() - timedelta(minutes=1))
    assert WRONG in errors_of(come(code, browser))


def test_the_number_that_a_refused_browser_gets_is_the_one_that_was_counted(
    declare: Declare, give: Callable[..., str]
) -> None:
    give(declare().tie())
    browser = Client()  # sends a form that it has not fetched
    for _guess in range(10):
        assert WRONG in errors_of(come("222222", browser))
    assert "Réessayez" in errors_of(come("222222", browser))


def test_a_child_has_five_codes_at_most_whoever_gives_them_at_once(
    declare: Declare, head_of: Callable[..., User]
) -> None:
    tie, head = declare().tie(), head_of()
    given = abreast(*(lambda: pairing.give(tie, by=head, submission=uuid4()) for _ in range(9)))
    assert sum(isinstance(each, str) for each in given) == 5
    assert sum(isinstance(each, pairing.TooMany) for each in given) == 4
    assert PairingCode.objects.alive().count() == 5


def test_the_head_of_another_school_gives_nothing(declare: Declare, head_of: Callable[..., User]) -> None:
    family = declare()
    declare({"Ali": "2013-01-01"}, uai="0141396S", mobile="+33699999999")
    stranger = head_of("0141396S", "nadia.roux")
    page = f"/mon-etablissement/eleves/{family.children[0].public_id}/"
    assert signed_in(stranger).get(page).status_code == 404
    with pytest.raises(pairing.NotAllowed):
        pairing.give(family.tie(), by=stranger, submission=uuid4())
    assert Client().get(page).status_code == 302  # to the sign-in


def test_a_child_of_two_schools_shows_each_head_the_record_of_their_own(
    declare: Declare, head_of: Callable[..., User]
) -> None:
    family = declare()
    declare(family.children, uai="0141396S", first_name="Marc", mobile="+33699999999")
    shown = signed_in(head_of()).get(f"/mon-etablissement/eleves/{family.children[0].public_id}/")
    assert "Hélène" in shown.content.decode() and "Marc" not in shown.content.decode()


def test_a_guardian_who_is_signed_in_adds_a_child(
    declare: Declare, guardian: Guardian, give: Callable[..., str]
) -> None:
    guardian.go_all_the_way(declare())
    guardian.arrive()
    other = declare({"Léo": "2015-11-02"}, uai="0141396S", mobile="", email="secretariat@exemple.fr")
    office = appoint(None, "dane", "70")
    code = pairing.give(other.tie(), by=office, submission=uuid4())
    assert WRONG in errors_of(guardian.browser.post(ADD, {"code": "222222"}))
    assert guardian.browser.post(ADD, {"code": code}).url == f"{START}enfants/"
    assert guardian.browser.get(f"{START}mot-de-passe/").url == f"{START}enfants/"
    guardian.answer(other.children[0], "02 11 2015")
    known = ContactAccount.objects.count()
    assert "sera ajouté à votre compte" in guardian.browser.get(f"{START}enfants/").content.decode()
    assert guardian.browser.head(f"{START}enfants/").status_code == 200
    assert ContactAccount.objects.count() == known  # looking adds nothing
    assert guardian.browser.post(f"{START}enfants/").url == "/mon-espace/"
    user = User.objects.get(sign_in_names__authority="educonnect")
    assert Guardianship.objects.in_force().filter(user=user).count() == 2
    assert Message.objects.filter(kind="guardians.child_added", to="secretariat@exemple.fr").exists()
    assert "Léo DUPONT" in guardian.browser.get("/mon-espace/").content.decode()


def test_what_one_began_the_next_at_the_same_computer_does_not_finish(
    declare: Declare, guardian: Guardian
) -> None:
    guardian.go_all_the_way(declare())
    guardian.arrive()
    other = declare({"Léo": "2015-11-02"}, uai="0141396S", mobile="")
    code = pairing.give(other.tie(), by=appoint(None, "dane", "70"), submission=uuid4())
    guardian.browser.post(ADD, {"code": code})
    guardian.browser.logout()
    page = guardian.browser.get(f"{START}enfants/")
    assert "Recommençons" in page.content.decode()
    assert ContactAccount.objects.count() == 1


def test_who_is_no_guardian_has_no_page_to_add_a_child(person: Callable[..., User]) -> None:
    assert signed_in(person()).get(ADD).status_code == 404


def test_a_schools_code_gives_no_new_password_to_an_account_that_reaches_further(
    declare: Declare, guardian: Guardian, give: Callable[..., str]
) -> None:
    here = declare()
    declare({"Léo": "2015-11-02"}, uai="0141396S")
    guardian.start()
    guardian.code()
    guardian.answer(here.children[0])
    guardian.answer(here.children[0].__class__.objects.get(first_name="Léo"), "02 11 2015")
    guardian.choose_password()
    password = User.objects.get(sign_in_names__authority="educonnect").password
    thief = Guardian()
    assert come(give(here.tie()), thief.browser).status_code == 302
    thief.answer(here.children[0])
    refused = thief.choose_password("Autre ch0se & bien")
    assert refused.status_code == 409 and "Vous avez déjà un compte" in refused.content.decode()
    owner = User.objects.get(sign_in_names__authority="educonnect")
    assert owner.password == password
    # Whoever the account belongs to signs in, and the child is added after all.
    assert "/responsables/premiere-connexion/enfants/" in refused.content.decode()
    assert Activation.objects.get(pairing__isnull=False).joins == owner
    thief.browser.force_login(owner)
    assert "sera ajouté" in thief.browser.get(f"{START}enfants/").content.decode()
    assert Activation.objects.filter(pairing__isnull=False).exists()  # looking adds nothing
    assert thief.browser.post(f"{START}enfants/").url == "/mon-espace/"
    assert not Activation.objects.filter(pairing__isnull=False).exists()


def test_who_is_found_again_by_a_schools_code_is_told_wherever_they_are_known(
    declare: Declare, guardian: Guardian, give: Callable[..., str]
) -> None:
    here = declare()
    guardian.go_all_the_way(here)
    owner = User.objects.get(sign_in_names__authority="educonnect")
    GuardianAccount.objects.create(user=owner, mobile="+33612345699")
    Message.objects.all().delete()
    stranger = Guardian()
    come(give(here.tie()), stranger.browser)
    stranger.answer(here.children[0])
    stranger.choose_password("Autre ch0se & bien")
    told = Message.objects.filter(kind="guardians.access_found_again")
    wanted = {"+33612345699", here.contact.mobile, here.contact.email} - {""}
    assert set(told.values_list("to", flat=True)) == wanted and told.filter(channel="sms").count() == 2
    sms = told.filter(channel="sms")[0]
    assert "Ce n’est pas vous" in read(sms)


def test_a_number_that_is_typed_counts_at_no_child(declare: Declare, give: Callable[..., str]) -> None:
    child = Student.objects.create(
        pk=234567, family_name="DUPONT", first_name="Chloé", birth_date="2012-03-09"
    )
    code = give(declare([child]).tie())
    for number in range(11):
        come("234567", REMOTE_ADDR=f"192.0.2.{number}")
    assert come(code).status_code == 302


def test_five_codes_of_one_school_leave_five_to_another(
    declare: Declare, give: Callable[..., str], head_of: Callable[..., User]
) -> None:
    here = declare()
    there = declare(here.children, uai="0141396S")
    for _n in range(pairing.ALIVE):
        give(here.tie())
    with pytest.raises(pairing.TooMany):
        give(here.tie())
    assert pairing.give(there.tie(), by=head_of("0141396S", "paul.roux"), submission=uuid4())


def test_the_dane_gives_a_code_with_a_reason(declare: Declare) -> None:
    family = declare()
    tie = family.tie()
    agent = appoint(None, "dane", "70")
    office = staff_client(agent)
    listed = office.get("/administration/schools/guardiantie/", {"q": "chloe"})
    assert "Hélène DUPONT" in listed.content.decode()
    address = f"{listed.request['PATH_INFO']}{tie.pk}/acte/donner-un-code/"
    assert office.get(address).status_code == 200
    said = {"submission": str(uuid4()), "reason": "Reçue au guichet, pièce d’identité vue"}
    sheet = office.post(address, said)
    code = re.search(r"[2-9A-Z]{3} [2-9A-Z]{3}(?=<)", sheet.content.decode())
    assert code is not None
    assert "a déjà été montré" in office.post(address, said).content.decode()
    record = Record.objects.get(act="pairing.given")
    assert (record.actor, record.reason, record.academy) == (agent.subject, said["reason"], "70")
    assert come(code[0]).status_code == 302
    elsewhere = staff_client(appoint(None, "dane", "44"))
    assert elsewhere.get(address).status_code == 404


class TestALetter:
    """The code of a letter on paper, for who has no mobile, stands for the same."""

    def letter_for(self, family: Declared) -> str:
        given = codes.replace(family.contact, school=family.contact.school, by="system", submission=uuid4())
        [line] = lines_of(list(given.batch.parts.all()))
        return line.code

    def test_a_mother_without_a_mobile_comes_in_with_hers(self, declare: Declare, guardian: Guardian) -> None:
        family = declare(mobile="")
        code = self.letter_for(family)
        for typed in ({"last_name": "Martin"}, {"code": signs.draw()}):
            assert WRONG in errors_of(come(**{"code": code, **typed}))
        assert "n’est pas complet" in errors_of(come(code[:-1] + ("2" if code[-1] != "2" else "3")))
        guardian.browser.get(CODE)
        assert come(signs.shown(code).lower(), guardian.browser).url == f"{START}enfants/"
        # A second click, or the browser closed at that moment: nobody is lost (SAFETY F13, F14).
        assert come(code, guardian.browser).url == f"{START}enfants/"
        assert WRONG in errors_of(come(code))
        assert Activation.objects.get().came_by_school_code
        guardian.answer(family.children[0])
        assert guardian.choose_password().url == "/responsables/identifiant/"
        assert "Chloé DUPONT" in guardian.arrive()
        assert Record.objects.get(act="letter.spent").subject == family.contact.subject

    def test_a_device_tries_ten_a_day(self, declare: Declare) -> None:
        code = self.letter_for(declare(mobile=""))
        browser = Client()
        browser.get(CODE)
        for _guess in range(10):
            assert WRONG in errors_of(come(signs.draw(), browser))
        assert "Réessayez" in errors_of(come(code, browser))

    def test_it_ends_with_the_tie(self, declare: Declare) -> None:
        code = self.letter_for(declare(mobile=""))
        GuardianTie.objects.update(removed_at=timezone.now())
        assert WRONG in errors_of(come(code))
