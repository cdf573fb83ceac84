"""What the link of the mail opens (SCREENS A7, A8; SAFETY T22 to T25)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from accounts import browsers, registration, sessions
from accounts.forms import GuardianAgreementForm, NewPasswordForm, PasswordProofForm
from accounts.models import Registration
from accounts.passwords import MCM as POLICY
from accounts.passwords import PasswordContext
from throttling import limits

from .pages import holds_a_secret, page


@login_not_required
@holds_a_secret
@page
@sensitive_post_parameters("password")
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Open the link of the mail. Looking changes nothing (SAFETY T22); the human's act confirms."""
    sign_up = registration.by_link(token)
    if sign_up is None:
        return render(request, "accounts/link_unknown.html", status=404)
    if sign_up.confirmed_at is not None:
        return render(request, "accounts/confirmed.html", {"registration": sign_up})
    if registration.link_expired(sign_up):
        return _expired(request, sign_up)
    if "pas-moi" in request.GET:
        return _disown(request, sign_up)
    if request.POST.get("action") == "new_password":
        return _write_for_a_new_password(request, sign_up)
    here = browsers.registration(request) == sign_up.public_id and sign_up.browser == browsers.device_hash(
        request
    )
    if sign_up.needs_guardian:
        return _confirm_as_guardian(request, sign_up, here=here)
    if here:
        if request.method == "POST":
            return _confirmed(request, sign_up, open_session=True)
        return render(request, "accounts/confirm.html", {"registration": sign_up})
    form = PasswordProofForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if registration.password_is_right(sign_up, form.cleaned_data["password"]):
                return _confirmed(request, sign_up, open_session=True)
            form.add_error("password", _("Ce n’est pas le mot de passe choisi à l’inscription."))
        except limits.Refused as refusal:
            form.add_error("password", _("Trop d’essais. Réessayez %(wait)s.") % {"wait": refusal.wait})
    return render(request, "accounts/confirm_elsewhere.html", {"registration": sign_up, "form": form})


def _confirm_as_guardian(request: HttpRequest, sign_up: Registration, *, here: bool) -> HttpResponse:
    form = GuardianAgreementForm(request.POST or None, expected=sign_up.first_name)
    if request.method == "POST" and form.is_valid():
        return _confirmed(request, sign_up, open_session=here, by_guardian=True)
    return render(request, "accounts/confirm_guardian.html", {"registration": sign_up, "form": form})


def _confirmed(
    request: HttpRequest,
    sign_up: Registration,
    *,
    open_session: bool,
    by_guardian: bool = False,
    password: str | None = None,
) -> HttpResponse:
    try:
        user = registration.confirm(sign_up, by_guardian=by_guardian, password=password)
    except registration.AlreadyConfirmed:
        return redirect(request.path)
    except registration.AddressTaken:
        return render(request, "accounts/address_taken.html", status=409)
    if open_session:
        sessions.sign_in(request, user)
        return redirect("confirmed")
    return redirect(request.path)


def _expired(request: HttpRequest, sign_up: Registration) -> HttpResponse:
    problem = ""
    sent = False
    if request.method == "POST":
        try:
            registration.write_again(sign_up)
            sent = True
        except registration.TooSoon:
            sent = True
        except (registration.AlreadyConfirmed, registration.Gone):
            return redirect(request.path)
        except limits.Refused as refusal:
            problem = _("Un message vient de partir. Vous pourrez en redemander un %(wait)s.") % {
                "wait": refusal.wait
            }
    return render(
        request,
        "accounts/link_expired.html",
        {"registration": sign_up, "problem": problem, "sent": sent},
        status=200 if sent else 410,
    )


def _disown(request: HttpRequest, sign_up: Registration) -> HttpResponse:
    """Ask before forgetting: a program that presses every button must not delete a family's sign-up."""
    sure = bool(request.POST.get("sure"))
    if request.method == "POST" and sure:
        try:
            registration.disown(sign_up)
        except registration.AlreadyConfirmed:
            return redirect(request.path)
        return render(request, "accounts/disowned.html")
    return render(
        request, "accounts/disown.html", {"registration": sign_up, "unsure": request.method == "POST"}
    )


def _write_for_a_new_password(request: HttpRequest, sign_up: Registration) -> HttpResponse:
    try:
        registration.write_for_a_new_password(sign_up)
    except (registration.AlreadyConfirmed, registration.Gone):
        return redirect(request.path)
    except limits.Refused as refusal:
        return render(
            request, "accounts/new_password_sent.html", {"registration": sign_up, "wait": refusal.wait}
        )
    return render(request, "accounts/new_password_sent.html", {"registration": sign_up})


@login_not_required
@holds_a_secret
@page
@sensitive_post_parameters("password")
def confirm_password(request: HttpRequest, token: str) -> HttpResponse:
    """Choose the password anew and confirm, by the fresh mail asked for on the page of the first one."""
    sign_up = registration.by_link(token, registration.KIND_NEW_PASSWORD)
    if sign_up is None:
        return render(request, "accounts/link_unknown.html", status=404)
    if sign_up.confirmed_at is not None:
        return render(request, "accounts/confirmed.html", {"registration": sign_up})
    if registration.link_expired(sign_up, registration.KIND_NEW_PASSWORD):
        return render(request, "accounts/link_unknown.html", status=410)
    form = NewPasswordForm(
        request.POST or None,
        context=PasswordContext(
            names=(sign_up.first_name, sign_up.last_name),
            username=sign_up.username,
            address=sign_up.address,
            school_words=(),
        ),
    )
    agreement = (
        GuardianAgreementForm(request.POST or None, expected=sign_up.first_name)
        if sign_up.needs_guardian
        else None
    )
    if request.method == "POST" and form.is_valid() and (agreement is None or agreement.is_valid()):
        return _confirmed(
            request,
            sign_up,
            open_session=True,
            by_guardian=sign_up.needs_guardian,
            password=form.cleaned_data["password"],
        )
    return render(
        request,
        "accounts/confirm_password.html",
        {"registration": sign_up, "form": form, "agreement": agreement, "policy": POLICY.as_data()},
    )


@login_not_required
@never_cache
@require_safe
def confirmed(request: HttpRequest) -> HttpResponse:
    """« Merci — Votre enregistrement a été confirmé », to whom it concerns."""
    if not request.user.is_authenticated and browsers.registration(request) is None:
        return redirect("home")
    return render(request, "accounts/confirmed.html")
