"""Lists that stay fast at a million rows: nothing is counted, sorted or walked to its end."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.text import capfirst

MOST = 1_000  # rows that can be paged through; who wants more searches better


class BoundedPaginator(Paginator):
    """Pages of the first :data:`MOST` rows. Later pages do not exist."""

    @cached_property
    def _rows_seen(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            # In the order of the page itself, so that the same index serves and the count stops early.
            return rows.values("pk")[: MOST + 1].count()
        return len(rows)

    @cached_property
    def count(self) -> int:
        """How many rows can be paged through."""
        return min(self._rows_seen, MOST)

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than can be paged through."""
        return self._rows_seen > MOST


class BoundedChangeList(ChangeList):
    """A list in the order that an index has: a column is sorted by only where ``sortable_by`` names it."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.title = capfirst(str(self.opts.verbose_name_plural))

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Ignore an order that was typed into the address, unless every column of it may be sorted by."""
        wanted = str(self.params.get("o", ""))
        try:
            columns = {str(self.list_display[abs(int(part))]) for part in wanted.split(".") if part}
        except (ValueError, IndexError):
            columns = set()
        if columns and columns <= set(map(str, self.sortable_by or ())):
            return list(super().get_ordering(request, queryset))
        return list(self.model_admin.get_ordering(request))
