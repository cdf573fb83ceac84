"""Lists that stay fast at a million rows: nothing is counted, sorted or walked to its end."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst

MOST = 1_000  # rows that can be paged through; who wants more searches better


class BoundedPaginator(Paginator):
    """Pages of the first :data:`MOST` rows. Later pages do not exist.

    The rows are looked for once: their keys count them, and a page is then read by its own keys. What a
    search costs, it would cost again for the page.
    """

    object_list: QuerySet[Any]

    @cached_property
    def _keys(self) -> list[Any]:
        # In the order of the page itself, so that the same index serves and the search stops early.
        return list(self.object_list.prefetch_related(None).values_list("pk", flat=True)[: MOST + 1])

    @cached_property
    def count(self) -> int:
        """How many rows can be paged through."""
        return min(len(self._keys), MOST)

    @property
    def is_cut(self) -> bool:
        """Whether there are more rows than can be paged through."""
        return len(self._keys) > MOST

    def page(self, number: Any) -> Page[Any]:
        """Return the rows of a page, in their order."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        keys = self._keys[first : min(first + self.per_page, self.count)]
        rows = {row.pk: row for row in self.object_list.order_by().filter(pk__in=keys)}
        return Page([rows[key] for key in keys if key in rows], number, self)


class BoundedChangeList(ChangeList):
    """A list in the order that an index has: a column is sorted by only where ``sortable_by`` names it."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.title = capfirst(str(self.opts.verbose_name_plural))
        # Django would look for the view behind each link, only to find every time that it is a row's page.
        self._way_back, self.preserved_filters = self.preserved_filters, ""

    @cached_property
    def _own_address(self) -> str:
        name = f"{self.opts.app_label}_{self.opts.model_name}_changelist"
        return reverse(f"admin:{name}", current_app=self.model_admin.admin_site.name)

    def url_for_result(self, result: Any) -> str:
        """Return the address of a row's page, from which « Fermer » leads back to the same search."""
        address = f"{self._own_address}{quote(result.pk)}/change/"
        return f"{address}?{self._way_back}" if self._way_back else address

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
