"""The first sign-in of a guardian by SMS, one page a step (SCREENS D5 to D9)."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import browsers, sessions
from accounts.forms import SmsCodeForm
from accounts.middleware import steps_not_required
from accounts.models import User
from accounts.passwords import EDUCONNECT, PasswordContext
from accounts.sessions import PersonRequest
from accounts.views.pages import page
from schools.models import Student
from support.models import SupportRequest
from throttling import limits
from throttling.clients import client_address

from .. import activation, declaring, finishing
from ..declaring import Child
from ..forms import ChildForm, GuardianPasswordForm, IdentityForm
from ..franceconnect import door, provider
from ..identifiers import EDUCONNECT as EDUCONNECT_DOOR
from ..models import Activation, Answer

STEPS = 4


def _step(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a page the first sign-in that is under way in this browser; without one, begin."""

    @login_not_required
    @never_cache
    @page
    @functools.wraps(view)
    def wrapped(request: HttpRequest, **parts: Any) -> HttpResponse:
        under_way = activation.of_browser(browsers.device_hash(request))
        if under_way is None or not _is_theirs(request, under_way):
            return _too_late(request)
        if under_way.user is not None:
            return _account_is_made(request, under_way.user)
        try:
            return view(request, under_way, **parts)
        except activation.OutOfTime:
            return _too_late(request)

    return wrapped


def _account_is_made(request: HttpRequest, user: User) -> HttpResponse:
    """Lead on to the identifier, which is nobody's to see but its owner's.

    Who chose a password and never saw the answer, for a line that broke, sends the same form again: what
    they chose opens the account (SAFETY F13, F21). It is judged and counted as at any sign-in.
    """
    on = redirect("guardian_identifier")
    if request.method != "POST" or "password" not in request.POST or request.user.is_authenticated:
        return on
    try:
        owner = authenticate(
            request,
            username=finishing.identifier_of(user),
            password=request.POST["password"],
            authority=EDUCONNECT_DOOR,
        )
    except limits.Refused:
        return on
    return on if owner is None else sessions.sign_in(request, owner, next_url=on.url)


def _is_theirs(request: HttpRequest, under_way: Activation) -> bool:
    """Say whether who adds a child to an account is still the one who is signed in."""
    return under_way.joins_id is None or under_way.joins_id == request.user.pk


def _too_late(request: HttpRequest) -> HttpResponse:
    return render(request, "guardians/too_late.html", status=410 if request.method == "POST" else 200)


@login_not_required
@never_cache
@page
@sensitive_post_parameters("mobile")
def identity(request: HttpRequest) -> HttpResponse:
    """« Je confirme mon identité »: the same page follows, whether or not a school knows the person."""
    form = IdentityForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        response = redirect("guardian_code")
        try:
            activation.start(
                first_name=form.cleaned_data["first_name"],
                last_name=form.cleaned_data["last_name"],
                mobile=form.cleaned_data["mobile"],
                browser=browsers.recognised(request, response),
                client=client_address(request),
                language=get_language() or "fr",
            )
            return response
        except limits.Refused as refusal:
            form.add_error(
                None,
                _("Plusieurs codes ont déjà été demandés. Réessayez %(wait)s.") % {"wait": refusal.wait},
            )
    answer = render(request, "guardians/identity.html", {"form": form, "steps": STEPS})
    if request.method == "POST":
        browsers.recognised(request, answer)  # the number under which its tries were counted
    return answer


@_step
def code(request: HttpRequest, under_way: Activation) -> HttpResponse:
    """« Un code de sécurité a été envoyé »."""
    if under_way.verified_at is not None:
        return redirect("guardian_children")
    form = SmsCodeForm(request.POST if request.method == "POST" and "again" not in request.POST else None)
    told = ""
    if request.method == "POST" and "again" in request.POST:
        try:
            activation.send_again(under_way)
            told = _("Un nouveau code vient de partir. Le code d’avant ne sert plus.")
        except limits.Refused as refusal:
            told = _(
                "Un SMS peut mettre une minute à arriver. Vous pourrez demander un autre code %(wait)s."
            ) % {"wait": refusal.wait}
    elif request.method == "POST" and form.is_valid():
        if activation.verify_code(under_way, form.cleaned_data["code"]):
            return redirect("guardian_children")
        form.add_error(
            "code",
            _(
                "Ce n’est pas le code du dernier SMS. Vérifiez les 6 chiffres. "
                "Après cinq essais, il faut demander un nouveau code."
            ),
        )
    shown = {"form": form, "told": told, "mobile": under_way.mobile, "steps": STEPS}
    return render(request, "guardians/code.html", shown)


