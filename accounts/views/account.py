"""« Mon compte »: what a person sees and changes of their own (SCREENS A2, A8; SAFETY T31 to T36)."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts import (
    account as account_,
)
from accounts import (
    address_change,
    browsers,
    enrolment,
    open_sessions,
    panels,
    passkeys,
    personal_data,
    reauthentication,
    standing,
)
from accounts.account_forms import NamesForm, OwnPasswordForm, PasswordChangeForm, PasswordOrPasskeyForm
from accounts.forms import AddressCorrectionForm, RenewalForm
from accounts.middleware import steps_not_required
from accounts.models import Level
from accounts.passwords import PasswordContext, of_doors
from accounts.reauthentication import recently_proved
from accounts.sessions import GUESSABLE, PersonRequest
from schools.school_year import SchoolYear
from throttling import limits

from .pages import holds_a_secret, next_page, page
from .passkeys import is_right_passkey

# What the page may say was done.
DONE = ("nom", "mot-de-passe", "adresse", "niveau", "portable", "alertes", "franceconnect", "fournisseur")


@never_cache
@require_safe
def account(request: PersonRequest) -> HttpResponse:
    """Show what the portal knows of this person, each part with the way to change it."""
    user = request.user
    enrolments = list(user.enrolments.of_this_year().select_related("academy", "department"))
    done = request.GET.get("fait", "")
    return render(
        request,
        "accounts/account/account.html",
        {
            "address": user.address(),
            "change": address_change.pending(user),
            "panels": panels.panels_for(user, on=panels.ACCOUNT),
            "names": list(user.sign_in_names.order_by("pk").values_list("name", flat=True)),
            "is_in_mcm": standing.of(user).is_in_mcm,
            "enrolments": enrolments,
            "other_levels": len(enrolments) < len(Level.choices),
            "year": SchoolYear.current(),
            "done": done if done in DONE else "",
        },
    )


def _back(done: str) -> HttpResponse:
    """Lead back to « Mon compte », which says what was done: a refresh there repeats nothing (F15)."""
    return HttpResponseRedirect(f"{reverse('account')}?fait={done}")


@steps_not_required
@never_cache
@page
@sensitive_post_parameters("password", "credential")
def reauthenticate(request: PersonRequest) -> HttpResponse:
    """Ask for the password again, or a passkey, before a sensitive act."""
    wanted = next_page(request) or reverse("account")
    form = PasswordOrPasskeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["credential"]:
            if is_right_passkey(request, request.user, form, passkeys.Purpose.AGAIN):
                return HttpResponseRedirect(wanted)
            return _ask_again(request, form, wanted)
        try:
            if reauthentication.prove(request, request.user, form.cleaned_data["password"]):
                return HttpResponseRedirect(wanted)
            form.add_error("password", _("Ce n’est pas votre mot de passe. Vérifiez les majuscules."))
        except limits.Refused as refusal:
            form.add_error(None, _("Trop d’essais. Réessayez %(wait)s.") % {"wait": refusal.wait})
    return _ask_again(request, form, wanted)


def _ask_again(request: PersonRequest, form: PasswordOrPasskeyForm, wanted: str) -> HttpResponse:
    return render(
        request,
        "accounts/account/reauthenticate.html",
        {
            "form": form,
            "next": wanted,
            # For the browser's password manager, which looks for a name beside a password.
            "name": request.user.sign_in_name(),
            "passkeys": passkeys.of(request.user),
            "passkey_origin": passkeys.origin(),
        },
    )


@never_cache
@page
def change_names(request: PersonRequest) -> HttpResponse:
    """Correct the first name and the name."""
    user = request.user
    form = NamesForm(
        request.POST or None, initial={"first_name": user.first_name, "last_name": user.last_name}
    )
    if request.method == "POST" and form.is_valid():
        account_.change_names(
            user,
            first_name=form.cleaned_data["first_name"],
            last_name=form.cleaned_data["last_name"],
        )
        return _back("nom")
    return render(request, "accounts/account/names.html", {"form": form})


@never_cache
@recently_proved
@page
@sensitive_post_parameters("password")
def change_password(request: PersonRequest) -> HttpResponse:
    """Choose another password, under the rule of every door it opens; the other devices are signed out."""
    user = request.user
    names = list(user.sign_in_names.order_by("pk").values_list("name", flat=True))
    policy = of_doors(standing.of(user).doors)
    form = PasswordChangeForm(
        request.POST or None,
        policy=policy,
        context=PasswordContext(
            names=(user.first_name, user.last_name),
            username="".join(names[:1]),
            address=user.address(),
            school_words=(),
        ),
    )
    if request.method == "POST" and form.is_valid():
        try:
            account_.change_password(request, user, form.cleaned_data["password"])
        except account_.Outdated:
            return redirect("account")
        response = _back("mot-de-passe")
        request.session.pop(GUESSABLE, None)
        user.refresh_from_db(fields=["password"])
        browsers.remember_account(request, response, user)
        return response
    return render(
        request,
        "accounts/account/password.html",
        {
            "form": form,
            "names": names,
            "policy": policy.as_data(),
            "is_guessable": request.session.get(GUESSABLE, False),
        },
    )


@never_cache
@recently_proved
@page
def change_address(request: PersonRequest) -> HttpResponse:
    """Ask for another address: a link goes to it."""
    form = AddressCorrectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            address_change.ask(request.user, form.cleaned_data["address"], device=browsers.device(request))
            return redirect("account")
        except address_change.SameAddress:
            form.add_error("address", _("C’est déjà l’adresse de votre compte."))
        except limits.Refused as refusal:
            form.add_error(
                None,
                _("Trop de messages sont partis vers cette adresse. Réessayez %(wait)s.")
                % {"wait": refusal.wait},
            )
    return render(request, "accounts/account/address.html", {"form": form, "address": request.user.address()})


@require_POST
def cancel_address_change(request: PersonRequest) -> HttpResponse:
    """« Annuler ce changement »."""
    address_change.cancel(request.user)
    return redirect("account")


@login_not_required
@holds_a_secret
@page
@sensitive_post_parameters("password")
def confirm_address(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm the new address: one button where its owner is signed in, else with the password.

    Opening the page changes nothing (SAFETY T22).
    """
    change = address_change.by_link(token)
    if change is None or address_change.has_expired(change):
        return render(request, "accounts/account/address_outdated.html", status=410 if change else 404)
    is_here = request.user.is_authenticated and request.user.pk == change.user.pk
    form = None if is_here else OwnPasswordForm(request.POST or None)
    if request.method == "POST" and (form is None or _proves(request, form, change)):
        try:
            address_change.confirm(change)
        except address_change.Outdated:
            return render(request, "accounts/account/address_outdated.html", status=410)
        except address_change.Taken:
            return render(request, "accounts/account/address_taken.html", status=409)
        if is_here:
            return _back("adresse")
        return render(request, "accounts/account/address_done.html")
    return render(request, "accounts/account/address_confirm.html", {"form": form, "change": change})


