"""What a file would change: every staged row is matched with what is known, set by set.

A child is known by their INE where the name or the birth date agrees, else by name and birth date among
the pupils of the same school. Nobody is found by name alone in another school: two children would become
one. What is alike and was not matched is listed as a possible duplicate, for somebody to look at.

A contact is known by name together with a child, a mobile or an address. Each statement below is for all
rows of a file: their number does not grow with it.

What a file costs must not grow with what other schools have said, and a new school is something that
PostgreSQL's statistics know nothing of: it would read whole tables, or a whole file for each row of it. So
the way is written, not left to it (:func:`as_written`). Rows of the file and of the school are put together
by hashes; what is looked up by a key in the large tables is « LATERAL (… OFFSET 0) » or « EXISTS (… OFFSET
0) », which is done once for each row, by an index. Where rows are left out that were matched, « NOT IN » is
meant: one hash of the few thousand keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from schools.models import RosterImport

FEWER = 0.10  # of pupils, ties or staff: asks for a second confirmation (SAFETY T51)
NEW_YEAR_FEWER = 0.60  # of the pupils of last year who are not in this year's file
ROUNDS = 3  # of matching people of one name: father and son, tied to the same child

_FORGET_MATCHES_OF_PUPILS = """
UPDATE schools_stagedpupil SET student_id = NULL WHERE roster_import_id = %(import)s
"""

_MATCH_BY_INE = """
WITH owners AS (
    SELECT p.id, r.id AS student FROM schools_stagedpupil p
    CROSS JOIN LATERAL (
        SELECT * FROM schools_student f WHERE f.ine = p.ine AND f.ine <> '' OFFSET 0) f
    CROSS JOIN LATERAL (
        SELECT * FROM schools_student r WHERE r.id = COALESCE(f.merged_into_id, f.id) OFFSET 0) r
    WHERE p.roster_import_id = %(import)s AND p.ine <> ''
    AND (p.identity_key IN (f.identity_key, r.identity_key)
        OR (p.birth_date <> '' AND p.birth_date IN (f.birth_date, r.birth_date)))
)
UPDATE schools_stagedpupil p SET student_id = owners.student FROM owners WHERE p.id = owners.id
"""

# Whoever's INE it is: this child is taken without it, and not lost.
_LEAVE_INE_TO_ITS_OWNER = """
WITH taken AS (
    UPDATE schools_stagedpupil p SET ine = ''
    WHERE p.roster_import_id = %(import)s AND p.ine <> '' AND p.student_id IS NULL
    AND EXISTS (SELECT 1 FROM schools_student f WHERE f.ine = p.ine AND f.ine <> '' OFFSET 0)
    RETURNING p.source, p.line
)
INSERT INTO schools_rosterrefusal (roster_import_id, source, line, code, field, whole)
SELECT %(import)s, source, line, 'ine_other_child', 'ine', false FROM taken
"""

# Of several with one name and one birth date the first is the first, and so on: the same file again
# finds each of them again. A record merged into another leads to that one.
_MATCH_BY_NAME = """
WITH unmatched AS (
    SELECT p.id, p.ine, p.identity_key, p.birth_date,
        row_number() OVER (PARTITION BY p.identity_key, p.birth_date ORDER BY p.line, p.id) AS nth
    FROM schools_stagedpupil p WHERE p.roster_import_id = %(import)s AND p.student_id IS NULL
), here AS (
    SELECT g.student_id AS id, g.student_id AS named FROM schools_schooling g
    WHERE g.school_id = %(school)s AND g.student_id NOT IN (
        SELECT m.student_id FROM schools_stagedpupil m
        WHERE m.roster_import_id = %(import)s AND m.student_id IS NOT NULL)
    UNION ALL
    SELECT g.student_id, m.id FROM schools_schooling g
    CROSS JOIN LATERAL (SELECT m.id FROM schools_student m WHERE m.merged_into_id = g.student_id OFFSET 0) m
    WHERE g.school_id = %(school)s
), known AS (
    SELECT here.id, s.ine, s.identity_key, s.birth_date,
        row_number() OVER (
            PARTITION BY s.identity_key, s.birth_date ORDER BY s.merged_into_id NULLS FIRST, s.id) AS nth
    FROM here CROSS JOIN LATERAL (SELECT * FROM schools_student s WHERE s.id = here.named OFFSET 0) s
)
UPDATE schools_stagedpupil p SET student_id = known.id
FROM unmatched JOIN known USING (identity_key, birth_date, nth)
WHERE p.id = unmatched.id AND (unmatched.ine = '' OR known.ine = '')
"""

# « 2012-03-00 » became « 2012-03-14 », or a date was not known: the one child of this name.
_MATCH_BY_PART_OF_A_DATE = """
WITH unmatched AS (
    SELECT p.id, p.ine, p.identity_key, p.birth_date AS said,
        count(*) OVER (PARTITION BY p.identity_key) AS of_name
    FROM schools_stagedpupil p WHERE p.roster_import_id = %(import)s AND p.student_id IS NULL
), known AS (
    SELECT s.id, s.ine, s.identity_key, s.birth_date AS kept,
        count(*) OVER (PARTITION BY s.identity_key) AS of_name
    FROM (SELECT g.student_id FROM schools_schooling g
        WHERE g.school_id = %(school)s AND g.student_id NOT IN (
            SELECT m.student_id FROM schools_stagedpupil m
            WHERE m.roster_import_id = %(import)s AND m.student_id IS NOT NULL)) g
    CROSS JOIN LATERAL (SELECT * FROM schools_student s WHERE s.id = g.student_id OFFSET 0) s
)
UPDATE schools_stagedpupil p SET student_id = known.id
FROM unmatched JOIN known USING (identity_key)
WHERE p.id = unmatched.id AND unmatched.of_name = 1 AND known.of_name = 1
AND (unmatched.ine = '' OR known.ine = '')
AND (said = '' OR kept = '' OR (
    substr(said, 1, 4) = substr(kept, 1, 4)
    AND (substr(said, 6, 2) = substr(kept, 6, 2) OR '00' IN (substr(said, 6, 2), substr(kept, 6, 2)))
    AND (substr(said, 9, 2) = substr(kept, 9, 2) OR '00' IN (substr(said, 9, 2), substr(kept, 9, 2)))))
