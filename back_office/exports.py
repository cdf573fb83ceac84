"""Lists as files for a spreadsheet: streamed, bounded, and harmless to open (SAFETY T49).

What a person typed as their name must never run in the spreadsheet of whoever helps them. A cell that a
program could take for a formula begins with an apostrophe, wherever in the cell a program that reads the
wrong separator would see a cell begin (OWASP, « CSV injection »; ASVS 5.0, 1.2.10). Why a writer of our
own: docs/adr/0005-exports.md.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, ClassVar, NamedTuple

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from .acts import ReasonForm, form_page, proof_wanted
from .scoped import ScopedAdmin

MOST_ROWS = 10_000
CHUNK = 500
LINES_AT_ONCE = 100
BOM = "\ufeff"  # without it Excel reads UTF-8 as Windows-1252
SEPARATOR = ";"  # what Excel expects where the comma is in the numbers

# The ways to begin a formula, with the shapes of them that spreadsheets fold into one: full width, small,
# superscript, and the minus sign of mathematics.
_SIGNS = "=+\\-@＝＋－＠﹦﹢﹣﹫⁺⁻⁼₊₋₌−"
# What is skipped before one: white space of every kind, controls, and what has no width.
_SKIPPED = "[\\s\\x00-\\x1f\\x7f-\\xa0\\xad\u180e\u200b-\u200f\u2028-\u202f\u2060-\u2069\ufeff]"
_DANGEROUS = re.compile(f'^(?=[\\t\\r\\n])|(?:^|(?<=[,;|\\t\\r\\n"]))(?={_SKIPPED}*[{_SIGNS}])')


class Column(NamedTuple):
    """One column: its title, and what it says of a row.

    For a choice ``State(row.state).label``: Django's ``get_state_display`` goes through all choices for each
    row, which is half the price of a file.
    """

    title: str | Promise
    value: Callable[[Any], object]


def harmless(value: object) -> str:
    """Return a value as the text of a cell that no spreadsheet takes for a formula.

    A moment is written in the time of Paris, to the second, as « 2026-11-24 16:05:00 ».
    """
    if value is None:
        return ""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    return _DANGEROUS.sub("'", str(value))


class _Line:
    """Where ``csv`` writes: it gives each line back."""

    def write(self, line: str) -> str:
        return line


def lines(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[str]:
    """Yield a file line by line, its title first: RFC 4180, every cell in quotation marks."""
    writer: Any = csv.writer(_Line(), delimiter=SEPARATOR, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    yield BOM + writer.writerow([harmless(column.title) for column in columns])
    for row in rows:
        yield writer.writerow([harmless(column.value(row)) for column in columns])


def _pieces(written: Iterator[str]) -> Iterator[str]:
    # What is yielded leaves by a message of its own: not one for each line.
    while piece := "".join(islice(written, LINES_AT_ONCE)):
        yield piece


def file_of(columns: Sequence[Column], rows: QuerySet[Any], *, name: str) -> StreamingHttpResponse:
    """Return the first :data:`MOST_ROWS` rows as a file, read from the database as it is sent."""
    written = lines(columns, rows[:MOST_ROWS].iterator(chunk_size=CHUNK))
    answer = StreamingHttpResponse(_pieces(written), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    return answer


class ExportMixin(ScopedAdmin):
    """« Exporter cette liste »: what the list shows (its search, its filters), and nothing beyond.

    Asks for a reason. To set: ``export_columns``, ``export_name`` (of the file), and
    :meth:`note_export`, which writes to the journal: this floor knows none.
    """

    export_columns: ClassVar[Sequence[Column]] = ()
    export_name: ClassVar[str] = ""
    change_list_template = "back_office/list.html"

    def note_export(self, request: HttpRequest, reason: str) -> None:
        """Write in the journal that this list was exported: every list with an export says how.

        Raises ``ImproperlyConfigured`` where none does, before anything is sent: no export goes unnoted.
        """
        raise ImproperlyConfigured(f"{type(self).__name__} does not say how its export is noted")

    def list_links(self, request: HttpRequest) -> list[tuple[str, str | Promise]]:
        """Return what is offered above the list: address and words."""
        query = request.GET.urlencode()
        return [(f"exporter/{'?' if query else ''}{query}", _("Exporter cette liste"))]

    def get_urls(self) -> list[Any]:
        """Return the addresses of the admin, and one for the export."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [
            path("exporter/", self.admin_site.admin_view(self.export_view), name=name),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list, and what is offered above it."""
        return super().changelist_view(
            request, {"list_links": self.list_links(request), **(extra_context or {})}
        )

    def shown(self, request: HttpRequest) -> ChangeList:
        """Return the list as the address asks for it; :class:`Http404` for filters that nobody can set."""
        if not self.has_view_permission(request):
            raise Http404
        try:
            return self.get_changelist_instance(request)
        except IncorrectLookupParameters as nonsense:
            raise Http404 from nonsense

    def list_address(self, request: HttpRequest) -> str:
        """Return the address of the list with its search and filters."""
        address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        query = request.GET.urlencode()
        return f"{address}?{query}" if query else address

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """Ask for the password where its last proof is old, and for the reason; note it, send the file."""
        if not self.has_view_permission(request):
            raise Http404
        if (elsewhere := proof_wanted(request)) is not None:
            return elsewhere
        shown = self.shown(request)
        if not shown.result_count:
            return redirect(self.list_address(request))
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            self.note_export(request, form.cleaned_data["reason"])
            return file_of(self.export_columns, shown.queryset, name=self.export_name)
        return form_page(
            self,
            request,
            form,
            title=_("Exporter cette liste"),
            explanation=_now(
                "Un fichier CSV pour un tableur, avec les lignes de cette liste, sa recherche et ses "
                "filtres : les %(most)s premières au plus. Il contient des données personnelles : "
                "effacez-le dès qu’il ne sert plus."
            )
            % {"most": f"{MOST_ROWS:,}".replace(",", "\u202f")},
            back=self.list_address(request),
            submit=_("Télécharger le fichier"),
        )
