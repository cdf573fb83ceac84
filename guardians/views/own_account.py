"""« Mon compte » of a guardian: mobile, alerts, children of another account (SCREENS D10)."""

from __future__ import annotations

import uuid

from django.contrib.auth import authenticate
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import browsers, devices, standing, steps
from accounts.middleware import steps_not_required
from accounts.reauthentication import recently_proved
from accounts.sessions import PersonRequest
from accounts.views.pages import next_page, page
from accounts.views.waiting_number import waiting_number
from throttling import limits

from .. import alerts, bringing, mobiles
from ..forms import MobileForm, OtherAccountForm
from ..identifiers import EDUCONNECT
from ..models import ChildrenMove

ALERTS = "guardian_alerts"


def _guardian(request: PersonRequest) -> None:
    """These pages do not exist for who has no name at the guardians’ door."""
    if EDUCONNECT not in standing.of(request.user).doors:
        raise Http404


def _back(done: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('account')}?fait={done}")


@never_cache
@recently_proved
@page
def change_mobile(request: PersonRequest) -> HttpResponse:
    """Ask for a new number: a code goes to it."""
    _guardian(request)
    form = MobileForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            response = redirect("guardian_mobile_code")
            mobiles.ask(
                request.user, form.cleaned_data["mobile"], browser=browsers.recognised(request, response)
            )
            return response
        except mobiles.SameNumber:
            form.add_error("mobile", _("C’est déjà le numéro de votre compte."))
        except limits.Refused as refusal:
            form.add_error(
                None,
                _("Plusieurs codes ont déjà été demandés. Réessayez %(wait)s.") % {"wait": refusal.wait},
            )
    shown = {"form": form, "mobile": mobiles.of(request.user)}
    answer = render(request, "guardians/account/mobile.html", shown)
    if request.method == "POST":
        browsers.recognised(request, answer)  # the number under which its tries were counted
    return answer


@never_cache
@page
def mobile_code(request: PersonRequest) -> HttpResponse:
    """Confirm the new number by the code that was sent to it."""
    _guardian(request)
    return waiting_number(
        request,
        mobiles.NUMBERS,
        mobiles.verify_code,
        template="guardians/account/mobile_code.html",
        back="account",
        done=f"{reverse('account')}?fait=portable",
    )


@steps_not_required
@never_cache
@page
def show_alerts(request: PersonRequest) -> HttpResponse:
    """What happened to the account since the visit before, once after each sign-in."""
    _guardian(request)
    wanted = next_page(request) or reverse("my_space")
    here = request.session.session_key or ""
    if request.method == "POST":
        alerts.see(request.user, here)
        steps.took(ALERTS, request.session)
        return HttpResponseRedirect(wanted)
    if not alerts.are_on(request.user) or steps.is_taken(ALERTS, request.session):
        return HttpResponseRedirect(wanted)
    visit = alerts.before(request.user)
    shown = {
        "alerts": alerts.of(request.user, here),
        "visited_at": visit.visited_at if visit.visited_on else None,
        "visited_on": devices.in_words(visit.visited_on),
        "next": wanted,
    }
    return render(request, "guardians/account/alerts.html", shown)


@require_POST
def switch_alerts(request: PersonRequest) -> HttpResponse:
    """« Afficher les alertes de mon compte à chaque connexion »: « Activer » or « Désactiver »."""
    _guardian(request)
    alerts.switch(request.user, request.POST.get("on") == "1")
    if not steps.is_taken(ALERTS, request.session):
        steps.took(ALERTS, request.session)  # they begin with the next sign-in
    return _back("alertes")


@never_cache
@recently_proved
@page
@sensitive_post_parameters("password")
def bring_children(request: PersonRequest) -> HttpResponse:
    """Ask for the proof of the other account, judged as at the guardians’ door, with its limits."""
    _guardian(request)
    form = OtherAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if _propose(request, form):
                return redirect("guardian_bring_confirm")
        except limits.Refused as refusal:
            form.add_error(
                None, _("Trop d’essais pour ce compte. Réessayez %(wait)s.") % {"wait": refusal.wait}
            )
    return render(request, "guardians/account/bring.html", {"form": form})


def _propose(request: PersonRequest, form: OtherAccountForm) -> bool:
    source = authenticate(
        request,
        username=form.cleaned_data["login"],
        password=form.cleaned_data["password"],
        authority=EDUCONNECT,
    )
    if source is None:
        form.add_error(None, _("L’identifiant ou le mot de passe n’est pas bon. Vérifiez les majuscules."))
        return False
    try:
        bringing.propose(request.user, source)
    except bringing.SameAccount:
        form.add_error("login", _("C’est le compte où vous êtes. Écrivez l’identifiant de l’autre."))
    except bringing.HasSecondFactor:
        form.add_error(
            None,
            _(
                "Cet autre compte demande un code en plus du mot de passe. "
                "Connectez-vous à cet autre compte, et faites l’ajout depuis là-bas."
            ),
        )
    except bringing.NothingToBring:
        form.add_error(None, _("Aucun élève n’est rattaché à cet autre compte en ce moment."))
    except bringing.AnotherPerson:
        form.add_error(
            None,
            _(
                "Pour les écoles, ces deux comptes ne sont pas à la même personne. "
                "Si c’est une erreur, demandez au secrétariat de vérifier votre nom sur la fiche."
            ),
        )
    else:
        return True
    return False


@never_cache
@recently_proved
@page
def confirm_bringing(request: PersonRequest) -> HttpResponse:
    """Show exactly what would move; then move it."""
    _guardian(request)
    move = bringing.proposed_to(request.user)
    if move is None:
        return redirect("account")
    if request.method == "POST":
        if request.POST.get("move") != str(move.public_id):
            return redirect("guardian_bring_confirm")  # another tab proposed something else: look at it
        try:
            bringing.confirm(move)
        except bringing.Outdated:
            return render(request, "guardians/account/bring_outdated.html", status=409)
        return redirect("guardian_bring_done", public_id=move.public_id)
    shown = {"move": move, "children": bringing.children_of(move.guardianships)}
    return render(request, "guardians/account/bring_confirm.html", shown)


@never_cache
@recently_proved
@page
def bringing_done(request: PersonRequest, public_id: uuid.UUID) -> HttpResponse:
    """What was moved, and the way to undo it for thirty days; then what came back and what did not."""
    found = ChildrenMove.objects.made().of(request.user).filter(public_id=public_id)
    move = found.select_related("user", "source").first()
    if move is None:
        raise Http404
    if request.method == "POST":
        try:
            bringing.undo(move, request.user)
        except bringing.Outdated:
            return render(request, "guardians/account/bring_outdated.html", status=409)
        return redirect("guardian_bring_done", public_id=move.public_id)
    left = set(move.left_behind)
    shown = {
        "move": move,
        "is_here": move.user == request.user,
        "children": bringing.children_of([each for each in move.guardianships if each not in left]),
        "left": bringing.children_of(move.left_behind),
    }
    return render(request, "guardians/account/bring_done.html", shown)
