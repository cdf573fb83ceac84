"""Signing in and out (SCREENS A2)."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from accounts import browsers, ent_doors, farewells, first_sign_in, sessions
from accounts.backends import NewPasswordWanted
from accounts.doors import MCM_DOOR, Door
from accounts.models import Level, User
from accounts.session_store import DOOR
from economy import pages
from schools.letters import codes
from schools.school_year import SchoolYear
from throttling import limits

from .pages import known_academy, next_page, page


@login_not_required
@never_cache
@page
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest, level: Level | None = None, door: Door = MCM_DOOR) -> HttpResponse:
    """Sign in at a door. Each level of MCM has its page; its door is one."""
    wanted = next_page(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect(wanted or reverse("my_space"))
    known = browsers.name(request)
    remembered = {"login": known, "remember_name": bool(known)}
    # Asked for, the page is the same for all strangers: its form is made with it.
    form = door.form(request.POST) if request.method == "POST" else None
    if form is not None and form.is_valid():
        login, typed = form.cleaned_data["login"], form.cleaned_data["password"]
        try:
            user = door.proof(request, login, typed, door.authority)
            if user is None and door.letters and (answer := _by_letter(request, login, typed, door)):
                return answer
        except NewPasswordWanted:
            return redirect("new_password_wanted")
        except limits.Refused as refusal:
            form.add_error(None, _too_often(refusal))
        else:
            if user is not None:
                response = sessions.sign_in(request, user, next_url=wanted)
                is_guessed = door.is_password(typed) and door.policy.is_known_to_guessers(typed)
                if is_guessed and not user.owes_password:
                    request.session[sessions.GUESSABLE] = True
                request.session[DOOR] = door.authority
                browsers.forget_registration(response)
                remember = form.cleaned_data["remember_name"]
                browsers.remember_name(response, _name_of(user, login, door) if remember else "")
                return response
            form.add_error(None, str(door.wrong))
    return pages.draw(
        request,
        door.template,
        lambda: {
            "form": form or door.form(initial=remembered),
            "level": level,
            "year": SchoolYear.current(),
            **door.context(),
        },
        own={
            "next": wanted,
            "known": known,
            "expired": "expiree" in request.GET and form is None,
        },
    )


@login_not_required
@sensitive_post_parameters("password")
def sign_in_pupil(request: HttpRequest) -> HttpResponse:
    """Sign in at the pupils' door of the ENT."""
    return sign_in(request, door=ent_doors.for_pupils())


@login_not_required
@sensitive_post_parameters("password")
def sign_in_staff(request: HttpRequest, academy: str) -> HttpResponse:
    """Sign in at the door of an académie's staff (SCREENS C2)."""
    return sign_in(request, door=ent_doors.for_staff(known_academy(academy)))


@login_not_required
@never_cache
@require_safe
def new_password_wanted(request: HttpRequest) -> HttpResponse:
    """Say how to get back in, to who typed a password that opens nothing any more: the same for everybody."""
    return render(request, "accounts/new_password_wanted.html")


@login_not_required
@never_cache
@page
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; asked for by a form, never by a link alone (SAFETY T33).

    Who came in by another's session goes on there, to end it too (SAFETY T43). Here it ends in any case.
    """
    if not request.user.is_authenticated:
        return redirect("home")
    if request.method == "POST":
        try:
            response = farewells.onward(request) or redirect("home")
        finally:
            sessions.sign_out(request)
        browsers.forget_registration(response)
        # What the browser kept of these pages goes too. Not its cookies: among them is the one that
        # lets the owner of an account in while somebody else guesses (SAFETY T32, G6).
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response
    return render(request, "accounts/sign_out.html")


def _by_letter(request: HttpRequest, login: str, typed: str, door: Door) -> HttpResponse | None:
    """Let in who typed the code of their letter in the place of a password, the first time (SCREENS C2)."""
    try:
        return first_sign_in.by_letter(
            request,
            identifier=login,
            typed=typed,
            browser=browsers.device_hash(request),
            audiences=door.letters,
        )
    except (codes.Mistyped, codes.WrongCode):
        return None


def _too_often(refusal: limits.Refused) -> str:
    """Say what to do after too many tries: the same for an account that exists and one that does not."""
    if refusal.retry_at - refusal.now > timedelta(days=2):
        return _(
            "Trop d’essais pour ce compte. Pour le protéger, il faut choisir un nouveau mot de passe "
            "avec « Vous avez oublié… »."
        )
    return _(
        "Trop d’essais pour ce compte. Réessayez %(wait)s, ou choisissez "
        "un nouveau mot de passe avec « Vous avez oublié… »."
    ) % {"wait": refusal.wait}


def _name_of(user: User, login: str, door: Door) -> str:
    """Return the name to remember: never an address, even where one was typed."""
    if "@" not in login:
        return login.strip().lower()
    return user.sign_in_names.filter(authority=door.authority).values_list("name", flat=True).first() or ""
