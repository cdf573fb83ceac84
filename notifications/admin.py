"""The outbox in the administration: where each message stands, why, and « Renvoyer » (SAFETY T28)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit import reading
from back_office import who
from back_office.acts import Act, ReasonForm, Refused, form_page
from back_office.exports import Column, ExportMixin
from throttling import limits

from . import letters, resending
from .models import RESENDABLE, Message, MessageQuerySet, State

READ_PEOPLE, RESEND = "read_people", "resend"  # accounts.powers.Power, of a floor above
FORGOTTEN = _("oubliée")
EXPLANATION = _(
    "Le message est écrit de nouveau, avec un lien neuf, et part à la même adresse. S’il n’a plus d’objet, "
    "par exemple parce que l’inscription est confirmée, il ne part pas. Une boîte de réception reçoit trois "
    "messages par heure au plus, ceux-ci compris."
)


class StateFilter(admin.SimpleListFilter):
    """Where a message stands: what did not leave has an index of its own."""

    title = _("état")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Every state."""
        return State.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep one state."""
        return queryset.filter(state=self.value()) if self.value() in State.values else queryset


def _resend(request: HttpRequest, message: Message, said: dict[str, Any]) -> None:
    try:
        resending.resend(message, actor=who.asks(request), reason=said["reason"])
    except limits.Refused as refusal:
        raise Refused(
            _now("Cette boîte de réception a déjà reçu beaucoup de nos messages. Réessayez %(wait)s.")
            % {"wait": refusal.wait}
        ) from refusal
    except resending.NotNow as refusal:
        raise Refused(_now("Ce message ne peut plus être renvoyé.")) from refusal


def _can_be_resent(_request: HttpRequest, message: Message) -> bool:
    return message.can_be_resent


@admin.register(Message)
class OutboxAdmin(ExportMixin):
    """« Messages »: newest first, within the académies of who looks."""

    read_power = READ_PEOPLE
    academy_path = "academy"
    search_help_text = _("Une adresse de courriel ou un numéro de téléphone entier.")
    list_display = ("written_at", "kind_in_words", "address", "state", "reason", "left_at", "academy")
    list_display_links = ("written_at", "kind_in_words")
    list_filter = (StateFilter,)
    fields = readonly_fields = (
        "kind_in_words", "address", "channel", "language_in_words", "academy", "state", "reason", "code",
        "tries", "written_at", "next_at", "left_at",
    )  # fmt: skip
    export_name = "messages"
    acts = (
        Act(
            name="renvoyer",
            label=_("Renvoyer"),
            power=RESEND,
            do=_resend,
            done=_("Le message repart."),
            explanation=EXPLANATION,
            is_offered=_can_be_resent,
            on_several=True,
        ),
    )

    def search(self, request: HttpRequest, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Find by the whole address, as it was typed or in small letters; a number without its spaces."""
        number = "".join(typed.split()).replace(".", "") if typed[:1] == "+" else typed
        return rows.filter(to__in=sorted({typed, typed.lower(), number}))

    def row_name(self, row: Message) -> str:
        """Say what it is and where it goes."""
        return f"{self.kind_in_words(row)} — {self.address(row)}"

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Show a message; the journal says who looked (SAFETY T53)."""
        answer = super().changeform_view(request, object_id, *args, **kwargs)
        message = self.get_object(request, object_id) if object_id else None
        if message is not None:
            resending.note_reading(message, actor=who.asks(request))
        return answer

    # --- all those of a list ------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        """Return the addresses of the admin, and one to send a whole list again."""
        view = self.admin_site.admin_view(self.resend_list_view)
        return [path("renvoyer/", view, name="notifications_message_resend_list"), *super().get_urls()]

    def list_links(self, request: HttpRequest) -> list[tuple[str, str | Promise]]:
        """Offer to send a list again once it says which: the refused ones, for example."""
        links = super().list_links(request)
        if self.scope(request, RESEND) and request.GET.get("state") in RESENDABLE:
            links.insert(0, (f"renvoyer/?{request.GET.urlencode()}", _("Renvoyer ceux de cette liste")))
        return links

    def resend_list_view(self, request: HttpRequest) -> HttpResponse:
        """Send the messages of a list again, 400 at most, with one reason.

        A trouble at a provider refuses the mails of a whole school at once: nobody ticks four hundred
        boxes. What came into the list since it was shown stays.
        """
        scope = self.scope(request, RESEND)
        if not scope or request.GET.get("state") not in RESENDABLE:
            raise Http404
        listed: MessageQuerySet = scope.limit(self.shown(request).queryset, self.academy_path)
        seen = request.POST.get("seen", "")
        if request.method == "POST" and seen.isascii() and seen.isdigit() and len(seen) < 19:
            listed = listed.filter(pk__lte=int(seen))
        chosen = resending.resendable(listed)
        back = self.list_address(request)
        if not chosen:
            messages.warning(request, _("Rien à renvoyer dans cette liste."))
            return redirect(back)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            self._resend_each(request, chosen, form.cleaned_data)
            return redirect(back)
        return form_page(
            self,
            request,
            form,
            title=_("Renvoyer ceux de cette liste"),
            explanation=EXPLANATION,
            rows=chosen,
            back=back,
            hidden=[("seen", str(max(message.pk for message in chosen)))],
            submit=ngettext("Renvoyer ce message", "Renvoyer ces %(count)d messages", len(chosen))
            % {"count": len(chosen)},
        )

    def _resend_each(self, request: HttpRequest, chosen: list[Message], said: dict[str, Any]) -> None:
        refused = 0
        for message in chosen:
            try:
                _resend(request, message, said)
            except Refused:
                refused += 1
        done = len(chosen) - refused
        if done:
            messages.success(
                request,
                ngettext("%(count)d message repart.", "%(count)d messages repartent.", done)
                % {"count": done},
            )
        if refused:
            messages.warning(
                request,
                ngettext(
                    "%(count)d message ne repart pas : sa boîte de réception en a déjà trop.",
                    "%(count)d messages ne repartent pas : leurs boîtes de réception en ont déjà trop.",
                    refused,
                )
                % {"count": refused},
            )

    def note_export(self, request: HttpRequest, reason: str) -> None:
        """Write it in the journal."""
        reading.exported(
            what="notifications.message",
            actor=who.asks(request),
            reason=reason,
            academies=who.places(request, self.read_power),
        )

    # --- what is shown of a message -----------------------------------------------------------

    @admin.display(description=_("message"))
    def kind_in_words(self, message: Message) -> str:
        """What it is."""
        return letters.label(message.kind)

    @admin.display(description=_("destinataire"))
    def address(self, message: Message) -> str:
        """Where it goes; forgotten after seven days."""
        return message.to or str(FORGOTTEN)

    @admin.display(description=_("motif"))
    def reason(self, message: Message) -> str:
        """Why it did not leave, or not yet."""
        return message.reason_in_words or "—"

    @admin.display(description=_("code du serveur"))
    def code(self, message: Message) -> str:
        """What the other server answered, for whoever knows such codes."""
        return message.last_error or "—"

    @admin.display(description=_("essais sans succès"))
    def tries(self, message: Message) -> int:
        """How often it was put off."""
        return message.attempts

    @admin.display(description=_("langue"))
    def language_in_words(self, message: Message) -> str:
        """The language it is written in."""
        return message.language

    @admin.display(description=_("écrit le"))
    def written_at(self, message: Message) -> Any:
        """When it was put in the outbox."""
        return message.created_at

    @admin.display(description=_("prochain essai"), empty_value="—")
    def next_at(self, message: Message) -> Any:
        """When it is tried again, while it waits."""
        return message.next_attempt_at if message.state == State.WAITING else None

    @admin.display(description=_("parti le"), empty_value="—")
    def left_at(self, message: Message) -> Any:
        """When it left."""
        return message.sent_at

    export_columns = (
        Column(_("Écrit le"), lambda message: message.created_at),
        Column(_("Message"), lambda message: letters.label(message.kind)),
        Column(_("Destinataire"), lambda message: message.to),
        Column(_("Académie"), lambda message: message.academy),
        Column(_("État"), lambda message: State(message.state).label),
        Column(_("Motif"), lambda message: message.reason_in_words),
        Column(_("Parti le"), lambda message: message.sent_at),
    )
