"""From what FranceConnect says to one's children (SCREENS D3)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import browsers, sessions
from accounts.reauthentication import recently_proved
from accounts.sessions import PersonRequest
from accounts.views.ways_in import part_with
from accounts.ways_in import WayIn
from throttling import limits
from throttling.clients import client_address

from .. import activation, linking
from ..forms import BirthDateForm
from ..franceconnect import door, provider
from ..franceconnect.views import page, public


@public
@page
def identity(request: HttpRequest) -> HttpResponse:
    """Show who FranceConnect says is there, to them alone: an account opens, else a child is asked for."""
    who = door.arrived(request)
    if who is None:
        return redirect("franceconnect")
    if (user := activation.account_of(who)) is not None:
        response = sessions.sign_in(request, user)
        door.settle(request, response, who)
        return response
    if request.method == "POST" and request.POST.get("visit") != str(who.visit):
        return redirect("franceconnect_identity")  # another tab has brought somebody else since: look who
    form, is_unknown = BirthDateForm(request.POST or None), False
    if request.method == "POST" and form.is_valid():
        response = redirect("guardian_children")
        try:
            activation.start_with_identity(
                who,
                form.cleaned_data["birth_date"],
                browser=browsers.recognised(request, response),
                client=client_address(request),
                language=get_language() or "fr",
            )
            return response
        except activation.Nobody:
            is_unknown = True
            form.add_error(
                "day",
                _(
                    "Aucune école ne vous connaît avec ces noms et un enfant né ce jour-là. "
                    "Vérifiez la date. "
                    "Si elle est juste, continuez par SMS, ou demandez au secrétariat de l’école de vérifier "
                    "votre fiche."
                ),
            )
        except activation.HasAccount:
            return _shown(request, "guardians/has_account.html", {})
        except limits.Refused as refusal:
            form.add_error(
                "day",
                _("Plusieurs dates ont déjà été essayées. Réessayez %(wait)s.") % {"wait": refusal.wait},
            )
    shown = {"who": who, "form": form, "is_unknown": is_unknown}
    return _shown(request, "guardians/franceconnect/identity.html", shown)


def _shown(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Show a page, and know the browser from now on: its dates count together (SAFETY G8)."""
    response = render(request, template, context)
    browsers.recognised(request, response)
    return response


@never_cache
@page
@recently_proved
def join(request: PersonRequest) -> HttpResponse:
    """« Relier FranceConnect à mon compte », for who came by it and then signed in to the account they had.

    Both ways in have proved themselves in this browser (SAFETY T42). Whom FranceConnect does not name as the
    schools name the owner of this account, and who came by nothing, is led on.
    """
    if not provider.is_there():
        raise Http404
    who = door.arrived(request)
    if who is None or not linking.is_of(request.user, who):
        return redirect("my_space")
    if request.method == "POST" and request.POST.get("visit") == str(who.visit):
        response = redirect("my_space")
        try:
            linking.join(request.user, who)
        except linking.SomebodyElse:
            return response
        door.settle(request, response, who)
        return response
    return render(request, "guardians/franceconnect/join.html", {"who": who})


@never_cache
@page
@sensitive_post_parameters("password")
def part(request: PersonRequest) -> HttpResponse:
    """« Ne plus venir par FranceConnect »: it opens the account no more, which keeps its pupils."""
    user = request.user
    if not linking.is_joined(user):
        return redirect("account")
    way = WayIn(
        heading=_("Ne plus venir par FranceConnect"),
        alone=_(
            "FranceConnect est aujourd’hui la seule façon d’ouvrir ce compte. Choisissez d’abord un mot de "
            "passe, puis revenez ici."
        ),
        says=(
            _(
                "FranceConnect n’ouvrira plus ce compte. Vous viendrez avec votre identifiant et votre mot "
                "de passe. Vos élèves restent rattachés, et les autres appareils seront déconnectés."
            ),
        ),
        submit=_("Ne plus venir par FranceConnect"),
        done="franceconnect",
        recover_url=reverse("recover"),
        is_only_way=lambda: linking.is_only_way(user),
        part=lambda keep: linking.part(user, keep=keep),
    )
    return part_with(request, way)
