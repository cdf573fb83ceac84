"""Coming to the ENT: who one is, then the right door (SCREENS D1, D2).

Neither a session nor a query. The choice stays in a cookie that holds it and nothing else, for who asked
for that on a computer of their own, until they press « Oublier ce choix ».
"""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.views.pages import page

from .ways_in import ASKED_AGAIN, LEVELS, PROFILES, WAITING, address_of

CHOICE = f"{settings.COOKIE_PREFIX}profile"
YEAR = timedelta(days=365)


class ProfileForm(forms.Form):
    """« Profil », « Niveau », « Mémoriser ce choix »."""

    profile = forms.ChoiceField(
        label=_("Vous êtes"),
        choices=[(key, each.label) for key, each in PROFILES.items()],
        widget=forms.RadioSelect,
        error_messages={"required": _("Dites qui vous êtes.")},
    )
    level = forms.ChoiceField(
        label=_("Niveau"),
        choices=list(LEVELS.items()),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez le niveau.")},
    )
    remember = forms.ChoiceField(
        label=_("Mémoriser ce choix"),
        choices=[("non", _("Non : je suis dans un lieu public")), ("oui", _("Oui : c’est mon ordinateur"))],
        initial="non",
        required=False,
        widget=forms.RadioSelect,
    )


def remembered(request: HttpRequest) -> tuple[str, str]:
    """Return the profile and the level that this browser keeps; two empty strings for none."""
    profile, _dot, level = request.COOKIES.get(CHOICE, "").partition(".")
    return (profile, level) if profile in PROFILES and level in LEVELS else ("", "")


@login_not_required
@never_cache
@page
def choose(request: HttpRequest) -> HttpResponse:
    """Ask who comes, and lead them to their door (SCREENS D1)."""
    profile, level = remembered(request)
    form = ProfileForm(
        request.POST or None,
        initial={"profile": profile, "level": level, "remember": "oui" if profile else "non"},
    )
    if request.method == "POST" and form.is_valid():
        profile, level = form.cleaned_data["profile"], form.cleaned_data["level"]
        response = redirect(address_of(profile, level))
        if form.cleaned_data["remember"] == "oui":
            response.set_cookie(
                CHOICE,
                f"{profile}.{level}",
                max_age=YEAR,
                secure=settings.HTTPS,
                httponly=True,
                samesite="Lax",
            )
        else:
            response.delete_cookie(CHOICE, samesite="Lax")
        return response
    kept = {"profile": PROFILES[profile].label, "level": LEVELS[level]} if profile else None
    shown = {"form": form, "kept": kept, "address": address_of(profile, level) if profile else ""}
    return render(request, "mcm_portal/ent/choose.html", shown)


@login_not_required
@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """« Oublier ce choix »."""
    response = redirect("ent")
    response.delete_cookie(CHOICE, samesite="Lax")
    return response


@login_not_required
@require_safe
def choose_again(request: HttpRequest, level: str) -> HttpResponse:
    """« Je sélectionne mon profil », where the first answer may be several people's (SCREENS D2)."""
    if level not in LEVELS:
        raise Http404
    ways = [(each.label, each.leaf.address()) for each in ASKED_AGAIN.values() if each.leaf]
    return render(request, "mcm_portal/ent/choose_again.html", {"ways": ways, "level": LEVELS[level]})


@login_not_required
@require_safe
def later(request: HttpRequest, who: str) -> HttpResponse:
    """Say honestly to those whose door is not built yet what they can do today."""
    if who not in WAITING:
        raise Http404
    return render(request, "mcm_portal/ent/later.html", {"who": who, "waiting": WAITING[who]})
