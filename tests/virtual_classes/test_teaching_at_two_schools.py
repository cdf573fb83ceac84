"""A teacher of two schools makes classes for each, and loses those of one with its post (SCREENS B1, B2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import OtherPost, User
from schools import openings
from schools.models import Academy, Division, School, StaffDivision, StaffMember
from virtual_classes import inviting, lobby, running, scheduling
from virtual_classes.models import ClassRules, ClassSession, Degree, Entry, Mode, VirtualClass

from .conftest import knock, many_teach_at, school_of, signed_in, teacher_of
from .test_standing_at_the_door import text
from .test_who_may_teach import NEW, new_class

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hugo(teacher: User, division: Division) -> Division:
    """« CM2 » of a primary school, which Claire Dubois teaches too."""
    school = school_of("ecole", "0141396S", "École Victor Hugo")
    second = Division.objects.create(school=school, school_year=division.school_year, code="CM2", name="CM2")
    post = StaffMember.objects.create(
        school=school, family_name="Dubois", first_name="Claire", role="teacher"
    )
    StaffDivision.objects.create(member=post, division=second)
    OtherPost.objects.create(user=teacher, staff_member=post)
    return second


def tomorrow() -> str:
    return f"{timezone.localdate() + timedelta(days=1):%Y-%m-%d}"


def main(answer: Any) -> str:
    """What a page says, without the menu, where both schools stand."""
    return text(answer).partition("<main")[2].partition("</main")[0]


def leave(school: School) -> None:
    """Let the second post end, at this moment."""
    StaffMember.objects.filter(school=school).update(gone_at=timezone.now(), access_until=timezone.now())


def running_class(teacher: User, division: Division) -> ClassSession:
    """Let a teacher hold a class of a division at this hour."""
    made = scheduling.create_and_plan(
        by=teacher,
        wanted=scheduling.Wanted(
            title="Lecture", degree=Degree.FIRST, mode=Mode.ACCOUNT, provider="made_up", division=division
        ),
        starts_at=timezone.now(),
        lasts=timedelta(minutes=55),
        submission=uuid4(),
    )
    return running.open(made, by=teacher)


def test_who_teaches_at_one_school_is_asked_nothing_of_schools(teacher: User, division: Division) -> None:
    page = main(signed_in(teacher).get(NEW))
    assert "Pour qui" in page and "établissement</label>" not in page and division.school.name not in page


def test_the_school_is_chosen_with_whom_the_class_is_for(
    teacher: User, division: Division, hugo: Division
) -> None:
    browser = signed_in(teacher)
    page = main(browser.get(NEW))
    assert "Pour qui, et dans quel établissement" in page
    for audience in ("6 A", "CM2", "Mes élèves, que j’invite"):
        assert f">{audience} – " in page
    assert page.count("École Victor Hugo") == page.count("Jules Verne") == 2
    for key, after in ((str(hugo.public_id), 0), (hugo.school.uai, 1), (division.school.uai, 2)):
        sent = new_class(division=key, submission=str(uuid4()), starts=f"1{after}:00", day=tomorrow())
        del sent["now"]
        answer = browser.post(NEW, sent)
        assert answer.status_code == 302, text(answer)
    made = VirtualClass.objects.order_by("pk").values_list("division__code", "school__uai", "degree")
    assert list(made) == [
        ("CM2", hugo.school.uai, "first"),
        (None, hugo.school.uai, "first"),
        (None, division.school.uai, "second"),
    ]
    listed = main(browser.get("/classes/"))
    assert listed.count(", École Victor Hugo") == 2 and "Jules Verne" in listed


@pytest.mark.parametrize("chosen", ["", "0000000A", "nulle part"])
def test_where_nothing_or_nonsense_is_chosen_nothing_is_made_and_nothing_is_lost(
    teacher: User, hugo: Division, chosen: str
) -> None:
    page = text(signed_in(teacher).post(NEW, new_class(division=chosen, title="Ma lecture")))
    assert not VirtualClass.objects.exists()
    assert 'value="Ma lecture"' in page and "fr-message--error" in page


def test_each_school_has_its_own_rule(teacher: User, division: Division, hugo: Division) -> None:
    browser = signed_in(teacher)
    refused = browser.post(NEW, new_class(division=str(division.public_id), mode="link"))
    assert "Cet établissement ne permet pas cette entrée" in text(refused)
    assert not VirtualClass.objects.exists()
    browser.post(NEW, new_class(division=str(hugo.public_id), mode="link"))
    made = VirtualClass.objects.get()
    assert (made.mode, made.school) == ("link", hugo.school)
    ClassRules.objects.create(
        academy=hugo.school.academy, school=hugo.school, degree="first", by_link=False, by_account=True
    )
    settings = text(browser.get(f"/classes/{made.public_id}/reglages/"))
    assert 'value="link"' not in settings


def test_a_school_where_they_do_not_teach_is_refused_though_it_was_sent(
    teacher: User, hugo: Division
) -> None:
    StaffMember.objects.filter(school=hugo.school).update(role="other")
    wanted = scheduling.Wanted(title="Lecture", degree=Degree.FIRST, mode=Mode.LINK, provider="made_up")
    for school, division in ((hugo.school, None), (None, hugo)):
        with pytest.raises(scheduling.NotAllowed):
            scheduling.create(
                by=teacher,
                wanted=scheduling.Wanted(**{**vars(wanted), "school": school, "division": division}),
                submission=uuid4(),
            )
    signed_in(teacher).post(NEW, new_class(division=hugo.school.uai))
    assert not VirtualClass.objects.exists()


def test_the_classes_of_a_division_are_shared_at_the_second_school_too(
    teacher: User, hugo: Division, person: Callable[..., User], pupil: Callable[..., User]
) -> None:
    colleague = teacher_of(person, hugo, "Paul", "Petit")
    session = running_class(colleague, hugo)
    knock(signed_in(pupil("Zoé", "Roche", within=hugo)), session)
    browser = signed_in(teacher)
    assert "Lecture" in text(browser.get("/classes/")) and "Lecture" in text(browser.get("/mon-espace/"))
    assert "Zoé Roche" in text(browser.get(f"/classes/seances/{session.public_id}/"))
    lobby.admit(Entry.objects.get(), by=teacher)
    assert Entry.objects.get().state == "admitted"


def test_a_post_that_ends_takes_its_classes_with_it_and_leaves_the_others(
    teacher: User, division: Division, hugo: Division, pupil: Callable[..., User], planned: Any
) -> None:
    first = planned(after=120)
    session = running_class(teacher, hugo)
    knock(signed_in(pupil("Zoé", "Roche", within=hugo)), session)
    browser = signed_in(teacher)
    page = f"/classes/seances/{session.public_id}/"
    watched = browser.get(f"{page}porte/")
    assert watched.status_code == 200
    leave(hugo.school)
    # The page that is open asks again, and learns that it is nothing of theirs any more.
    again = browser.get(f"{page}porte/", headers={"If-None-Match": watched["ETag"]})
    assert again.status_code == 404
    for address in (page, f"{page}appel/", f"{page}salle/", f"/classes/{session.virtual_class.public_id}/"):
        assert browser.get(address).status_code == 404
    with pytest.raises(lobby.NotAllowed):
        lobby.admit(Entry.objects.get(), by=teacher)
    listed = main(browser.get("/classes/"))
    assert "Français 6 A" in listed and "Lecture" not in listed
    assert browser.get(f"/classes/seances/{first.public_id}/").status_code == 200
    assert "Victor Hugo" not in main(browser.get(NEW))


def test_a_door_that_is_watched_reads_no_list_of_all_who_teach(
    teacher: User, hugo: Division, planned: Any
) -> None:
    planned()
    many_teach_at(hugo.school)
    plan = ClassSession.objects.run_by(teacher).explain()
    assert "Seq Scan on schools_staffmember" not in plan, plan
    assert "Seq Scan on schools_staffmember" not in teacher.posts().explain()


def test_a_class_that_colleagues_share_offers_them_no_pupils_of_the_other_school(
    teacher: User, division: Division, hugo: Division, pupil: Callable[..., User], planned: Any
) -> None:
    pupil("Zoé", "Roche", within=hugo)
    shared = planned().virtual_class
    assert inviting.pupils_to_invite(shared, by=teacher) == {}
    own = planned(of=None, after=120, school=hugo.school, degree=Degree.FIRST).virtual_class
    assert list(inviting.pupils_to_invite(own, by=teacher)) == ["CM2"]


def test_an_academie_that_closed_closes_its_own_classes_only(
    teacher: User, division: Division, hugo: Division, planned: Any
) -> None:
    lyon = Academy.objects.get(code="10")
    School.objects.filter(pk=hugo.school_id).update(academy=lyon, department=lyon.departments.all()[0])
    openings.decide(
        academies=Academy.objects.filter(code="10"),
        opens=False,
        effective_on=timezone.localdate(),
        decided_on=timezone.localdate(),
        reference="Arrêté 2026-2",
        actor="system",
    )
    browser = signed_in(teacher)
    page = main(browser.get(NEW))
    assert "6 A" in page and "Victor Hugo" not in page
    browser.post(NEW, new_class(division=str(hugo.public_id)))
    assert not VirtualClass.objects.filter(school=hugo.school).exists()
    assert running.open(planned(), by=teacher).state == "open"
