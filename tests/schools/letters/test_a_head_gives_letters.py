"""A head prepares letters, prints them, gives a new one, takes some back (SAFETY T35, T36, T50, F14)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts import local_admins
from accounts.models import Area, LocalAdmin, User
from audit.models import Record
from schools.letters import making
from schools.models import Letter, LetterBatch, LetterFile, StaffMember
from tests.accounts.staff import appoint, staff_client
from tests.schools.rosters.declared import HEAD, school
from tests.schools.test_a_head_hands_over_files import browser_of, text_of

from .conftest import asked, colleague, division, guardian_of, lines, made, pupils

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("portal")]
PAGE = "/mon-etablissement/lettres/"
PREPARE, PERSONS = f"{PAGE}preparer/", f"{PAGE}personnes/"


@pytest.fixture
def head(person: Callable[..., User]) -> User:
    member = StaffMember.objects.create(
        school=school(), family_name="ROUX", first_name="Samir", role="head", identifier="sroux"
    )
    user = person("samir.roux")
    User.objects.filter(pk=user.pk).update(staff_member=member)
    return User.objects.get(pk=user.pk)


def form(**changes: Any) -> dict[str, Any]:
    return {"submission": str(uuid4()), "audience": "pupil", "per_page": "8", "language": "fr", **changes}


def test_from_the_form_to_the_printer(head: User) -> None:
    pupils(["Inès", "Malo"])
    browser = browser_of(head)
    assert "Ouvrir mon établissement" in text_of(browser.get("/mon-espace/"))
    assert "Préparer des lettres" in text_of(browser.get(PAGE))
    assert "3 A" in text_of(browser.get(PREPARE))
    said = form(divisions=[str(division().public_id)])
    page = browser.post(PREPARE, said)["Location"]
    assert browser.post(PREPARE, said)["Location"] == page  # a double click asks once
    batch = LetterBatch.objects.get()
    assert page == f"{PAGE}{batch.public_id}/"
    assert "Actualiser cette page" in text_of(browser.get(page))
    assert browser.get(f"{page}avancement/").json() == {"percent": 0, "moves": True}
    making.make(str(batch.public_id))
    assert browser.get(f"{page}avancement/").json() == {"percent": 100, "moves": False}
    shown = text_of(browser.get(page))
    assert "Inès BENALI (3 A) : Pas encore utilisée" in shown and "Télécharger les lettres (PDF)" in shown
    assert all(line.code not in shown for line in lines(batch))
    pdf = browser.post(page, {"pdf": "0"})
    assert pdf["Content-Type"] == "application/pdf" and pdf.content.startswith(b"%PDF")
    assert "attachment" in pdf["Content-Disposition"] and "no-store" in pdf["Cache-Control"]
    table = browser.post(page, {"table": "1"}).content.decode()
    assert "Inès BENALI" in table and table.startswith("\ufeff")
    browser.post(page, {"erase": "1"})
    assert "Les fichiers sont effacés" in text_of(browser.get(page)) and not LetterFile.objects.exists()
    assert "n’existe plus" in text_of(browser.post(page, {"pdf": "0"}, follow=True))
    letter = Letter.objects.get(student__first_name="Inès")
    browser.post(page, {"revoke": str(letter.public_id)})
    assert "Inès BENALI (3 A) : Annulée" in text_of(browser.get(page))
    acts = Record.objects.filter(actor=head.subject).order_by("pk").values_list("act", flat=True)
    assert list(acts) == [
        "letters.asked", "letters.given", "letters.taken", "letters.taken", "letters.erased",
        "letter.revoked",
    ]  # fmt: skip


def test_what_is_wrong_in_the_form_is_said_and_what_was_chosen_stays(head: User) -> None:
    browser = browser_of(head)
    pupils(["Inès"])
    answer = browser.post(PREPARE, {"submission": str(uuid4()), "language": "xx", "includes_known": "on"})
    said = text_of(answer)
    assert "Dites pour qui sont les lettres" in said and "Dites combien de lettres" in said
    assert re.search(r'name="includes_known" checked', answer.content.decode())
    assert "n’attend de lettre" in text_of(browser.post(PREPARE, form(audience="guardian")))
    asked()
    assert "en préparation" in text_of(browser.post(PREPARE, form()))
    assert LetterBatch.objects.count() == 1


def test_a_lost_letter_is_replaced_at_the_counter(head: User, unprinted: Callable[[], None]) -> None:
    unprinted()
    [child] = pupils(["Inès"])
    guardian_of(child)
    [before] = lines(made())
    browser = browser_of(head)
    assert "Inès" not in text_of(browser.get(PERSONS))
    shown = text_of(browser.get(PERSONS, {"q": "ines ben"}))
    assert "Inès BENALI (élève) : Pas encore utilisée" in shown
    assert "Leïla BENALI (contact) : pas encore de lettre" in text_of(browser.get(PERSONS, {"q": "leila"}))
    said = {"submission": str(uuid4()), "new": f"student:{child.public_id}"}
    page = browser.post(f"{PERSONS}?q=ines", said)["Location"]
    assert browser.post(f"{PERSONS}?q=ines", said)["Location"] == page
    batch = LetterBatch.objects.latest("pk")
    assert page == f"{PAGE}{batch.public_id}/"
    [after] = lines(batch)
    assert after.identifier == before.identifier and after.code != before.code
    assert Letter.objects.alive().count() == 1
    letter = Letter.objects.alive().get()
    browser.post(f"{PERSONS}?q=ines", {"submission": str(uuid4()), "revoke": str(letter.public_id)})
    assert not Letter.objects.alive().exists()


def test_a_pile_that_went_astray_is_worth_nothing(head: User, unprinted: Callable[[], None]) -> None:
    unprinted()
    pupils(["Inès", "Malo"])
    made()
    browser = browser_of(head)
    assert "Choisissez d’abord la classe" in text_of(browser.post(PAGE, {"division": ""}, follow=True))
    answer = browser.post(PAGE, {"division": str(division().public_id)}, follow=True)
    assert "2 lettres annulées" in text_of(answer) and not Letter.objects.alive().exists()
    again = browser.post(PAGE, {"division": str(division().public_id)}, follow=True)
    assert "Aucune lettre de cette classe n’était à annuler." in text_of(again)


def test_giving_and_taking_ask_for_the_password_when_its_last_proof_is_old(
    head: User, unprinted: Callable[[], None]
) -> None:
    unprinted()
    pupils(["Inès"])
    batch = made()
    browser = browser_of(head, proved=False)
    page = f"{PAGE}{batch.public_id}/"
    assert text_of(browser.get(page)) and text_of(browser.get(PAGE))
    for answer in (
        browser.get(PREPARE),
        browser.post(PREPARE, form()),
        browser.post(page, {"pdf": "0"}),
        browser.post(page, {"table": "1"}),
        browser.post(PAGE, {"division": str(division().public_id)}),
        browser.post(PERSONS, {"submission": str(uuid4()), "new": "student:x"}),
    ):
        assert answer["Location"].startswith("/mon-compte/identite/")
    assert Letter.objects.alive().count() == LetterBatch.objects.count() == 1


def test_nobody_else_finds_anything_there(
    head: User, person: Callable[..., User], unprinted: Callable[[], None]
) -> None:
    unprinted()
    other = school("0690001B", "10")
    [child] = pupils(["Zoé"], at=other)
    batch = made(other)
    letter = batch.letters.get()
    teacher = person("nadia.roux")
    User.objects.filter(pk=teacher.pk).update(staff_member=colleague())
    theirs = [f"{PAGE}{batch.public_id}/", f"{PAGE}{batch.public_id}/avancement/"]
    for user, addresses in ((teacher, [PAGE, PREPARE, PERSONS, *theirs]), (head, theirs)):
        browser = browser_of(user)
        for address in addresses:
            assert browser.get(address).status_code == 404, address
            if not address.endswith("/avancement/"):
                assert browser.post(address, {"pdf": "0", **form()}).status_code == 404, address
    for address in (PAGE, PREPARE, PERSONS, *theirs):
        assert Client().get(address)["Location"].startswith("/connexion/")
    browser = browser_of(head)
    assert "ne s’appelle ainsi" in text_of(browser.get(PERSONS, {"q": "zoe"}))
    for key in (
        f"student:{child.public_id}",
        "student:",
        "contact:x",
        "nobody",
        f"staff_member:{child.public_id}",
    ):
        answer = browser.post(PERSONS, {"submission": str(uuid4()), "new": key})
        assert answer.status_code == 404, key
    browser.post(PERSONS, {"submission": str(uuid4()), "revoke": str(letter.public_id)})
    browser.post(PAGE, {"division": str(division(at=other).public_id)})
    browser.post(PREPARE, form(divisions=[str(division(at=other).public_id)], school="0690001B"))
    assert Letter.objects.alive().get() == letter and LetterBatch.objects.get() == batch


@pytest.mark.parametrize("number", ["", "-1", "9" * 40, "x", "0\0", "١"])
def test_nonsense_in_an_address_or_a_button_is_no_trouble(
    head: User, unprinted: Callable[[], None], number: str
) -> None:
    unprinted()
    pupils(["Inès"])
    page = f"{PAGE}{made().public_id}/"
    browser = browser_of(head)
    assert browser.get(page, {"page": number}).status_code == 200
    assert browser.post(page, {"pdf": number}).status_code == 302
    assert browser.post(page, {"revoke": number}).status_code == 302


def test_the_dane_sees_how_many_were_given_and_takes_a_schools_letters_back(
    unprinted: Callable[[], None],
) -> None:
    unprinted()
    pupils(["Inès", "Malo"])
    batch = made()
    [line, _other] = lines(batch)
    dane = staff_client(appoint(None, "dane", "70"))
    listed = "/administration/schools/letterbatch/"
    assert "Collège Jean Moulin" in text_of(dane.get(listed, {"q": "0141396s"}))
    shown = text_of(dane.get(f"{listed}{batch.pk}/change/"))
    assert "Pas encore utilisée : 2" in shown and line.code not in shown and line.name not in shown
    act = f"{listed}{batch.pk}/acte/annuler-les-lettres/"
    dane.post(act, {"reason": "Un carton de lettres a disparu."})
    assert not Letter.objects.alive().exists()
    record = Record.objects.get(act="letters.school_revoked")
    assert (record.subject, record.academy) == ("school:0141396S", "70") and record.actor != HEAD


def test_a_helper_neither_makes_nor_prints_a_letter_that_makes_a_head(
    head: User, person: Callable[..., User], unprinted: Callable[[], None]
) -> None:
    unprinted()
    secretary = colleague("Nadia")
    helper = person("nadia.roux")
    User.objects.filter(pk=helper.pk).update(staff_member=secretary)
    assert head.staff_member is not None
    LocalAdmin.objects.create(member=secretary, area=Area.LETTERS, given_by=head)
    helpers, heads = browser_of(User.objects.get(pk=helper.pk)), browser_of(head)
    assert "Samir ROUX" not in text_of(helpers.get(PERSONS, {"q": "samir"}))
    said = {"submission": str(uuid4()), "new": f"staff_member:{head.staff_member.public_id}"}
    assert helpers.post(PERSONS, said).status_code == 404 and not Letter.objects.exists()
    # A head does, and the helper does not find it.
    assert "Samir ROUX" in text_of(heads.get(PERSONS, {"q": "samir"}))
    page = heads.post(PERSONS, said)["Location"]
    assert heads.get(page).status_code == 200
    assert helpers.get(page).status_code == helpers.post(page, {"pdf": "0"}).status_code == 404
    assert helpers.get(f"{page}avancement/").status_code == 404
    # Nor are heads among those of a pile.
    made(audience="staff", includes_known=True)
    pile = LetterBatch.objects.latest("pk")
    assert [line.identifier for line in lines(pile)] == ["nroux"]
    assert helpers.get(f"{PAGE}{pile.public_id}/").status_code == 200


def test_nor_one_of_a_colleague_who_looks_after_more_than_the_helper(
    head: User, person: Callable[..., User], unprinted: Callable[[], None]
) -> None:
    """Whoever holds the code of a colleague in charge of the families is in charge of them (SAFETY T35)."""
    unprinted()
    secretary, adviser = colleague(), colleague("Farida", "faroux")
    helper = person("nadia.roux")
    User.objects.filter(pk=helper.pk).update(staff_member=secretary)
    local_admins.set_areas(secretary, ["letters"], by=head)
    local_admins.set_areas(adviser, ["families"], by=head)
    helpers, heads = browser_of(User.objects.get(pk=helper.pk)), browser_of(head)
    assert "Farida ROUX" not in text_of(helpers.get(PERSONS, {"q": "farida"}))
    wanted = {"new": f"staff_member:{adviser.public_id}", "submission": str(uuid4())}
    assert helpers.post(PERSONS, wanted).status_code == 404 and not Letter.objects.exists()
    with pytest.raises(making.Nobody):
        asked(audience="staff", includes_known=True)
    answer = heads.post(PERSONS, wanted)  # the head gives it, and nobody else prints it
    assert answer.status_code == 302 and heads.get(answer["Location"]).status_code == 200
    assert helpers.get(answer["Location"]).status_code == 404
    assert helpers.post(answer["Location"], {"pdf": "0"}).status_code == 404
