"""Making the database hold what a file says: all of it in one transaction, set by set, or nothing.

Nothing is deleted here. Who is no longer named keeps their access for seven days; a tie that is no longer
named ends at once (SAFETY T51); :mod:`schools.rosters.retention` deletes later. Who becomes head needs
another letter: those from before open nothing (:func:`schools.letters.revoking.outgrow`).
"""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.models import RosterImport
from schools.models.pupils import ACCESS_AFTER_LEAVING

from . import comparing, staging

APPLIED = journal.register_act("roster.applied", _("Fichier d’un établissement appliqué"))

# What it is about, the outcomes without which it has nothing to do (none: always), and the statement.
_Statement = tuple[str, tuple[str, ...], str]

_PUPILS: tuple[_Statement, ...] = (
    (
        "pupils",
        (),
        """
    INSERT INTO schools_division (public_id, school_id, school_year, code, name, kind)
    SELECT gen_random_uuid(), %(school)s, %(year)s, code, max(name), min(kind) FROM (
        SELECT code, name, kind FROM schools_stageddivision WHERE roster_import_id = %(import)s
        UNION ALL
        (SELECT unnest(divisions), '', 'division' FROM schools_stagedpupil WHERE roster_import_id = %(import)s
        EXCEPT SELECT code, '', 'division' FROM schools_stageddivision WHERE roster_import_id = %(import)s)
    ) said GROUP BY code
    ON CONFLICT (school_id, school_year, code) DO UPDATE
    SET name = EXCLUDED.name, kind = EXCLUDED.kind, closed_at = NULL
    WHERE (schools_division.name, schools_division.kind) <> (EXCLUDED.name, EXCLUDED.kind)
        OR schools_division.closed_at IS NOT NULL
    """,
    ),
    (
        "pupils",
        ("new",),
        """
    INSERT INTO schools_student (id, public_id, ine, family_name, first_name, usage_name, other_first_names,
        birth_date, sex)
    SELECT student_id, gen_random_uuid(), ine, family_name, first_name, usage_name, other_first_names,
        birth_date, sex
    FROM schools_stagedpupil p WHERE roster_import_id = %(import)s AND outcome = 'new'
    AND NOT EXISTS (SELECT 1 FROM schools_student s WHERE s.id = p.student_id OFFSET 0)
    """,
    ),
    (
        "pupils",
        ("new", "changed"),
        """
    UPDATE schools_student s SET
        ine = CASE WHEN 'ine' = ANY(p.changes) THEN p.ine ELSE s.ine END,
        family_name = p.family_name, first_name = p.first_name, usage_name = p.usage_name,
        other_first_names = p.other_first_names,
        birth_date = COALESCE(NULLIF(p.birth_date, ''), s.birth_date),
        sex = COALESCE(NULLIF(p.sex, ''), s.sex)
    FROM (
        SELECT * FROM schools_stagedpupil WHERE roster_import_id = %(import)s
        AND outcome IN ('new', 'changed')
        AND changes::text[] && ARRAY['ine', 'family_name', 'first_name', 'usage_name', 'other_first_names',
            'birth_date', 'sex']
    ) p WHERE p.student_id = s.id AND s.id = ANY (ARRAY(
        SELECT student_id FROM schools_stagedpupil WHERE roster_import_id = %(import)s AND changes <> '{}'))
    """,
    ),
    (
        "pupils",
        ("new", "changed"),
        """
    DELETE FROM schools_divisionpupil WHERE id = ANY (ARRAY(
        SELECT h.id FROM schools_stagedpupil p
        JOIN schools_schooling g ON g.school_id = %(school)s AND g.student_id = p.student_id
        CROSS JOIN LATERAL (SELECT * FROM schools_divisionpupil h WHERE h.schooling_id = g.id OFFSET 0) h
        WHERE p.roster_import_id = %(import)s AND p.outcome IN ('new', 'changed')
        AND NOT EXISTS (SELECT 1 FROM schools_division d WHERE d.id = h.division_id
            AND d.school_year = %(year)s AND d.code = ANY(p.divisions) OFFSET 0)))
    """,
    ),
    (
        "pupils",
        ("new", "changed"),
        """
    INSERT INTO schools_schooling (student_id, school_id, school_year)
    SELECT student_id, %(school)s, %(year)s FROM schools_stagedpupil
    WHERE roster_import_id = %(import)s AND outcome IN ('new', 'changed')
    ON CONFLICT (school_id, student_id) DO UPDATE
    SET school_year = EXCLUDED.school_year, gone_at = NULL, access_until = NULL,
        since = CASE WHEN schools_schooling.gone_at IS NULL THEN schools_schooling.since ELSE now() END
    WHERE schools_schooling.school_year <> EXCLUDED.school_year OR schools_schooling.gone_at IS NOT NULL
    """,
    ),
    (
        "pupils",
        ("new", "changed"),
        """
    WITH placed AS MATERIALIZED (
        SELECT g.id, unnest(p.divisions) AS code FROM schools_stagedpupil p
        JOIN schools_schooling g ON g.school_id = %(school)s AND g.student_id = p.student_id
        WHERE p.roster_import_id = %(import)s AND p.outcome IN ('new', 'changed')
    )
    INSERT INTO schools_divisionpupil (schooling_id, division_id)
    SELECT DISTINCT placed.id, d.id FROM placed
    JOIN schools_division d ON d.school_id = %(school)s AND d.school_year = %(year)s AND d.code = placed.code
    ON CONFLICT DO NOTHING
    """,
    ),
    (
        "pupils",
        ("gone",),
        f"""
    UPDATE schools_schooling SET gone_at = now(), access_until = now() + %(access)s
    WHERE id = ANY (ARRAY({comparing.GONE_PUPILS}))
    """,
    ),
    (
        "pupils",
        (),
        """
    UPDATE schools_division d SET closed_at = now()
    WHERE d.school_id = %(school)s AND d.closed_at IS NULL AND (d.school_year < %(year)s OR (
        d.school_year = %(year)s
        AND NOT EXISTS (SELECT 1 FROM schools_stageddivision e
            WHERE e.roster_import_id = %(import)s AND e.code = d.code)
        AND NOT EXISTS (SELECT 1 FROM schools_stagedpupil p
            WHERE p.roster_import_id = %(import)s AND d.code = ANY(p.divisions))))
    """,
    ),
)
_GUARDIANS: tuple[_Statement, ...] = (
    (
        "contacts",
        ("new",),
        """
    INSERT INTO schools_guardiancontact (id, public_id, school_id, title, family_name, first_name, usage_name,
        mobile, phone, email, sms_consent)
    SELECT contact_id, gen_random_uuid(), %(school)s, title, family_name, first_name, usage_name, mobile,
        phone, email, sms_consent
    FROM schools_stagedcontact WHERE roster_import_id = %(import)s AND outcome = 'new'
    """,
    ),
    (
        "contacts",
        ("changed",),
        """
    UPDATE schools_guardiancontact e SET
        title = c.title, family_name = c.family_name, first_name = c.first_name, usage_name = c.usage_name,
        mobile = c.mobile, phone = c.phone, email = c.email, sms_consent = c.sms_consent
    FROM schools_stagedcontact c WHERE c.roster_import_id = %(import)s AND c.contact_id = e.id
    AND c.outcome = 'changed' AND e.id = ANY (ARRAY(SELECT contact_id FROM schools_stagedcontact
        WHERE roster_import_id = %(import)s AND outcome = 'changed'))
    """,
    ),
    (
        "ties",
        ("removed",),
        f"""
    UPDATE schools_guardiantie SET removed_at = now()
    WHERE id = ANY (ARRAY({comparing.REMOVED_TIES}))
    AND EXISTS (SELECT 1 FROM schools_stagedtie WHERE roster_import_id = %(import)s)
    """,
    ),
    (
        "ties",
        ("new", "changed"),
        """
    INSERT INTO schools_guardiantie (contact_id, student_id, responsibility, relationship)
    SELECT c.contact_id, p.student_id, t.responsibility, t.relationship
    FROM schools_stagedtie t
    JOIN schools_stagedpupil p ON p.roster_import_id = %(import)s AND p.key = t.pupil
    JOIN schools_stagedcontact c ON c.roster_import_id = %(import)s AND c.key = t.contact
    WHERE t.roster_import_id = %(import)s AND t.outcome IN ('new', 'changed')
    ON CONFLICT (contact_id, student_id) DO UPDATE
    SET responsibility = EXCLUDED.responsibility, relationship = EXCLUDED.relationship, removed_at = NULL
    """,
    ),
)
_STAFF: tuple[_Statement, ...] = (
    (
        "staff",
        ("new",),
        """
    INSERT INTO schools_staffmember (id, public_id, school_id, family_name, first_name, role, identifier,
        email, personal_phone, professional_phone, mobile)
    SELECT member_id, gen_random_uuid(), %(school)s, family_name, first_name, role, identifier, email,
        COALESCE(personal_phone, ''), COALESCE(professional_phone, ''), COALESCE(mobile, '')
    FROM schools_stagedstaff m WHERE roster_import_id = %(import)s AND outcome = 'new'
    AND NOT EXISTS (SELECT 1 FROM schools_staffmember e WHERE e.id = m.member_id)
    """,
    ),
    (
        "staff",
        ("new", "changed"),
        """
    UPDATE schools_staffmember e SET
        family_name = m.family_name, first_name = m.first_name, role = m.role,
        identifier = COALESCE(NULLIF(m.identifier, ''), e.identifier), email = m.email,
        personal_phone = COALESCE(m.personal_phone, e.personal_phone),
        professional_phone = COALESCE(m.professional_phone, e.professional_phone),
        mobile = COALESCE(m.mobile, e.mobile),
        letters_since = CASE WHEN m.role = 'head' AND (e.role <> 'head' OR e.gone_at IS NOT NULL)
            THEN now() ELSE e.letters_since END,
        gone_at = NULL, access_until = NULL
    FROM schools_stagedstaff m WHERE m.roster_import_id = %(import)s AND m.member_id = e.id
    AND (m.outcome = 'changed' OR (m.outcome = 'new' AND e.gone_at IS NOT NULL))
    """,
    ),
    (
        "staff",
        ("new", "changed"),
        """
    UPDATE schools_letter l SET revoked_at = now() FROM schools_staffmember e
    WHERE e.school_id = %(school)s AND e.letters_since = now() AND l.staff_member_id = e.id
    AND l.given_at IS NOT NULL AND l.spent_at IS NULL AND l.revoked_at IS NULL
    """,
    ),
    (
        "staff",
        ("new", "changed"),
        """
    DELETE FROM schools_staffdivision h USING schools_stagedstaff m
    WHERE m.roster_import_id = %(import)s AND m.member_id = h.member_id
    AND m.outcome IN ('new', 'changed')
    AND NOT EXISTS (SELECT 1 FROM schools_division d WHERE d.id = h.division_id
        AND d.school_year = %(year)s AND d.code = ANY(m.divisions))
    """,
    ),
    (
        "staff",
        ("new", "changed"),
        """
    INSERT INTO schools_staffdivision (member_id, division_id)
    SELECT DISTINCT m.member_id, d.id FROM schools_stagedstaff m
    JOIN schools_division d ON d.school_id = %(school)s AND d.school_year = %(year)s
        AND d.closed_at IS NULL AND d.code = ANY(m.divisions)
    WHERE m.roster_import_id = %(import)s AND m.outcome IN ('new', 'changed')
    ON CONFLICT DO NOTHING
    """,
    ),
    (
        "staff",
        ("gone",),
        f"""
    UPDATE schools_staffmember SET gone_at = now(), access_until = now() + %(access)s
    WHERE id = ANY (ARRAY({comparing.GONE_STAFF}))
    """,
    ),
)


