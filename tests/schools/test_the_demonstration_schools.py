"""The demonstration schools come in as a school's own files do, and somebody can try the portal with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files import File
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.test import Client

from accounts.management.commands import demo
from accounts.models import User
from audit.models import Record
from guardians import codes
from guardians.models import Activation
from notifications.models import Message
from schools.demonstration.loading import COLLEGE, ECOLE, FAMILIES, FOLDER, Family, NotApplied, bring_in
from schools.models import (
    GuardianContact,
    GuardianTie,
    RosterImport,
    RosterRefusal,
    School,
    Schooling,
    StaffMember,
    Student,
)
from schools.rosters import importing
from schools.rosters.reporting import report_of
from schools.scope import EVERYWHERE
from tests.guardians.conftest import Guardian

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("portal")]
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def demonstration(portal: None, settings: Any) -> None:
    """Do what ``make run`` does at a start."""
    settings.DEBUG = True
    call_command("demo")


def hand_over(kind: str, *names: str) -> RosterImport:
    school = School.objects.select_related("academy").get(uai=COLLEGE)
    files = [File((FOLDER / name).open("rb"), Path(name).name) for name in names]
    made = importing.hand_over(school, kind, files, scope=EVERYWHERE, by="user:somebody")
    importing.read(str(made.public_id))
    made.refresh_from_db()
    return made


@pytest.mark.usefixtures("demonstration")
def test_they_come_in_by_the_importers_without_a_line_refused() -> None:
    brought = RosterImport.objects.order_by("pk").values_list("school__uai", "kind", "state")
    assert list(brought) == [
        (COLLEGE, "siecle", "applied"),
        (COLLEGE, "staff", "applied"),
        (ECOLE, "onde", "applied"),
    ]
    assert not RosterRefusal.objects.exists()
    told = Record.objects.filter(act__startswith="roster.").values_list("act", flat=True)
    assert sorted(told) == ["roster.applied"] * 3 + ["roster.handed_over"] * 3
    pupils = Schooling.objects.current().values_list("school__uai").annotate(Count("pk")).order_by("school")
    assert dict(pupils) == {COLLEGE: 18, ECOLE: 14}
    assert StaffMember.objects.filter(school__uai=COLLEGE, role="head").count() == 1
    assert set(StaffMember.objects.get(identifier="hcolin").divisions.values_list("code", flat=True)) == {
        "6 A",
        "5 B",
    }


@pytest.mark.usefixtures("demonstration")
def test_every_kind_of_family_is_there() -> None:
    def guardians(first_name: str, family_name: str) -> dict[str, str]:
        ties = GuardianTie.objects.filter(student__first_name=first_name, student__family_name=family_name)
        return dict(ties.values_list("contact__first_name", "responsibility"))

    assert guardians("Inès", "BENALI") == {"Karim": "legal", "Leïla": "legal"}
    assert guardians("Adam", "BENALI") == guardians("Inès", "BENALI")  # at the other school
    assert guardians("Malo", "LE GALL") == {"Ronan": "legal", "Yvonne": "in_charge"}
    assert guardians("Louis", "LEFÈVRE") == {"Sandrine": "legal", "David": "contact"}
    assert guardians("Jade", "ROUSSEL") == {"David": "legal", "Élodie": "legal"}
    born = Student.objects.filter(family_name="LEFÈVRE").values_list("birth_date", flat=True)
    assert list(born) == ["2014-10-19"] * 2
    assert Student.objects.get(first_name="Ibrahim").birth_date == "2014-07-00"
    assert Student.objects.get(first_name="Mariam").birth_date == "2017-00-00"
    for first_name in ("Emma", "Hugo"):
        namesakes = Student.objects.filter(family_name="MARTIN", first_name=first_name)
        assert namesakes.count() == 2
        assert len(set(namesakes.values_list("contacts", flat=True))) == 2  # each has their own mother


@pytest.mark.usefixtures("demonstration")
def test_nobody_there_can_be_reached() -> None:
    contacts = GuardianContact.objects.values_list("mobile", "phone", "email")
    assert contacts
    for mobile, phone, email in contacts:
        assert mobile.startswith("+3363998") or not mobile
        assert phone.startswith("+3326191") or not phone
        assert email.endswith("@demonstration.example") or not email


@pytest.mark.usefixtures("demonstration")
def test_a_second_start_changes_nothing() -> None:
    def all_of_it() -> list[list[Any]]:
        models = (School, RosterImport, Schooling, Student, GuardianContact, GuardianTie, StaffMember, User)
        return [list(model.objects.order_by("pk").values()) for model in models]

    before, told = all_of_it(), Record.objects.count()
    call_command("demo")
    assert all_of_it() == before and Record.objects.count() == told


@pytest.mark.usefixtures("demonstration")
def test_what_somebody_did_since_stays() -> None:
    User.objects.filter(staff_member__isnull=False).update(staff_member=None)
    Schooling.objects.filter(school__uai=ECOLE).delete()
    call_command("demo")
    assert not User.objects.filter(staff_member__isnull=False).exists()
    assert not Schooling.objects.filter(school__uai=ECOLE).exists()


def test_without_debug_there_is_no_school_and_nobody(settings: Any) -> None:
    assert settings.DEBUG is False
    with pytest.raises(CommandError):
        call_command("demo")
    assert not School.objects.exists() and not User.objects.exists()


def test_a_start_that_is_cut_short_leaves_nothing_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    apply = importing.apply
    monkeypatch.setattr(importing, "apply", lambda public_id: None)
    with pytest.raises(NotApplied):
        bring_in()
    assert not School.objects.exists() and not RosterImport.objects.exists()
    monkeypatch.setattr(importing, "apply", apply)
    assert bring_in() is True


@pytest.mark.usefixtures("demonstration")
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.first_name)
def test_a_guardian_signs_in_for_the_first_time_with_what_is_printed(family: Family) -> None:
    guardian = Guardian()
    begun = guardian.start(last_name=family.last_name, first_name=family.first_name, mobile=family.mobile)
    assert begun.status_code == 302
    sms = Message.objects.get(kind="guardians.code")
    assert sms.to == f"+33{family.mobile.replace(' ', '')[1:]}"
    guardian.code(codes.code(Activation.objects.get()))
    for first_name, born in family.children:
        child = Student.objects.get(first_name=first_name, birth_date="-".join(born.split("/")[::-1]))
        guardian.answer(child, born.replace("/", " "))
    assert guardian.choose_password()["Location"] == "/responsables/identifiant/"
    home = guardian.arrive()
    mine = {first_name for first_name, _born in family.children}
    everybody = {first_name for each in FAMILIES for first_name, _born in each.children}
    assert all(first_name in home for first_name in mine)
    assert not [first_name for first_name in everybody - mine if first_name in home]


def test_readme_and_the_first_lines_say_the_same_of_them(settings: Any, capsys: Any) -> None:
    settings.DEBUG = True
    call_command("demo", "--list")
    printed = capsys.readouterr().out
    assert demo.HEAD[0] in printed and COLLEGE in printed
    for family in FAMILIES:
        children = ", ".join(f"{first_name} {born}" for first_name, born in family.children)
        assert family.mobile in printed and children in printed
        assert f"| {family.last_name} | {family.first_name} | {family.mobile} | {children} |" in README


@pytest.mark.usefixtures("demonstration")
def test_the_head_signs_in_and_finds_the_way_to_their_files() -> None:
    browser = Client()
    assert browser.login(username=demo.HEAD[0], password=demo.PASSWORD)
    page = browser.get("/mon-espace/").content.decode()
    assert "Collège les Embruns" in page and "/mon-etablissement/fichiers/" in page
    assert "Appliqué" in browser.get("/mon-etablissement/fichiers/").content.decode()


@pytest.mark.usefixtures("demonstration")
def test_the_same_files_again_change_nothing() -> None:
    made = hand_over("siecle", "college/ElevesAvecAdresses.xml", "college/ResponsablesAvecAdresses.xml")
    assert made.state == "ready"
    for rows in ("pupils", "contacts", "ties"):
        assert set(made.counts[rows]) <= {"unchanged"}


@pytest.mark.usefixtures("demonstration")
@pytest.mark.parametrize(
    ("kind", "names", "state", "reason"),
    [
        (
            "siecle",
            [f"wrong/autre-etablissement/{name}AvecAdresses.xml" for name in ("Eleves", "Responsables")],
            "refused",
            "uai_other",
        ),
        (
            "siecle",
            [f"wrong/coupe/{name}AvecAdresses.xml" for name in ("Eleves", "Responsables")],
            "refused",
            "xml_truncated",
        ),
        ("pupils", ["wrong/eleves-a-nommer.csv"], "mapping", ""),
    ],
)
def test_what_is_wrong_is_refused_as_readme_says(
    kind: str, names: list[str], state: str, reason: str
) -> None:
    before = Schooling.objects.current().count()
    made = hand_over(kind, *names)
    assert (made.state, made.reason) == (state, reason)
    assert Schooling.objects.current().count() == before
    if reason == "xml_truncated":
        assert report_of(made).where == "ElevesAvecAdresses.xml, ligne 148"  # and not a name of ours


@pytest.mark.usefixtures("demonstration")
def test_odd_columns_are_named_then_two_lines_are_wrong_and_nearly_everybody_would_leave() -> None:
    made = hand_over("pupils", "wrong/eleves-a-nommer.csv")
    importing.say_columns(
        made,
        {
            "Patronyme": "family_name",
            "Petit nom": "first_name",
            "Venu au monde": "birth_date",
            "Salle": "division",
        },
    )
    importing.read(str(made.public_id))
    made.refresh_from_db()
    assert made.state == "ready"
    said = made.refusals.order_by("line").values_list("line", "code", "whole")
    assert list(said) == [(3, "date_wrong", False), (4, "name_missing", True)]
    assert made.counts["pupils"]["gone"] > 10
