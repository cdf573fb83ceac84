"""Pages of people of one school in the order of their names: each goes on where the last one ended.

No page skips rows that were shown before (« deep offset »), and nothing is counted: the thousandth page costs
what the first does. Rows have ``identity_key`` and ``public_id``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
SIZE = 50


@dataclass(frozen=True)
class Leaf(Generic[Row]):
    """One page, and what the address of the next one says: the public id of the last person here."""

    rows: list[Row]
    after: str = ""  # nothing on the last page
    is_first: bool = True


def leaf(rows: QuerySet[Row], after: str, *, size: int = SIZE) -> Leaf[Row]:
    """Return the page that follows the person of the public id ``after``; for nobody we know the first."""
    known: QuerySet[Any] = rows
    try:
        last = known.filter(public_id=UUID(after)).values_list("identity_key", "pk").first()
    except ValueError:
        last = None
    if last is not None:
        name, key = last
        known = known.filter(Q(identity_key__gt=name) | Q(pk__gt=key), identity_key__gte=name)
    found = list(known.order_by("identity_key", "pk")[: size + 1])
    more = len(found) > size
    return Leaf(found[:size], str(found[size - 1].public_id) if more else "", last is None)