"""

# New keys are given in the order of the file: of two with one name the first stays the first. The classes
# of a staged pupil are in order (staging), those of a schooling are put in it.
_SAY_WHAT_PUPILS_CHANGE = """
WITH placed AS MATERIALIZED (
    SELECT h.schooling_id, array_agg(d.code::text ORDER BY d.code COLLATE "C") AS divisions
    FROM schools_schooling g
    CROSS JOIN LATERAL (SELECT * FROM schools_divisionpupil h WHERE h.schooling_id = g.id OFFSET 0) h
    JOIN schools_division d ON d.school_id = %(school)s AND d.id = h.division_id
    WHERE g.school_id = %(school)s GROUP BY h.schooling_id
), found AS (
    SELECT p.id, s.id AS student, g.id AS schooling, g.gone_at,
        row_number() OVER (
            PARTITION BY COALESCE(p.student_id, -p.id)
            ORDER BY (p.ine <> '' AND p.ine = s.ine) DESC, p.line, p.id
        ) AS nth,
        count(*) OVER (PARTITION BY p.identity_key, p.birth_date) AS alike,
        EXISTS (SELECT 1 FROM schools_student t
            WHERE t.birth_date = p.birth_date AND t.identity_key = p.identity_key AND t.merged_into_id IS NULL
            AND t.id IS DISTINCT FROM p.student_id OFFSET 0) AS twin,
        array_remove(ARRAY[
            CASE WHEN p.ine <> '' AND s.ine = ''
                AND NOT EXISTS (SELECT 1 FROM schools_student f
                    WHERE f.ine = p.ine AND f.ine <> '' OFFSET 0)
                THEN 'ine' END,
            CASE WHEN p.family_name <> s.family_name THEN 'family_name' END,
            CASE WHEN p.first_name <> s.first_name THEN 'first_name' END,
            CASE WHEN p.usage_name <> s.usage_name THEN 'usage_name' END,
            CASE WHEN p.other_first_names <> s.other_first_names THEN 'other_first_names' END,
            CASE WHEN p.birth_date NOT IN ('', s.birth_date) THEN 'birth_date' END,
            CASE WHEN p.sex NOT IN ('', s.sex) THEN 'sex' END,
            CASE WHEN g.school_year <> %(year)s THEN 'school_year' END,
            CASE WHEN p.divisions::text[] <> COALESCE(placed.divisions, '{}') THEN 'divisions' END
        ], NULL) AS changes
    FROM schools_stagedpupil p
    LEFT JOIN LATERAL (SELECT * FROM schools_student s WHERE s.id = p.student_id OFFSET 0) s ON true
    LEFT JOIN schools_schooling g ON g.student_id = p.student_id AND g.school_id = %(school)s
    LEFT JOIN placed ON placed.schooling_id = g.id
    WHERE p.roster_import_id = %(import)s ORDER BY p.line, p.id
), said AS (
    SELECT *, CASE WHEN student IS NULL
        THEN nextval((SELECT pg_get_serial_sequence('schools_student', 'id'))) END AS fresh FROM found
)
UPDATE schools_stagedpupil p SET
    student_id = COALESCE(p.student_id, said.fresh),
    changes = CASE WHEN said.student IS NULL THEN '{}' ELSE said.changes END,
    has_twin = p.birth_date <> '' AND said.nth = 1 AND (said.twin OR said.alike > 1),
    outcome = CASE WHEN said.nth > 1 THEN 'repeated'
        WHEN said.schooling IS NULL OR said.gone_at IS NOT NULL THEN 'new'
        WHEN said.changes = '{}' THEN 'unchanged' ELSE 'changed' END
