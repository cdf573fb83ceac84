"""Who looked at what schools declare of a child, of a guardian or of a colleague: noted (SAFETY T53)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit import journal

from .models import GuardianContact, Schooling, StaffMember, Student

STUDENT_READ = journal.register_act("student.read", _("Fiche d’un élève consultée"))
CONTACT_READ = journal.register_act("contact.read", _("Fiche d’un contact consultée"))
STAFF_READ = journal.register_act("staff.read", _("Fiche d’un membre du personnel consultée"))


def note(row: Student | GuardianContact | StaffMember, *, by: str) -> None:
    """Note in the journal that ``by`` opened a record: for each académie whose staff may ask about it."""
    if isinstance(row, Student):
        codes = set(Schooling.objects.filter(student=row).values_list("school__academy__code", flat=True))
        act = STUDENT_READ
    else:
        codes = {row.school.academy.code}
        act = CONTACT_READ if isinstance(row, GuardianContact) else STAFF_READ
    for code in sorted(codes) or [""]:
        journal.record(act=act, actor=by, subject=row.subject, academy=code)
