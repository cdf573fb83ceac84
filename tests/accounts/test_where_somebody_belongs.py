"""Somebody belongs to the académie of their latest school year, whoever writes it (SAFETY T35, T50)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.db.models import F

from accounts import enrolment, merging, registration
from accounts.models import Enrolment, Merge, Registration, User
from schools.models import Academy, Department
from schools.school_year import SchoolYear
from tests.abreast import abreast
from tests.accounts.conftest import Family
from tests.accounts.two_accounts import Two
from tests.accounts.two_accounts import two as two


def academy(user: User) -> str | None:
    return User.objects.values_list("academy__code", flat=True).get(pk=user.pk)


def enrol(
    user: User, code: str, *, years: int = 0, level: str = "lycee", profile: str = "eleve"
) -> Enrolment:
    return Enrolment.objects.create(
        user=user,
        level=level,
        profile=profile,
        academy=Academy.objects.get(code=code),
        department=Department.objects.filter(academy__code=code)[0],
        school_year=SchoolYear.current().year + years,
    )


def rewritten() -> int:
    """Return how often people were written over in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT n_tup_upd FROM pg_stat_xact_user_tables WHERE relname = 'accounts_user'")
        [(count,)] = cursor.fetchall()
    return int(count)


@pytest.mark.django_db
def test_who_confirms_belongs_where_they_signed_up_and_is_written_once(family: Family) -> None:
    family.sign_up()
    before = rewritten()
    user = registration.confirm(Registration.objects.get())
    assert academy(user) == "70" == user.academy_code
    assert rewritten() == before


@pytest.mark.django_db
def test_the_latest_school_year_counts_and_of_one_year_the_last_written(person: Callable[..., User]) -> None:
    user = person()
    enrol(user, "10", years=-1)
    assert academy(user) == "70"
    later = enrol(user, "10")
    assert academy(user) == "10"
    Enrolment.objects.filter(pk=later.pk).update(school_year=F("school_year") - 2)
    assert academy(user) == "70"
    user.enrolments.exclude(pk=later.pk).delete()
    assert academy(user) == "10"
    user.enrolments.all().delete()
    assert academy(user) is None and User.objects.get().academy_code == ""


@pytest.mark.django_db
def test_who_enrols_abroad_belongs_to_no_academie(person: Callable[..., User]) -> None:
    user = person()
    enrolment.enrol(user, level="lycee", profile="eleve", academy_id=None, department_id=None, country="DE")
    assert academy(user) is None


@pytest.mark.django_db
def test_a_merge_takes_the_years_along_and_its_undo_gives_them_back(two: Two) -> None:
    enrol(two.source, "10", years=1, profile="enseignant")
    two.merge()
    assert [academy(each) for each in (two.target, two.source)] == ["10", None]
    merging.undo(Merge.objects.get(), actor="system")
    assert [academy(each) for each in (two.target, two.source)] == ["70", "10"]


@pytest.mark.django_db(transaction=True)
def test_of_two_enrolments_at_the_same_moment_the_last_written_counts(person: Callable[..., User]) -> None:
    user = person(level="ecole")
    for _ in range(8):
        user.enrolments.exclude(level="ecole").delete()
        abreast(lambda: enrol(user, "10", level="college"), lambda: enrol(user, "01", level="lycee"))
        last = Enrolment.objects.latest("pk")
        assert user.enrolments.count() == 3 and academy(user) == last.academy_code
