"""Who may create a virtual class, and what place and rules let them choose (SCREENS B1, B3; T37)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Enrolment, User
from schools import openings
from schools.models import Academy, Division, StaffMember
from tests.accounts.staff import appoint, staff_client
from virtual_classes import rules, teaching
from virtual_classes.models import ClassRules, Degree, Mode, VirtualClass

from .conftest import school_of, signed_in, teacher_by_address, teacher_of

pytestmark = pytest.mark.django_db
NEW = "/classes/nouvelle/"
NORMANDIE = "ac-normandie.fr"
# None of these is an address that an académie gives (T37).
STRANGERS = [
    f"prof@{NORMANDIE}.evil.com",
    f"prof@evil-{NORMANDIE}",
    f"prof@sub.{NORMANDIE}",
    f"prof+eleve@{NORMANDIE}",
    f'"prof"@{NORMANDIE}',
    "prof@ac-nоrmandie.fr",  # a Cyrillic o
    "prof@ac-normandıe.fr",
    "prof@xn--ac-nrmandie-o8i.fr",
    f"prof@{NORMANDIE}.",
    f"prof@evil.com@{NORMANDIE}.evil.com",
    "prof@gmail.com",
    f"prof@{NORMANDIE} ",
]


def new_class(**changes: Any) -> dict[str, Any]:
    """What a teacher sends."""
    return {
        "submission": "6a0cbdb4-6b1f-4ba5-8c3e-9d2c2b1a0f11",
        "title": "Français",
        "lasts": "55",
        "mode": "account",
        "has_lobby": "on",
        "parents": "waiting",
        "capacity": "40",
        "opens_before": "10",
        "now": "1",
        **changes,
    }


@pytest.mark.parametrize("address", STRANGERS)
def test_an_address_that_only_looks_academic_creates_no_class(
    person: Callable[..., User], address: str
) -> None:
    browser = signed_in(teacher_by_address(person, "claire.dubois", address))
    page = browser.get(NEW).content.decode()
    assert "votre adresse académique" in page and "/mon-compte/" in page
    assert browser.post(NEW, new_class()).status_code == 200
    assert not VirtualClass.objects.exists()


def test_a_confirmed_academic_address_opens_a_class_at_once(person: Callable[..., User]) -> None:
    teacher = teacher_by_address(person, "claire.dubois", f"Claire.Dubois@{NORMANDIE}")
    answer = signed_in(teacher).post(NEW, new_class())
    made = VirtualClass.objects.get()
    session = made.sessions.get()
    assert answer.url == f"/classes/seances/{session.public_id}/" and session.state == "open"
    assert (made.academy.code, made.school, made.mode) == ("70", None, "account")


def test_an_unconfirmed_address_gives_nothing(person: Callable[..., User]) -> None:
    teacher = teacher_by_address(person, "claire.dubois", f"claire@{NORMANDIE}")
    teacher.emailaddress_set.update(verified=False)
    assert "votre adresse académique" in signed_in(teacher).get(NEW).content.decode()


@pytest.mark.parametrize("profile", ["responsable", "personnel"])
def test_another_profile_gives_nothing_whatever_the_address(
    person: Callable[..., User], profile: str
) -> None:
    somebody = teacher_by_address(person, "claire.dubois", f"claire@{NORMANDIE}")
    Enrolment.objects.filter(user=somebody).update(profile=profile)
    browser = signed_in(somebody)
    browser.post(NEW, new_class(profile="enseignant", teacher="1", academy="70"))
    assert not VirtualClass.objects.exists()
    assert "créées par les enseignants" in browser.get(NEW).content.decode()


def test_a_teacher_of_the_record_needs_no_academic_address(teacher: User, division: Division) -> None:
    browser = signed_in(teacher)
    assert "6 A" in browser.get(NEW).content.decode()
    browser.post(NEW, new_class(division=str(division.public_id)))
    made = VirtualClass.objects.get()
    assert (made.division, made.school, made.teacher) == (division, division.school, teacher)


@pytest.mark.parametrize(
    ("role", "kind", "may"),
    [
        ("head", "college", False),
        ("head", "ecole", True),
        ("other", "ecole", False),
        ("teacher", "lycee", True),
    ],
)
def test_the_record_says_who_teaches(
    person: Callable[..., User], portal: None, role: str, kind: str, may: bool
) -> None:
    school = school_of(kind, "0141396S", "École")
    member = StaffMember.objects.create(school=school, family_name="Roux", first_name="Samir", role=role)
    user = person("samir.roux")
    User.objects.filter(pk=user.pk).update(staff_member=member)
    user = User.objects.get(pk=user.pk)
    if may:
        assert teaching.of(user).school == school
    else:
        with pytest.raises(teaching.NotATeacher):
            teaching.of(user)


def test_who_left_the_school_teaches_no_more(teacher: User) -> None:
    StaffMember.objects.update(gone_at=timezone.now(), access_until=timezone.now())
    with pytest.raises(teaching.NotATeacher):
        teaching.of(teacher)


def test_an_academie_that_closed_lets_nobody_begin(teacher: User) -> None:
    openings.decide(
        academies=Academy.objects.filter(code="70"),
        opens=False,
        effective_on=date(2020, 10, 1),
        decided_on=date(2020, 9, 20),
        reference="Arrêté 2020-2",
        actor="system",
    )
    page = signed_in(teacher).get(NEW).content.decode()
    assert "n’a pas ouvert ce service" in page


def test_the_first_degree_is_offered_both_ways_and_the_second_accounts_only(
    person: Callable[..., User],
) -> None:
    for level, offered in (("ecole", ["link", "account"]), ("lycee", ["account"])):
        user = teacher_by_address(person, f"prof.{level}", f"prof.{level}@{NORMANDIE}", level=level)
        found = teaching.of(user)
        assert [mode.value for mode in found.choices(found.degrees[0]).modes] == offered


def test_a_school_chooses_within_what_its_academie_allows(teacher: User, division: Division) -> None:
    school, academy = division.school, division.school.academy

    def left() -> list[Mode]:
        return list(teaching.of(teacher).choices(Degree.SECOND).modes)

    ClassRules.objects.create(academy=academy, degree="second", by_link=True, by_account=True)
    assert left() == [Mode.ACCOUNT, Mode.LINK]
    ClassRules.objects.create(academy=academy, school=school, degree="second", by_link=False, by_account=True)
    assert left() == [Mode.ACCOUNT]
    ClassRules.objects.filter(school=None).update(by_link=False)
    ClassRules.objects.exclude(school=None).update(by_link=True, by_account=True)
    assert left() == [Mode.ACCOUNT]


def test_what_is_not_left_to_choose_is_refused_though_it_was_sent(teacher: User, division: Division) -> None:
    browser = signed_in(teacher)
    for changes in ({"mode": "link"}, {"division": ""}, {"degree": "first", "mode": "link"}):
        if changes == {"division": ""}:
            ClassRules.objects.create(
                academy=division.school.academy,
                degree="second",
                by_link=False,
                by_account=True,
                of_a_teacher=False,
            )
        browser.post(NEW, new_class(**{"division": str(division.public_id), **changes}))
    assert [each.mode for each in VirtualClass.objects.all()] in ([], ["account"])
    assert not VirtualClass.objects.filter(mode="link").exists()
    assert not VirtualClass.objects.filter(division=None).exists()


def test_another_teachers_division_cannot_be_taken(
    person: Callable[..., User], teacher: User, division: Division
) -> None:
    other = Division.objects.create(
        school=division.school, school_year=division.school_year, code="5B", name="5 B"
    )
    teacher_of(person, other, "Paul", "Petit")
    browser = signed_in(teacher)
    assert browser.post(NEW, new_class(division=str(other.public_id))).status_code == 200
    assert not VirtualClass.objects.exists()


def test_the_dane_rules_its_own_academie_and_no_other(portal: None) -> None:
    agent = appoint(None, "dane", "70")
    office = staff_client(agent)
    said = {
        "academy": "70",
        "degree": "second",
        "by_link": "on",
        "by_account": "on",
        "of_a_teacher": "on",
        "of_a_division": "on",
        "reason": "Décision du comité du 12 mai",
    }
    page = "/administration/virtual_classes/classrules/add/"
    assert office.post(page, said).status_code == 302
    assert office.post(page, {**said, "academy": "10"}).status_code == 200
    assert office.post(page, {**said, "by_link": "", "by_account": ""}).status_code == 200
    rule = ClassRules.objects.get()
    assert rule.academy.code == "70" and rule.by_link
    with pytest.raises(rules.NotAllowed):
        rules.lift(rule, by=appoint(None, "dane", "10"), reason="Une bonne raison")
    office.post(
        f"/administration/virtual_classes/classrules/{rule.pk}/acte/retirer/", {"reason": "Une bonne raison"}
    )
    assert not ClassRules.objects.exists()
