"""Files of schools in the administration: handed over, read, decided on (SAFETY T50, T51)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from back_office import who
from back_office.acts import Act, Refused, form_page
from back_office.scoped import ScopedAdmin
from schools.forms import ConfirmForm, MappingForm, UploadForm
from schools.models import RosterImport, School
from schools.rosters import applying, comparing, importing
from schools.rosters.reporting import report_of
from schools.rosters.rows import FileRefused
from schools.rosters.uai import clean_uai

IMPORT_ROSTERS = "import_rosters"  # accounts.powers.Power, of a floor above
NOT_NOW = _("Cet import a changé d’étape entre-temps : regardez où il en est.")
State = RosterImport.State


class SchoolUploadForm(UploadForm):
    """For which school, too."""

    uai = forms.CharField(
        label=_("Code UAI de l’établissement"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("uai", "kind", "documents")

    def clean_uai(self) -> str:
        """Return the code, if it is one."""
        code = clean_uai(self.cleaned_data["uai"])
        if not code:
            raise forms.ValidationError(_("Ce code UAI n’est pas juste : sept chiffres et une lettre."))
        return code


class Nothing(forms.Form):
    """There is nothing to ask: what is done is in the files, and in the journal."""


def _apply(request: HttpRequest, row: RosterImport, said: dict[str, Any]) -> None:
    try:
        importing.decide(row, by=who.asks(request), confirmed=bool(said.get("confirmed")))
    except importing.NotNow as refusal:
        raise Refused(str(NOT_NOW)) from refusal
    except applying.ConfirmationWanted as refusal:
        raise Refused(_now("Beaucoup de personnes partiraient : confirmez-le d’abord.")) from refusal


def _give_up(request: HttpRequest, row: RosterImport, said: dict[str, Any]) -> None:
    try:
        importing.give_up(row, by=who.asks(request))
    except importing.NotNow as refusal:
        raise Refused(str(NOT_NOW)) from refusal


def _is_simple(_request: HttpRequest, row: RosterImport) -> bool:
    return row.state == State.READY and not comparing.shrinks(row.counts)


def _is_grave(_request: HttpRequest, row: RosterImport) -> bool:
    return row.state == State.READY and comparing.shrinks(row.counts)


def _can_be_given_up(_request: HttpRequest, row: RosterImport) -> bool:
    return row.is_unfinished and row.state != State.APPLYING


@admin.register(RosterImport)
class RosterImportAdmin(ScopedAdmin):
    """« Imports de fichiers »: the latest first."""

    read_power = IMPORT_ROSTERS
    search_help_text = _("Le code UAI d’un établissement.")
    list_display = ("school", "kind", "state", "handed_over_on")
    list_display_links = ("school",)
    list_select_related = ("school",)
    fields = readonly_fields = ("school", "kind", "state", "handed_over_on", "school_year", "names", "report")
    change_form_template = "back_office/roster_import.html"
    acts = (
        Act(
            name="appliquer",
            label=_("Appliquer"),
            power=IMPORT_ROSTERS,
            do=_apply,
            done=_("Le fichier est en cours d’enregistrement."),
            explanation=_(
                "Les élèves, leurs classes, leurs responsables ou le personnel deviennent ceux du "
                "fichier. Qui "
                "n’y est plus garde son accès sept jours ; un responsable retiré le perd tout de suite."
            ),
            form=Nothing,
            is_offered=_is_simple,
        ),
        Act(
            name="appliquer-malgre-les-departs",
            label=_("Appliquer malgré les départs"),
            power=IMPORT_ROSTERS,
            do=_apply,
            done=_("Le fichier est en cours d’enregistrement."),
            explanation=_(
                "Ce fichier retire au moins un dixième des élèves, des responsables ou du personnel. "
                "C’est souvent "
                "le signe d’un fichier incomplet. Relisez la liste de ceux qui partent avant de confirmer."
            ),
            form=ConfirmForm,
            is_offered=_is_grave,
            grave=True,
        ),
        Act(
            name="abandonner",
            label=_("Abandonner"),
            power=IMPORT_ROSTERS,
            do=_give_up,
            done=_("L’import est abandonné. Rien n’a changé."),
            explanation=_("Le fichier est effacé, et rien ne change."),
            form=Nothing,
            is_offered=_can_be_given_up,
        ),
    )

    def rows(self, request: HttpRequest, power: str) -> QuerySet[Any]:
        """Return the imports for the schools where this person may import."""
        scope = self.scope(request, power)
        return RosterImport.objects.open_to(scope) if scope else RosterImport.objects.none()

    def search(self, request: HttpRequest, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Find by the UAI of the school."""
        return rows.filter(school__uai=typed.upper())

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may import somewhere."""
        return bool(self.scope(request, IMPORT_ROSTERS))

    def get_urls(self) -> list[Any]:
        """Add the page that asks what the columns hold."""
        view = self.admin_site.admin_view(self.mapping_view)
        return [
            path("<path:object_id>/colonnes/", view, name="schools_rosterimport_mapping"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Take files for a school."""
        if not self.has_add_permission(request):
            raise Http404
        form = SchoolUploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            made = self._hand_over(request, form)
            if made is not None:
                return redirect("admin:schools_rosterimport_change", made.pk)
        return form_page(
            self,
            request,
            form,
            title=_("Déposer les fichiers d’un établissement"),
            explanation=_(
                "Rien ne change avant que vous n’ayez lu ce que ces fichiers changeraient, et décidé de les "
                "appliquer."
            ),
            back=reverse("admin:schools_rosterimport_changelist"),
            submit=_("Déposer"),
        )

    def _hand_over(self, request: HttpRequest, form: SchoolUploadForm) -> RosterImport | None:
        scope = self.scope(request, IMPORT_ROSTERS)
        school = School.objects.open_to(scope).filter(uai=form.cleaned_data["uai"]).first()
        if school is None:  # the same words whether or not there is such a school
            form.add_error("uai", _now("Aucun établissement de votre académie n’a ce code."))
            return None
        try:
            return importing.hand_over(
                school,
                form.cleaned_data["kind"],
                form.cleaned_data["documents"],
                scope=scope,
                by=who.asks(request),
            )
        except importing.AlreadyOne:
            form.add_error(
                None,
                _now(
                    "Un autre import de cet établissement n’est pas terminé : appliquez-le ou abandonnez-le."
                ),
            )
        return None

    def mapping_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask which column of a table holds what."""
        row = self.get_object(request, object_id)
        if row is None or row.state != State.MAPPING:
            raise Http404
        try:
            form = MappingForm(importing.columns_of(row), request.POST or None)
        except FileRefused as refused:
            raise Http404 from refused
        if request.method == "POST" and form.is_valid():
            try:
                importing.say_columns(row, form.mapping)
            except importing.NotNow:
                messages.error(request, str(NOT_NOW))
            return redirect("admin:schools_rosterimport_change", row.pk)
        return form_page(
            self,
            request,
            form,
            title=_("Que contient chaque colonne ?"),
            explanation=_("Les colonnes reconnues sont déjà remplies. Dites à quoi servent les autres."),
            rows=[row],
            back=reverse("admin:schools_rosterimport_change", args=[row.pk]),
            submit=_("Continuer"),
        )

    @admin.display(description=_("déposé le"), ordering="created_at")
    def handed_over_on(self, row: RosterImport) -> Any:
        """When it came."""
        return row.created_at

    @admin.display(description=_("fichiers"))
    def names(self, row: RosterImport) -> str:
        """What the files are called."""
        return ", ".join(each.name for each in row.files.all())

    @admin.display(description=_("rapport"))
    def report(self, row: RosterImport) -> SafeString:
        """What it changes, or did."""
        return mark_safe(  # noqa: S308  (a template of ours)
            render_to_string("schools/_report.html", {"report": report_of(row), "roster_import": row})
        )
