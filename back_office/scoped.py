"""An admin page of rows that belong to académies: seen by who has a power there (SAFETY T35, T50).

Nothing is given by Django's permission table. A person says where a power holds::

    request.user.scope("read_people")  ->  truthy, .covers(code), .limit(rows, path)

Read-only by default: staff act through :mod:`back_office.acts`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from .acts import Act, on_one, on_several
from .paging import BoundedChangeList, BoundedPaginator


class ScopedAdmin(admin.ModelAdmin):
    """Rows that staff read where ``read_power`` holds; what lies elsewhere does not exist (404).

    To set: ``read_power``; ``academy_path``, the path to the code of the académie, or :meth:`rows` for
    a model with a doorway of its own; ``acts``. For a search: ``search_help_text`` and :meth:`search`.
    """

    read_power: ClassVar[str] = ""
    academy_path: ClassVar[str] = "academy__code"
    acts: ClassVar[Sequence[Act]] = ()
    needs_search: ClassVar[bool] = False  # nothing is listed before something is looked for (SAFETY T53)

    actions = None
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    sortable_by = ()
    ordering = ("-pk",)
    paginator = BoundedPaginator
    view_on_site = False
    change_form_template = "back_office/detail.html"

    @classmethod
    def offer(cls, act: Act) -> None:
        """Add an act of an app above to this page. Called once, from that app's ``admin``."""
        cls.acts = (*cls.acts, act)

    # --- which rows ---------------------------------------------------------------------------

    @staticmethod
    def scope(request: HttpRequest, power: str) -> Any:
        """Return where this person has a power; ``None`` for nobody's power."""
        ask: Callable[[str], Any] | None = getattr(request.user, "scope", None)
        return ask(power) if ask is not None and power else None

    def rows(self, request: HttpRequest, power: str) -> QuerySet[Any]:
        """Return the rows where this person has a power: the one doorway of every page below."""
        rows = self.model._default_manager.all()
        scope = self.scope(request, power)
        return scope.limit(rows, self.academy_path) if scope else rows.none()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what may be read."""
        return self.rows(request, self.read_power).order_by(*self.get_ordering(request))

    def search(self, request: HttpRequest, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Keep the rows that ``typed`` (never empty) finds, by an index. Nothing, unless overridden."""
        return rows.none()

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Show the search box where there is something to say about it; the fields themselves are ours."""
        return ("search",) if self.search_help_text else ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search by :meth:`search`."""
        typed = search_term.replace("\0", "").strip()[:200]
        if typed:
            return self.search(request, queryset, typed), False
        return (queryset.none() if self.needs_search else queryset), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Filter by what ``list_filter`` names only: any other column of a row is not for guessing at."""
        names = [
            getattr(each, "parameter_name", None) or (each[0] if isinstance(each, tuple) else each)
            for each in (self.get_list_filter(request) if request else self.list_filter)
        ]
        return any(lookup == name or lookup.startswith(f"{name}__") for name in names)

    def row_name(self, row: Any) -> str:
        """Return what a row is called on its own pages."""
        return str(row)

    def action_checkbox(self, obj: Any) -> SafeString:
        """Return the box to tick, which a screen reader calls what its page calls the row."""
        # Written here: fifty widgets, each with templates of its own, take a fifth of the page's time.
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="{}">',
            ACTION_CHECKBOX_NAME,
            obj.pk,
            self.row_name(obj),
        )

    # --- what may be done ---------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever has the power somewhere; which rows, :meth:`rows` says."""
        return bool(self.scope(request, self.read_power))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show it on the first page to whoever may read it."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody, unless overridden."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody, unless overridden: see :mod:`back_office.acts`."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def acts_for(self, request: HttpRequest, row: Model | None = None) -> list[Act]:
        """Return what this person may do here; with ``row``, what is offered for it."""
        return [
            act
            for act in self.acts
            if self.scope(request, act.power) and (row is None or act.is_offered(request, row))
        ]

    # --- pages --------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        """Django's addresses without deletion and history, and one for each act."""
        info = f"{self.opts.app_label}_{self.opts.model_name}"
        closed = {f"{info}_delete", f"{info}_history"}
        act = path(
            "<path:object_id>/acte/<slug:name>/",
            self.admin_site.admin_view(self.act_view),
            name=f"{info}_act",
        )
        return [act, *(url for url in super().get_urls() if url.name not in closed)]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BoundedChangeList]:
        """Return the list that never counts to the end."""
        return BoundedChangeList

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the acts that are done to several rows at once."""
        return {
            act.name: (on_several(act), act.name, act.label)
            for act in self.acts_for(request)
            if act.on_several
        }

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list; without a search where one is needed, only the box."""
        waits = self.needs_search and not request.GET.get("q", "").strip()
        return super().changelist_view(request, {"waits_for_a_search": waits, **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Show one row, and what may be done to it."""
        _refuse_what_is_no_key(object_id)
        row = self.get_object(request, object_id) if object_id is not None else None
        context = {
            "title": capfirst(str(self.opts.verbose_name)),
            "subtitle": self.row_name(row) if row is not None else None,
            "acts": self.acts_for(request, row) if row is not None else (),
            **(extra_context or {}),
        }
        return super().changeform_view(request, object_id, form_url, context)

    def act_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask for the reason, then act (:mod:`back_office.acts`)."""
        _refuse_what_is_no_key(object_id)
        return on_one(self, request, object_id, name)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> Any:
        """404, where Django would say which id does not exist."""
        raise Http404

    # --- Django's own log ---------------------------------------------------------------------

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing: the use cases write to the journal, which has no names in it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing, likewise."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Nothing, likewise."""


def _refuse_what_is_no_key(object_id: str | None) -> None:
    """Take digits alone for a row's key: Python reads « 1_2 » as twelve, and a row has one address."""
    if object_id is not None and not (object_id.isascii() and object_id.isdecimal()):
        raise Http404
