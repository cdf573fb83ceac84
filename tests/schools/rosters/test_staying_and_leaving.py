"""Staff of schools, two records of one child, and how long what is gone is kept (SAFETY T51, « Purge »)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.functions import Now

from audit.models import Record
from schools.models import (
    GuardianContact,
    GuardianTie,
    RosterFilePart,
    RosterImport,
    Schooling,
    StaffMember,
    StagedStaff,
    Student,
    StudentMerge,
)
from schools.rosters import applying, importing, merging, retention
from schools.rosters.rows import StaffRole
from schools.scope import EVERYWHERE, Scope

from .declared import (
    HEAD,
    apply,
    at_school,
    class_of,
    colleague,
    contact,
    declare,
    division,
    pupil,
    read,
    school,
    tie,
)

pytestmark = pytest.mark.usefixtures("academies", "in_autumn")
INE, OTHER_INE = "0123456789A", "0123456789B"
WHY = "Deux fiches pour le même enfant."
NORMANDIE = Scope(academies=frozenset({"70"}))


def time_passes(**units: float) -> None:
    """Put what is gone further into the past, by the clock of PostgreSQL."""
    past = timedelta(**units)
    with connection.cursor() as cursor:
        for table in ("schools_schooling", "schools_staffmember"):
            cursor.execute(
                f"UPDATE {table} SET gone_at = gone_at - %s, access_until = access_until - %s", [past, past]
            )
        cursor.execute("UPDATE schools_guardiantie SET removed_at = removed_at - %s", [past])
        cursor.execute("UPDATE schools_rosterimport SET created_at = created_at - %s", [past])


class TestStaff:
    """Teachers, heads and others, with their classes."""

    PEOPLE = (
        colleague("Anne", StaffRole.HEAD),
        colleague("Samir", divisions=("3 A",)),
        colleague("Nadia", StaffRole.OTHER, identifier="", email=""),
    )

    def test_they_are_kept_with_their_classes_and_found_again(self) -> None:
        declare([division(), pupil("Léa")])
        declare(self.PEOPLE, kind="staff")
        assert dict(StaffMember.objects.values_list("first_name", "role")) == {
            "Anne": "head",
            "Samir": "teacher",
            "Nadia": "other",
        }
        assert [each.code for each in StaffMember.objects.get(first_name="Samir").divisions.all()] == ["3 A"]
        done = declare(self.PEOPLE, kind="staff")
        assert done.counts["staff"] == {"unchanged": 3, "before": 3}

    def test_another_name_or_address_under_one_identifier_is_one_person(self) -> None:
        declare(self.PEOPLE, kind="staff")
        known = set(StaffMember.objects.values_list("pk", flat=True))
        married = colleague("Anne", StaffRole.HEAD, family_name="LEROY", email="anne.leroy@ac-normandie.fr")
        named = colleague("Nadia", StaffRole.OTHER, identifier="nroux2", email="nadia.roux@ac-normandie.fr")
        declare([married, self.PEOPLE[1], named], kind="staff")
        assert set(StaffMember.objects.values_list("pk", flat=True)) == known
        assert StaffMember.objects.get(identifier="aroux").family_name == "LEROY"
        assert StaffMember.objects.get(first_name="Nadia").identifier == "nroux2"

    def test_two_of_one_name_with_two_identifiers_are_two(self) -> None:
        declare([colleague("Anne"), colleague("Anne", key="2", identifier="aroux2", email="")], kind="staff")
        assert StaffMember.objects.count() == 2

    def test_a_class_that_is_not_there_is_said(self) -> None:
        made = read([colleague("Samir", divisions=("9 Z",), line=7)], kind="staff")
        refusal = made.refusals.get()
        assert (refusal.code, refusal.line, refusal.whole) == ("division_unknown", 7, False)

    def test_phones_of_the_directory_are_kept_changed_and_taken_off(self) -> None:
        known = colleague("Samir", mobile="+33612345678", professional_phone="+33233000000")
        declare([known], kind="staff")
        samir = StaffMember.objects.get()
        assert samir.directory_phones == [
            ("téléphone professionnel", "+33233000000"),
            ("téléphone portable", "+33612345678"),
        ]
        made = read([replace(known, mobile="")], kind="staff")
        assert StagedStaff.objects.get(roster_import=made).changes == ["mobile"]
        importing.decide(made, by=HEAD)
        importing.apply(str(made.public_id))
        samir.refresh_from_db()
        assert (samir.mobile, samir.professional_phone) == ("", "+33233000000")

    def test_a_table_without_phones_leaves_them_as_they_are(self) -> None:
        declare([colleague("Samir", mobile="+33612345678")], kind="staff")
        done = declare([colleague("Samir", family_name="LEROY")], kind="staff")
        assert done.counts["staff"]["changed"] == 1
        assert StaffMember.objects.get().mobile == "+33612345678"
        done = declare([colleague("Samir", family_name="LEROY")], kind="staff")
        assert done.counts["staff"]["unchanged"] == 1

    def test_who_left_has_a_week_and_a_file_without_most_of_them_is_asked_about(self) -> None:
        declare(self.PEOPLE, kind="staff")
        made = read(self.PEOPLE[:1], kind="staff")
        with pytest.raises(applying.ConfirmationWanted):
            importing.decide(made, by=HEAD)
        importing.decide(made, by=HEAD, confirmed=True)
        importing.apply(str(made.public_id))
        assert StaffMember.objects.with_access().count() == 3
        time_passes(days=7, seconds=1)
        assert StaffMember.objects.with_access().count() == 1
        declare(self.PEOPLE, kind="staff")
        assert StaffMember.objects.filter(gone_at=None).count() == 3


class TestTwoRecordsOfOneChild:
    """Brought together by hand, and taken apart again."""

    ROWS = (
        division(),
        pupil("Léa", INE, key="1"),
        pupil("Léa", OTHER_INE, key="2", birth_date="2012-09-03", line=11),
        contact("Claire"),
        contact("Marc", mobile="+33639980002"),
        tie("1", "Claire"),
        tie("2", "Claire"),
        tie("2", "Marc"),
    )

    def both(self) -> tuple[Student, Student]:
        declare(self.ROWS)
        return Student.objects.get(ine=INE), Student.objects.get(ine=OTHER_INE)

    def state(self) -> object:
        return (
            sorted(Schooling.objects.values_list("student__ine", "school__uai", "gone_at")),
            sorted(GuardianTie.objects.values_list("student__ine", "contact__first_name", "removed_at")),
            sorted(
                Schooling.divisions.through.objects.values_list("schooling__student__ine", "division__code")
            ),
        )

    def test_what_was_said_of_both_is_said_of_one(self) -> None:
        kept, absorbed = self.both()
        merging.merge(kept, absorbed, scope=NORMANDIE, by=HEAD, reason=WHY)
        assert Student.objects.living().get() == kept
        assert kept.schoolings.count() == 1
        assert {each.first_name for each in kept.contacts.all()} == {"Claire", "Marc"}
        assert set(
            Record.objects.filter(act="student.merged").values_list("subject", "reason", "academy")
        ) == {
            (kept.subject, WHY, "70"),
            (absorbed.subject, WHY, "70"),
        }

    def test_the_next_file_still_names_both_and_makes_nobody_anew(self) -> None:
        kept, absorbed = self.both()
        merging.merge(kept, absorbed, scope=NORMANDIE, by=HEAD, reason=WHY)
        done = declare(self.ROWS)
        assert done.counts["pupils"]["repeated"] == 1 and "new" not in done.counts["pupils"]
        assert "gone" not in done.counts["pupils"]
        assert Student.objects.count() == 2 and Schooling.objects.current().get().student == kept

    def test_a_file_that_was_read_before_does_not_undo_it(self) -> None:
        kept, absorbed = self.both()
        moved = [*self.ROWS[:2], replace(self.ROWS[2], divisions=("3 B",)), *self.ROWS[3:]]
        made = read(moved)
        merging.merge(kept, absorbed, scope=NORMANDIE, by=HEAD, reason=WHY)
        assert apply(made).state == RosterImport.State.APPLIED
        assert Schooling.objects.get().student == kept

    def test_it_can_be_undone(self) -> None:
        kept, absorbed = self.both()
        before = self.state()
        merged = merging.merge(kept, absorbed, scope=NORMANDIE, by=HEAD, reason=WHY)
        assert self.state() != before
        merging.undo(merged, scope=NORMANDIE, by=HEAD, reason="C’étaient deux enfants.")
        assert self.state() == before
        assert Student.objects.living().count() == 2 and not StudentMerge.objects.exists()
        assert Record.objects.filter(act="student.merge_undone").count() == 2
        assert "new" not in declare(self.ROWS).counts["pupils"]

    def test_only_by_who_has_the_schools_of_both(self) -> None:
        kept, absorbed = self.both()
        declare([division(), pupil("Léa", OTHER_INE, birth_date="2012-09-03")], school("0750680G", "01"))
        for one, other in ((kept, absorbed), (absorbed, kept)):
            with pytest.raises(merging.NotAllowed):
                merging.merge(one, other, scope=NORMANDIE, by=HEAD, reason=WHY)
        merged = merging.merge(kept, absorbed, scope=EVERYWHERE, by=HEAD, reason=WHY)
        with pytest.raises(merging.NotAllowed):
            merging.undo(merged, scope=NORMANDIE, by=HEAD, reason=WHY)

    def test_neither_with_itself_nor_twice(self) -> None:
        kept, absorbed = self.both()
        with pytest.raises(merging.SameRecord):
            merging.merge(kept, kept, scope=NORMANDIE, by=HEAD, reason=WHY)
        merging.merge(kept, absorbed, scope=NORMANDIE, by=HEAD, reason=WHY)
        absorbed.refresh_from_db()
        declare([*self.ROWS, pupil("Hugo", "0123456789C")])
        with pytest.raises(merging.MergedAlready):
            merging.merge(Student.objects.get(first_name="Hugo"), kept, scope=NORMANDIE, by=HEAD, reason=WHY)


class TestForgetting:
    """Three months after."""

    def leave(self) -> None:
        """Have one of twenty pupils leave, with a guardian of her own."""
        ties = [contact("Claire"), contact("Marc", mobile="+33639980002"), tie("Élèveb", "Claire")]
        declare([*class_of(20), *ties, tie("Élèvebj", "Marc")])
        declare([*class_of(19), *ties])

    def test_who_left_is_kept_for_three_months_and_then_deleted_with_their_guardian(self) -> None:
        self.leave()
        time_passes(days=89)
        assert retention.purge().students == 0
        time_passes(days=2)
        assert retention.foresee() == retention.Purged(schoolings=1, students=1, ties=0, staff=0, imports=0)
        done = retention.purge()
        assert (done.schoolings, done.students, done.ties, done.contacts) == (1, 1, 1, 1)
        assert Student.objects.count() == 19
        assert [each.first_name for each in GuardianContact.objects.all()] == ["Claire"]
        assert Record.objects.filter(act="student.deleted").count() == 1
        assert retention.purge() == retention.Purged()

    def test_who_is_at_another_school_is_never_touched(self) -> None:
        self.leave()
        gone = Schooling.objects.get(gone_at__isnull=False).student
        declare([division(), pupil(gone.first_name, gone.ine, line=3)], school("0750680G", "01"))
        time_passes(days=91)
        retention.purge()
        assert Student.objects.filter(pk=gone.pk).exists()
        assert [each.school.uai for each in gone.schoolings.all()] == ["0750680G"]

    def test_a_tie_that_was_removed_goes_after_three_months(self) -> None:
        rows = [*class_of(20), contact("Claire"), contact("Marc", mobile="+33639980002")]
        declare([*rows, tie("Élèveb", "Claire"), tie("Élèveb", "Marc")])
        declare([*rows, tie("Élèveb", "Claire")], confirmed=True)
        time_passes(days=91)
        retention.purge()
        assert [each.first_name for each in GuardianContact.objects.all()] == ["Claire"]
        assert at_school() == {row.first_name for row in class_of(20)[1:]}

    def test_a_colleague_who_left_goes_after_three_months(self) -> None:
        declare([colleague("Anne"), colleague("Samir")], kind="staff")
        declare([colleague("Anne")], kind="staff", confirmed=True)
        time_passes(days=91)
        retention.purge()
        assert [each.first_name for each in StaffMember.objects.all()] == ["Anne"]
        assert Record.objects.filter(act="staff.deleted", academy="70").count() == 1

    def test_a_file_that_nobody_applied_is_forgotten_after_a_week(self) -> None:
        made = read(class_of(3))
        time_passes(days=6, hours=23)
        assert retention.purge().imports == 0
        time_passes(hours=2)
        assert retention.purge().imports == 1
        made.refresh_from_db()
        assert (made.state, made.reason) == (RosterImport.State.FAILED, "expired")
        assert not RosterFilePart.objects.exists()
        declare(class_of(3))

    def test_whoever_runs_the_portal_sees_first_what_would_go(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.leave()
        time_passes(days=91)
        call_command("purge_rosters", "--dry-run")
        assert "1" in capsys.readouterr().out and Student.objects.count() == 20
        call_command("purge_rosters")
        assert Student.objects.count() == 19

    def test_an_old_import_is_forgotten_after_a_year(self) -> None:
        declare(class_of(3))
        RosterImport.objects.update(finished_at=Now() - timedelta(days=366))
        retention.purge()
        assert not RosterImport.objects.exists()
