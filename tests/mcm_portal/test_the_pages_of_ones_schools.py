"""« Mes accès », the page of a school, and « Résumé » (SCREENS C6, C7; SAFETY T15, T35, T51)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import belonging
from accounts.models import OtherPost, User
from schools.models import (
    Academy,
    Division,
    GuardianTie,
    School,
    Schooling,
    StaffMember,
    Student,
    StudentMerge,
)
from support.models import SupportRequest
from tests.accounts.conftest import person as person
from tests.accounts.conftest import portal as portal
from tests.guardians.conftest import Declared, Guardian, school
from tests.guardians.conftest import declare as declare
from tests.guardians.conftest import guardian as guardian
from tests.support.conftest import ask

pytestmark = pytest.mark.django_db
VERNE, HUGO, CURIE = "0501271K", "0141234R", "0690001B"


def words(browser: Client, path: str) -> str:
    return browser.get(path).content.decode().replace("\xa0", " ")


def address(of: School) -> str:
    return f"/etablissements/{of.public_id}/"


def at(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def names(user: User) -> list[str]:
    return [each.uai for each in belonging.schools_of(user)]


@pytest.fixture
def teacher(person: Callable[..., User]) -> User:
    """Somebody who teaches at two schools of Normandie; a namesake of the identifier is in Lyon."""
    user = person("claire.dubois")
    members = [
        StaffMember.objects.create(
            school=at_school, family_name="DUBOIS", first_name="Claire", role="teacher", identifier="cdubois"
        )
        for at_school in (school(VERNE), school(HUGO, "Collège Victor Hugo"))
    ]
    lyon = Academy.objects.get(code="10")
    far = School.objects.create(
        uai=CURIE, name="Lycée Marie Curie", kind="lycee", academy=lyon, department=lyon.departments.all()[0]
    )
    StaffMember.objects.create(
        school=far, family_name="DUBOIS", first_name="Carl", role="teacher", identifier="cdubois"
    )
    division = Division.objects.create(school=members[0].school, school_year=2026, code="5 B")
    Division.objects.create(school=members[0].school, school_year=2026, code="4 A")
    members[0].divisions.add(division)
    User.objects.filter(pk=user.pk).update(staff_member=members[0])
    OtherPost.objects.create(user=user, staff_member=members[1])
    return User.objects.get(pk=user.pk)


def test_a_teacher_of_two_schools_finds_both_on_each_page_and_opens_one_by_a_click(teacher: User) -> None:
    browser = at(teacher)
    for page in ("/mon-espace/", "/mon-compte/", "/preferences/"):
        shown = words(browser, page)
        assert address(school(VERNE)) in shown and address(school(HUGO)) in shown
        assert "Marie Curie" not in shown  # one identifier in another académie is another person
    page = words(browser, address(school(VERNE)))
    assert "Enseignant" in page and "5 B" in page and "4 A" not in page and VERNE in page
    other = words(browser, address(school(HUGO)))
    assert "Enseignant" in other and "5 B" not in other


def test_who_is_of_another_school_or_of_none_finds_no_page(
    teacher: User, person: Callable[..., User]
) -> None:
    browser = at(teacher)
    assert browser.get(address(School.objects.get(uai=CURIE))).status_code == 404
    pupil = at(person("paul.martin"))
    assert pupil.get(address(school(VERNE))).status_code == 404
    assert "Mes accès" not in words(pupil, "/mon-espace/")
    assert Client().get(address(school(VERNE))).headers["Location"].startswith("/connexion/?next=")


def test_who_has_left_a_school_finds_it_seven_days_more(teacher: User) -> None:
    own = StaffMember.objects.filter(pk=teacher.staff_member_id)
    gone = timezone.now() - timedelta(days=2)
    own.update(gone_at=gone, access_until=gone + timedelta(days=7))
    assert names(teacher) == [HUGO, VERNE]
    own.update(gone_at=gone - timedelta(days=7), access_until=gone)
    assert names(teacher) == [HUGO]


def test_an_identifier_that_a_school_writes_opens_it_to_nobody_by_itself(teacher: User) -> None:
    OtherPost.objects.all().delete()
    assert names(teacher) == [VERNE]


def test_a_pupil_finds_the_school_and_the_class(person: Callable[..., User]) -> None:
    user = person()
    child = Student.objects.create(family_name="DUPONT", first_name="Jeanne", birth_date="2012-03-09")
    User.objects.filter(pk=user.pk).update(student=child)
    schooling = Schooling.objects.create(student=child, school=school(VERNE), school_year=2026)
    division = Division.objects.create(school=school(VERNE), school_year=2026, code="6C", name="Sixième C")
    schooling.divisions.add(division)
    browser = at(user)
    assert "Sixième C" in words(browser, address(school(VERNE)))
    kept = Student.objects.create(family_name="DUPONT", first_name="Jeanne", birth_date="2012-03-09")
    StudentMerge.objects.create(kept=kept, absorbed=child)
    Student.objects.filter(pk=child.pk).update(merged_into=kept)
    Schooling.objects.update(student=kept)  # two records were one child
    assert "Sixième C" in words(browser, address(school(VERNE)))


def test_a_guardian_finds_the_schools_of_the_children_as_long_as_they_say_so(
    declare: Callable[..., Declared], guardian: Guardian
) -> None:
    declared = declare({"Chloé": "2012-03-09"})
    declare(declared.children, uai=HUGO, mobile="+33699999999")  # a school that does not know this number
    guardian.go_all_the_way(declared)
    assert address(school(VERNE)) in guardian.arrive()
    page = words(guardian.browser, address(school(VERNE)))
    assert "Mes enfants ici" in page and "Chloé DUPONT" in page
    assert guardian.browser.get(address(school(HUGO))).status_code == 404
    assert "+33612345678" in words(guardian.browser, "/preferences/")
    GuardianTie.objects.update(removed_at=timezone.now())
    assert guardian.browser.get(address(school(VERNE))).status_code == 404
    assert "Mes accès" not in words(guardian.browser, "/mon-espace/")


def test_ones_own_requests_to_the_school_stand_on_its_page_and_nobody_elses(teacher: User) -> None:
    ask()
    SupportRequest.objects.update(user=teacher)
    ask(reason="name", reach="autre@exemple.fr")
    page = words(at(teacher), address(school(VERNE)))
    assert "en attente d’une réponse" in page and "n’est pas reconnu" not in page
    assert "Mes demandes" not in words(at(teacher), address(school(HUGO)))


def test_the_schools_cost_no_page_a_statement_more(teacher: User, person: Callable[..., User]) -> None:
    """They are asked for once in a session, and by « Mon espace »; who can have none never asks."""

    def asked(browser: Client, path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(path).status_code == 200
        return sum('FROM "schools_school"' in each["sql"] for each in captured)

    browser = at(teacher)
    assert [asked(browser, "/mon-compte/") for _time in range(3)] == [1, 0, 0]
    assert asked(browser, "/mon-espace/") == 1 and asked(browser, "/preferences/") == 0
    pupil = at(person("paul.martin"))
    assert asked(pupil, "/mon-espace/") == asked(pupil, "/mon-compte/") == 0


def test_a_school_that_was_left_goes_from_the_list_with_the_first_look_at_it(teacher: User) -> None:
    browser = at(teacher)
    there = address(school(HUGO))
    assert there in words(browser, "/mon-compte/")
    StaffMember.objects.filter(school=school(HUGO)).delete()
    assert there in words(browser, "/mon-compte/")  # a word, and no right
    assert browser.get(there).status_code == 404
    assert there not in words(browser, "/mon-compte/")


def test_the_summary_says_who_one_is_and_where_it_is_changed(teacher: User) -> None:
    page = words(at(teacher), "/preferences/")
    for part in ("Jeanne Dupont", "claire.dubois", "claire.dubois@exemple.fr", "Ma classe à la maison"):
        assert part in page
    for way in ("/mon-compte/", "/mon-compte/appareils/", "/mon-compte/securite/", "/preferences/fusion/"):
        assert f'href="{way}"' in page
    assert page.count('aria-current="page"') == 2  # the path, and the tab
    assert "Application mobile" not in page
