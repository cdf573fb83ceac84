"""Coming to the ENT: who one is, then the right door (SCREENS C1, D1, D2).

The national entrance stands in :mod:`.ways_in` and costs neither a session nor a query; those of the regions
are data (:mod:`accounts.entrances`) and cost one query a minute. The choice stays in a cookie that holds it
and nothing else, for who asked for that on a computer of their own, until they press « Oublier ce choix ».
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import entrances
from accounts.entrances import Choice, Tree
from accounts.models import IdentityProvider
from accounts.openid import door
from accounts.views.pages import page
from economy.remembered import remembered as remembered_for
from schools.models import Academy

from . import doors_to_the_ent
from .ways_in import ASKED_AGAIN, LEVELS, PROFILES, WAITING, address_of

CHOICE = f"{settings.COOKIE_PREFIX}profile"
YEAR = timedelta(days=365)


def _remember() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Mémoriser ce choix"),
        choices=[("non", _("Non : je suis dans un lieu public")), ("oui", _("Oui : c’est mon ordinateur"))],
        initial="non",
        required=False,
        widget=forms.RadioSelect,
    )


class RegionForm(forms.Form):
    """« Vous voulez vous connecter à l'ENT en tant que », and « Mémoriser ce choix »."""

    way = forms.ChoiceField(
        label=_("Vous voulez vous connecter à l’ENT en tant que"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Dites qui vous êtes."),
            "invalid_choice": _("Ce choix n’existe plus : prenez-en un autre."),
        },
    )
    remember = _remember()

    def __init__(self, tree: Tree, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["way"]
        choices.choices = [(leaf.code, leaf.label) for leaf in tree.leaves()]


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
    remember = _remember()


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
        _keep(response, f"{profile}.{level}" if form.cleaned_data["remember"] == "oui" else "")
        return response
    kept = {"profile": PROFILES[profile].label, "level": LEVELS[level]} if profile else None
    shown = {"form": form, "kept": kept, "address": address_of(profile, level) if profile else ""}
    return render(request, "mcm_portal/ent/choose.html", shown)


def _keep(response: HttpResponse, choice: str) -> None:
    """Keep a choice in the browser; an empty one forgets what it kept."""
    if choice:
        response.set_cookie(
            CHOICE, choice, max_age=YEAR, secure=settings.HTTPS, httponly=True, samesite="Lax"
        )
    else:
        response.delete_cookie(CHOICE, samesite="Lax")


@login_not_required
@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """« Oublier ce choix »."""
    region = request.POST.get("region", "")
    known = region and region in entrances.trees()
    response = redirect("ent_region", region) if known else redirect("ent")
    _keep(response, "")
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


# --- the regions ----------------------------------------------------------------------------------


def _tree(region: str) -> Tree:
    try:
        return entrances.trees()[region]
    except KeyError:
        raise Http404 from None


def remembered_in(request: HttpRequest, tree: Tree) -> Choice | None:
    """Return the choice of this region that this browser keeps, if it is still one."""
    region, _colon, code = request.COOKIES.get(CHOICE, "").partition(":")
    return tree.leaf(code) if region == tree.slug else None


def _address_in(tree: Tree, choice: Choice) -> str:
    """Return where a choice leads: a door, or the page that says what can be done without one."""
    return doors_to_the_ent.address_of(choice) or reverse("ent_region_page", args=[tree.slug, choice.code])


@login_not_required
@never_cache
@page
def region(request: HttpRequest, region: str) -> HttpResponse:
    """« Vous voulez vous connecter à l'ENT en tant que »: the choices of a region (SCREENS C1)."""
    tree = _tree(region)
    kept = remembered_in(request, tree)
    form = RegionForm(
        tree,
        request.POST or None,
        initial={"way": kept.code if kept else "", "remember": "oui" if kept else "non"},
    )
    if request.method == "POST" and form.is_valid():
        choice = tree.leaf(form.cleaned_data["way"])
        assert choice is not None
        response = _lead(request, tree, choice)
        _keep(response, f"{tree.slug}:{choice.code}" if form.cleaned_data["remember"] == "oui" else "")
        return response
    shown = {
        "tree": tree,
        "form": form,
        "chosen": form["way"].value(),
        "kept": kept,
        "kept_label": tree.in_full(kept) if kept else "",
        "address": _address_in(tree, kept) if kept else "",
    }
    response = render(request, "mcm_portal/ent/region.html", shown)
    door.let_forms_lead_to(response, tree.issuers())
    return response


def _lead(request: HttpRequest, tree: Tree, choice: Choice) -> HttpResponse:
    """Lead to a door; to an identity provider at once, without a page between."""
    if choice.provider is not None and not request.user.is_authenticated:
        provider = IdentityProvider.objects.filter(public_id=choice.provider.public_id, is_on=True).first()
        if provider is not None:
            return door.begin(request, provider)
    return redirect(_address_in(tree, choice))


@login_not_required
@require_safe
def region_page(request: HttpRequest, region: str, code: str) -> HttpResponse:
    """Say honestly what those can do whose choice has no door here, or whose door is closed."""
    tree = _tree(region)
    choice = tree.leaf(code)
    if choice is None:
        raise Http404
    if address := doors_to_the_ent.address_of(choice):
        return redirect(address)  # it has one by now
    shown = {"tree": tree, "choice": choice, "label": tree.in_full(choice)}
    return render(request, "mcm_portal/ent/region_page.html", shown)


@login_not_required
@require_safe
def regions(request: HttpRequest) -> HttpResponse:
    """Every region that has an entrance of its own."""
    return render(request, "mcm_portal/ent/regions.html", {"trees": entrances.trees().values()})


@login_not_required
@require_safe
def staff(request: HttpRequest) -> HttpResponse:
    """« De quelle académie êtes-vous ? »: the door of each; with ``?cle``, on the way to one's OTP key."""
    key = reverse("otp_key") if "cle" in request.GET else ""
    doors = [(name, doors_to_the_ent.staff(code, key)) for code, name in _academies()]
    doors = [(name, address) for name, address in doors if address]
    return render(request, "mcm_portal/ent/staff.html", {"doors": doors, "for_key": bool(key)})


@login_not_required
@require_safe
def staff_key(request: HttpRequest) -> HttpResponse:
    """« Première connexion par clé OTP : activer ma clé »: first the sign-in of one's académie (C2)."""
    if request.user.is_authenticated:
        return redirect("otp_key")
    return redirect(f"{reverse('ent_staff')}?cle")


@remembered_for(60)
def _academies() -> list[tuple[str, str]]:
    return list(Academy.objects.order_by("name").values_list("code", "name"))
