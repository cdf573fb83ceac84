"""The texts of reference: written, read as people will read them, published, replaced (SCREENS A3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import policy_texts, publishing
from accounts.models import PolicyAcceptance, PolicyDocument, Power
from back_office.acts import Act, Refused
from back_office.scoped import ScopedAdmin

from . import refusals

State = PolicyDocument.State
COUNTED = 10_000


class PublishForm(forms.Form):
    """No reason, since no person is touched: whether the text was read once more."""

    read = forms.BooleanField(
        label=_("J’ai relu l’aperçu de ce texte"),
        error_messages={"required": _("Relisez d’abord l’aperçu : un texte publié ne change plus.")},
    )


class AgreeForm(forms.Form):
    """A box to tick."""

    agreed = forms.BooleanField(
        label=_("C’est bien ce que je veux faire"),
        error_messages={"required": _("Cochez la case pour confirmer.")},
    )


class DraftForm(forms.ModelForm):
    """A draft."""

    class Meta:
        model = PolicyDocument
        fields = ("kind", "version", "language", "title", "summary", "body", "in_force_from", "major")
        widgets = {
            "version": forms.TextInput(attrs={"autocomplete": "off"}),
            "title": forms.TextInput(),
            "summary": forms.Textarea(attrs={"rows": 3}),
            "body": forms.Textarea(attrs={"rows": 30, "spellcheck": "true"}),
            "in_force_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        help_texts = {
            "body": _(
                "En Markdown : « ## Titre », « **gras** », « - » pour une liste. Le HTML n’est pas accepté."
            ),
            "summary": _("Ce qui change, en une ou deux phrases."),
            "major": _(
                "À cocher si le texte change ce à quoi les personnes s’engagent : l’accord leur est demandé "
                "à la prochaine connexion. Une correction n’en demande pas."
            ),
        }


def _act(use_case: Callable[..., Any]) -> Callable[[HttpRequest, PolicyDocument, dict[str, Any]], None]:
    def do(request: HttpRequest, document: PolicyDocument, _said: dict[str, Any]) -> None:
        try:
            use_case(document, by=refusals.asked_by(request))
        except publishing.Refused as refusal:
            raise Refused(str(refusal)) from refusal

    return do


def _is_draft(_request: HttpRequest, document: PolicyDocument) -> bool:
    return document.published_at is None


def _is_coming(_request: HttpRequest, document: PolicyDocument) -> bool:
    return document.state == State.COMING


def _is_published(_request: HttpRequest, document: PolicyDocument) -> bool:
    return document.published_at is not None


@admin.register(PolicyDocument)
class PolicyAdmin(ScopedAdmin):
    """« Textes de référence »: national staff only. A draft can be changed, a published text cannot."""

    read_power = Power.WRITE_POLICIES
    form = DraftForm
    change_form_template = "admin/accounts/policydocument/change_form.html"
    list_display = ("title", "kind", "version", "language", "in_force_from", "major", "state")
    list_display_links = ("title",)
    list_filter = ("kind", "language")
    list_per_page = 100
    # Of a published text.
    shown = (
        "kind", "version", "language", "title", "summary", "body", "in_force_from", "major", "state",
        "published_at", "other_language", "agreements",
    )  # fmt: skip
    acts = (
        Act(
            name="publier",
            label=_("Publier"),
            power=Power.WRITE_POLICIES,
            do=_act(publishing.publish),
            done=_("Le texte est publié."),
            explanation=_(
                "À partir de sa date, ce texte s’applique à toutes et à tous, et il ne change plus. S’il "
                "demande un nouvel accord, chaque personne devra le donner à sa prochaine connexion."
            ),
            form=PublishForm,
            grave=True,
            is_offered=_is_draft,
        ),
        Act(
            name="retirer",
            label=_("Revenir au brouillon"),
            power=Power.WRITE_POLICIES,
            do=_act(publishing.take_back),
            done=_("Le texte est de nouveau un brouillon."),
            explanation=_("Le texte n’est pas encore en vigueur : il redevient un brouillon."),
            form=AgreeForm,
            is_offered=_is_coming,
        ),
        Act(
            name="nouvelle-version",
            label=_("Nouvelle version"),
            power=Power.WRITE_POLICIES,
            do=_act(publishing.new_version),
            done=_("Le brouillon de la nouvelle version est dans la liste."),
            explanation=_(
                "Une copie de ce texte, dans toutes ses langues, devient le brouillon de la version "
                "suivante. Ce texte-ci reste en vigueur jusqu’à ce qu’elle le remplace."
            ),
            form=AgreeForm,
            is_offered=_is_published,
        ),
    )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Text by text, the newest version first, French before its translations."""
        return ("kind", "-in_force_from", "-language", "-pk")

    # --- who, and what may be written -----------------------------------------------------------

    def rows(self, request: HttpRequest, power: str) -> QuerySet[Any]:
        """Return every text to whoever has the power in all académies: the texts are those of all."""
        scope = self.scope(request, power)
        documents = PolicyDocument.objects.with_state()
        return documents if scope and scope.everywhere else documents.none()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever writes texts."""
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever writes texts, and drafts only."""
        return obj is not None and obj.published_at is None and self.has_view_permission(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The form of a draft, or all that is known of a text."""
        draft = DraftForm.Meta.fields
        if obj is None:
            return draft
        return (*draft, "other_language") if obj.published_at is None else self.shown

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A draft keeps its place; a published text keeps everything."""
        if obj is None:
            return ()
        return ("kind", "language", "other_language") if obj.published_at is None else self.shown

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Keep the widgets of the draft's form: Django's own for the admin write styles into the page."""
        kwargs["formfield_callback"] = None
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save a draft, unless somebody published it while it was being written (SAFETY F20)."""
        drafts = PolicyDocument.objects.drafts().select_for_update()
        if change and not drafts.filter(pk=obj.pk).exists():
            raise PermissionDenied
        super().save_model(request, obj, form, change)
        publishing.note_writing(obj, by=refusals.asked_by(request))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Show a text, or begin one."""
        if object_id is None:
            extra_context = {"subtitle": _("Nouveau texte"), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, extra_context)

    # --- the preview ----------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        """Return the addresses of the admin, and one for the preview."""
        view = self.admin_site.admin_view(self.preview_view)
        name = "accounts_policydocument_preview"
        return [path("<path:object_id>/apercu/", view, name=name), *super().get_urls()]

    def preview_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show a text with the page that people read it on."""
        document = self.get_object(request, object_id)
        if document is None:
            raise Http404
        context = {
            "kind": PolicyDocument.Kind(document.kind),
            "document": document,
            "body": policy_texts.as_html(document.body),
            "translations": [],
            "versions": [],
        }
        return render(request, "accounts/policy.html", context)

    # --- what is shown --------------------------------------------------------------------------

    def row_name(self, row: PolicyDocument) -> str:
        """Say which text, version and language."""
        return f"{row.get_kind_display()}, {row.version} ({row.get_language_display()})"

    @admin.display(description=_("état"))
    def state(self, document: PolicyDocument) -> str:
        """Draft, coming, in force or replaced."""
        return str(document.state.label)

    @admin.display(description=_("autre langue"))
    def other_language(self, document: PolicyDocument) -> str:
        """The same version in the other languages, or a way to begin it."""
        siblings = {
            text.language: text
            for text in PolicyDocument.objects.filter(kind=document.kind, version=document.version)
        }
        lines = []
        for code, name in PolicyDocument._meta.get_field("language").flatchoices:
            if code == document.language:
                continue
            text = siblings.get(code)
            if text is not None:
                address = reverse("admin:accounts_policydocument_change", args=[text.pk])
                words = f"{name} — {text.state.label}"
            else:
                address = (
                    reverse("admin:accounts_policydocument_add")
                    + f"?kind={document.kind}&version={document.version}&language={code}"
                    + f"&in_force_from={document.in_force_from:%Y-%m-%d}"
                    + ("&major=1" if document.major else "")
                )
                words = _now("%(language)s — à écrire") % {"language": name}
            lines.append(format_html('<a href="{}" lang="{}">{}</a>', address, code, words))
        return format_html_join("", "<p>{}</p>", ((line,) for line in lines)) or "—"

    @admin.display(description=_("accords donnés"))
    def agreements(self, document: PolicyDocument) -> str:
        """How many people accepted it: exactly up to ten thousand, by the index of the ledger."""
        count = PolicyAcceptance.objects.filter(document=document).order_by()[: COUNTED + 1].count()
        return _now("plus de 10 000") if count > COUNTED else str(count)