@_step
def children(request: HttpRequest, under_way: Activation) -> HttpResponse:
    """Lead to the first child without an answer; then to the password, or to « Ajouter à mon compte »."""
    if under_way.verified_at is None:
        return redirect("guardian_code")
    known = declaring.children(under_way)
    for child in known:
        if not child.answer:
            return redirect("guardian_child", public_id=child.student.public_id)
    if not any(child.answer == Answer.GUARDIAN for child in known):
        return render(request, "guardians/nobody.html")
    if under_way.joins is None:
        return redirect("guardian_password")
    if request.method != "POST":  # looking adds nothing
        confirmed = [child for child in known if child.answer == Answer.GUARDIAN]
        return render(request, "guardians/join.html", {"children": confirmed})
    try:
        finishing.join(under_way, under_way.joins)
    except finishing.TwoAccounts:
        return render(request, "guardians/two_accounts.html", status=409)
    except finishing.ChildrenMissing:  # the school added a child at this moment
        return redirect("guardian_children")
    return redirect("my_space")


@_step
def child(request: HttpRequest, under_way: Activation, public_id: uuid.UUID) -> HttpResponse:
    """« Rattachement des élèves au compte », for one child."""
    if under_way.verified_at is None:
        return redirect("guardian_code")
    known = declaring.children(under_way)
    place = next((n for n, each in enumerate(known) if each.student.public_id == public_id), None)
    if place is None:
        raise Http404
    form = ChildForm(
        request.POST or None,
        initial={"answer": known[place].answer},
        is_in_charge=known[place].is_in_charge,
    )
    reason = ""  # of a request for help: what has happened here
    if request.method == "POST" and form.is_valid():
        try:
            declaring.answer_for(
                under_way,
                known[place].student,
                Answer(form.cleaned_data["answer"]),
                form.cleaned_data["birth_date"],
                ties=known[place].ties,
            )
            return redirect("guardian_children")
        except declaring.WrongDate:
            form.add_error(
                "day",
                _("Cette date n’est pas celle que l’école a enregistrée. Les essais sont comptés."),
            )
        except declaring.Locked:
            reason = SupportRequest.Reason.LOCKED
            form.add_error(
                None,
                _(
                    "Trop de dates fausses ont été essayées pour cet élève. "
                    "L’école peut débloquer le rattachement : demandez-le au secrétariat."
                ),
            )
        except limits.Refused as refusal:
            reason = SupportRequest.Reason.LOCKED
            form.add_error(
                None,
                _(
                    "Trop d’essais pour cet élève ou dans son établissement. Réessayez %(wait)s, "
                    "ou demandez au secrétariat de l’école de vérifier la date."
                )
                % {"wait": refusal.wait},
            )
    shown = {
        "form": form,
        "child": known[place],
        "number": place + 1,
        "total": len(known),
        "before": _before(known, place),
        "steps": STEPS,
        "reason": reason,
    }
    return render(request, "guardians/child.html", shown)


def _before(known: list[Child], place: int) -> Student | None:
    """Return the child of the page before, for « Précédent »."""
    return known[place - 1].student if place else None


@_step
@sensitive_post_parameters("password", "confirmation")
def password(request: HttpRequest, under_way: Activation) -> HttpResponse:
    """« Je choisis mon nouveau mot de passe »: the account is made, and its owner signed in."""
    if under_way.verified_at is None:
        return redirect("guardian_code")
    if under_way.joins_id is not None:
        return redirect("guardian_children")
    context = PasswordContext(
        names=(under_way.first_name, under_way.last_name), username="", address="", school_words=()
    )
    form = GuardianPasswordForm(request.POST or None, context=context)
    if request.method == "POST" and form.is_valid():
        try:
            user = finishing.finish(under_way, form.cleaned_data["password"])
        except finishing.ChildrenMissing:
            return redirect("guardian_children")
        except finishing.TwoAccounts:
            return render(request, "guardians/two_accounts.html", status=409)
        except activation.HasAccount as refusal:
            if refusal.owner is not None:  # the code is spent: once signed in, they go on with it
                activation.goes_on_as(under_way, refusal.owner)
            by_code = {"by_code": refusal.owner is not None}
            return render(request, "guardians/has_account.html", by_code, status=409)
        except finishing.Suspended:
            return render(request, "guardians/suspended.html", status=403)
        response = sessions.sign_in(request, user, next_url=reverse("guardian_identifier"))
        who = door.arrived(request) if under_way.sub else None
        if who is not None and (who.issuer, who.sub) == (under_way.issuer, under_way.sub):
            door.settle(request, response, who)
        return response
    shown = {"form": form, "policy": EDUCONNECT.as_data(), "steps": STEPS}
    return render(request, "guardians/password.html", shown)


@steps_not_required
@never_cache
@page
def identifier(request: PersonRequest) -> HttpResponse:
    """Show the identifier until its owner says that they have kept it (SCREENS D9)."""
    if request.method == "POST":
        finishing.acknowledge(request.user)
        # Who came by FranceConnect to an account made by SMS, and found it again by SMS, is asked.
        came_by_it = provider.is_there() and door.arrived(request) is not None
        return redirect("franceconnect_join" if came_by_it else "my_space")
    name = finishing.identifier_of(request.user)
    if not name:
        return redirect("my_space")
    return render(request, "guardians/identifier.html", {"identifier": name})
