"""« Double vérification »: a second factor is set up, used, removed (SAFETY T39)."""

from __future__ import annotations

import base64
from typing import Any

from allauth.account.stages import LoginStageController
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.utils import decrypt, encrypt
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import otp_keys, passkeys, reauthentication, second_factor, sessions
from accounts.account_forms import CodeForm, CodeOrPasskeyForm
from accounts.middleware import steps_not_required
from accounts.reauthentication import recently_proved
from accounts.sessions import PersonRequest
from throttling import limits

from .pages import next_page, page
from .passkeys import is_right_passkey

NEW = "second_factor.new"  # in the session: the key that waits for its first code, encrypted
DONE = ("cle", "retiree")  # what the page may say was done


@steps_not_required
@never_cache
@page
def security(request: PersonRequest) -> HttpResponse:
    """Show the second factors; ask for one of them where this session has shown none yet."""
    user = request.user
    if not second_factor.has_one(user):
        shown = {"has_one": False, "may_have_key": otp_keys.may_have_one(user), **ways(user)}
        return render(request, "accounts/security/security.html", shown)
    proved = second_factor.verified(request)
    form = CodeOrPasskeyForm(request.POST or None)
    if not proved and request.method == "POST" and form.is_valid() and _is_right(request, user, form):
        return HttpResponseRedirect(next_page(request) or request.path)
    done = request.GET.get("fait", "")
    return render(
        request,
        "accounts/security/security.html",
        {
            "has_one": True,
            "proved": proved,
            "form": form,
            "next": next_page(request),
            "codes_left": second_factor.codes_left(user),
            "done": done if done in DONE else "",
            "may_have_key": otp_keys.may_have_one(user),
            **ways(user),
        },
    )


def ways(user: sessions.User) -> dict[str, Any]:
    """Return what the pages that ask for a second factor say of those a person has."""
    return {
        "app": second_factor.app_of(user),
        "passkeys": passkeys.of(user),
        "passkey_origin": passkeys.origin(),
    }


def _is_right(request: HttpRequest, user: sessions.User, form: CodeOrPasskeyForm) -> bool:
    if form.cleaned_data["credential"]:
        return is_right_passkey(request, user, form, passkeys.Purpose.SIGN_IN)
    try:
        if second_factor.check(request, user, form.cleaned_data["code"]):
            return True
        form.add_error(
            "code", _("Ce code n’est pas bon, ou il a déjà servi. Attendez le suivant et recopiez-le.")
        )
    except limits.Refused as refusal:
        form.add_error(None, _("Trop d’essais. Réessayez %(wait)s.") % {"wait": refusal.wait})
    return False


@steps_not_required
@never_cache
@recently_proved
@page
def set_up(request: PersonRequest) -> HttpResponse:
    """Show a key as a QR code and as text, and take the first code. Reloading shows the same key."""
    user = request.user
    if second_factor.has_one(user) and not second_factor.verified(request):
        return redirect("security")
    if NEW not in request.session:
        request.session[NEW] = encrypt(second_factor.new_secret())
    secret = decrypt(request.session[NEW])
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        codes = second_factor.add(user, secret, form.cleaned_data["code"])
        if codes is not None:
            del request.session[NEW]
            reauthentication.note(request, user, "mfa", type="totp")
            return render(request, "accounts/security/codes.html", {"codes": codes})
        form.add_error(
            "code",
            _(
                "Ce code n’est pas bon. Vérifiez que l’heure de votre téléphone est juste, "
                "et recopiez le code suivant."
            ),
        )
    drawing = second_factor.Adapter().build_totp_svg(second_factor.uri(user, secret))
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    picture = base64.b64encode(drawing.encode()).decode()
    return render(
        request,
        "accounts/security/set_up.html",
        {
            "form": form,
            "secret": grouped,
            "picture": f"data:image/svg+xml;base64,{picture}",
            "passkey_origin": passkeys.origin(),
        },
    )


@recently_proved
@page
def new_codes(request: PersonRequest) -> HttpResponse:
    """Replace the recovery codes and show the new ones, once."""
    if request.method != "POST" or not _may_change(request):
        return redirect("security")
    return render(request, "accounts/security/codes.html", {"codes": second_factor.draw_codes(request.user)})


@recently_proved
@page
def remove(request: PersonRequest) -> HttpResponse:
    """Take every second factor away; staff keep theirs."""
    if request.method == "POST" and not request.user.is_staff and second_factor.verified(request):
        second_factor.remove(request.user)
    return redirect("security")


@never_cache
@recently_proved
@page
def remove_app(request: PersonRequest) -> HttpResponse:
    """Take the app that makes codes away, on a page that asks once more; staff keep their last factor."""
    user = request.user
    if not _may_change(request) or second_factor.app_of(user) is None:
        return redirect("security")
    if request.method == "POST":
        try:
            second_factor.remove_app(user)
        except second_factor.LastOne:
            return render(request, "accounts/security/last_one.html", status=409)
        return HttpResponseRedirect(f"{reverse('security')}?fait=retiree")
    return render(request, "accounts/security/remove_app.html", {"is_last": not passkeys.of(user)})


def _may_change(request: PersonRequest) -> bool:
    return second_factor.has_one(request.user) and second_factor.verified(request)


def _second_step(request: HttpRequest) -> tuple[Any, sessions.User] | None:
    """Return the stage that waits in this session, and who is signing in: the password was right."""
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    user = stage.login.user if stage else None
    if stage is None or not isinstance(user, sessions.User):
        return None
    if not sessions.is_still_proved(request, user):
        sessions.sign_out(request)
        return None
    return stage, user


@login_not_required
@never_cache
@page
@sensitive_post_parameters("code", "credential")
def authenticate(request: HttpRequest) -> HttpResponse:
    """The second step of signing in. Without a first one, or long after it, one begins anew."""
    if request.user.is_authenticated:
        return redirect("my_space")
    waits = _second_step(request)
    if waits is None:
        return redirect("account_login")
    stage, user = waits
    form = CodeOrPasskeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _is_right(request, user, form):
        response: HttpResponse = stage.exit()
        if request.user.is_authenticated:
            request.session.pop(sessions.PROVED, None)
            sessions.begin(request, response, user)
        return response
    return render(request, "accounts/security/authenticate.html", {"form": form, **ways(user)})


@login_not_required
@never_cache
@require_POST
def passkey_challenge(request: HttpRequest) -> JsonResponse:
    """Hand out what a browser needs to show a passkey: at the second step, or later beside the code.

    Only to who gave the right password: a stranger cannot learn who has a passkey.
    """
    waits = _second_step(request) if not request.user.is_authenticated else None
    user = waits[1] if waits else request.user
    if not isinstance(user, sessions.User) or not passkeys.of(user):
        raise Http404
    return JsonResponse(passkeys.challenge(request, user, passkeys.Purpose.SIGN_IN))
