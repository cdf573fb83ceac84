"""Rules and hours of an académie, for its DANE: never who was in which class (SCREENS B3, B7; SAFETY T50)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.admin.refusals import asked_by
from accounts.powers import Power
from back_office.acts import Act, ReasonForm, Refused, form_page
from back_office.scoped import ScopedAdmin
from schools.models import Academy, School
from schools.rosters.uai import clean_uai

from .. import rules
from ..models import ClassRules, Degree, HoursHeld


class RulesForm(ReasonForm):
    """What teachers may choose."""

    by_link = forms.BooleanField(label=_("Par lien : un élève n’a pas besoin de compte"), required=False)
    by_account = forms.BooleanField(
        label=_("Par compte : seulement les personnes identifiées"), required=False
    )
    of_a_teacher = forms.BooleanField(label=_("Classe d’un enseignant"), required=False)
    of_a_division = forms.BooleanField(label=_("Classe d’une division"), required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse a rule that leaves nothing."""
        said = super().clean() or self.cleaned_data
        if not (said.get("by_link") or said.get("by_account")):
            self.add_error("by_account", _("Laissez au moins une entrée : par lien ou par compte."))
        if not (said.get("of_a_teacher") or said.get("of_a_division")):
            self.add_error("of_a_teacher", _("Laissez au moins une sorte de classe."))
        return said


class NewRulesForm(RulesForm):
    """Where, and for which degree."""

    academy = forms.ChoiceField(label=_("Académie"))
    uai = forms.CharField(
        label=_("Code UAI de l’établissement"),
        help_text=_("Vide : toute l’académie. Un établissement choisit dans ce que l’académie permet."),
        required=False,
        max_length=20,
    )
    degree = forms.ChoiceField(label=_("Degré"), choices=[("", _("Choisissez…")), *Degree.choices])
    field_order = ["academy", "uai", "degree"]

    def __init__(self, *args: Any, academies: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["academy"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = academies if len(academies) == 1 else [("", _("Choisissez…")), *academies]

    def clean(self) -> dict[str, Any]:
        """Find the school in the académie that was chosen."""
        said = super().clean()
        said["school"] = None
        if said.get("uai"):
            found = School.objects.filter(uai=clean_uai(said["uai"]), academy__code=said.get("academy"))
            said["school"] = found.first()
            if said["school"] is None:
                self.add_error(
                    "uai", ValidationError(_("Cette académie n’a pas d’établissement de ce code."))
                )
        return said


def _change(request: HttpRequest, rule: ClassRules, said: dict[str, Any]) -> None:
    names = ("by_link", "by_account", "of_a_teacher", "of_a_division", "reason")
    try:
        rules.decide(
            academy=rule.academy,
            school=rule.school,
            degree=Degree(rule.degree),
            by=asked_by(request),
            **{name: said[name] for name in names},
        )
    except rules.NotAllowed as refusal:
        raise Refused(_now("Cette académie n’est pas la vôtre.")) from refusal


def _lift(request: HttpRequest, rule: ClassRules, said: dict[str, Any]) -> None:
    try:
        rules.lift(rule, by=asked_by(request), reason=said["reason"])
    except rules.NotAllowed as refusal:
        raise Refused(_now("Cette académie n’est pas la vôtre.")) from refusal


@admin.register(ClassRules)
class ClassRulesAdmin(ScopedAdmin):
    """« Règles des classes virtuelles »: of académies and of schools. Without one, the usual holds."""

    read_power = Power.RULE_CLASSES
    list_display = ("place", "degree", "by_link", "by_account", "of_a_teacher", "of_a_division")
    list_display_links = ("place",)
    list_select_related = ("academy", "school")
    fields = readonly_fields = ("place", "degree", "by_link", "by_account", "of_a_teacher", "of_a_division")
    acts = (
        Act(
            name="changer",
            label=_("Changer cette règle"),
            power=Power.RULE_CLASSES,
            do=_change,
            done=_("La règle est changée."),
            explanation=_("Les classes qui existent gardent leur entrée ; la règle vaut pour les nouvelles."),
            form=RulesForm,
        ),
        Act(
            name="retirer",
            label=_("Retirer cette règle"),
            power=Power.RULE_CLASSES,
            do=_lift,
            done=_("La règle est retirée."),
            explanation=_(
                "Sans règle : au premier degré par lien ou par compte, au second degré par compte seulement."
            ),
        ),
    )

    def rows(self, request: HttpRequest, power: str) -> QuerySet[Any]:
        """Return the rules of the académies where this person has the power."""
        return ClassRules.objects.open_to(asked_by(request).scope(Power(power)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever rules."""
        return bool(self.scope(request, Power.RULE_CLASSES))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Write a rule down."""
        if not self.has_add_permission(request):
            raise Http404
        scope = asked_by(request).scope(Power.RULE_CLASSES)
        academies = list(scope.limit(Academy.objects.all(), "code").values_list("code", "name"))
        form = NewRulesForm(
            request.POST or None,
            academies=academies,
            initial={"by_account": True, "of_a_teacher": True, "of_a_division": True},
        )
        changelist = "admin:virtual_classes_classrules_changelist"
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            rules.decide(
                academy=Academy.objects.get(code=said["academy"]),
                school=said["school"],
                degree=Degree(said["degree"]),
                by_link=said["by_link"],
                by_account=said["by_account"],
                of_a_teacher=said["of_a_teacher"],
                of_a_division=said["of_a_division"],
                by=asked_by(request),
                reason=said["reason"],
            )
            messages.success(request, _now("La règle est enregistrée."))
            return redirect(changelist)
        return form_page(
            self,
            request,
            form,
            title=_("Décider une règle"),
            explanation=_("Ce que les enseignants peuvent choisir quand ils créent une classe virtuelle."),
            back=reverse(changelist),
            submit=_("Enregistrer cette règle"),
        )

    @admin.display(description=_("où"))
    def place(self, row: ClassRules) -> str:
        """The school, or the académie."""
        return str(row.school or row.academy)


@admin.register(HoursHeld)
class HoursHeldAdmin(ScopedAdmin):
    """« Volumes d’heures des académies »: the only figure of the classes, day by day."""

    read_power = Power.RULE_CLASSES
    list_display = ("when", "academy", "sessions", "hours")
    list_display_links = ("when",)
    list_select_related = ("academy",)
    fields = readonly_fields = ("when", "academy", "sessions", "hours")

    @admin.display(description=_("jour"))
    def when(self, row: HoursHeld) -> str:
        """The day."""
        return date_format(row.day, "j F Y")

    @admin.display(description=_("heures"))
    def hours(self, row: HoursHeld) -> str:
        """Hours and minutes."""
        return f"{row.minutes // 60} h {row.minutes % 60:02d}"
