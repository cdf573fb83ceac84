"""Getting back in: a forgotten user name or password (SCREENS A2, SAFETY T5)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from accounts import browsers, recovery, sessions, standing
from accounts.ent_forms import EntRecoveryForm, StaffRecoveryForm
from accounts.forms import NewPasswordForm, RecoveryForm
from accounts.models import PUPILS, staff_door
from accounts.passwords import PasswordContext, of_doors
from schools.models import Academy
from throttling import limits
from throttling.clients import client_address

from .pages import holds_a_secret, known_academy, page


@login_not_required
@never_cache
@page
def recover(request: HttpRequest) -> HttpResponse:
    """Ask for the user name and a new password: the same answer for everyone (SAFETY T5)."""
    form = RecoveryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            recovery.ask(
                form.cleaned_data["login"],
                device=browsers.device(request),
                client=client_address(request),
                language=get_language() or "fr",
            )
            return redirect("recover_sent")
        except limits.Refused as refusal:
            form.add_error(
                "login",
                _("Plusieurs messages ont déjà été demandés. Réessayez %(wait)s.") % {"wait": refusal.wait},
            )
    return render(request, "accounts/recover.html", {"form": form})


@login_not_required
@never_cache
@page
def recover_pupil(request: HttpRequest) -> HttpResponse:
    """Lead a pupil back in: by who looks after their account, or by a teacher (SAFETY T5, G1)."""
    form = EntRecoveryForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _asked(request, form, PUPILS):
        return redirect("pupil_recover_sent")
    return render(request, "accounts/ent/recover_pupil.html", {"form": form})


@login_not_required
@never_cache
@page
def recover_staff(request: HttpRequest, academy: str) -> HttpResponse:
    """Lead a member of the staff back in: by their confirmed address or number, or by a new letter."""
    door = staff_door(known_academy(academy))
    form = StaffRecoveryForm(request.POST or None)
    shown = {"academy": Academy.objects.get(code=academy)}
    if request.method == "POST" and form.is_valid() and _asked(request, form, door):
        return redirect("staff_recover_sent", academy=academy)
    return render(request, "accounts/ent/recover_staff.html", {**shown, "form": form})


@login_not_required
@require_safe
def recover_pupil_sent(request: HttpRequest) -> HttpResponse:
    """Say what happens next, and what else there is to do, to every pupil alike."""
    return render(request, "accounts/ent/recover_pupil_sent.html")


@login_not_required
@require_safe
def recover_staff_sent(request: HttpRequest, academy: str) -> HttpResponse:
    """Do so for the staff."""
    shown = {"academy": Academy.objects.get(code=known_academy(academy))}
    return render(request, "accounts/ent/recover_staff_sent.html", shown)


def _asked(request: HttpRequest, form: EntRecoveryForm, authority: str) -> bool:
    try:
        recovery.ask(
            form.cleaned_data["login"],
            device=browsers.device(request),
            client=client_address(request),
            language=get_language() or "fr",
            authority=authority,
            by_sms=form.cleaned_data.get("by") == "sms",
        )
    except limits.Refused as refusal:
        form.add_error(
            "login",
            _("Plusieurs messages ont déjà été demandés. Réessayez %(wait)s.") % {"wait": refusal.wait},
        )
        return False
    return True


@login_not_required
@require_safe
def recover_sent(request: HttpRequest) -> HttpResponse:
    """Say what happens next, to everyone alike."""
    return render(request, "accounts/recover_sent.html")


@login_not_required
@holds_a_secret
@page
@sensitive_post_parameters("password")
def reset_password(request: HttpRequest, token: str) -> HttpResponse:
    """Choose a new password by the link of the mail; sign in at once."""
    asked = recovery.by_link(token)
    if asked is None or asked.user is None:
        return render(request, "accounts/reset_outdated.html", status=404)
    if request.method != "POST" and not recovery.is_current(asked):
        return render(request, "accounts/reset_outdated.html", status=410)
    user = asked.user
    is_for_holders = asked.custody_id is not None
    names = list(user.sign_in_names.order_by("pk").values_list("name", flat=True))
    policy = of_doors(standing.of(user).doors)
    form = NewPasswordForm(
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
            user = recovery.choose_password(asked, form.cleaned_data["password"])
        except recovery.Outdated:
            done = recovery.just_done(asked, form.cleaned_data["password"])
            if done is None:
                return render(request, "accounts/reset_outdated.html", status=410)
            user = done  # as the first click left them
        if is_for_holders:  # who read the letter is a parent, not the child
            shown = {"child": user, "names": names}
            return render(request, "accounts/held/password_chosen.html", shown)
        return sessions.sign_in(request, user)
    return render(
        request,
        "accounts/reset_password.html",
        {
            "form": form,
            "names": names,
            "policy": policy.as_data(),
            "is_for_holders": is_for_holders,
        },
    )
