"""Bringing the database to what ``academies.json`` says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, models, transaction

from ..models import Academy, AcademyDomain, Department

FILE = Path(__file__).parent / "academies.json"


@dataclass
class Outcome:
    """What loading did, as « département 75 »."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)  # in the database, not in the file: left alone


@transaction.atomic
def load(file: Path = FILE) -> Outcome:
    """Add and change académies, mail domains and departments as ``file`` says, for whoever deploys.

    A row that is right already is not written. One that the file does not name any more is
    reported, never deleted: accounts may point to it. Raises ``ValueError`` for a file that names
    something twice, ``ValidationError`` or ``IntegrityError`` for a value that the models or the
    database refuse; nothing is kept then.
    """
    said = json.loads(file.read_text(encoding="utf-8"))["academies"]
    outcome = Outcome()
    with connection.cursor() as cursor:  # two deployments at once take turns
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('schools.reference'))")
    names = ("slug", "name", "kind", "zone")
    _bring(
        Academy,
        "code",
        _once((row["code"], {name: row[name] for name in names}) for row in said),
        outcome,
    )
    ids = dict(Academy.objects.values_list("code", "id"))
    _bring(
        AcademyDomain,
        "domain",
        _once(
            (domain, {"academy_id": ids[row["code"]], "current": current})
            for row in said
            for current, domains in ((True, row["domains"]), (False, row["legacy_domains"]))
            for domain in domains
        ),
        outcome,
    )
    _bring(
        Department,
        "code",
        _once(
            (code, {"academy_id": ids[row["code"]], "name": name})
            for row in said
            for code, name in row["departments"].items()
        ),
        outcome,
    )
    return outcome


def _once(rows: Any) -> dict[str, dict[str, object]]:
    """Return ``rows`` by their keys; refuse a key that comes twice (``ValueError``)."""
    wanted: dict[str, dict[str, object]] = {}
    for key, values in rows:
        if key in wanted:
            raise ValueError(f"{key} is named twice in the reference data")
        wanted[key] = values
    return wanted


def _bring(
    model: type[models.Model], key: str, wanted: Mapping[str, Mapping[str, object]], outcome: Outcome
) -> None:
    """Make the table of ``model`` hold ``wanted``, writing only what differs."""
    kind = model._meta.verbose_name
    stored = {getattr(row, key): row for row in model._default_manager.all()}
    new: list[models.Model] = []
    changed: list[models.Model] = []
    for value, attributes in wanted.items():
        row = stored.pop(value, None)
        if row and all(getattr(row, name) == said for name, said in attributes.items()):
            continue
        (changed if row else new).append(row := row or model(**{key: value}))
        for name, said in attributes.items():
            setattr(row, name, said)
        row.clean_fields(exclude={"academy"})  # which was just found: no need to ask for each row
    for row in changed:
        row.save()
    model._default_manager.bulk_create(new)
    outcome.added += [f"{kind} {getattr(row, key)}" for row in new]
    outcome.changed += [f"{kind} {getattr(row, key)}" for row in changed]
    outcome.vanished += [f"{kind} {value}" for value in stored]