FROM said WHERE p.id = said.id
"""

_FORGET_MATCHES_OF_CONTACTS = """
UPDATE schools_stagedcontact SET contact_id = NULL WHERE roster_import_id = %(import)s
"""

# What is looked up is joined by equal values, never each with each: a child may have a thousand contacts.
_MATCH_CONTACTS = """
WITH free AS NOT MATERIALIZED (
    SELECT c.* FROM schools_stagedcontact c WHERE c.roster_import_id = %(import)s AND c.contact_id IS NULL
), said AS MATERIALIZED (
    SELECT c.id, c.identity_key, c.mobile, c.first_name, t.responsibility, p.student_id FROM free c
    JOIN schools_stagedtie t ON t.roster_import_id = %(import)s AND t.contact = c.key
    JOIN schools_stagedpupil p ON p.roster_import_id = %(import)s AND p.key = t.pupil
), kin AS MATERIALIZED (
    SELECT s.student_id, e.id AS contact_id, k.responsibility, e.identity_key, e.mobile,
        lower(e.first_name) AS first_name
    FROM (SELECT DISTINCT student_id FROM said WHERE student_id IS NOT NULL) s
    CROSS JOIN LATERAL (
        SELECT * FROM schools_guardiantie k WHERE k.student_id = s.student_id OFFSET 0) k
    CROSS JOIN LATERAL (
        SELECT * FROM schools_guardiancontact e WHERE e.id = k.contact_id OFFSET 0) e
    WHERE e.school_id = %(school)s
), namesakes AS MATERIALIZED (
    SELECT e.id, e.identity_key, e.mobile, e.email
    FROM (SELECT DISTINCT identity_key FROM free) c
    CROSS JOIN LATERAL (
        SELECT * FROM schools_guardiancontact e
        WHERE e.school_id = %(school)s AND e.identity_key = c.identity_key OFFSET 0) e
), signs AS (
    SELECT c.id AS staged, k.contact_id AS known,
        4 + (k.responsibility = c.responsibility)::int AS weight
    FROM said c JOIN kin k ON k.student_id = c.student_id AND k.identity_key = c.identity_key
    UNION
    SELECT c.id, k.contact_id, 2 + (k.responsibility = c.responsibility)::int
    FROM said c JOIN kin k ON k.student_id = c.student_id AND k.mobile = c.mobile
        AND k.first_name = lower(c.first_name)
    WHERE c.mobile <> '' AND k.identity_key <> c.identity_key
    UNION
    SELECT c.id, e.id, 3 FROM free c
    JOIN namesakes e ON e.identity_key = c.identity_key AND e.mobile = c.mobile
    WHERE c.mobile <> ''
    UNION
    SELECT c.id, e.id, 1 FROM free c
    JOIN namesakes e ON e.identity_key = c.identity_key AND e.email = c.email
    WHERE c.email <> '' AND (c.mobile = '' OR c.mobile <> e.mobile)
), pairs AS (
    SELECT staged, known, sum(weight) AS weight FROM signs
    WHERE known NOT IN (SELECT m.contact_id FROM schools_stagedcontact m
        WHERE m.roster_import_id = %(import)s AND m.contact_id IS NOT NULL)
    GROUP BY staged, known
), ranked AS (
    SELECT staged, known,
        row_number() OVER (PARTITION BY staged ORDER BY weight DESC, known) AS best_known,
        row_number() OVER (PARTITION BY known ORDER BY weight DESC, staged) AS best_staged
    FROM pairs
)
UPDATE schools_stagedcontact c SET contact_id = ranked.known
FROM ranked WHERE c.id = ranked.staged AND best_known = 1 AND best_staged = 1
"""

# Nobody is kept who is tied to no child.
_SAY_WHAT_CONTACTS_CHANGE = """
WITH found AS (
    SELECT c.id, e.id AS contact, array_remove(ARRAY[
        CASE WHEN c.title <> e.title THEN 'title' END,
        CASE WHEN c.family_name <> e.family_name THEN 'family_name' END,
        CASE WHEN c.first_name <> e.first_name THEN 'first_name' END,
        CASE WHEN c.usage_name <> e.usage_name THEN 'usage_name' END,
        CASE WHEN c.mobile <> e.mobile THEN 'mobile' END,
        CASE WHEN c.phone <> e.phone THEN 'phone' END,
        CASE WHEN c.email <> e.email THEN 'email' END,
        CASE WHEN c.sms_consent <> e.sms_consent THEN 'sms_consent' END
    ], NULL) AS changes
    , EXISTS (SELECT 1 FROM schools_stagedtie t
        JOIN schools_stagedpupil p ON p.roster_import_id = %(import)s AND p.key = t.pupil
        WHERE t.roster_import_id = %(import)s AND t.contact = c.key) AS has_child
    FROM schools_stagedcontact c
    LEFT JOIN LATERAL (SELECT * FROM schools_guardiancontact e WHERE e.id = c.contact_id OFFSET 0) e ON true
    WHERE c.roster_import_id = %(import)s ORDER BY c.line, c.id
), said AS (
    SELECT *, CASE WHEN contact IS NULL
        THEN nextval((SELECT pg_get_serial_sequence('schools_guardiancontact', 'id'))) END AS fresh FROM found
)
UPDATE schools_stagedcontact c SET
    contact_id = COALESCE(c.contact_id, said.fresh),
    changes = CASE WHEN said.contact IS NULL THEN '{}' ELSE said.changes END,
    outcome = CASE WHEN said.contact IS NULL AND NOT has_child THEN 'refused'
        WHEN said.contact IS NULL THEN 'new' WHEN said.changes = '{}' THEN 'unchanged' ELSE 'changed' END
