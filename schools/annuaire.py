"""Bringing the schools to what the « Annuaire de l’éducation » says (FORMATS 5)."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from audit import journal

from . import copying
from .rosters.readers import annuaire
from .rosters.rows import Refusal

SCHOOLS_LOADED = journal.register_act("schools.loaded", _("Annuaire des établissements chargé"))
MOST_REFUSALS = 100  # lines that are told of; all are counted

_COLUMNS = (
    "uai", "name", "kind", "nature", "is_public", "commune", "postcode", "department", "academy", "mail",
    "phone", "is_open",
)  # fmt: skip
_OWN = ("name", "kind", "nature", "is_public", "commune", "postcode", "mail", "phone", "is_open")
_CHANGED = ", ".join((*_OWN, "academy_id", "department_id"))
_UPSERT = f"""
WITH written AS (
    INSERT INTO schools_school (public_id, uai, {_CHANGED})
    SELECT gen_random_uuid(), s.uai, {", ".join(f"s.{name}" for name in _OWN)}, a.id, d.id
    FROM said s JOIN schools_academy a ON a.code = s.academy
    JOIN schools_department d ON d.code = s.department
    ON CONFLICT (uai) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _CHANGED.split(", "))}
    WHERE ({", ".join(f"schools_school.{name}" for name in _CHANGED.split(", "))})
        <> ({", ".join(f"EXCLUDED.{name}" for name in _CHANGED.split(", "))})
    RETURNING xmax = 0 AS is_new
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
"""  # noqa: S608  (names of columns only)


@dataclass
class Outcome:
    """What loading did. ``missing``: schools of ours that the file does not name any more; they stay."""

    read: int = 0
    added: int = 0
    changed: int = 0
    missing: int = 0
    refused: int = 0
    refusals: list[Refusal] = field(default_factory=list)


def load(file: IO[bytes], *, actor: str) -> Outcome:
    """Add and change schools as the file says, for national staff and whoever runs the portal.

    Streamed, with flat memory; all of it or nothing. No school is deleted: pupils hang on it. Raises
    :class:`schools.rosters.rows.FileRefused`.
    """
    outcome = Outcome()
    with TemporaryFile("w+", encoding="utf-8", newline="") as spool:
        write = csv.writer(spool, lineterminator="\n").writerow
        for row in annuaire.read(file):
            if isinstance(row, Refusal):
                outcome.refused += 1
                if len(outcome.refusals) < MOST_REFUSALS:
                    outcome.refusals.append(row)
                continue
            outcome.read += 1
            write([getattr(row, name) for name in _COLUMNS])
        spool.flush()
        spool.seek(0)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '60s'")
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('schools.annuaire'))")
            types = ", ".join(
                f"{name} {'boolean' if name.startswith('is_') else 'text'}" for name in _COLUMNS
            )
            cursor.execute(f"CREATE TEMPORARY TABLE said ({types}) ON COMMIT DROP")
            copying.copy(f"COPY said ({', '.join(_COLUMNS)}) FROM STDIN WITH (FORMAT csv, NULL '\\N')", spool)
            cursor.execute("ANALYZE said")
            cursor.execute(_UPSERT)
            outcome.added, outcome.changed = cursor.fetchone()
            cursor.execute("SELECT count(*) FROM schools_school WHERE uai NOT IN (SELECT uai FROM said)")
            outcome.missing = cursor.fetchone()[0]
            cursor.execute("DROP TABLE said")
            journal.record(act=SCHOOLS_LOADED, actor=actor, subject="schools", fields=["schools"])
    return outcome
