"""Recognising a file that was applied before, where nobody has touched the school since: nothing to read.

What a file says hangs on its bytes, its name, the columns somebody named, the school year, the readers, and
for a file without a date of its own on the day. What it changes hangs on the rows of the school. Both are
remembered of each import that was applied. Rows are compared by the number of the transaction that wrote
them: after a restore these are others, and the file is read as any other.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from schools.models import RosterImport, RosterRefusal, Schooling, Student
from schools.school_year import SchoolYear, today

from . import comparing

# Belongs to another child today, and may be free tomorrow: such a file is always compared.
_HANGS_ON_OTHERS = "ine_other_child"

_ROWS = {
    "division": "schools_division x WHERE x.school_id = %(school)s",
    "schooling": "schools_schooling x WHERE x.school_id = %(school)s",
    "student": "schools_schooling g CROSS JOIN LATERAL ("
    "SELECT x.*, x.xmin FROM schools_student x WHERE x.id = g.student_id OFFSET 0) x "
    "WHERE g.school_id = %(school)s",
    "place": "schools_schooling g CROSS JOIN LATERAL ("
    "SELECT x.*, x.xmin FROM schools_divisionpupil x WHERE x.schooling_id = g.id OFFSET 0) x "
    "WHERE g.school_id = %(school)s",
    "contact": "schools_guardiancontact x WHERE x.school_id = %(school)s",
    "tie": "schools_guardiancontact e CROSS JOIN LATERAL ("
    "SELECT x.*, x.xmin FROM schools_guardiantie x WHERE x.contact_id = e.id OFFSET 0) x "
    "WHERE e.school_id = %(school)s",
}
_ROWS_OF_STAFF = {
    "division": _ROWS["division"],
    "staff": "schools_staffmember x WHERE x.school_id = %(school)s",
    "place": "schools_staffmember m JOIN schools_staffdivision x ON x.member_id = m.id "
    "WHERE m.school_id = %(school)s",
}
_EACH = (
    "SELECT '{name}', count(*), COALESCE(sum(hashint8extended(x.id, x.xmin::text::bigint)), 0)::text "
    "FROM {rows}"
)


def says(held: RosterImport, *, exported_on: str) -> str:
    """Return a digest of all that decides on what the files say; ``""`` where there are none.

    ``exported_on``: the date that the file bears. Without it, ages and departures are counted from today.
    """
    files = [(file.name, file.digest) for file in held.files.all()]
    if not files:
        return ""
    what = (
        held.kind, files, sorted(held.mapping.items()), SchoolYear.current().year,
        "" if exported_on else today().isoformat(), _readers(),
    )  # fmt: skip
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def rows_of(held: RosterImport) -> str:
    """Return a digest of the rows that an import of this kind is compared with, as they stand."""
    rows = _ROWS_OF_STAFF if held.kind == RosterImport.Kind.STAFF else _ROWS
    statement = " UNION ALL ".join(_EACH.format(name=name, rows=each) for name, each in rows.items())
    with connection.cursor() as cursor:
        cursor.execute(statement, {"school": held.school_id})
        return hashlib.sha256(json.dumps(sorted(cursor.fetchall())).encode()).hexdigest()


def before(held: RosterImport) -> RosterImport | None:
    """Return the import that brought the same files, if the school's rows are as it left them."""
    candidates = {says(held, exported_on=""), says(held, exported_on="said")} - {""}
    same = (
        RosterImport.objects.filter(
            school=held.school_id, kind=held.kind, state=RosterImport.State.APPLIED, digest__in=candidates
        )
        .order_by("-pk")
        .first()
    )
    if same is None or not same.rows_digest or same.rows_digest != rows_of(held):
        return None
    return None if same.refusals.filter(code=_HANGS_ON_OTHERS).exists() else same


def repeat(held: RosterImport, same: RosterImport) -> comparing.Counts:
    """Say of an import what the same one said before, all of it unchanged by now."""
    held.refusals.all()._raw_delete(using="default")
    with connection.cursor() as cursor:
        table = RosterRefusal._meta.db_table
        cursor.execute(
            f"INSERT INTO {table} (roster_import_id, source, line, code, field, whole) "
            f"SELECT %s, source, line, code, field, whole FROM {table} "
            "WHERE roster_import_id = %s ORDER BY id",
            [held.pk, same.pk],
        )
    counts: comparing.Counts = {"lines": same.counts.get("lines", {}), "staged": {}}
    for what in ("pupils", "contacts", "ties", "staff"):
        found = same.counts.get(what, {})
        kept = {outcome: found[outcome] for outcome in ("repeated", "refused") if outcome in found}
        if known := sum(found.get(outcome, 0) for outcome in ("new", "changed", "unchanged")):
            kept["unchanged"] = known
        if kept:
            counts[what] = kept
    if held.kind != RosterImport.Kind.STAFF and "pupils" in counts and (alike := perhaps_twice(held).count()):
        counts["pupils"]["duplicates"] = alike
    return counts


def perhaps_twice(held: RosterImport) -> QuerySet[Schooling]:
    """Return who is at the school and has the name and the birth date of another record."""
    others = Student.objects.living().filter(
        birth_date=OuterRef("student__birth_date"), identity_key=OuterRef("student__identity_key")
    )
    return (
        Schooling.objects.current()
        .filter(Exists(others.exclude(pk=OuterRef("student"))), school=held.school_id)
        .exclude(student__birth_date="")
    )


@cache
def _readers() -> str:
    """Return a digest of the code that reads: another release may read the same file in another way."""
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.parent.rglob("*.py")):
        code.update(path.read_bytes())
    return code.hexdigest()