def _proves(request: HttpRequest, form: OwnPasswordForm, change: address_change.AddressChange) -> bool:
    if not form.is_valid():
        return False
    try:
        if reauthentication.password_is_right(change.user, form.cleaned_data["password"]):
            return True
        form.add_error("password", _("Ce n’est pas le mot de passe du compte. Vérifiez les majuscules."))
    except limits.Refused as refusal:
        form.add_error(None, _("Trop d’essais. Réessayez %(wait)s.") % {"wait": refusal.wait})
    return False


@never_cache
@page
def sessions(request: PersonRequest) -> HttpResponse:
    """List the devices where this account is open; close one, or all the others."""
    if request.method == "POST":
        if request.POST.get("action") == "others":
            open_sessions.close_all(request.user, keep=request.session.session_key)
        else:
            try:
                found = open_sessions.close(request.user, UUID(request.POST.get("session", "")))
            except ValueError:
                found = False
            if not found:
                raise Http404
        return redirect("account_sessions")
    return render(
        request, "accounts/account/sessions.html", {"sessions": open_sessions.of(request.user, request)}
    )


@never_cache
@page
def add_level(request: PersonRequest) -> HttpResponse:
    """Enrol at another level for the school year that runs, without a new mail."""
    enrolments = list(request.user.enrolments.of_this_year().select_related("academy", "department"))
    taken = {each.level for each in enrolments}
    left = [(value, label) for value, label in Level.choices if value not in taken]
    if not left or not standing.of(request.user).is_in_mcm:
        return redirect("account")
    initial = request.POST.dict() if "show_departments" in request.POST else {}
    if enrolments and not initial:
        first = enrolments[0]
        initial = {
            "profile": first.profile,
            "academy": first.academy.code if first.academy else "",
            "department": first.department.code if first.department else "",
        }
    is_sent = request.method == "POST" and "show_departments" not in request.POST
    form = RenewalForm(request.POST if is_sent else None, initial=initial, levels=left)
    if is_sent and form.is_valid():
        chosen = ("level", "profile", "academy_id", "department_id", "country")
        enrolment.enrol(request.user, **{name: form.cleaned_data[name] for name in chosen})
        return _back("niveau")
    return render(request, "accounts/account/add_level.html", {"form": form, "year": SchoolYear.current()})


@never_cache
@require_safe
def accepted_texts(request: PersonRequest) -> HttpResponse:
    """The ledger as its owner reads it: which text, which version, when, and by whom."""
    acceptances = request.user.acceptances.select_related("document").order_by("-accepted_at")
    return render(request, "accounts/account/accepted_texts.html", {"acceptances": list(acceptances)})


@never_cache
@recently_proved
@require_safe
def own_data(request: PersonRequest) -> HttpResponse:
    """Hand over all that the portal knows of this person (GDPR 15 and 20)."""
    response = JsonResponse(
        personal_data.export(request.user), json_dumps_params={"indent": 2, "ensure_ascii": False}
    )
    response.headers["Content-Disposition"] = 'attachment; filename="mes-donnees.json"'
    return response
