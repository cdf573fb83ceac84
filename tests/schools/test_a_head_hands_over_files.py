"""A head hands over the files of their own school, outside the administration, in French and in English."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from audit.models import Record
from schools.models import RosterImport, Schooling, StaffMember, Student
from schools.rosters import importing
from schools.rosters.rows import StaffRole
from tests.accounts.heads import browser_of as browser_of

from .rosters.declared import class_of, colleague, declare, school

pytestmark = pytest.mark.usefixtures("portal")
PAGE = "/mon-etablissement/fichiers/"
HEADERS = "Nom;Prénom;Date de naissance;Classe\r\n"


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    page = re.sub(r"<[^>]+>", " ", answer.content.decode()).replace("&#x27;", "'").replace("\xa0", " ")
    return re.sub(r"\s+", " ", page)


@pytest.fixture
def head(person: Callable[..., User]) -> User:
    declare([colleague("Samir", StaffRole.HEAD), colleague("Nadia")], kind="staff", year=None)
    user = person("samir.roux")
    User.objects.filter(pk=user.pk).update(staff_member=StaffMember.objects.get(role="head"))
    return User.objects.get(pk=user.pk)


def hand_over(browser: Client, text: str) -> Any:
    file = SimpleUploadedFile("eleves.csv", text.encode())
    return browser.post(PAGE, {"kind": "pupils", "documents": [file]})


def read(made: RosterImport) -> None:
    importing.read(str(made.public_id))
    made.refresh_from_db()


def test_my_space_shows_a_head_the_way(head: User, person: Callable[..., User]) -> None:
    assert "Déposer les fichiers de mon établissement" in text_of(browser_of(head).get("/mon-espace/"))
    other = person("jeanne.dupont")
    assert "établissement" not in text_of(browser_of(other).get("/mon-espace/")).lower()


def test_a_file_goes_from_upload_to_apply(head: User) -> None:
    browser = browser_of(head)
    assert "Collège Jean Moulin" in text_of(browser.get(PAGE))
    page = hand_over(browser, HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n")["Location"]
    made = RosterImport.objects.latest("pk")
    assert page == f"{PAGE}{made.public_id}/"
    assert "Actualiser cette page" in text_of(browser.get(page))
    read(made)
    said = text_of(browser.get(page))
    assert "nouveaux : 1" in said and "Léa MARTIN" in said and "Appliquer" in said
    assert browser.post(page, {"apply": "1"})["Location"] == page
    importing.apply(str(made.public_id))
    assert "Appliqué" in text_of(browser.get(page))
    assert Student.objects.get().first_name == "Léa"
    record = Record.objects.get(act="roster.applied", actor=head.subject)
    assert (record.subject, record.academy) == ("school:0141396S", "70")


def test_in_english_too(head: User) -> None:
    browser = browser_of(head)
    page = hand_over(browser, HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n;Hugo;09/03/2012;3 A\r\n")["Location"]
    read(RosterImport.objects.latest("pk"))
    english = {"HTTP_ACCEPT_LANGUAGE": "en"}
    said = text_of(browser.get(page, **english))
    assert "new: 1" in said and "line 3" in said and "Apply" in said
    assert "Files of my school" in text_of(browser.get(PAGE, **english))


def test_so_many_departures_need_a_box_ticked(head: User) -> None:
    declare(class_of(20), year=None)
    browser = browser_of(head)
    page = hand_over(browser, HEADERS + "MARTIN;Élèvea;09/03/2012;3 A\r\n")["Location"]
    read(RosterImport.objects.latest("pk"))
    assert "Attention" in text_of(browser.get(page))
    assert "Cochez la case" in text_of(browser.post(page, {"apply": "1"}))
    browser.post(page, {"apply": "1", "confirmed": "on"})
    importing.apply(str(RosterImport.objects.latest("pk").public_id))
    assert Schooling.objects.current().count() == 1


def test_columns_are_asked_about(head: User) -> None:
    browser = browser_of(head)
    page = hand_over(browser, "A;B;C;D\r\nMARTIN;Léa;09/03/2012;3 A\r\n")["Location"]
    assert f"{page}colonnes/" in browser.get(page).content.decode()
    assert "Que contient chaque colonne" in text_of(browser.get(f"{page}colonnes/"))
    given = {
        "column0": "family_name",
        "column1": "first_name",
        "column2": "birth_date",
        "column3": "division",
    }
    assert browser.post(f"{page}colonnes/", given)["Location"] == page
    made = RosterImport.objects.latest("pk")
    read(made)
    assert made.state == "ready"


def test_what_is_given_up_changes_nothing(head: User) -> None:
    browser = browser_of(head)
    page = hand_over(browser, HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n")["Location"]
    browser.post(page, {"give_up": "1"})
    assert "Abandonné" in text_of(browser.get(page)) and not Student.objects.exists()


def test_a_decision_asks_for_the_password_again_when_its_last_proof_is_old(head: User) -> None:
    browser = browser_of(head, proved=False)
    page = hand_over(browser, HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n")["Location"]
    made = RosterImport.objects.latest("pk")
    read(made)
    assert browser.post(page, {"apply": "1"})["Location"].startswith("/mon-compte/identite/")
    made.refresh_from_db()
    assert made.state == "ready"


def test_nobody_else_finds_anything_there(head: User, person: Callable[..., User]) -> None:
    browser = browser_of(head)
    page = hand_over(browser, HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n")["Location"]
    teacher, stranger, other = person("nadia.roux"), person("jeanne.dupont"), person("zoe.leroy")
    declare([colleague("Zoé", StaffRole.HEAD)], school("0750680G", "01"), kind="staff", year=None)
    User.objects.filter(pk=teacher.pk).update(staff_member=StaffMember.objects.get(first_name="Nadia"))
    User.objects.filter(pk=other.pk).update(staff_member=StaffMember.objects.get(first_name="Zoé"))
    addresses = [PAGE, page, f"{page}colonnes/", "/mon-etablissement/modele/pupils.csv"]
    for user in (teacher, stranger):
        for address in addresses:
            for reply in (browser_of(user).get(address), browser_of(user).post(address, {"give_up": "1"})):
                assert reply.status_code in (404, 405), (user, address)
    for address in addresses[1:3]:
        assert browser_of(other).get(address).status_code == 404
        assert browser_of(other).post(address, {"give_up": "1"}).status_code == 404
    for address in addresses:
        assert Client().get(address)["Location"].startswith("/connexion/")
    assert RosterImport.objects.latest("pk").state in ("uploaded", "applied")


def test_a_template_opens_in_a_spreadsheet(head: User) -> None:
    browser = browser_of(head)
    for kind in ("pupils", "staff"):
        assert "Prénom" in browser.get(f"/mon-etablissement/modele/{kind}.csv").content.decode("utf-8-sig")
        assert browser.get(f"/mon-etablissement/modele/{kind}.xlsx").content.startswith(b"PK")
    assert browser.get("/mon-etablissement/modele/siecle.csv").status_code == 404
    assert browser.get("/mon-etablissement/modele/pupils.exe").status_code == 404
