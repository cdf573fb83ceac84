"""What becomes of each row that points at a person when two accounts are put together (docs/adr/0012).

Every app declares it with its claim on personal data (:mod:`accounts.personal_data`), as data: the same
declaration makes the list that is shown before, moves the rows, and gives them back. A test walks all models
and fails for a field that points at a person and is declared by nobody, or twice.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from .models import Merge, MergedRow, User


class Fate(enum.Enum):
    """What a merge does with a row of the account that is closed."""

    MOVES = "moves"
    STAYS = "stays"  # with the closed account: it comes back with an undo, and goes with the account
    ENDS = "ends"  # a step under way, a link, an open session: begun again where it is still wanted


def nothing(_rows: QuerySet[Any]) -> list[str]:
    """Say nothing of rows that mean nothing to their owner."""
    return []


@dataclass(frozen=True)
class Pointer:
    """One field that points at a person, and the fate of its rows.

    ``says(rows)`` are the words their owner reads, in the language of the page. Of rows that move, those stay
    where the other account has one that is alike in the fields of ``alike`` (no field: where it has any), and
    those whose field ``apart`` is the other account itself. Rows that are not ``only`` stay, unsaid.
    """

    model: type[models.Model]
    field: str
    fate: Fate
    says: Callable[[QuerySet[Any]], list[str]] = nothing
    alike: tuple[str, ...] | None = None
    apart: str = ""
    only: Q = dataclass_field(default_factory=Q)

    @property
    def label(self) -> tuple[str, str]:
        """Name the field as a merge keeps it."""
        return self.model._meta.label, self.field

    def rows(self, user: User) -> QuerySet[Any]:
        """Return the rows of a person that this speaks of."""
        return self.model._base_manager.filter(self.only, **{self.field: user})

    def going(self, source: User, target: User) -> QuerySet[Any]:
        """Return the rows that move from one account to the other."""
        rows = self.rows(source)
        if self.apart:
            rows = rows.exclude(**{self.apart: target})
        if self.alike is not None:
            theirs = self.rows(target).filter(**{name: OuterRef(name) for name in self.alike})
            rows = rows.filter(~Exists(theirs))
        return rows


@dataclass(frozen=True)
class Plan:
    """What a merge would do now: exactly which rows would move, and the words for it."""

    going: tuple[tuple[Pointer, tuple[int, ...]], ...]
    moves: list[str]
    stays: list[str]

    @property
    def digest(self) -> str:
        """Return 64 characters that change when other rows would move."""
        said = "|".join(f"{pointer.label}{keys}" for pointer, keys in self.going)
        return hashlib.sha256(said.encode()).hexdigest()


def plan(source: User, target: User, pointers: Iterable[Pointer]) -> Plan:
    """Look at what would move from ``source`` to ``target``."""
    going: list[tuple[Pointer, tuple[int, ...]]] = []
    moves: list[str] = []
    stays: list[str] = []
    for pointer in pointers:
        if pointer.fate is not Fate.MOVES:
            continue
        rows = pointer.going(source, target)
        keys = tuple(sorted(rows.values_list("pk", flat=True)))
        going.append((pointer, keys))
        moves += pointer.says(rows)
        stays += pointer.says(pointer.rows(source).exclude(pk__in=keys))
    return Plan(tuple(going), moves, stays)


def carry_out(merge: Merge, what: Plan, pointers: Iterable[Pointer]) -> None:
    """Move what was planned and keep each step; end what does not outlive a merge.

    In the caller's transaction, which has locked both accounts.
    """
    for pointer, keys in what.going:
        if not keys:
            continue
        MergedRow.objects.bulk_create(
            MergedRow(
                merge=merge,
                model=pointer.model._meta.label,
                key=key,
                field=pointer.field,
                old=merge.source_id,
                new=merge.target_id,
            )
            for key in keys
        )
        rows = pointer.model._base_manager.filter(pk__in=keys)
        rows.update(**{pointer.field: merge.target_id})
    for pointer in pointers:
        if pointer.fate is Fate.ENDS:
            pointer.rows(merge.source).delete()


def hand_over(merge: Merge, name: str) -> None:
    """Hand what stands in a field of the closed account to the one that stays, where that has nothing.

    The field is one of :class:`User`, and may be unique: the one is emptied before the other is filled.
    """
    value = getattr(merge.source, name)
    if value is None or getattr(merge.target, name) is not None:
        return
    User.objects.filter(pk=merge.source_id).update(**{name: None})
    User.objects.filter(pk=merge.target_id).update(**{name: value})
    MergedRow.objects.create(
        merge=merge,
        model=User._meta.label,
        key=merge.target_id,
        field=name,
        old=None,
        new=value,
        handed_by=merge.source_id,
    )


def change(merge: Merge, name: str, value: Any) -> None:
    """Set a field of the account that stays."""
    old = getattr(merge.target, name)
    if old == value:
        return
    User.objects.filter(pk=merge.target_id).update(**{name: value})
    MergedRow.objects.create(
        merge=merge, model=User._meta.label, key=merge.target_id, field=name, old=old, new=value
    )


def give_back(merge: Merge) -> None:
    """Give back what is still as the merge left it, and note the rest. In the caller's transaction."""
    groups: dict[tuple[str, str, Any, Any], list[MergedRow]] = {}
    for row in merge.rows.order_by("-pk"):
        if row.handed_by is not None:
            _take_back(row)
        else:
            groups.setdefault((row.model, row.field, row.old, row.new), []).append(row)
    for rows in groups.values():
        if not _set_back(rows):
            for row in rows:
                _set_back([row])


def _set_back(rows: list[MergedRow]) -> bool:
    """Give back rows that were moved alike; ``False`` if one of them has no place there any more."""
    first = rows[0]
    model = apps.get_model(first.model)
    keys = {row.key for row in rows}
    unchanged = model._base_manager.filter(pk__in=keys, **{first.field: first.new})
    still = set(unchanged.select_for_update().values_list("pk", flat=True))
    try:
        with transaction.atomic():
            model._base_manager.filter(pk__in=still).update(**{first.field: first.old})
    except IntegrityError:
        if len(rows) > 1:
            return False
        still = set()
    _leave(row for row in rows if row.key not in still)
    return True


def _take_back(row: MergedRow) -> None:
    """Take a value back from the account it was handed to, if it is there and its old place is free."""
    assert row.handed_by is not None  # or it was not handed over
    here = User.objects.filter(pk=row.key, **{row.field: row.new})
    if not User.objects.filter(pk=row.handed_by, **{row.field: None}).exists():
        _leave([row])
    elif here.update(**{row.field: None}):
        User.objects.filter(pk=row.handed_by).update(**{row.field: row.new})
    else:
        _leave([row])


def _leave(rows: Iterable[MergedRow]) -> None:
    MergedRow.objects.filter(pk__in=[row.pk for row in rows]).update(is_left=True)


def words_of(rows: Collection[MergedRow], pointers: Iterable[Pointer]) -> list[str]:
    """Return what a person reads of rows that were moved, as far as they are still there."""
    found: list[str] = []
    for pointer in pointers:
        keys = [row.key for row in rows if (row.model, row.field) == pointer.label]
        if keys:
            found += pointer.says(pointer.model._base_manager.filter(pk__in=keys))
    return found
