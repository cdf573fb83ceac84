"""The portal's own pages: home, errors, and the living page of the components."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import belonging, panels, passwords
from accounts.sessions import PersonRequest

from .context import portal


@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """« Ma classe à la maison »: three levels, three ways in (SCREENS A1)."""
    return render(request, "mcm_portal/home.html")


def my_space(request: PersonRequest) -> HttpResponse:
    """« Mon espace »: what this person can do today, put together from the panels of every app."""
    belonging.ask_again(request.user, request.session)
    return render(request, "mcm_portal/my_space.html", {"panels": panels.panels_for(request.user)})


@never_cache
@require_safe
def school(request: PersonRequest, public_id: uuid.UUID) -> HttpResponse:
    """The page of a school for who belongs to it; nobody else finds one (SCREENS C6, SAFETY T35)."""
    found = belonging.schools_of(request.user).select_related("academy").filter(public_id=public_id)
    school = found.first()
    if school is None:
        belonging.ask_again(request.user, request.session)  # the way here may be one of yesterday
        raise Http404
    shown = {"school": school, "panels": panels.panels_of_school(request.user, school)}
    return render(request, "mcm_portal/school.html", shown)


class ExampleForm(forms.Form):
    """One field of each kind, for the living page."""

    policy = passwords.MCM
    first_name = forms.CharField(label=_("Prénom"))
    username = forms.CharField(label=_("Nom d’utilisateur"))
    password = forms.CharField(label=_("Mot de passe"), widget=forms.PasswordInput)
    address = forms.EmailField(label=_("Adresse de courriel"))
    address_again = forms.EmailField(label=_("Courriel (confirmation)"))
    academy = forms.ChoiceField(
        label=_("Académie"), choices=[("", _("Choisissez…")), ("70", _("Normandie")), ("10", _("Lyon"))]
    )
    age = forms.ChoiceField(
        label=_("Âge de l’élève"),
        choices=[("adult", _("18 ans ou plus")), ("minor", _("moins de 18 ans"))],
        widget=forms.RadioSelect,
    )
    message = forms.CharField(label=_("Message"), widget=forms.Textarea, required=False)
    agrees = forms.BooleanField(label=_("J’accepte les conditions d’utilisation"))


@login_not_required
def components(request: HttpRequest) -> HttpResponse:
    """The living page of the components, for those who build; it has an address only with DEBUG."""
    typed = {
        "first_name": "Zoé",
        "username": "zoe.martin",
        "password": "…",
        "address": "zoe@",
        "address_again": "zoe@example.org",
        "academy": "70",
    }
    context = {
        "fresh": ExampleForm(),
        "refused": ExampleForm(typed, auto_id="refused_%s"),
        "policy": passwords.MCM.as_data(),
    }
    return render(request, "mcm_portal/components.html", context)


def _bare(template: str, request: HttpRequest, status: int) -> HttpResponse:
    """A page that asks nothing about who is there: neither the session nor the database can be relied on."""
    return HttpResponse(render_to_string(template, portal(request)), status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: among others an unknown host, met before anybody is known."""
    return _bare("mcm_portal/400.html", request, status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: somebody known, on a page that is not theirs."""
    return render(request, "mcm_portal/403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 of a form whose token is missing or too old; the reason is for the log, not for the page."""
    return _bare("mcm_portal/403_csrf.html", request, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404, whether the page never was or may not be known."""
    return render(request, "mcm_portal/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault."""
    return _bare("mcm_portal/500.html", request, status=500)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: the database is away (``outage.py`` adds Retry-After)."""
    return _bare("mcm_portal/503.html", request, status=503)