FROM said WHERE c.id = said.id
"""

_SAY_WHAT_TIES_CHANGE = """
WITH said AS (
    SELECT t.id, p.id AS pupil, c.id AS contact, k.id AS tie, k.removed_at,
        k.responsibility <> t.responsibility OR k.relationship <> t.relationship AS differs,
        row_number() OVER (
            PARTITION BY c.id, COALESCE(p.student_id, -p.id)
            ORDER BY t.responsibility = 'legal' DESC, t.line, t.id
        ) AS nth
    FROM schools_stagedtie t
    LEFT JOIN schools_stagedpupil p ON p.roster_import_id = %(import)s AND p.key = t.pupil
    LEFT JOIN schools_stagedcontact c ON c.roster_import_id = %(import)s AND c.key = t.contact
    LEFT JOIN LATERAL (SELECT * FROM schools_guardiantie k
        WHERE k.contact_id = c.contact_id AND k.student_id = p.student_id OFFSET 0) k ON true
    WHERE t.roster_import_id = %(import)s
)
UPDATE schools_stagedtie t SET outcome = CASE
    WHEN said.pupil IS NULL OR said.contact IS NULL THEN 'refused' WHEN said.nth > 1 THEN 'repeated'
    WHEN said.tie IS NULL OR said.removed_at IS NOT NULL THEN 'new'
    WHEN said.differs THEN 'changed' ELSE 'unchanged' END
