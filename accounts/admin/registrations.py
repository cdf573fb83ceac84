"""Sign-ups that wait for their confirmation: found, and helped on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from accounts import addresses, assistance, registration
from accounts.models import Level, Power, Profile, Registration
from audit import reading
from back_office import who
from back_office.acts import Act, ReasonForm
from back_office.exports import Column, ExportMixin
from notifications import outbox

from . import finding, refusals


class AddressForm(ReasonForm):
    """The address that was meant."""

    address = forms.CharField(
        label=_("Bonne adresse"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )

    def clean_address(self) -> str:
        """Return the address in its stored form."""
        return addresses.clean_address(self.cleaned_data["address"])


def _resend(request: HttpRequest, row: Registration, said: dict[str, Any]) -> None:
    with refusals.in_words():
        assistance.resend(row, by=refusals.asked_by(request), reason=said["reason"])


def _correct(request: HttpRequest, row: Registration, said: dict[str, Any]) -> None:
    with refusals.in_words():
        assistance.correct_address(row, said["address"], by=refusals.asked_by(request), reason=said["reason"])


def _confirm(request: HttpRequest, row: Registration, said: dict[str, Any]) -> None:
    with refusals.in_words():
        assistance.confirm_by_hand(row, by=refusals.asked_by(request), reason=said["reason"])


@admin.register(Registration)
class RegistrationAdmin(ExportMixin):
    """« Inscriptions en attente »: newest first."""

    read_power = Power.READ_PEOPLE
    search_help_text = finding.HELP
    list_display = ("name", "username", "mailbox", "place", "degree", "asked_on")
    list_display_links = ("name",)
    list_select_related = ("academy", "department", "sign_in_name")
    fields = readonly_fields = (
        "name", "username", "mailbox", "mail", "degree", "kind", "age", "place", "asked_on",
    )  # fmt: skip
    acts = (
        Act(
            name="renvoyer",
            label=_("Renvoyer le courriel"),
            power=Power.RESEND,
            do=_resend,
            done=_("Le courriel repart."),
            explanation=_("Le même courriel repart à la même adresse. Trois par heure au plus."),
            on_several=True,
        ),
        Act(
            name="corriger-adresse",
            label=_("Corriger l’adresse"),
            power=Power.MEND_PEOPLE,
            do=_correct,
            done=_("L’adresse est corrigée, le courriel part à la nouvelle adresse."),
            explanation=_("Le lien déjà envoyé à l’ancienne adresse ne marchera plus."),
            form=AddressForm,
        ),
        Act(
            name="confirmer",
            label=_("Confirmer à la main"),
            power=Power.MEND_PEOPLE,
            do=_confirm,
            done=_("L’inscription est confirmée. La personne en est informée par courriel."),
            explanation=_(
                "Le compte est créé comme si le lien du courriel avait été ouvert. Assurez-vous d’abord que "
                "la personne est bien celle qu’elle dit et que l’adresse est la sienne. Pour un mineur, "
                "dites dans le motif comment le responsable légal a donné son accord."
            ),
            grave=True,
        ),
    )

    def rows(self, request: HttpRequest, power: str) -> QuerySet[Any]:
        """Return the sign-ups that wait in the académies where this person has the power."""
        return Registration.objects.waiting().open_to(refusals.asked_by(request), Power(power))

    def search(self, request: HttpRequest, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Find by name, by user name, or by address."""
        address = finding.address_typed(typed)
        if address is not None:
            return rows.filter(address=address)
        return finding.named(rows, typed, owner="registration")

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Show a sign-up; the journal says who looked (SAFETY T53)."""
        answer = super().changeform_view(request, object_id, *args, **kwargs)
        row = self.get_object(request, object_id) if object_id else None
        if row is not None:
            assistance.note_reading_of_sign_up(row, by=refusals.asked_by(request))
        return answer

    def note_export(self, request: HttpRequest, reason: str) -> None:
        """Write it in the journal."""
        reading.exported(
            what="accounts.registration",
            actor=refusals.asked_by(request).subject,
            reason=reason,
            academies=who.places(request, self.read_power),
        )

    def row_name(self, row: Registration) -> str:
        """Name the person: the row itself has only its public id."""
        return self.name(row)

    @admin.display(description=_("nom"))
    def name(self, row: Registration) -> str:
        """First name and name."""
        return f"{row.first_name} {row.last_name}"

    @admin.display(description=_("nom d’utilisateur"))
    def username(self, row: Registration) -> str:
        """The name that the sign-up reserves."""
        return row.username

    @admin.display(description=_("adresse de courriel"))
    def mailbox(self, row: Registration) -> str:
        """Where the letter goes."""
        return row.address

    @admin.display(description=_("niveau"))
    def degree(self, row: Registration) -> str:
        """The level of the sign-up."""
        return str(row.get_level_display())

    @admin.display(description=_("profil"))
    def kind(self, row: Registration) -> str:
        """What the person says they are."""
        return str(row.get_profile_display())

    @admin.display(description=_("académie et département"))
    def place(self, row: Registration) -> str:
        """Where it is: an académie with its département, or a country."""
        if row.academy is None:
            return str(countries.name(row.country))
        return f"{row.academy} — {row.department}"

    @admin.display(description=_("demandée le"))
    def asked_on(self, row: Registration) -> str:
        """When the form was sent."""
        return date_format(localtime(row.created_at), "DATETIME_FORMAT")

    @admin.display(description=_("âge"))
    def age(self, row: Registration) -> str:
        """The age group of a pupil."""
        return str(row.get_age_group_display()) if row.age_group else "—"

    @admin.display(description=_("courriel de confirmation"))
    def mail(self, row: Registration) -> str:
        """Where the last letter stands."""
        message = outbox.latest(kind=registration.KIND, reference=str(row.public_id))
        return message.situation_in_words if message else str(_("Aucun courriel."))

    export_name = "inscriptions-en-attente"
    export_columns = (
        Column(_("Prénom"), lambda row: row.first_name),
        Column(_("Nom"), lambda row: row.last_name),
        Column(_("Nom d’utilisateur"), lambda row: row.username),
        Column(_("Adresse de courriel"), lambda row: row.address),
        Column(_("Niveau"), lambda row: Level(row.level).label),
        Column(_("Profil"), lambda row: Profile(row.profile).label),
        Column(_("Académie"), lambda row: row.academy or ""),
        Column(_("Demandée le"), lambda row: row.created_at),
    )
