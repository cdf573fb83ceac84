"""The journal in the administration: for those who read it, who are not those whose acts it holds.

Nobody changes anything here, and looking for a person is itself a line of the journal (SAFETY T53).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from back_office import who
from back_office.exports import Column, ExportMixin

from . import journal, reading, verification
from .models import Record, Seal

READ_AUDIT = "read_audit"  # accounts.powers.Power, of a floor above


def subject_typed(typed: str) -> str:
    """Return what was typed as it stands in the journal: a public id alone is a person's.

    Empty for what no line can hold: an address, a number, a name.
    """
    typed = typed.strip()
    try:
        return f"user:{UUID(typed)}"
    except ValueError:
        return typed if len(typed) <= 80 and journal.is_opaque(typed) else ""


def how_sealed() -> list[str]:
    """Return until when the journal is sealed, and what its last verification found, for its readers."""
    seal, verified = Seal.objects.order_by("-number").first(), verification.last_noted()
    return [
        _now("Scellé jusqu’au %(date)s (ligne %(line)s, sceau %(number)s).")
        % {"date": _moment(seal.sealed_at), "line": seal.last_id, "number": seal.number}
        if seal
        else _now("Pas encore scellé."),
        _now("Vérifié le %(date)s : %(found)s")
        % {
            "date": _moment(verified.at),
            "found": (_now("intact (%s).") if verified.act == verification.INTACT else _now("anomalie (%s)."))
            % verified.reason,
        }
        if verified
        else _now("Pas encore vérifié."),
    ]


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "j F Y à H:i")


class ActFilter(admin.SimpleListFilter):
    """What was done."""

    title = _("acte")
    parameter_name = "act"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Every act that is declared: the table itself is not asked which it holds."""
        return journal.acts()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep one act."""
        return queryset.filter(act=self.value()) if self.value() else queryset


@admin.register(Record)
class JournalAdmin(ExportMixin):
    """« Journal »: newest first."""

    read_power = READ_AUDIT
    academy_path = "academy"
    search_help_text = _(
        "Un auteur ou une personne concernée : l’identifiant public entier, « user:… », ou « academy:70 », "
        "par exemple. Votre recherche est notée dans le journal."
    )
    list_display = ("at", "act_in_words", "actor", "subject", "fields_changed", "reason", "academy")
    list_display_links = ("at", "act_in_words")
    list_filter = (ActFilter,)
    fields = readonly_fields = (
        "at", "act_in_words", "act", "actor", "subject", "fields_changed", "reason", "academy",
    )  # fmt: skip
    export_name = "journal"

    def search(self, request: HttpRequest, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Find what somebody did and what was done to them."""
        subject = subject_typed(typed)
        return rows.filter(Q(subject=subject) | Q(actor=subject)) if subject else rows.none()

    def row_name(self, row: Record) -> str:
        """Say what was done to whom."""
        return f"{self.act_in_words(row)} — {row.subject}"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list; a search in it is noted."""
        subject = subject_typed(request.GET.get("q", "").replace("\0", ""))
        if subject and self.has_view_permission(request):
            reading.searched(
                subject=subject,
                actor=who.asks(request),
                academies=who.places(request, self.read_power),
            )
        return super().changelist_view(request, {"list_notes": how_sealed(), **(extra_context or {})})

    def note_export(self, request: HttpRequest, reason: str) -> None:
        """Write it in the journal."""
        reading.exported(
            what="audit.record",
            actor=who.asks(request),
            reason=reason,
            academies=who.places(request, self.read_power),
        )

    @admin.display(description=_("acte"))
    def act_in_words(self, row: Record) -> str:
        """What was done."""
        return journal.label(row.act)

    @admin.display(description=_("champs modifiés"))
    def fields_changed(self, row: Record) -> str:
        """The names of the fields; the journal holds no values."""
        return ", ".join(row.fields) or "—"

    export_columns = (
        Column(_("Date"), lambda row: row.at),
        Column(_("Acte"), lambda row: journal.label(row.act)),
        Column(_("Code de l’acte"), lambda row: row.act),
        Column(_("Auteur"), lambda row: row.actor),
        Column(_("Personne ou objet concerné"), lambda row: row.subject),
        Column(_("Champs modifiés"), lambda row: ", ".join(row.fields)),
        Column(_("Motif"), lambda row: row.reason),
        Column(_("Académie"), lambda row: row.academy),
    )