FROM said WHERE t.id = said.id
"""

# By now every staged row has a key of its own. Of the pupils in the file only: the ties of who is gone end
# with their own access.
REMOVED_TIES = """
SELECT k.id FROM schools_guardiancontact e
CROSS JOIN LATERAL (SELECT * FROM schools_guardiantie k WHERE k.contact_id = e.id OFFSET 0) k
WHERE e.school_id = %(school)s AND k.removed_at IS NULL
AND k.student_id IN (SELECT p.student_id FROM schools_stagedpupil p WHERE p.roster_import_id = %(import)s)
AND (k.student_id, k.contact_id) NOT IN (SELECT p.student_id, c.contact_id FROM schools_stagedtie t
    JOIN schools_stagedpupil p ON p.roster_import_id = %(import)s AND p.key = t.pupil
    JOIN schools_stagedcontact c ON c.roster_import_id = %(import)s AND c.key = t.contact
    WHERE t.roster_import_id = %(import)s)
"""

GONE_PUPILS = """
SELECT g.id FROM schools_schooling g WHERE g.school_id = %(school)s AND g.gone_at IS NULL
AND g.student_id NOT IN (
    SELECT p.student_id FROM schools_stagedpupil p WHERE p.roster_import_id = %(import)s)
"""

_FORGET_MATCHES_OF_STAFF = """
UPDATE schools_stagedstaff SET member_id = NULL WHERE roster_import_id = %(import)s
"""

_MATCH_STAFF = """
WITH free AS NOT MATERIALIZED (
    SELECT m.* FROM schools_stagedstaff m WHERE m.roster_import_id = %(import)s AND m.member_id IS NULL
), known AS NOT MATERIALIZED (
    SELECT e.* FROM schools_staffmember e WHERE e.school_id = %(school)s AND e.id NOT IN (
        SELECT m.member_id FROM schools_stagedstaff m
        WHERE m.roster_import_id = %(import)s AND m.member_id IS NOT NULL)
), alike AS (
    SELECT m.id AS staged, e.id AS known FROM free m JOIN known e ON e.identifier = m.identifier
    WHERE m.identifier <> ''
    UNION
    SELECT m.id, e.id FROM free m JOIN known e ON e.email = m.email
    WHERE m.email <> '' AND '' IN (m.identifier, e.identifier)
    UNION
    SELECT m.id, e.id FROM free m JOIN known e ON e.identity_key = m.identity_key
    WHERE '' IN (m.identifier, e.identifier)
    AND ('' IN (m.email, e.email) OR m.email = e.email OR m.identifier = e.identifier)
), pairs AS (
    SELECT staged, known,
        8 * (m.identifier <> '' AND m.identifier = e.identifier)::int
        + 4 * (m.email <> '' AND m.email = e.email)::int
        + 2 * (m.identity_key = e.identity_key)::int AS weight
    FROM alike JOIN free m ON m.id = staged JOIN known e ON e.id = known
), ranked AS (
    SELECT staged, known,
        row_number() OVER (PARTITION BY staged ORDER BY weight DESC, known) AS best_known,
        row_number() OVER (PARTITION BY known ORDER BY weight DESC, staged) AS best_staged
    FROM pairs
)
UPDATE schools_stagedstaff m SET member_id = ranked.known
FROM ranked WHERE m.id = ranked.staged AND best_known = 1 AND best_staged = 1
"""

_SAY_WHAT_STAFF_CHANGES = """
WITH said AS (
    SELECT m.id, e.id AS member, e.gone_at, array_remove(ARRAY[
        CASE WHEN m.family_name <> e.family_name THEN 'family_name' END,
        CASE WHEN m.first_name <> e.first_name THEN 'first_name' END,
        CASE WHEN m.role <> e.role THEN 'role' END,
        CASE WHEN m.identifier NOT IN ('', e.identifier) THEN 'identifier' END,
        CASE WHEN m.email <> e.email THEN 'email' END,
        CASE WHEN m.personal_phone <> e.personal_phone THEN 'personal_phone' END,
        CASE WHEN m.professional_phone <> e.professional_phone THEN 'professional_phone' END,
        CASE WHEN m.mobile <> e.mobile THEN 'mobile' END,
        CASE WHEN (SELECT array_agg(DISTINCT d.code::text ORDER BY d.code::text)
                FROM schools_division d
                WHERE d.school_id = %(school)s AND d.school_year = %(year)s AND d.closed_at IS NULL
                AND d.code = ANY(m.divisions))
            IS DISTINCT FROM (SELECT array_agg(d.code::text ORDER BY d.code::text)
                FROM schools_staffdivision h JOIN schools_division d ON d.id = h.division_id
                WHERE h.member_id = e.id)
            THEN 'divisions' END
    ], NULL) AS changes
    FROM schools_stagedstaff m LEFT JOIN schools_staffmember e ON e.id = m.member_id
    WHERE m.roster_import_id = %(import)s
)
UPDATE schools_stagedstaff m SET
    member_id = COALESCE(m.member_id, nextval((SELECT pg_get_serial_sequence('schools_staffmember', 'id')))),
    changes = CASE WHEN said.member IS NULL THEN '{}' ELSE said.changes END,
    outcome = CASE WHEN said.member IS NULL OR said.gone_at IS NOT NULL THEN 'new'
        WHEN said.changes = '{}' THEN 'unchanged' ELSE 'changed' END
