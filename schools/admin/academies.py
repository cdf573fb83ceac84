"""The académies in the administration, and when MCM is open there (SCREENS A4)."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from back_office import who
from back_office.acts import Act, ReasonForm, Refused
from back_office.scoped import ScopedAdmin
from schools import counters, domains, openings
from schools.models import Academy, AcademyQuerySet
from schools.school_year import today

DECIDE_OPENINGS = "decide_openings"  # accounts.powers.Power, of a floor above
SET_COUNTER = "set_counter"


class DecisionForm(ReasonForm):
    """What the rector decided. The reference of the decision is the reason."""

    opens = forms.TypedChoiceField(
        label=_("La décision"),
        choices=[("", _("Choisissez…")), ("1", _("ouvre le service")), ("0", _("ferme le service"))],
        coerce=lambda value: value == "1",
        error_messages={"required": _("Dites si la décision ouvre ou ferme le service.")},
    )
    decided_on = forms.DateField(
        label=_("Décidé le"),
        help_text=_("La date que porte la décision."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    effective_on = forms.DateField(
        label=_("À compter du"),
        help_text=_("Le premier jour où le service est ouvert, ou fermé."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reason = forms.CharField(
        label=_("Référence de la décision"),
        help_text=_("Ce qui permet de la retrouver. Par exemple : « Arrêté rectoral n° 2026-17 »."),
        max_length=200,
        min_length=3,
        error_messages={
            "required": _("Donnez la référence de la décision."),
            "min_length": _("Donnez la référence entière."),
        },
    )

    def clean_decided_on(self) -> Any:
        """Refuse a decision that is yet to come."""
        day = self.cleaned_data["decided_on"]
        if day > today():
            raise ValidationError(_("Cette date est à venir : attendez que la décision soit prise."))
        return day

    def clean(self) -> dict[str, Any]:
        """Refuse an effect before the decision."""
        said = super().clean() or self.cleaned_data
        decided, effective = said.get("decided_on"), said.get("effective_on")
        if decided and effective and effective < decided:
            self.add_error("effective_on", _("Une décision ne prend pas effet avant d’être prise."))
        return said


class DomainForm(ReasonForm):
    """A mail domain."""

    domain = forms.CharField(
        label=_("Domaine de messagerie"),
        help_text=_("Ce qui suit le signe @ dans les adresses des personnels : « ac-normandie.fr »."),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class CounterForm(ReasonForm):
    """Whom the staff of the académie call."""

    phone = forms.CharField(
        label=_("Téléphone du guichet"),
        help_text=_("Vide : plus de guichet. Par exemple : « 04 72 80 64 88 »."),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    hours = forms.CharField(
        label=_("Horaires"),
        help_text=_("Par exemple : « du lundi au vendredi, de 8 h 30 à 17 h »."),
        max_length=counters.LONGEST_HOURS,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_phone(self) -> str:
        """Refuse what cannot be dialled."""
        typed = str(self.cleaned_data["phone"])
        if typed.strip():
            try:
                return counters.clean_phone(typed)
            except counters.NoNumber as refusal:
                raise ValidationError(_("Ce n’est pas un numéro de téléphone.")) from refusal
        return ""


def _set_counter(request: HttpRequest, academy: Academy, said: dict[str, Any]) -> None:
    counters.set_counter(
        academy,
        phone=said["phone"],
        hours=said["hours"],
        actor=who.asks(request),
        reason=said["reason"],
    )


def _decide(request: HttpRequest, academy: Academy, said: dict[str, Any]) -> None:
    written = openings.decide(
        academies=[academy],
        opens=said["opens"],
        effective_on=said["effective_on"],
        decided_on=said["decided_on"],
        reference=said["reason"],
        actor=who.asks(request),
    )
    if not written:
        raise Refused(_now("Cette décision est déjà enregistrée."))


def _add_domain(request: HttpRequest, academy: Academy, said: dict[str, Any]) -> None:
    try:
        domains.add(academy, said["domain"], actor=who.asks(request), reason=said["reason"])
    except ValidationError as refusal:
        raise Refused(
            _now("Ce n’est pas un domaine de messagerie, ou il appartient déjà à une académie.")
        ) from refusal


def _is_national(request: HttpRequest, _academy: Academy) -> bool:
    return who.is_everywhere(request, DECIDE_OPENINGS)


@admin.register(Academy)
class AcademyAdmin(ScopedAdmin):
    """« Académies »: open or closed today, and by which decision. A decision is never changed."""

    read_power = DECIDE_OPENINGS
    academy_path = "code"
    ordering = ("code",)
    list_display = ("code", "name", "openness", "last_decision")
    list_display_links = ("code", "name")
    fields = readonly_fields = (
        "code", "name", "kind", "zone", "openness", "decisions", "staff_domains", "departments",
        "counter_phone", "counter_hours",
    )  # fmt: skip
    acts = (
        Act(
            name="decider",
            label=_("Décider une ouverture ou une fermeture"),
            power=DECIDE_OPENINGS,
            do=_decide,
            done=_("La décision est enregistrée."),
            explanation=_(
                "Le service est ouvert par décision du recteur. La décision enregistrée ne se modifie pas et "
                "ne s’efface pas : une autre la remplace. À la fermeture, personne ne peut plus s’inscrire ; "
                "les comptes restent."
            ),
            form=DecisionForm,
            on_several=True,
        ),
        Act(
            name="guichet",
            label=_("Écrire le téléphone du guichet"),
            power=SET_COUNTER,
            do=_set_counter,
            done=_("Le guichet est enregistré."),
            explanation=_(
                "Les personnels qui ont oublié leur identifiant lisent ce numéro et ces horaires sur leur "
                "page de connexion."
            ),
            form=CounterForm,
        ),
        Act(
            name="ajouter-domaine",
            label=_("Ajouter un domaine de messagerie"),
            power=DECIDE_OPENINGS,
            do=_add_domain,
            done=_("Le domaine est ajouté."),
            form=DomainForm,
            is_offered=_is_national,
        ),
    )

    def rows(self, request: HttpRequest, power: str) -> QuerySet[Any]:
        """Return the académies of who looks, with what the list shows of each."""
        academies = cast(AcademyQuerySet, super().rows(request, power))
        return academies.with_openness().prefetch_related("decisions")

    @admin.display(description=_("aujourd’hui"))
    def openness(self, academy: Academy) -> str:
        """Open or closed today."""
        return str(_("ouverte") if academy.is_open else _("fermée"))

    @admin.display(description=_("décision qui s’applique"))
    def last_decision(self, academy: Academy) -> str:
        """The decision that counts today."""
        taken = [each for each in academy.decisions.all() if each.effective_on <= today()]
        return max(taken, key=lambda each: (each.effective_on, each.pk)).reference if taken else "—"

    @admin.display(description=_("décisions"))
    def decisions(self, academy: Academy) -> str:
        """Every decision, the one that counts first."""
        lines = (
            (
                _("ouvre") if each.opens else _("ferme"),
                date_format(each.effective_on, "j F Y"),
                date_format(each.decided_on, "j F Y"),
                each.reference,
            )
            for each in sorted(academy.decisions.all(), key=lambda each: (each.effective_on, each.pk))[::-1]
        )
        sentence = _now("{} à compter du {}, décidé le {} : {}")
        return format_html_join("", f"<p>{sentence}</p>", lines) or _now("Aucune : le service est fermé.")

    @admin.display(description=_("domaines de messagerie"))
    def staff_domains(self, academy: Academy) -> str:
        """The mail domains of its staff."""
        return ", ".join(
            each.domain if each.current else _now("%(domain)s (ancien)") % {"domain": each.domain}
            for each in academy.domains.order_by("-current", "domain")
        ) or _now("aucun")

    @admin.display(description=_("départements"))
    def departments(self, academy: Academy) -> str:
        """Its departments."""
        return ", ".join(str(each) for each in academy.departments.all())
