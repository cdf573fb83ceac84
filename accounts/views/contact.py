"""« Contact et préférences »: the last step of a first sign-in, and a tab of « Préférences » (C5, C7)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import address_change, browsers, contact_preferences, reauthentication, sms_numbers
from accounts.account_forms import OwnPasswordForm
from accounts.ent_forms import AddressOnlyForm, ContactForm
from accounts.middleware import steps_not_required
from accounts.models import User
from accounts.sessions import PersonRequest
from schools.rosters.phones import region_of
from throttling import limits

from .first_sign_in import go_on, stepper
from .pages import next_page, page
from .waiting_number import waiting_number


@steps_not_required
@never_cache
@page
def first(request: PersonRequest) -> HttpResponse:
    """Ask how to reach somebody: everything may be left empty, and nothing waits for a proof (SCREENS C5)."""
    if not request.user.owes_contact:
        return go_on(request)
    form = _form(request)
    if request.method == "POST" and form.is_valid():
        response = go_on(request)
        if (waits_for_code := _save(request, form, response)) is not None:
            return redirect("preferences_sms_code") if waits_for_code else response
    shown = {"next": next_page(request), **_shown(request, form), **stepper(request, 3)}
    return render(request, "accounts/ent/contact.html", shown)


@never_cache
@page
@sensitive_post_parameters("password")
def preferences(request: PersonRequest) -> HttpResponse:
    """« Mes préférences »: every choice can be changed at any time (SCREENS C7).

    A new address or number, by which the account could be recovered, with a fresh proof: the password is
    asked for on the same page, so that nothing typed is lost.
    """
    form, proof = _form(request), None
    if request.method == "POST" and contact_preferences.is_asked(request.user) and form.is_valid():
        if _owes_proof(request, form):
            proof = OwnPasswordForm()
        else:
            response = redirect(f"{reverse('preferences_contact')}?fait=1")
            if (waits_for_code := _save(request, form, response)) is not None:
                return redirect("preferences_sms_code") if waits_for_code else response
    done = "fait" in request.GET and not form.is_bound
    shown = {"done": done, "proof": proof, "login": request.user.sign_in_name(), **_shown(request, form)}
    return render(request, "accounts/preferences/contact.html", shown)


def _owes_proof(request: PersonRequest, form: AddressOnlyForm) -> bool:
    """Say whether the password is still to be given; one that is wrong is an error of the form."""
    if not contact_preferences.opens_another_way(request.user, form.cleaned_data):
        return False
    if reauthentication.is_recent(request):
        return False
    typed = request.POST.get("password", "")
    try:
        if typed and reauthentication.prove(request, request.user, typed):
            return False
        form.add_error(
            None,
            _("Ce n’est pas votre mot de passe. Vérifiez les majuscules.")
            if typed
            else _("Écrivez aussi votre mot de passe, au bas de la page."),
        )
    except limits.Refused as refusal:
        form.add_error(None, _("Trop d’essais. Réessayez %(wait)s.") % {"wait": refusal.wait})
    return True


@never_cache
@page
def sms_code(request: PersonRequest) -> HttpResponse:
    """Confirm the number for SMS by the code that was sent to it; or later, or not at all."""
    return waiting_number(
        request,
        sms_numbers.NUMBERS,
        sms_numbers.verify_code,
        template="accounts/preferences/sms_code.html",
        back="preferences_contact",
        done=f"{reverse('preferences_contact')}?fait=1",
    )


def _form(request: PersonRequest) -> AddressOnlyForm:
    user = request.user
    sent = request.POST if request.method == "POST" else None  # with every box left empty, too
    if user.student_id is not None:
        return AddressOnlyForm(sent, initial={"address": _address_of(user)})
    chosen = contact_preferences.of(user)
    waiting = sms_numbers.NUMBERS.pending(user)
    initial = {name: getattr(chosen, name) for name in (*contact_preferences.KEPT, "sms_mobile")}
    if waiting is not None:
        initial["sms_mobile"] = waiting.mobile
    initial["address"] = _address_of(user)
    uai = user.staff_member.school.uai if user.staff_member else ""
    return ContactForm(sent, initial=initial, region=region_of(uai))


def _address_of(user: User) -> str:
    """Return the address to show: the one that waits, the account's, or that of the school's record."""
    waiting = address_change.pending(user)
    if waiting is not None:
        return waiting.address
    return user.address() or (user.staff_member.email if user.staff_member else "")


def _save(request: PersonRequest, form: AddressOnlyForm, response: HttpResponse) -> bool | None:
    """Keep the form. ``None``, with an error in it, if too many proofs were asked for."""
    try:
        return contact_preferences.save(
            request.user,
            form.cleaned_data,
            device=browsers.device(request),
            browser=browsers.recognised(request, response),
        )
    except limits.Refused as refusal:
        form.add_error(
            None,
            _(
                "Trop de messages sont partis vers cette adresse ou ce numéro. "
                "Réessayez %(wait)s, ou laissez la case vide."
            )
            % {"wait": refusal.wait},
        )
        return None


def _shown(request: PersonRequest, form: AddressOnlyForm) -> dict[str, Any]:
    user = request.user
    is_staff = user.student_id is None
    return {
        "form": form,
        "is_asked": contact_preferences.is_asked(user),
        "is_staff_form": is_staff,
        "change": address_change.pending(user),
        "sms_waits": sms_numbers.NUMBERS.pending(user),
        "partners": contact_preferences.partners_for(user) if is_staff else [],
        "phones": [phone for post in user.posts() for phone in post.directory_phones] if is_staff else [],
    }