FROM said WHERE m.id = said.id
"""

_SAY_WHICH_CLASSES_ARE_UNKNOWN = """
INSERT INTO schools_rosterrefusal (roster_import_id, source, line, code, field, whole)
SELECT %(import)s, m.source, m.line, 'division_unknown', 'divisions', false
FROM schools_stagedstaff m WHERE m.roster_import_id = %(import)s
AND EXISTS (SELECT 1 FROM unnest(m.divisions) code WHERE NOT EXISTS (
    SELECT 1 FROM schools_division d WHERE d.school_id = %(school)s AND d.school_year = %(year)s
    AND d.closed_at IS NULL AND d.code = code))
AND NOT EXISTS (SELECT 1 FROM schools_rosterrefusal r WHERE r.roster_import_id = %(import)s
    AND r.source = m.source AND r.line = m.line AND r.code = 'division_unknown')
"""

GONE_STAFF = """
SELECT e.id FROM schools_staffmember e WHERE e.school_id = %(school)s AND e.gone_at IS NULL
AND e.id NOT IN (SELECT m.member_id FROM schools_stagedstaff m WHERE m.roster_import_id = %(import)s)
"""

_OUTCOMES = """
SELECT 'pupils' AS what, outcome, count(*) FROM schools_stagedpupil
    WHERE roster_import_id = %(import)s GROUP BY outcome
UNION ALL SELECT 'contacts', outcome, count(*) FROM schools_stagedcontact
    WHERE roster_import_id = %(import)s GROUP BY outcome
UNION ALL SELECT 'ties', outcome, count(*) FROM schools_stagedtie
    WHERE roster_import_id = %(import)s GROUP BY outcome
UNION ALL SELECT 'staff', outcome, count(*) FROM schools_stagedstaff
    WHERE roster_import_id = %(import)s GROUP BY outcome
UNION ALL SELECT 'pupils', 'duplicates', count(*) FROM schools_stagedpupil
    WHERE roster_import_id = %(import)s AND has_twin
"""
_OF_PUPILS = f"""
UNION ALL SELECT 'pupils', 'before', count(*) FROM schools_schooling
    WHERE school_id = %(school)s AND gone_at IS NULL
UNION ALL SELECT 'pupils', 'last_year', count(*) FROM schools_schooling
    WHERE school_id = %(school)s AND gone_at IS NULL AND school_year < %(year)s
UNION ALL SELECT 'pupils', 'gone', count(*) FROM ({GONE_PUPILS}) gone
UNION ALL SELECT 'ties', 'before', count(*) FROM schools_guardiancontact e
    CROSS JOIN LATERAL (SELECT * FROM schools_guardiantie k WHERE k.contact_id = e.id OFFSET 0) k
    WHERE e.school_id = %(school)s AND k.removed_at IS NULL
UNION ALL SELECT 'ties', 'removed', count(*) FROM ({REMOVED_TIES}) removed
    WHERE EXISTS (SELECT 1 FROM schools_stagedtie WHERE roster_import_id = %(import)s)
"""
_OF_STAFF = f"""
UNION ALL SELECT 'staff', 'before', count(*) FROM schools_staffmember
    WHERE school_id = %(school)s AND gone_at IS NULL
