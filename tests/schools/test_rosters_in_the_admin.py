"""The DANE hands a school's files over, finds whom schools declare, and leaves a trace (T35, T50, T53)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from accounts.models import User
from audit.models import Record
from notifications.models import Message
from schools.models import (
    GuardianContact,
    RosterImport,
    School,
    Schooling,
    StaffMember,
    Student,
)
from schools.rosters import importing
from schools.rosters.rows import StaffRole
from tests.accounts.staff import appoint, staff_client
from tests.back_office.plans import assert_no_scan, plans_of, settle

from .rosters import generator
from .rosters.declared import class_of, colleague, contact, declare, division, pupil, school, tie

pytestmark = pytest.mark.usefixtures("portal")
HOME = "/administration/schools/"
IMPORTS, STUDENTS, CONTACTS, STAFF, SCHOOLS = (
    f"{HOME}{model}/" for model in ("rosterimport", "student", "guardiancontact", "staffmember", "school")
)
INE = "0123456789A"
HEADERS = "Nom;Prénom;Date de naissance;Classe\r\n"
SENT = {"csrfmiddlewaretoken": "x"}  # what a form without fields sends
WHY = {"reason": "Deux fiches pour un enfant."}


@pytest.fixture
def dane() -> Client:
    return staff_client(appoint(None, "dane", "70"))


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    page = re.sub(r"<[^>]+>", " ", answer.content.decode()).replace("&#x27;", "'")
    return re.sub(r"\s+", " ", page)


def hand_over(browser: Client, text: str, *, uai: str = "0141396S", kind: str = "pupils") -> Any:
    file = SimpleUploadedFile("eleves.csv", text.encode())
    return browser.post(f"{IMPORTS}add/", {"uai": uai, "kind": kind, "documents": [file]})


def worker(what: str) -> None:
    for made in RosterImport.objects.all():
        getattr(importing, what)(str(made.public_id))


def declared() -> None:
    declare(
        [
            division(),
            pupil("Anaïs", INE, family_name="LEFÈVRE"),
            pupil("Hugo", line=3, birth_date="2013-01-02"),
            contact("Claire", email="claire@exemple.fr"),
            tie("Anaïs", "Claire"),
        ],
        year=None,
    )
    declare([colleague("Samir", StaffRole.HEAD)], kind="staff", year=None)


def test_a_file_goes_from_upload_to_apply(dane: Client) -> None:
    school()
    answer = hand_over(dane, HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n;Hugo;09/03/2012;3 A\r\n")
    page = answer["Location"]
    assert "Attend d’être lu" in text_of(dane.get(page)) and "Actualiser" in text_of(dane.get(page))
    worker("read")
    said = text_of(dane.get(page))
    assert "nouveaux : 1" in said and "Léa MARTIN" in said and "ligne 3" in said
    assert "Le nom ou le prénom manque" in said
    assert not Student.objects.exists()
    act = page.replace("change/", "acte/appliquer/")
    assert "garde son accès sept jours" in text_of(dane.get(act))
    assert dane.post(act, SENT)["Location"] == page
    assert "En cours d’enregistrement" in text_of(dane.get(page))
    worker("apply")
    said = text_of(dane.get(page))
    assert "Appliqué" in said and "nouveaux : 1" in said and "Léa MARTIN" not in said
    assert Student.objects.get().first_name == "Léa"
    assert dane.get(act).status_code == 404, "it is done"


def test_a_wrong_file_says_why_and_changes_nothing(dane: Client) -> None:
    school()
    page = hand_over(dane, HEADERS.strip() + ";UAI\r\nMARTIN;Léa;09/03/2012;3 A;0750680G\r\n")["Location"]
    worker("read")
    said = text_of(dane.get(page))
    assert "Fichier refusé" in said and "vient d’un autre établissement" in said
    assert not Student.objects.exists()


def test_columns_are_asked_about_and_nothing_is_taken_twice_or_left_out(dane: Client) -> None:
    school()
    page = hand_over(dane, "A;B;C;D;E\r\nMARTIN;Léa;09/03/2012;3 A;x\r\n")["Location"]
    assert "Dire ce que contient chaque colonne" in text_of(dane.get(page))
    columns = page.replace("change/", "colonnes/")
    good = {"column0": "family_name", "column1": "first_name", "column2": "birth_date", "column3": "division"}
    twice = dane.post(columns, {**good, "column4": "division"})
    assert "Deux colonnes" in text_of(twice)
    short = dane.post(columns, {"column0": "family_name"})
    assert "Il manque encore" in text_of(short)
    assert dane.post(columns, good)["Location"] == page
    worker("read")
    assert "nouveaux : 1" in text_of(dane.get(page))
    assert dane.get(columns).status_code == 404


def test_so_many_departures_need_a_box_ticked(dane: Client) -> None:
    declare(class_of(20), year=None)
    lines = "".join(f"MARTIN;Élève{'abcdefghij'[n]};09/03/2012;3 A\r\n" for n in range(10))
    page = hand_over(dane, HEADERS + lines)["Location"]
    worker("read")
    said = text_of(dane.get(page))
    assert "partis : 10" in said and "Élèvebj MARTIN" in said
    assert dane.get(page.replace("change/", "acte/appliquer/")).status_code == 404
    act = page.replace("change/", "acte/appliquer-malgre-les-departs/")
    assert "Cochez la case" in text_of(dane.post(act, SENT))
    assert Schooling.objects.current().count() == 20
    dane.post(act, {"confirmed": "on"})
    worker("apply")
    assert Schooling.objects.current().count() == 10


def test_what_is_given_up_changes_nothing(dane: Client) -> None:
    school()
    page = hand_over(dane, HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n")["Location"]
    dane.post(page.replace("change/", "acte/abandonner/"), SENT)
    worker("read")
    assert "Abandonné" in text_of(dane.get(page)) and not Student.objects.exists()


def test_another_academie_is_refused_in_the_words_of_no_school_at_all(dane: Client) -> None:
    school("0750680G", "01")
    foreign, unknown = hand_over(dane, HEADERS, uai="0750680G"), hand_over(dane, HEADERS, uai="0752387M")
    assert "Aucun établissement de votre académie" in text_of(foreign)
    assert text_of(foreign).replace("0750680G", "") == text_of(unknown).replace("0752387M", "")
    assert "sept chiffres" in text_of(hand_over(dane, HEADERS, uai="0141396A"))
    assert not RosterImport.objects.exists()


def test_a_second_file_waits_for_the_first(dane: Client) -> None:
    school()
    hand_over(dane, HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n")
    again = hand_over(dane, HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n")
    assert "n’est pas terminé" in text_of(again)


def test_nothing_chosen_is_said_beside_the_field(dane: Client) -> None:
    said = text_of(dane.post(f"{IMPORTS}add/", {"uai": "0141396S"}))
    assert "Choisissez le ou les fichiers" in said and "Dites d’où viennent" in said


@pytest.mark.parametrize(
    ("typed", "found"),
    [("lefevre anais", True), ("Lefè", True), (INE, True), ("0123 456 789a", True), ("0141396s", True),
     ("dupont", False), ("9999999999Z", False), ("0750680G", False)],
)  # fmt: skip
def test_a_pupil_is_found_by_name_ine_and_school(dane: Client, typed: str, found: bool) -> None:
    declared()
    answer = dane.get(STUDENTS, {"q": typed})
    assert ("Anaïs LEFÈVRE" in text_of(answer)) == found


def test_nobody_is_listed_before_they_are_looked_for(dane: Client) -> None:
    declared()
    for address in (STUDENTS, CONTACTS, STAFF):
        assert "Cherchez d’abord" in text_of(dane.get(address))


def test_contacts_and_staff_are_found_too(dane: Client) -> None:
    declared()
    for typed in ("claire", "claire@exemple.fr", "+33 6 39 98 00 01"):
        assert "Claire MARTIN" in text_of(dane.get(CONTACTS, {"q": typed})), typed
    for typed in ("roux", "sroux", "samir.roux@ac-normandie.fr", "0141396S"):
        assert "Samir ROUX" in text_of(dane.get(STAFF, {"q": typed})), typed
    assert "Collège Jean Moulin" in text_of(dane.get(SCHOOLS, {"q": "moulin caen"}))
    assert "Collège Jean Moulin" in text_of(dane.get(SCHOOLS, {"q": "0141396S"}))


def test_who_looked_at_a_child_stands_in_the_journal(dane: Client) -> None:
    declared()
    for model, row in ((STUDENTS, Student.objects.get(ine=INE)), (CONTACTS, GuardianContact.objects.get()),
                       (STAFF, StaffMember.objects.get())):  # fmt: skip
        Record.objects.all()
        assert dane.get(f"{model}{row.pk}/change/").status_code == 200
        record = Record.objects.order_by("-id")[0]
        assert record.act.endswith(".read") and record.subject == row.subject and record.academy == "70"
        assert record.actor == User.objects.get(staff_roles__role="dane").subject


def test_a_child_of_two_academies_shows_each_only_its_own_school(dane: Client) -> None:
    declared()
    paris = school("0750680G", "01", name="Lycée de Paris")
    declare(
        [division("2 B"), pupil("Anaïs", INE, family_name="LEFÈVRE", divisions=("2 B",)), contact("Zoltan"),
         tie("Anaïs", "Zoltan")],
        paris, year=None,
    )  # fmt: skip
    said = text_of(dane.get(f"{STUDENTS}{Student.objects.get(ine=INE).pk}/change/"))
    assert "Collège Jean Moulin" in said and "Claire" in said
    assert "Lycée de Paris" not in said and "Zoltan" not in said and "2 B" not in said


def test_two_records_are_brought_together_and_apart(dane: Client) -> None:
    declare([division(), pupil("Léa", INE, key="1"), pupil("Léa", key="2", line=3)], year=None)
    kept, other = Student.objects.get(ine=INE), Student.objects.get(ine="")
    page = f"{STUDENTS}{kept.pk}/"
    assert str(other.public_id) in text_of(dane.get(f"{page}change/"))
    assert "pas une référence" in text_of(dane.post(f"{page}acte/reunir/", {**WHY, "other": "x"}))
    mine = dane.post(f"{page}acte/reunir/", {**WHY, "other": str(kept.public_id)})
    assert "donnez celle de l’autre" in text_of(mine)
    dane.post(f"{page}acte/reunir/", {**WHY, "other": str(other.public_id)})
    assert Student.objects.living().get() == kept
    dane.post(f"{page}acte/separer/", WHY)
    assert Student.objects.living().count() == 2


def test_the_national_list_is_loaded_by_national_staff_alone(dane: Client) -> None:
    listed = generator.annuaire(20, wrong=1)
    given = {"file": SimpleUploadedFile("annuaire.csv", listed)}
    assert dane.post(f"{SCHOOLS}annuaire/", given).status_code == 404
    assert "Charger" not in text_of(dane.get(SCHOOLS))
    national = staff_client(appoint(None, "national"))
    assert "Charger" in text_of(national.get(SCHOOLS))
    said = text_of(
        national.post(f"{SCHOOLS}annuaire/", {"file": SimpleUploadedFile("a.csv", listed)}, follow=True)
    )
    assert "ajoutés : 20" in said and "Ligne" in said
    wrong = national.post(f"{SCHOOLS}annuaire/", {"file": SimpleUploadedFile("a.csv", b"A;B\n1;2\n")})
    assert "colonne" in text_of(wrong)
    assert School.objects.count() == 20


def test_a_page_takes_no_more_than_it_needs(dane: Client) -> None:
    """Two megabytes are nothing where files are handed over, and too much everywhere else (SAFETY T48)."""
    big = b"x" * 2_000_000
    school()
    answer = dane.post(
        f"{IMPORTS}add/",
        {"uai": "0141396S", "kind": "siecle", "documents": [SimpleUploadedFile("eleves.xml", big)]},
    )
    assert answer.status_code == 302
    for address in ("/mon-compte/nom/", "/connexion/"):
        assert dane.post(address, {"file": SimpleUploadedFile("x", big)}).status_code == 400, address


@pytest.mark.parametrize("typed", ["lefevre", INE, "0141396S"])
def test_pupils_are_found_by_an_index_at_any_number(dane: Client, typed: str) -> None:
    declared()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO schools_student (public_id, ine, family_name, first_name, usage_name, "
            "other_first_names, birth_date, sex) "
            "SELECT gen_random_uuid(), '', 'NOM' || n, 'Zoé', '', '', '', '' FROM generate_series(1, 20000) n"
        )
        cursor.execute(
            "INSERT INTO schools_schooling (student_id, school_id, school_year) "
            "SELECT id, %s, 2026 FROM schools_student WHERE family_name LIKE 'NOM%%'",
            [school("0140001A", "70").pk],
        )
    settle("schools_student", "schools_schooling", "schools_school")
    assert_no_scan(plans_of(dane, STUDENTS, "schools_student", {"q": typed}), "schools_student", sorts=True)


class TestSayingWhoSomebodyIs:
    """« Rattacher à une fiche de personnel »: by the DANE, for people and schools of its own."""

    REASON = "Carte professionnelle vue au bureau."

    def attach(self, browser: Client, user: User, uai: str = "0141396S", identifier: str = "sroux") -> Any:
        said = {"uai": uai, "identifier": identifier, "reason": self.REASON}
        return browser.post(f"/administration/accounts/user/{user.pk}/acte/rattacher/", said)

    def test_a_head_is_attached_told_and_noted(self, dane: Client, person: Callable[..., User]) -> None:
        declared()
        user = person("samir.roux")
        assert user.scope("import_rosters").schools == frozenset()
        self.attach(dane, user)
        user = User.objects.get(pk=user.pk)
        assert user.scope("import_rosters").schools == {"0141396S"}
        assert Record.objects.get(act="account.attached").subject == user.subject
        assert Message.objects.filter(kind="accounts.attached", to=user.address()).exists()
        dane.post(f"/administration/accounts/user/{user.pk}/acte/detacher/", {"reason": self.REASON})
        assert not User.objects.get(pk=user.pk).scope("import_rosters")

    def test_only_to_staff_whom_a_school_of_theirs_declares(
        self, dane: Client, person: Callable[..., User]
    ) -> None:
        declared()
        declare([colleague("Zoé", StaffRole.HEAD)], school("0750680G", "01"), kind="staff", year=None)
        user = person()
        for uai, identifier in (("0750680G", "zroux"), ("0141396S", "personne"), ("0141396S", " ")):
            answer = self.attach(dane, user, uai, identifier)
            assert answer.status_code == 200
        assert User.objects.get(pk=user.pk).staff_member is None

    def test_one_record_is_one_account(self, dane: Client, person: Callable[..., User]) -> None:
        declared()
        self.attach(dane, person("samir.roux"))
        assert "déjà rattaché" in text_of(
            self.attach(dane, person("un.autre"), identifier="samir.roux@ac-normandie.fr")
        )

    def test_a_teacher_or_a_head_who_left_has_no_such_power(self, person: Callable[..., User]) -> None:
        declared()
        user = person()
        for change in ({"role": "teacher"}, {"role": "head", "gone_at": "2026-01-01T00:00Z",
                                             "access_until": "2026-01-08T00:00Z"}):  # fmt: skip
            StaffMember.objects.update(**change)
            User.objects.filter(pk=user.pk).update(staff_member=StaffMember.objects.get())
            assert not User.objects.get(pk=user.pk).scope("import_rosters")
