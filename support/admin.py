"""Requests in the administration: read and answered by the DANE of their académie (SAFETY T35, T50)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.admin.refusals import asked_by
from accounts.powers import Power
from back_office.acts import Act, ReasonForm, Refused
from back_office.scoped import ScopedAdmin
from schools.search_key import prefix_query, words_of

from . import requests
from .forms import AnswerForm
from .models import SupportRequest


def _answer(request: HttpRequest, row: SupportRequest, said: dict[str, Any]) -> None:
    try:
        requests.answer(row, said["answer"], by=asked_by(request), reason=said["reason"])
    except requests.NotOpen as refusal:
        raise Refused(_now("Quelqu’un a déjà traité cette demande.")) from refusal


def _close(request: HttpRequest, row: SupportRequest, said: dict[str, Any]) -> None:
    try:
        requests.close(row, by=asked_by(request), reason=said["reason"])
    except requests.NotOpen as refusal:
        raise Refused(_now("Quelqu’un a déjà traité cette demande.")) from refusal


def _waits(_request: HttpRequest, row: SupportRequest) -> bool:
    return row.is_open


class AnswerWithReasonForm(AnswerForm, ReasonForm):
    """What the person reads, and what the journal keeps."""


@admin.register(SupportRequest)
class SupportRequestAdmin(ScopedAdmin):
    """« Demandes »: newest first."""

    read_power = Power.ANSWER_FAMILIES
    search_help_text = _("Le nom de la personne ou de l’élève (les accents ne comptent pas), ou un courriel.")
    list_display = ("name", "reason", "state", "place", "opened_on")
    list_display_links = ("name",)
    list_select_related = ("school", "academy")
    list_filter = ("state",)
    fields = readonly_fields = (
        "name", "child", "reason", "text", "mail", "mobile", "place", "state", "opened_on", "answer",
        "answered_by",
    )  # fmt: skip
    acts = (
        Act(
            name="repondre",
            label=_("Répondre"),
            power=Power.ANSWER_FAMILIES,
            do=_answer,
            done=_("La réponse est enregistrée ; la personne en est informée."),
            explanation=_(
                "La personne reçoit par courriel ou par SMS un lien vers cette réponse. Rien de ce qu’elle a "
                "écrit n’est vérifié : ne lui apprenez rien de ce que l’établissement sait."
            ),
            form=AnswerWithReasonForm,
            is_offered=_waits,
        ),
        Act(
            name="classer",
            label=_("Classer sans réponse"),
            power=Power.ANSWER_FAMILIES,
            do=_close,
            done=_("La demande est classée."),
            is_offered=_waits,
            on_several=True,
        ),
    )

    def rows(self, request: HttpRequest, power: str) -> QuerySet[Any]:
        """Return the requests of the académies where this person has the power."""
        return SupportRequest.objects.open_to(asked_by(request).scope(Power(power)))

    def search(self, request: HttpRequest, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Find by address, or by name."""
        if "@" in typed:
            return rows.filter(mail=typed.lower())
        query = prefix_query(typed)
        return rows.none() if query is None else rows.alias(words=words_of("search_key")).filter(words=query)

    @admin.display(description=_("nom"))
    def name(self, row: SupportRequest) -> str:
        """First name and name, as typed."""
        return str(row)

    @admin.display(description=_("établissement"))
    def place(self, row: SupportRequest) -> str:
        """Whom it went to."""
        return str(row.school or row.academy)

    @admin.display(description=_("ouverte le"))
    def opened_on(self, row: SupportRequest) -> str:
        """When it came."""
        return date_format(localtime(row.opened_at), "DATETIME_FORMAT")