UNION ALL SELECT 'staff', 'gone', count(*) FROM ({GONE_STAFF}) gone
"""

Counts = dict[str, dict[str, int]]


def compare(roster_import: RosterImport, *, again: bool = False) -> Counts:
    """Say of every staged row what it changes, and count; the import itself is not written.

    For the worker, inside its transaction. ``again`` forgets first what an earlier comparison found.
    """
    values = parameters(roster_import)
    is_staff = roster_import.kind == RosterImport.Kind.STAFF
    with connection.cursor() as cursor, as_written(cursor):
        if again:
            for statement in (
                (_FORGET_MATCHES_OF_STAFF,)
                if is_staff
                else (_FORGET_MATCHES_OF_PUPILS, _FORGET_MATCHES_OF_CONTACTS)
            ):
                cursor.execute(statement, values)
        if is_staff:
            _rounds(cursor, _MATCH_STAFF, "schools_stagedstaff", "member_id", values)
            cursor.execute(_SAY_WHAT_STAFF_CHANGES, values)
            cursor.execute(_SAY_WHICH_CLASSES_ARE_UNKNOWN, values)
        else:
            for statement in (
                _MATCH_BY_INE,
                _LEAVE_INE_TO_ITS_OWNER,
                _MATCH_BY_NAME,
                _MATCH_BY_PART_OF_A_DATE,
                _SAY_WHAT_PUPILS_CHANGE,
            ):
                cursor.execute(statement, values)
            _rounds(cursor, _MATCH_CONTACTS, "schools_stagedcontact", "contact_id", values)
            cursor.execute(_SAY_WHAT_CONTACTS_CHANGE, values)
            cursor.execute(_SAY_WHAT_TIES_CHANGE, values)
    return count(roster_import)


def count(roster_import: RosterImport) -> Counts:
    """Count what was found, and who is gone by what is known at this moment."""
    is_staff = roster_import.kind == RosterImport.Kind.STAFF
    with connection.cursor() as cursor, as_written(cursor):
        cursor.execute(_OUTCOMES + (_OF_STAFF if is_staff else _OF_PUPILS), parameters(roster_import))
        counts: Counts = {}
        for what, outcome, number in cursor.fetchall():
            if number:
                counts.setdefault(what, {})[outcome] = number
    return counts


def parameters(roster_import: RosterImport) -> dict[str, Any]:
    """Return what the statements above are filled in with."""
    return {
        "import": roster_import.pk,
        "school": roster_import.school_id,
        "year": roster_import.school_year,
    }


@contextmanager
def as_written(cursor: Any) -> Iterator[None]:
    """Have the statements of this module done in the way they are written, and no others.

    No row of one set is compared with each of another, but where LATERAL asks for it; and what lies beside
    an index is not taken to be on a turning disk.
    """
    cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL random_page_cost = 1.1")
    yield  # where a statement fails, the transaction ends and takes the settings with it
    cursor.execute("SET LOCAL enable_nestloop TO DEFAULT; SET LOCAL random_page_cost TO DEFAULT")


def shrinks(counts: Counts) -> bool:
    """Say whether so many leave that somebody must say twice that it is meant (SAFETY T51).

    A tenth of the pupils, of the staff, or of the ties between guardians and children. In the first file
    of a new school year a year group leaves: there a tenth fewer in all, or most of the pupils gone.
    """
    pupils, ties, staff = (counts.get(what, {}) for what in ("pupils", "ties", "staff"))
    before, gone = pupils.get("before", 0), pupils.get("gone", 0)
    if pupils.get("last_year", 0) * 2 > before:
        after = sum(pupils.get(outcome, 0) for outcome in ("new", "changed", "unchanged"))
        fewer = before - after >= FEWER * before or gone >= NEW_YEAR_FEWER * before
    else:
        fewer = gone >= FEWER * before
    return (
        (before > 0 and fewer)
        or _is_tenth(ties.get("removed", 0), ties.get("before", 0))
        or _is_tenth(staff.get("gone", 0), staff.get("before", 0))
    )


def changes_nothing(counts: Counts) -> bool:
    """Say whether what is known already is all that the file says."""
    telling = ("new", "changed", "gone", "removed")
    return not any(found.get(outcome) for found in counts.values() for outcome in telling)


def _is_tenth(gone: int, before: int) -> bool:
    return before > 0 and gone >= FEWER * before


def _rounds(cursor: Any, statement: str, table: str, column: str, values: dict[str, Any]) -> None:
    """Match until nobody is left, or nobody was found."""
    for _round in range(ROUNDS):
        cursor.execute(
            f"SELECT 1 FROM {table} WHERE roster_import_id = %(import)s AND {column} IS NULL LIMIT 1", values
        )
        if cursor.fetchone() is None:
            break
        cursor.execute(statement, values)
        if not cursor.rowcount:
            break