class ConfirmationWanted(Exception):
    """So many leave that it must be said twice. ``counts`` says how many."""

    def __init__(self, counts: comparing.Counts) -> None:
        super().__init__()
        self.counts = counts


class StagingLost(Exception):
    """Not all that was read is still there."""


def write(roster_import: RosterImport, *, again: bool) -> comparing.Counts:
    """Bring pupils, guardians and classes, or the staff, to what was read; return what that changed.

    For the worker, inside the transaction in which it holds the import and its school. ``again``: what is
    known may have changed since the report in a way that matters, and is compared anew. Who is gone is
    counted anew in any case: raises :class:`ConfirmationWanted` when more leave than was confirmed, and
    :class:`StagingLost` when rows that were read have gone since.
    """
    if roster_import.counts.get("staged") != staging.how_many(roster_import):
        raise StagingLost
    counts = comparing.compare(roster_import, again=True) if again else comparing.count(roster_import)
    if comparing.shrinks(counts) and not roster_import.confirmed:
        raise ConfirmationWanted(counts)
    values = {**comparing.parameters(roster_import), "access": ACCESS_AFTER_LEAVING}
    is_staff = roster_import.kind == RosterImport.Kind.STAFF
    with connection.cursor() as cursor, comparing.as_written(cursor):
        for what, outcomes, statement in _STAFF if is_staff else _PUPILS + _GUARDIANS:
            if not outcomes or any(counts.get(what, {}).get(outcome) for outcome in outcomes):
                cursor.execute(statement, values)
    note(roster_import, counts)
    return counts


def note(roster_import: RosterImport, counts: comparing.Counts) -> None:
    """Write into the journal that it was applied."""
    journal.record(
        act=APPLIED,
        actor=roster_import.decided_by,
        subject=roster_import.school.subject,
        fields=sorted(counts),
        academy=roster_import.school.academy.code,
    )
