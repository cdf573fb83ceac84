"""The pupils of a school and their guardians, class by class, on « Mon établissement ».

Discovered by ``schools``. The statements go through the school's own rows and look the rest up by keys, as
those of :mod:`schools.rosters.comparing`: « LATERAL (… OFFSET 0) » is done once for each row, by an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Power
from schools.models import School
from schools.own_school import Figure, Page, register

from .models import GIVES_ACCESS

_OF_THE_SCHOOL = """
WITH pupils AS MATERIALIZED (
    SELECT g.student_id AS student, u.has_come FROM schools_schooling g
    LEFT JOIN LATERAL (SELECT u.last_login IS NOT NULL AS has_come FROM accounts_user u
        WHERE u.student_id = g.student_id OFFSET 0) u ON true
    WHERE g.school_id = %(school)s AND g.gone_at IS NULL
), guardians AS MATERIALIZED (
    SELECT DISTINCT k.contact_id, k.has_account FROM pupils p
    CROSS JOIN LATERAL (
        SELECT k.contact_id, EXISTS (SELECT 1 FROM guardians_contactaccount a
            WHERE a.contact_id = k.contact_id OFFSET 0) AS has_account
        FROM schools_guardiantie k
        WHERE k.student_id = p.student AND k.removed_at IS NULL AND k.responsibility = ANY(%(access)s)
        AND EXISTS (SELECT 1 FROM schools_guardiancontact e
            WHERE e.id = k.contact_id AND e.school_id = %(school)s OFFSET 0)
        OFFSET 0) k
)
SELECT (SELECT count(*) FROM pupils), (SELECT count(*) FROM pupils WHERE has_come),
    (SELECT count(*) FROM guardians), (SELECT count(*) FROM guardians WHERE has_account),
    (SELECT count(*) FROM schools_division d WHERE d.school_id = %(school)s AND d.closed_at IS NULL)
"""

_OF_EACH_DIVISION = """
WITH pupils AS MATERIALIZED (
    SELECT g.id AS schooling, g.student_id AS student, u.has_come FROM schools_schooling g
    LEFT JOIN LATERAL (SELECT u.last_login IS NOT NULL AS has_come FROM accounts_user u
        WHERE u.student_id = g.student_id OFFSET 0) u ON true
    WHERE g.school_id = %(school)s AND g.gone_at IS NULL
), places AS MATERIALIZED (
    SELECT h.division_id AS division, p.schooling, p.has_come FROM pupils p
    CROSS JOIN LATERAL (SELECT h.division_id FROM schools_divisionpupil h
        WHERE h.schooling_id = p.schooling OFFSET 0) h
), guardians AS MATERIALIZED (
    SELECT p.schooling, k.contact_id AS contact, k.has_account FROM pupils p
    CROSS JOIN LATERAL (
        SELECT k.contact_id, EXISTS (SELECT 1 FROM guardians_contactaccount a
            WHERE a.contact_id = k.contact_id OFFSET 0) AS has_account
        FROM schools_guardiantie k
        WHERE k.student_id = p.student AND k.removed_at IS NULL AND k.responsibility = ANY(%(access)s)
        AND EXISTS (SELECT 1 FROM schools_guardiancontact e
            WHERE e.id = k.contact_id AND e.school_id = %(school)s OFFSET 0)
        OFFSET 0) k
), of_pupils AS (
    SELECT division, count(*) AS pupils, count(*) FILTER (WHERE has_come) AS come
    FROM places GROUP BY division
), of_guardians AS (
    SELECT division, count(DISTINCT contact) AS guardians,
        count(DISTINCT contact) FILTER (WHERE has_account) AS accounts
    FROM places JOIN guardians USING (schooling) GROUP BY division
)
SELECT d.public_id, COALESCE(NULLIF(d.name, ''), d.code), COALESCE(p.pupils, 0), COALESCE(p.come, 0),
    COALESCE(g.guardians, 0), COALESCE(g.accounts, 0), s.staff
FROM schools_division d
LEFT JOIN of_pupils p ON p.division = d.id LEFT JOIN of_guardians g ON g.division = d.id
CROSS JOIN LATERAL (SELECT count(*) AS staff FROM schools_staffdivision h
    CROSS JOIN LATERAL (SELECT 1 FROM schools_staffmember m
        WHERE m.id = h.member_id AND m.gone_at IS NULL OFFSET 0) m
    WHERE h.division_id = d.id OFFSET 0) s
WHERE d.school_id = %(school)s AND d.closed_at IS NULL ORDER BY d.kind, d.code
"""


@dataclass(frozen=True)
class Totals:
    """A class or group, and how many people belong to it."""

    public_id: UUID
    name: str
    pupils: int
    pupils_come: int  # have signed in
    guardians: int
    guardian_accounts: int
    staff: int


def totals_of(school: School) -> list[Totals]:
    """Return the classes and groups of a school that are not closed, with their totals: one statement."""
    return [Totals(*row) for row in _rows(_OF_EACH_DIVISION, school)]


def _figures(school: School) -> Sequence[Figure]:
    ((pupils, come, guardians, accounts, divisions),) = _rows(_OF_THE_SCHOOL, school)
    return (
        Figure(gettext("Élèves"), pupils),
        Figure(gettext("Élèves déjà connectés"), come),
        Figure(gettext("Responsables"), guardians),
        Figure(gettext("Responsables avec un compte"), accounts),
        Figure(gettext("Classes et groupes"), divisions),
    )


def _rows(statement: str, school: School) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"school": school.pk, "access": [str(each) for each in GIVES_ACCESS]})
        return cursor.fetchall()


register(
    Page(
        order=20,
        name="own_school_pupils",
        label=_("Élèves"),
        says=_("Les élèves et leurs responsables, classe par classe : qui est entré, qui a besoin d’aide."),
        power=Power.ANSWER_FAMILIES,
        figures=_figures,
    )
)
