"""What an import says to who decides on it: numbers, and the first names of each list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from schools.models import (
    GuardianTie,
    RosterImport,
    Schooling,
    StaffMember,
    StagedContact,
    StagedPupil,
    StagedStaff,
)

from . import comparing, keeping, recognising
from .outcomes import sentence

MOST = 100  # names in one list
WORDS: dict[str, str | Promise] = {
    "ine": _("INE"),
    "family_name": _("nom de famille"),
    "first_name": _("prénom"),
    "usage_name": _("nom d’usage"),
    "other_first_names": _("autres prénoms"),
    "birth_date": _("date de naissance"),
    "sex": _("sexe"),
    "school_year": _("année scolaire"),
    "divisions": _("classes et groupes"),
    "title": _("civilité"),
    "mobile": _("téléphone portable"),
    "phone": _("téléphone"),
    "email": _("courriel"),
    "sms_consent": _("accord pour les SMS"),
    "role": _("fonction"),
    "identifier": _("identifiant académique"),
    "personal_phone": _("téléphone personnel"),
    "professional_phone": _("téléphone professionnel"),
}


@dataclass(frozen=True)
class Table:
    """Numbers of one kind of people."""

    title: str
    numbers: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Names:
    """A list of names, the first of them; ``more`` says how many are not shown."""

    title: str
    lines: Sequence[str]
    more: int = 0


@dataclass(frozen=True)
class Refused:
    """A line of a file that was not taken, or only in part."""

    where: str
    why: str
    whole: bool


@dataclass
class Report:
    """Everything a page shows of an import."""

    tables: list[Table] = field(default_factory=list)
    lists: list[Names] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    refused_more: int = 0
    why: str = ""
    where: str = ""
    asks_twice: bool = False
    changes_nothing: bool = False


def report_of(roster_import: RosterImport) -> Report:
    """Return the report on an import: after it is applied only numbers and refused lines are left of it."""
    counts = roster_import.counts
    names = keeping.names_of(roster_import)
    report = Report(
        why=sentence(roster_import.reason) if roster_import.reason else "",
        where=_place(_named(roster_import.reason_source, names), roster_import.reason_line),
    )
    for what, title in (
        ("pupils", gettext("Élèves")),
        ("contacts", gettext("Responsables et contacts")),
        ("ties", gettext("Liens entre responsables et élèves")),
        ("staff", gettext("Personnel")),
    ):
        if numbers := _numbers(counts.get(what, {})):
            report.tables.append(Table(title, numbers))
    lines = roster_import.refusals.order_by("-whole", "source", "line", "pk")
    report.refused = [
        Refused(_place(_named(each.source, names), each.line, each.field), sentence(each.code), each.whole)
        for each in lines[:MOST]
    ]
    report.refused_more = max(0, sum(counts.get("lines", {}).values()) - len(report.refused))
    if roster_import.state == RosterImport.State.READY:
        report.asks_twice = comparing.shrinks(counts)
        report.changes_nothing = comparing.changes_nothing(counts)
        report.lists = [names for names in _lists(roster_import) if names.lines]
    return report


def _numbers(found: dict[str, int]) -> list[tuple[str, int]]:
    words = (
        ("new", gettext("nouveaux")),
        ("changed", gettext("modifiés")),
        ("unchanged", gettext("inchangés")),
        ("gone", gettext("partis")),
        ("removed", gettext("retirés")),
        ("repeated", gettext("déjà réunis à la main")),
        ("refused", gettext("non repris")),
        ("duplicates", gettext("peut-être en double")),
    )
    return [(word, found[name]) for name, word in words if found.get(name)]


def _named(source: str, names: dict[str, str]) -> str:
    """Return a source under the name that the file had where it came from."""
    file, slash, member = source.partition("/")
    return f"{names.get(file, file)}{slash}{member}"


def _place(source: str, line: int, column: str = "") -> str:
    parts = [source] if source else []
    if line:
        parts.append(gettext("ligne %(line)s") % {"line": line})
    if column:
        parts.append(str(WORDS.get(column, column)))
    return ", ".join(parts)


def _lists(roster_import: RosterImport) -> Iterable[Names]:
    counts = roster_import.counts
    if roster_import.unchanged_since:
        alike = recognising.perhaps_twice(roster_import) if "pupils" in counts else Schooling.objects.none()
        yield _cut(_alike(), _schoolings(alike), counts, "pupils", "duplicates")
        return
    if roster_import.kind == RosterImport.Kind.STAFF:
        staff = StagedStaff.objects.filter(roster_import=roster_import).order_by("line", "pk")
        yield _cut(gettext("Partent"), _gone_staff(roster_import), counts, "staff", "gone")
        yield _cut(gettext("Nouveaux"), _staged(staff.filter(outcome="new")), counts, "staff", "new")
        yield _cut(gettext("Modifiés"), _staged(staff.filter(outcome="changed")), counts, "staff", "changed")
        return
    pupils = StagedPupil.objects.filter(roster_import=roster_import).order_by("line", "pk")
    contacts = StagedContact.objects.filter(roster_import=roster_import).order_by("line", "pk")
    yield _cut(gettext("Élèves qui partent"), _gone_pupils(roster_import), counts, "pupils", "gone")
    yield _cut(
        gettext("Responsables qui ne le sont plus"), _removed_ties(roster_import), counts, "ties", "removed"
    )
    yield _cut(
        _alike(),
        _staged(pupils.filter(has_twin=True)),
        counts,
        "pupils",
        "duplicates",
    )
    yield _cut(gettext("Nouveaux élèves"), _staged(pupils.filter(outcome="new")), counts, "pupils", "new")
    yield _cut(
        gettext("Élèves modifiés"), _staged(pupils.filter(outcome="changed")), counts, "pupils", "changed"
    )
    yield _cut(
        gettext("Responsables modifiés"),
        _staged(contacts.filter(outcome="changed")),
        counts,
        "contacts",
        "changed",
    )


def _alike() -> str:
    return gettext("Élèves peut-être en double : même nom et même date de naissance qu’un autre")


def _cut(title: str, lines: list[str], counts: comparing.Counts, what: str, outcome: str) -> Names:
    return Names(title, lines, max(0, counts.get(what, {}).get(outcome, 0) - len(lines)))


def _staged(rows: QuerySet[Any]) -> list[str]:
    lines = []
    for row in rows[:MOST]:
        name = f"{row.first_name} {row.family_name}".strip()
        classes = ", ".join(getattr(row, "divisions", ()))
        changes = ", ".join(str(WORDS.get(each, each)) for each in row.changes)
        lines.append(" — ".join(filter(None, (name, classes, changes, _place("", row.line)))))
    return lines


def _keys(statement: str, roster_import: RosterImport) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} LIMIT {MOST}", comparing.parameters(roster_import))
        return [key for (key,) in cursor.fetchall()]


def _gone_staff(roster_import: RosterImport) -> list[str]:
    rows = StaffMember.objects.filter(pk__in=_keys(comparing.GONE_STAFF, roster_import))
    return [str(each) for each in rows.order_by("pk")]


def _gone_pupils(roster_import: RosterImport) -> list[str]:
    return _schoolings(Schooling.objects.filter(pk__in=_keys(comparing.GONE_PUPILS, roster_import)))


def _schoolings(rows: QuerySet[Schooling]) -> list[str]:
    return [
        " — ".join(filter(None, (str(row.student), ", ".join(map(str, row.divisions.all())))))
        for row in rows.select_related("student").prefetch_related("divisions").order_by("pk")[:MOST]
    ]


def _removed_ties(roster_import: RosterImport) -> list[str]:
    if not roster_import.counts.get("ties", {}).get("removed"):
        return []
    rows = GuardianTie.objects.filter(pk__in=_keys(comparing.REMOVED_TIES, roster_import))
    return [
        f"{row.contact} — {row.student}" for row in rows.select_related("contact", "student").order_by("pk")
    ]
