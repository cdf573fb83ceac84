"""What staff do to a row, or to several: a page that asks for the reason, then one use case.

::

    class PeopleAdmin(ScopedAdmin):
        acts = (
            Act(
                name="fermer-sessions",
                label=_("Fermer toutes les sessions"),
                power=Power.MEND_PEOPLE,
                do=lambda request, person, said: assistance.end_sessions(
                    person, by=request.user, reason=said["reason"]
                ),
                done=_("Les sessions sont fermées."),
            ),
        )
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from .scoped import ScopedAdmin

Words = str | Promise
SHORTEST_REASON, LONGEST_REASON = 10, 500
MOST_AT_ONCE = 100
CONFIRM = _("Confirmer")
GIVEN = "_reason_given"  # tells the answer to the page below from the list's own form


class Refused(Exception):
    """The act cannot be done; its text is a sentence for the page."""


class ReasonForm(forms.Form):
    """Why: kept in the journal for as long as the journal is. An act with more to ask adds its fields."""

    reason = forms.CharField(
        label=_("Motif"),
        help_text=_(
            "Gardé dans le journal avec votre nom. N’y écrivez ni l’adresse ni le nom de la personne. "
            "Par exemple : « Appel de la famille le 12 mai, adresse mal recopiée »."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        error_messages={
            "required": _("Dites pourquoi, en quelques mots."),
            "min_length": _("Dites-en un peu plus : dix caractères au moins."),
            "max_length": _("Soyez plus bref : cinq cents caractères au plus."),
        },
    )
    field_order: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"] = self.fields.pop("reason")  # the reason comes last


def _always(_request: HttpRequest, _row: Any) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing that staff with ``power`` may do to a row.

    ``do(request, row, cleaned_data)`` calls a use case, or raises :class:`Refused` with a sentence.
    ``explanation`` says before what will happen, ``done`` after that it did. A ``grave`` one asks for the
    password again when the last proof is old; it is never done to several rows at once.
    """

    name: str
    label: Words
    power: str
    do: Callable[[HttpRequest, Any, dict[str, Any]], None]
    done: Words
    explanation: Words = ""
    form: type[forms.Form] = ReasonForm  # one without a reason where no person is touched
    on_several: bool = False
    grave: bool = False
    is_offered: Callable[[HttpRequest, Any], bool] = _always


def on_one(page: ScopedAdmin, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
    """Do an act to one row, among those where the person has the power of the act (404 otherwise)."""
    act = next((each for each in page.acts_for(request) if each.name == name), None)
    if act is None:
        raise Http404
    row = _find(page, page.rows(request, act.power), object_id)
    if row is None or not act.is_offered(request, row):
        raise Http404
    if act.grave and (elsewhere := proof_wanted(request)) is not None:
        return elsewhere
    form = act.form(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            act.do(request, row, form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, str(act.done))
            return redirect(_after(page, request, row))
    return form_page(
        page,
        request,
        form,
        title=act.label,
        explanation=act.explanation,
        rows=[row],
        back=_address(page, row),
    )


def proof_wanted(request: HttpRequest) -> HttpResponse | None:
    """Return the way to the page that asks for the password again; ``None`` when the last proof is recent.

    ``settings.BACK_OFFICE_PROOF`` names a decorator of views, of an app above.
    """
    answer: HttpResponse | None = import_string(settings.BACK_OFFICE_PROOF)(lambda _request: None)(request)
    return answer


def on_several(act: Act) -> Callable[[ScopedAdmin, HttpRequest, QuerySet[Any]], HttpResponse | None]:
    """Return the action of Django's list that does an act to the rows ticked."""

    def action(page: ScopedAdmin, request: HttpRequest, _chosen: QuerySet[Any]) -> HttpResponse | None:
        # Only what was ticked: « all across pages » would take what nobody has looked at.
        ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if len(ticked) > MOST_AT_ONCE:
            messages.error(request, _("Cent lignes au plus à la fois."))
            return None
        rows = [
            row
            for row in page.rows(request, act.power).filter(pk__in=ticked).order_by("pk")
            if act.is_offered(request, row)
        ]
        if not rows:
            messages.warning(request, _("Rien à faire pour ce que vous avez choisi."))
            return None
        form = act.form(request.POST if GIVEN in request.POST else None)
        if form.is_bound and form.is_valid():
            _do_each(page, act, request, rows, form.cleaned_data)
            return None
        return form_page(
            page,
            request,
            form,
            title=act.label,
            explanation=act.explanation,
            rows=rows,
            back=request.get_full_path(),
            hidden=[("action", act.name), (GIVEN, "1")]
            + [(ACTION_CHECKBOX_NAME, str(row.pk)) for row in rows],
        )

    action.__name__ = act.name
    return action


def _do_each(
    page: ScopedAdmin, act: Act, request: HttpRequest, rows: list[Any], said: dict[str, Any]
) -> None:
    done = 0
    for row in rows:
        try:
            act.do(request, row, said)
        except Refused as refusal:
            messages.warning(request, f"{page.row_name(row)} : {refusal}")
        else:
            done += 1
    if done:
        messages.success(request, f"{act.done} ({done})")


def form_page(
    page: ScopedAdmin,
    request: HttpRequest,
    form: forms.Form,
    *,
    title: Words,
    explanation: Words = "",
    rows: Iterable[Model] = (),
    back: str,
    hidden: Iterable[tuple[str, str]] = (),
    submit: Words = CONFIRM,
) -> HttpResponse:
    """Show a form in the frame of the admin: an act's, or one of a page of its own."""
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "opts": page.opts,
        "form": form,
        "explanation": explanation,
        "rows": [page.row_name(row) for row in rows],
        "back": back,
        "hidden": list(hidden),
        "submit": submit,
    }
    return TemplateResponse(request, "back_office/act.html", context)


def _find(page: ScopedAdmin, rows: QuerySet[Any], object_id: str) -> Any:
    try:
        return rows.filter(pk=page.opts.pk.to_python(object_id)).first() if page.opts.pk else None
    except (forms.ValidationError, ValueError, OverflowError):
        return None


def _address(page: ScopedAdmin, row: Model) -> str:
    return reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_change", args=[row.pk])


def _after(page: ScopedAdmin, request: HttpRequest, row: Model) -> str:
    """Lead back to the row, or to the list if it is not to be seen there any more."""
    if page.get_queryset(request).filter(pk=row.pk).exists():
        return _address(page, row)
    return reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
