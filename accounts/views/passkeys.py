"""« Clé d’accès »: a passkey is added, shown, taken away (SAFETY T39). Without JavaScript, codes serve."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import devices, passkeys, second_factor
from accounts.account_forms import PasskeyForm
from accounts.middleware import steps_not_required
from accounts.models import User
from accounts.passkeys import Purpose
from accounts.reauthentication import recently_proved
from accounts.sessions import PersonRequest
from throttling import limits

from .pages import page


def is_right_passkey(request: HttpRequest, user: User, form: forms.Form, purpose: Purpose) -> bool:
    """Judge the passkey that came with a form; say in the form why it is refused."""
    try:
        if passkeys.check(request, user, purpose, form.cleaned_data["credential"]):
            return True
        form.add_error(None, _("Cette clé d’accès n’a pas pu être vérifiée. Recommencez."))
    except limits.Refused as refusal:
        form.add_error(None, _("Trop d’essais. Réessayez %(wait)s.") % {"wait": refusal.wait})
    return False


def _must_show_one_first(request: PersonRequest) -> bool:
    return second_factor.has_one(request.user) and not second_factor.verified(request)


@steps_not_required
@never_cache
@recently_proved
@page
def add(request: PersonRequest) -> HttpResponse:
    """Take a passkey that the browser has made, under a name its owner chooses."""
    user = request.user
    if _must_show_one_first(request):
        return redirect("security")
    suggestion = devices.in_words(devices.code_of(request.headers.get("User-Agent", "")))[:40]
    form = PasskeyForm(request.POST or None, initial={"name": suggestion})
    if request.method == "POST" and form.is_valid():
        try:
            codes = passkeys.add(
                request,
                user,
                name=form.cleaned_data["name"] or suggestion,
                answer=form.cleaned_data["credential"],
            )
            if codes:
                return render(request, "accounts/security/codes.html", {"codes": codes})
            return HttpResponseRedirect(f"{reverse('security')}?fait=cle")
        except passkeys.NoProof:
            form.add_error(None, _("Cette clé d’accès n’a pas pu être vérifiée. Recommencez."))
        except passkeys.AlreadyAdded:
            form.add_error(None, _("Cette clé d’accès sert déjà. Choisissez un autre appareil."))
        except passkeys.TooMany:
            form.add_error(
                None,
                _("Vous avez déjà %(most)s clés d’accès. Retirez-en une d’abord.") % {"most": passkeys.MOST},
            )
    return render(
        request, "accounts/security/add_passkey.html", {"form": form, "passkey_origin": passkeys.origin()}
    )


@steps_not_required
@never_cache
@recently_proved
@require_POST
def add_challenge(request: PersonRequest) -> HttpResponse:
    """Hand out what a browser needs to make a passkey."""
    if _must_show_one_first(request):
        return redirect("security")
    return JsonResponse(passkeys.challenge(request, request.user, Purpose.ADD))


@steps_not_required
@never_cache
@require_POST
def again_challenge(request: PersonRequest) -> JsonResponse:
    """Hand out what a browser needs to show a passkey instead of the password."""
    if not passkeys.of(request.user):
        raise Http404
    return JsonResponse(passkeys.challenge(request, request.user, Purpose.AGAIN))


@never_cache
@recently_proved
@page
def remove(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """Take one passkey away, on a page that asks once more; staff keep their last second factor."""
    user = request.user
    if _must_show_one_first(request):
        return redirect("security")
    held = passkeys.of(user)
    passkey = next((each for each in held if each.public_id == public_id), None)
    if passkey is None:
        raise Http404
    if request.method == "POST":
        try:
            passkeys.remove(user, public_id)
        except second_factor.LastOne:
            return render(request, "accounts/security/last_one.html", status=409)
        return HttpResponseRedirect(f"{reverse('security')}?fait=retiree")
    is_last = len(held) == 1 and second_factor.app_of(user) is None
    return render(request, "accounts/security/remove_passkey.html", {"passkey": passkey, "is_last": is_last})
