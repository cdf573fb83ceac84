"""Signing in and out (SCREENS A2)."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import browsers, sessions
from accounts.forms import SignInForm
from accounts.models import MCM, Level
from schools.school_year import SchoolYear
from throttling import limits

from .pages import page


def next_page(request: HttpRequest) -> str:
    """Return the page that was wanted before signing in, if it is one of ours (SAFETY T57)."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=request.is_secure()):
        return wanted
    return ""


@login_not_required
@never_cache
@page
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest, level: Level | None = None) -> HttpResponse:
    """Sign in at the door of MCM. Each level has its page; the door is one."""
    wanted = next_page(request)
    if request.user.is_authenticated:
        return redirect(wanted or "my_space")
    known = browsers.name(request)
    form = SignInForm(request.POST or None, initial={"login": known, "remember_name": bool(known)})
    if request.method == "POST" and form.is_valid():
        login = form.cleaned_data["login"]
        try:
            user = authenticate(request, login=login, password=form.cleaned_data["password"], authority=MCM)
        except limits.Refused as refusal:
            form.add_error(
                None,
                _(
                    "Trop d’essais pour ce compte. Réessayez %(wait)s, ou choisissez "
                    "un nouveau mot de passe avec « Vous avez oublié… »."
                )
                % {"wait": refusal.wait},
            )
        else:
            if user is not None:
                response = sessions.sign_in(request, user, next_url=wanted or None)
                browsers.remember_name(
                    response, login.strip().lower() if form.cleaned_data["remember_name"] else ""
                )
                return response
            form.add_error(
                None,
                _(
                    "Ce nom d’utilisateur et ce mot de passe ne vont pas ensemble. Vérifiez les "
                    "majuscules. Vous venez de vous inscrire ? Ouvrez d’abord le lien reçu par courriel."
                ),
            )
    return render(
        request,
        "accounts/sign_in.html",
        {"form": form, "level": level, "next": wanted, "year": SchoolYear.current()},
    )


@login_not_required
@never_cache
@page
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; asked for by a form, never by a link alone (SAFETY T33)."""
    if not request.user.is_authenticated:
        return redirect("home")
    if request.method == "POST":
        sessions.sign_out(request)
        return redirect("home")
    return render(request, "accounts/sign_out.html")
