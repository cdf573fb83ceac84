"""A school declares its pupils and their guardians: nobody is lost, nobody becomes somebody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import Record
from schools.models import (
    Division,
    GuardianContact,
    GuardianTie,
    RosterFilePart,
    RosterImport,
    School,
    Schooling,
    StagedPupil,
    Student,
)
from schools.rosters import applying, importing
from schools.rosters.rows import FileRefused, GroupKind, Heading, Responsibility

from .declared import (
    HEAD,
    Listed,
    apply,
    at_school,
    class_of,
    contact,
    declare,
    division,
    letters,
    pupil,
    read,
    school,
    tie,
)

pytestmark = pytest.mark.usefixtures("academies", "in_autumn")

INE = "0123456789A"
OTHER_INE = "0123456789B"
FAMILY = [
    division("3 A"),
    division("LATIN", GroupKind.GROUP),
    pupil("Léa", INE, divisions=("3 A", "LATIN"), line=11),
    pupil("Hugo", OTHER_INE, sex="M", birth_date="2014-05-00", line=12),
    contact("Claire", email="claire@exemple.fr", sms_consent=True),
    contact("Marc", mobile="+33639980002"),
    tie("Léa", "Claire"),
    tie("Hugo", "Claire"),
    tie("Léa", "Marc", Responsibility.CONTACT),
]
TABLES = [
    "schools_student",
    "schools_schooling",
    "schools_division",
    "schools_divisionpupil",
    "schools_guardiancontact",
    "schools_guardiantie",
]


def versions() -> list[tuple[object, ...]]:
    """Return the version of every row, which any UPDATE changes."""
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', id, xmin::text, ctid::text FROM {table}" for table in TABLES
            )
        )
        return sorted(cursor.fetchall())


def months_pass(**units: float) -> None:
    """Put what happened so long ago into the past, by the clock of PostgreSQL."""
    past = timedelta(**units)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE schools_schooling SET gone_at = gone_at - %s, access_until = access_until - %s",
            [past, past],
        )
        cursor.execute("UPDATE schools_guardiantie SET removed_at = removed_at - %s", [past])


def test_the_first_file_makes_pupils_classes_guardians_and_ties() -> None:
    done = declare(FAMILY)
    lea = Student.objects.get(first_name="Léa")
    assert (lea.ine, lea.family_name, lea.birth_date, lea.sex) == (INE, "MARTIN", "2012-03-09", "F")
    here = lea.schoolings.get()
    assert (here.school, here.school_year, here.gone_at) == (school(), 2026, None)
    assert set(here.divisions.values_list("code", "kind")) == {("3 A", "division"), ("LATIN", "group")}
    claire = GuardianContact.objects.get(first_name="Claire")
    assert (claire.mobile, claire.email, claire.sms_consent) == ("+33639980001", "claire@exemple.fr", True)
    assert {each.first_name for each in claire.students.all()} == {"Léa", "Hugo"}
    assert GuardianTie.objects.get(contact__first_name="Marc").responsibility == "contact"
    assert done.counts["pupils"] == {"new": 2}
    assert done.counts["contacts"] == {"new": 2} and done.counts["ties"] == {"new": 3}
    record = Record.objects.get(act="roster.applied")
    assert (record.actor, record.subject, record.academy) == (HEAD, "school:0141396S", "70")


def test_a_birth_date_known_in_part_is_kept_as_it_is() -> None:
    declare(FAMILY)
    assert Student.objects.get(first_name="Hugo").birth_date == "2014-05-00"


def test_nothing_changes_before_somebody_decides() -> None:
    made = read(FAMILY)
    assert made.state == RosterImport.State.READY
    assert made.counts["pupils"]["new"] == 2
    assert not Student.objects.exists() and not Division.objects.exists()


def test_the_same_file_twice_writes_no_row() -> None:
    declare(FAMILY)
    before = versions()
    done = declare(FAMILY)
    assert versions() == before
    assert done.counts["pupils"] == {"unchanged": 2, "before": 2}
    assert done.counts["contacts"] == {"unchanged": 2} and done.counts["ties"]["unchanged"] == 3


def test_pupils_without_an_ine_are_found_again_twins_and_homonyms_too() -> None:
    homonyms = [
        division(),
        pupil("Jean", key="1", birth_date="2012-03-09", line=2),
        pupil("Jean", key="2", birth_date="2012-07-14", line=3),
        pupil("Lou", key="3", line=4),
        pupil("Zoé", key="4", line=5),
        pupil("Zoé", key="5", line=6),  # the same name and the same day: two lines, two children
        pupil("Noé", key="6", birth_date="", line=7),
    ]
    declare(homonyms)
    assert Student.objects.count() == 6
    before = versions()
    done = declare(homonyms)
    assert versions() == before and done.counts["pupils"]["unchanged"] == 6
    assert done.counts["pupils"]["duplicates"] == 2


@pytest.mark.parametrize(
    ("written", "again"),
    [("D’ORNANO", "D'ORNANO"), ("LEFÈVRE", "Lefevre"), ("PETIT-JEAN", "PETIT JEAN"), ("CŒUR", "COEUR")],
)
def test_another_spelling_of_a_name_is_no_other_child(written: str, again: str) -> None:
    declare([division(), pupil("Anaïs", family_name=written)])
    done = declare([division(), pupil("Anais", family_name=again)])
    assert done.counts["pupils"]["changed"] == 1
    student = Student.objects.get()
    assert (student.family_name, student.first_name) == (again, "Anais")


def test_a_date_that_becomes_known_finds_the_one_child_of_that_name() -> None:
    declare([division(), pupil("Léa", birth_date="2012-03-00"), pupil("Hugo", birth_date="")])
    declare([division(), pupil("Léa", birth_date="2012-03-14"), pupil("Hugo", birth_date="2014-05-01")])
    assert dict(Student.objects.values_list("first_name", "birth_date")) == {
        "Léa": "2012-03-14",
        "Hugo": "2014-05-01",
    }


def test_another_birth_date_is_another_child() -> None:
    declare([division(), pupil("Léa", birth_date="2012-03-00")])
    done = declare([division(), pupil("Léa", birth_date="2013-03-14")], confirmed=True)
    assert done.counts["pupils"]["new"] == 1 and done.counts["pupils"]["gone"] == 1
    assert Student.objects.count() == 2


def test_an_ine_that_came_late_is_noted_of_the_child_who_had_none() -> None:
    declare([division(), pupil("Léa")])
    declare([division(), pupil("Léa", INE)])
    assert Student.objects.get().ine == INE


def test_a_name_corrected_under_the_same_ine_is_the_same_child() -> None:
    declare([division(), pupil("Léa", INE)])
    declare([division(), pupil("Léa", INE, family_name="MARTIN-DURAND", usage_name="DURAND")])
    student = Student.objects.get()
    assert (student.family_name, student.usage_name) == ("MARTIN-DURAND", "DURAND")


def test_an_ine_of_another_child_moves_nobody() -> None:
    declare([division(), pupil("Léa", INE)], school("0750680G", "01"))
    made = read([division(), pupil("Karim", INE, family_name="BENALI", birth_date="2011-01-02", line=7)])
    refusal = made.refusals.get()
    assert (refusal.code, refusal.line, refusal.whole) == ("ine_other_child", 7, False)
    importing.decide(made, by=HEAD)
    importing.apply(str(made.public_id))
    assert Student.objects.get(first_name="Karim").ine == ""
    assert Student.objects.get(ine=INE).first_name == "Léa"
    assert at_school(school("0750680G", "01")) == {"Léa"}


def test_a_child_in_two_schools_is_one_child_in_both() -> None:
    paris = school("0750680G", "01")
    declare(FAMILY)
    declare([division(), pupil("Léa", INE), contact("Claire"), tie("Léa", "Claire")], paris)
    lea = Student.objects.get(ine=INE)
    assert {each.school.uai for each in lea.schoolings.current()} == {"0141396S", "0750680G"}
    assert lea.contacts.count() == 3, "each school has its own contacts"
    assert at_school() == {"Léa", "Hugo"}


def test_a_child_whom_two_schools_declare_at_the_same_moment_is_one_child() -> None:
    made = read([division(), pupil("Léa", INE)])
    declare([division(), pupil("Léa", INE)], school("0750680G", "01"))
    assert apply(made).state == RosterImport.State.APPLIED
    assert Student.objects.get().schoolings.count() == 2


def test_nobody_is_found_by_name_alone_in_another_school_but_it_is_said() -> None:
    declare([division(), pupil("Léa")], school("0750680G", "01"))
    made = read([division(), pupil("Léa")])
    assert made.counts["pupils"] == {"new": 1, "duplicates": 1}
    importing.decide(made, by=HEAD)
    importing.apply(str(made.public_id))
    assert Student.objects.count() == 2


def test_a_file_of_another_school_is_refused_whole() -> None:
    made = RosterImport.objects.create(
        school=school(), kind="siecle", uploaded_by=HEAD, state=RosterImport.State.READING
    )
    with pytest.raises(FileRefused, match="uai_other"):
        importing.take_in(made, Listed(FAMILY, Heading(uai="0750680G")))
    assert not StagedPupil.objects.exists()


@pytest.mark.parametrize(("year", "code"), [(2024, "year_past"), (2028, "year_ahead")])
def test_a_file_of_a_year_that_is_not_ours_is_refused(year: int, code: str) -> None:
    with pytest.raises(FileRefused, match=code):
        read(FAMILY, year=year)


def test_last_years_file_after_this_years_is_refused() -> None:
    declare(FAMILY)
    with pytest.raises(FileRefused, match="year_past"):
        read(FAMILY, year=2025)


def test_a_new_year_moves_pupils_by_ine_closes_classes_and_keeps_ties() -> None:
    last = [replace(row, divisions=("4 B",)) if hasattr(row, "ine") else row for row in FAMILY]
    declare([division("4 B"), *last[2:]], year=2025)
    tied = set(GuardianTie.objects.values_list("pk", "removed_at"))
    people = set(Student.objects.values_list("pk", flat=True))
    declare(FAMILY, year=2026)
    assert set(Student.objects.values_list("pk", flat=True)) == people
    assert set(GuardianTie.objects.values_list("pk", "removed_at")) == tied
    assert Division.objects.get(code="4 B").closed_at is not None
    assert Division.objects.get(code="3 A").closed_at is None
    lea = Schooling.objects.get(student__ine=INE)
    assert lea.school_year == 2026
    assert {each.code for each in lea.divisions.all()} == {"3 A", "LATIN"}


def test_a_pupil_who_changes_class_leaves_the_other_one() -> None:
    declare(FAMILY)
    moved = [division("3 B"), *FAMILY[:2], pupil("Léa", INE, divisions=("3 B",)), *FAMILY[3:]]
    done = declare(moved)
    assert done.counts["pupils"] == {"changed": 1, "unchanged": 1, "before": 2}
    assert [each.code for each in Schooling.objects.get(student__ine=INE).divisions.all()] == ["3 B"]


def test_who_is_gone_has_access_for_seven_days_more() -> None:
    declare(class_of(20))
    declare(class_of(19))
    gone = Schooling.objects.get(gone_at__isnull=False)
    assert gone.access_until is not None and gone.gone_at is not None
    assert gone.access_until - gone.gone_at == timedelta(days=7)
    assert Schooling.objects.with_access().count() == 20 and Schooling.objects.current().count() == 19
    months_pass(days=7, seconds=1)
    assert Schooling.objects.with_access().count() == 19


def test_who_comes_back_is_who_they_were() -> None:
    declare(class_of(20))
    before = set(Student.objects.values_list("pk", flat=True))
    declare(class_of(19))
    done = declare(class_of(20))
    assert done.counts["pupils"]["new"] == 1
    assert set(Student.objects.values_list("pk", flat=True)) == before
    assert Schooling.objects.current().count() == 20


@pytest.mark.parametrize(("left", "asks"), [(19, False), (18, True), (10, True)])
def test_a_tenth_fewer_must_be_said_twice(left: int, asks: bool) -> None:
    declare(class_of(20))
    made = read(class_of(left))
    if not asks:
        importing.decide(made, by=HEAD)
        return
    with pytest.raises(applying.ConfirmationWanted):
        importing.decide(made, by=HEAD)
    made.refresh_from_db()
    assert made.state == RosterImport.State.READY
    assert Schooling.objects.current().count() == 20, "nobody lost anything"
    importing.decide(made, by=HEAD, confirmed=True)
    importing.apply(str(made.public_id))
    assert Schooling.objects.current().count() == left


def test_a_year_group_that_leaves_in_a_new_year_is_no_surprise_but_a_half_is() -> None:
    declare(class_of(20), year=2025)
    importing.give_up(read(class_of(20, start=5), year=2026), by=HEAD)  # five left, five came
    made = read(class_of(10, start=5), year=2026)
    with pytest.raises(applying.ConfirmationWanted):
        importing.decide(made, by=HEAD)


def test_more_who_leave_than_was_confirmed_are_asked_about_again() -> None:
    """Between the report and the decision another file made the school larger."""
    declare(class_of(10))
    made = read(class_of(10))
    importing.decide(made, by=HEAD)
    other = school("0750680G", "01")
    declare(class_of(5, start=50), other)
    Schooling.objects.filter(school=other).update(school=school())
    importing.apply(str(made.public_id))
    made.refresh_from_db()
    assert made.state == RosterImport.State.READY and made.counts["pupils"]["gone"] == 5
    assert Schooling.objects.current().count() == 15


def test_a_guardian_taken_off_the_file_is_off_at_once() -> None:
    declare([*class_of(20), *FAMILY[4:6], *(tie("Élèveb", name) for name in ("Claire", "Marc"))])
    done = declare([*class_of(20), FAMILY[4], tie("Élèveb", "Claire")], confirmed=True)
    assert done.counts["ties"]["removed"] == 1
    removed = GuardianTie.objects.get(contact__first_name="Marc")
    assert removed.removed_at is not None
    assert GuardianTie.objects.get(contact__first_name="Claire").removed_at is None


def test_so_many_ties_lost_at_once_must_be_said_twice() -> None:
    declare(FAMILY)
    made = read(FAMILY[:5] + FAMILY[6:7])
    assert made.counts["ties"]["removed"] == 2
    with pytest.raises(applying.ConfirmationWanted):
        importing.decide(made, by=HEAD)


def test_a_file_without_guardians_takes_nobody_off() -> None:
    declare(FAMILY)
    done = declare(FAMILY[:4])
    assert "removed" not in done.counts.get("ties", {})
    assert GuardianTie.objects.filter(removed_at=None).count() == 3


def test_a_guardian_back_on_the_file_is_tied_again_by_the_same_row() -> None:
    declare(FAMILY)
    rows = set(GuardianTie.objects.values_list("pk", flat=True))
    declare(FAMILY[:8], confirmed=True)
    declare(FAMILY)
    assert set(GuardianTie.objects.filter(removed_at=None).values_list("pk", flat=True)) == rows


def test_a_guardian_with_another_number_or_a_corrected_name_is_the_same_one() -> None:
    declare(FAMILY)
    known = set(GuardianContact.objects.values_list("pk", flat=True))
    changed: list[Any] = list(FAMILY)
    changed[4] = contact("Claire", mobile="+33639980009")
    changed[5] = contact("Marc", mobile="+33639980002", family_name="MARTINEZ")
    done = declare(changed)
    assert done.counts["contacts"] == {"changed": 2} and "new" not in done.counts["ties"]
    assert set(GuardianContact.objects.values_list("pk", flat=True)) == known
    assert GuardianContact.objects.get(first_name="Claire").mobile == "+33639980009"


def test_two_guardians_of_one_name_stay_two() -> None:
    """A grandfather and a father with one name, tied to one child."""
    rows = [
        division(),
        pupil("Léa", INE),
        contact("Jean", key="c-1", mobile=""),
        contact("Jean", key="c-2", mobile="", line=21),
        tie("Léa", "1"),
        tie("Léa", "2", Responsibility.CONTACT),
    ]
    declare(rows)
    assert GuardianContact.objects.count() == 2
    before = versions()
    declare(rows)
    assert versions() == before


def test_the_same_name_with_another_child_and_number_is_somebody_else() -> None:
    declare([division(), pupil("Léa", INE), contact("Jean"), tie("Léa", "Jean")])
    done = declare(
        [
            division(),
            pupil("Léa", INE),
            contact("Jean"),
            tie("Léa", "Jean"),
            pupil("Hugo", OTHER_INE),
            contact("Jean", key="c-J2", mobile="+33639980077"),
            tie("Hugo", "J2"),
        ]
    )
    assert done.counts["contacts"] == {"unchanged": 1, "new": 1}
    assert set(GuardianTie.objects.values_list("contact__mobile", "student__first_name")) == {
        ("+33639980001", "Léa"),
        ("+33639980077", "Hugo"),
    }


def test_nobody_is_kept_who_is_tied_to_no_child() -> None:
    done = declare([*FAMILY, contact("Personne", mobile="+33639980066")])
    assert done.counts["contacts"] == {"new": 2, "refused": 1}
    assert not GuardianContact.objects.filter(first_name="Personne").exists()


def test_the_bytes_and_the_rows_read_are_forgotten_once_applied() -> None:
    done = declare(FAMILY)
    assert not StagedPupil.objects.exists() and not RosterFilePart.objects.exists()
    assert done.finished_at is not None


def test_rows_that_vanished_since_the_report_fail_the_import() -> None:
    declare(class_of(20))
    made = read(class_of(20))
    importing.decide(made, by=HEAD)
    StagedPupil.objects.filter(first_name="Élèvea").delete()
    importing.apply(str(made.public_id))
    made.refresh_from_db()
    assert (made.state, made.reason) == (RosterImport.State.FAILED, "staging_lost")
    assert Schooling.objects.current().count() == 20


def test_a_file_without_anybody_is_refused() -> None:
    with pytest.raises(FileRefused, match="nobody"):
        read([division()])


@pytest.mark.parametrize("first", [True, False])
def test_statements_do_not_grow_with_the_file(first: bool) -> None:
    def statements(size: int, at: School) -> int:
        rows = [
            *class_of(size),
            *(contact(f"P{letters(n)}", key=f"c-{n}", mobile=f"+3363998{n:04d}") for n in range(size)),
            *(tie(f"Élève{letters(n)}", str(n)) for n in range(size)),
        ]
        rows = [replace(row, ine="") if hasattr(row, "ine") else row for row in rows]
        if not first:
            declare(rows, at)
        with CaptureQueriesContext(connection) as queries:
            declare(rows, at)
        return len(queries)

    small, large = statements(10, school()), statements(1000, school("0750680G", "01"))
    assert small == large
    assert large <= 100


def test_a_class_that_only_pupils_name_is_made_too() -> None:
    declare([division("3 A"), pupil("Léa", INE, divisions=("3 A", "CHORALE"))])
    assert set(Division.objects.values_list("code", flat=True)) == {"3 A", "CHORALE"}
    assert Schooling.objects.get().divisions.count() == 2
