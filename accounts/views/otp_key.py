"""« Ma clé OTP »: a key that makes codes, and a PIN, for the staff doors (SCREENS C2, SAFETY T39)."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import otp_keys, second_factor
from accounts.account_forms import KeyForm, PinForm
from accounts.models import User
from accounts.reauthentication import recently_proved
from accounts.sessions import PersonRequest
from throttling import limits

from .pages import page

DONE = ("pin", "retiree", "abandon")  # what the page may say was done


def _only_staff(user: User) -> None:
    """404 for whom a key would open nothing."""
    if not otp_keys.may_have_one(user):
        raise Http404


@never_cache
@page
def otp_key(request: PersonRequest) -> HttpResponse:
    """Show whether there is a key, and what can be done with it."""
    _only_staff(request.user)
    key = otp_keys.key_of(request.user)
    done = request.GET.get("fait", "")
    return render(
        request,
        "accounts/otp_key/otp_key.html",
        {
            "key": key,
            "left": len(key.spare) if key else 0,
            "waits": otp_keys.waiting_of(request.user) is not None,
            "done": done if done in DONE else "",
        },
    )


@never_cache
@recently_proved
@page
def begin(request: PersonRequest) -> HttpResponse:
    """« Activer ma clé », « Refaire ma clé »: draw one, only because it was asked for."""
    _only_staff(request.user)
    if (elsewhere := _proof_first(request)) is not None:
        return elsewhere
    if request.method == "POST":
        otp_keys.begin(request.user)
        return redirect("otp_key_set_up")
    return redirect("otp_key")


@never_cache
@recently_proved
@page
@sensitive_post_parameters("pin", "pin_again", "code")
def set_up(request: PersonRequest) -> HttpResponse:
    """Show the waiting key as a QR code and as text; take the PIN and the first code.

    Until then a reload, another tab or another computer shows the same key; afterwards nobody sees it again.
    """
    user = request.user
    _only_staff(user)
    if (elsewhere := _proof_first(request)) is not None:
        return elsewhere
    row = otp_keys.waiting_of(user)
    if row is None:
        return redirect("otp_key")
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = otp_keys.activate(user, pin=form.cleaned_data["pin"], code=form.cleaned_data["code"])
        except otp_keys.NoKey:
            return redirect("otp_key")  # another tab was first
        except limits.Refused as refusal:
            form.add_error(None, _("Trop d’essais. Réessayez %(wait)s.") % {"wait": refusal.wait})
        else:
            if codes is not None:
                return render(request, "accounts/otp_key/codes.html", {"codes": codes})
            form.add_error(
                "code",
                _(
                    "Ce code n’est pas bon. Vérifiez que l’heure de votre téléphone est juste, "
                    "et recopiez le code suivant."
                ),
            )
    seed = row.seed()
    drawing = second_factor.Adapter().build_totp_svg(second_factor.uri(user, seed))
    picture = base64.b64encode(drawing.encode()).decode()
    return render(
        request,
        "accounts/otp_key/set_up.html",
        {
            "form": form,
            "name": user.sign_in_name(),
            "seed": " ".join(seed[start : start + 4] for start in range(0, len(seed), 4)),
            "picture": f"data:image/svg+xml;base64,{picture}",
        },
    )


@never_cache
@recently_proved
@page
def abandon(request: PersonRequest) -> HttpResponse:
    """Throw away a key that waits for its first code."""
    _only_staff(request.user)
    if request.method == "POST":
        otp_keys.abandon(request.user)
        return HttpResponseRedirect(f"{reverse('otp_key')}?fait=abandon")
    return redirect("otp_key")


@never_cache
@recently_proved
@page
@sensitive_post_parameters("pin", "pin_again")
def change_pin(request: PersonRequest) -> HttpResponse:
    """Choose another PIN."""
    _only_staff(request.user)
    if (elsewhere := _proof_first(request)) is not None:
        return elsewhere
    if otp_keys.key_of(request.user) is None:
        return redirect("otp_key")
    form = PinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            otp_keys.change_pin(request.user, form.cleaned_data["pin"])
        except otp_keys.NoKey:
            return redirect("otp_key")
        return HttpResponseRedirect(f"{reverse('otp_key')}?fait=pin")
    shown = {"form": form, "name": request.user.sign_in_name()}
    return render(request, "accounts/otp_key/pin.html", shown)


@never_cache
@recently_proved
@page
def new_codes(request: PersonRequest) -> HttpResponse:
    """Replace the recovery codes and show the new ones, once."""
    _only_staff(request.user)
    if (elsewhere := _proof_first(request)) is not None:
        return elsewhere
    if request.method != "POST":
        return redirect("otp_key")
    try:
        codes = otp_keys.draw_spare(request.user)
    except otp_keys.NoKey:
        return redirect("otp_key")
    return render(request, "accounts/otp_key/codes.html", {"codes": codes})


@never_cache
@recently_proved
@page
def remove(request: PersonRequest) -> HttpResponse:
    """Take the key away, on a page that asks once more."""
    _only_staff(request.user)
    if (elsewhere := _proof_first(request)) is not None:
        return elsewhere
    if request.method == "POST":
        otp_keys.remove(request.user)
        return HttpResponseRedirect(f"{reverse('otp_key')}?fait=retiree")
    if otp_keys.key_of(request.user) is None:
        return redirect("otp_key")
    return render(request, "accounts/otp_key/remove.html")


def _proof_first(request: PersonRequest) -> HttpResponse | None:
    """Return the way to the page that asks for the second factor, where this session has not shown it."""
    if not second_factor.has_one(request.user) or second_factor.verified(request):
        return None
    return HttpResponseRedirect(f"{reverse('security')}?{urlencode({'next': reverse('otp_key')})}")
