"""« J’ai un code donné par l’établissement »: instead of the SMS, or to add a child to an account."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import browsers, standing
from accounts.models import User
from accounts.sessions import PersonRequest
from accounts.views.pages import page
from throttling import limits
from throttling.clients import client_address

from .. import pairing
from ..forms import OwnSchoolCodeForm, SchoolCodeForm
from ..identifiers import EDUCONNECT


@login_not_required
@never_cache
@page
@sensitive_post_parameters("code")
def identity(request: HttpRequest) -> HttpResponse:
    """Name, first name and code: then the children, exactly as after the code of an SMS."""
    form = SchoolCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if (answer := _use(request, form, said["first_name"], said["last_name"])) is not None:
            return answer
    return _shown(request, "guardians/school_code.html", form)


@never_cache
@page
@sensitive_post_parameters("code")
def add_child(request: PersonRequest) -> HttpResponse:
    """« Ajouter un enfant »: a code of the school, for a guardian who is signed in."""
    if EDUCONNECT not in standing.of(request.user).doors:
        raise Http404
    form = OwnSchoolCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = request.user
        if (answer := _use(request, form, user.first_name, user.last_name, joins=user)) is not None:
            return answer
    return _shown(request, "guardians/add_child.html", form)


def _shown(request: HttpRequest, template: str, form: OwnSchoolCodeForm) -> HttpResponse:
    """Show the form, and know the browser from now on: its guesses count together (SAFETY G7)."""
    response = render(request, template, {"form": form})
    browsers.recognised(request, response)
    return response


def _use(
    request: HttpRequest,
    form: OwnSchoolCodeForm,
    first_name: str,
    last_name: str,
    joins: User | None = None,
) -> HttpResponse | None:
    response = redirect("guardian_children")
    try:
        pairing.use(
            first_name=first_name,
            last_name=last_name,
            typed=form.cleaned_data["code"],
            browser=browsers.recognised(request, response),
            client=client_address(request),
            language=get_language() or "fr",
            joins=joins,
        )
        return response
    except pairing.Mistyped:
        form.add_error(
            "code",
            _(
                "Ce code n’est pas complet, ou un signe n’est pas le bon. Comparez-le avec le papier : il a "
                "6 signes, ou 9 sur une lettre, sans 0 ni O, sans 1, I ni L."
            ),
        )
    except pairing.WrongCode:
        form.add_error(
            "code",
            _(
                "Ce code ne convient pas. Vérifiez le nom et chaque signe. Un code sert une seule fois, "
                "pendant 7 jours, ou 3 mois sur une lettre ; l’établissement peut vous en donner un autre."
            ),
        )
    except limits.Refused as refusal:
        form.add_error(
            "code", _("Plusieurs codes ont déjà été essayés. Réessayez %(wait)s.") % {"wait": refusal.wait}
        )
    return None
