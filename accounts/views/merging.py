"""« Préférences », tab « Fusion de comptes » (SCREENS C7; SAFETY T31, T42, F14, F15)."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import belonging, merging, second_factor
from accounts.account_forms import CodeForm, OtherAccountForm
from accounts.models import Merge, User
from accounts.reauthentication import recently_proved
from accounts.sessions import PersonRequest
from throttling import limits

from .pages import holds_a_secret, page


def fully_proved(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Ask for the password again, and for the second factor that this account has got meanwhile (T31)."""

    @functools.wraps(view)
    def wrapped(request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if second_factor.has_one(request.user) and not second_factor.verified(request):
            return redirect(f"{reverse('security')}?{urlencode({'next': request.path})}")
        return view(request, *args, **kwargs)

    return recently_proved(wrapped)


@never_cache
@fully_proved
@page
@sensitive_post_parameters("password")
def other_account(request: PersonRequest) -> HttpResponse:
    """Ask for the proof of the other account, judged as at its own door, with its limits (SAFETY G5)."""
    form = OtherAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            merge = _propose(request, form)
            return redirect("preferences_merge_code" if merge.owes_code else "preferences_merge_confirm")
        except _Wrong:
            form.add_error(
                None,
                _(
                    "Ce nom de connexion ou ce mot de passe n’est pas bon. Vérifiez les majuscules, "
                    "et l’endroit où vous vous connectez avec l’autre compte."
                ),
            )
        except merging.CannotMerge as error:
            form.add_error(None, str(error.objection.sentence))
        except limits.Refused as refusal:
            form.add_error(
                None, _("Trop d’essais pour ce compte. Réessayez %(wait)s.") % {"wait": refusal.wait}
            )
    shown = {"form": form, "merges": merging.undoable_by(request.user)}
    return render(request, "accounts/preferences/merge.html", shown)


class _Wrong(Exception):
    """No account has this name and this password: never a word on which of them is wrong."""


def _propose(request: PersonRequest, form: OtherAccountForm) -> Merge:
    said = form.cleaned_data
    source = authenticate(
        request, username=said["login"], password=said["password"], authority=said["authority"]
    )
    if not isinstance(source, User):
        raise _Wrong
    return merging.propose(user=request.user, source=source)


@never_cache
@fully_proved
@page
@sensitive_post_parameters("code")
def code(request: PersonRequest) -> HttpResponse:
    """Ask for the code of the other account, where it has a second factor."""
    merge = merging.proposed_to(request.user)
    if merge is None:
        return redirect("preferences_merge")
    if not merge.owes_code:
        return redirect("preferences_merge_confirm")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if merging.show_code(merge, form.cleaned_data["code"]):
                return redirect("preferences_merge_confirm")
            form.add_error(
                "code", _("Ce code n’est pas bon, ou il a déjà servi. Attendez le suivant et recopiez-le.")
            )
        except limits.Refused as refusal:
            form.add_error(None, _("Trop d’essais. Réessayez %(wait)s.") % {"wait": refusal.wait})
    return render(request, "accounts/preferences/merge_code.html", {"form": form})


@never_cache
@fully_proved
@page
def confirm(request: PersonRequest) -> HttpResponse:
    """Show exactly what would move; then move it."""
    merge = merging.proposed_to(request.user)
    if merge is None:
        return _just_done(request) or redirect("preferences_merge")
    if merge.owes_code:
        return redirect("preferences_merge_code")
    has_changed = False
    if request.method == "POST":
        if request.POST.get("merge") != str(merge.public_id):
            return redirect("preferences_merge_confirm")  # another tab proposed something else: look at it
        try:
            merging.confirm(merge, digest=request.POST.get("plan", ""))
            request.session.pop(belonging.KNOWN, None)
            return redirect("preferences_merge_done", public_id=merge.public_id)
        except merging.Changed:
            has_changed = True
        except merging.CannotMerge as error:
            return _nothing_done(request, str(error.objection.sentence))
        except merging.Outdated:
            return _nothing_done(request)
    shown = {"merge": merge, "plan": merging.preview(merge), "has_changed": has_changed}
    return render(request, "accounts/preferences/merge_confirm.html", shown)


def _just_done(request: PersonRequest) -> HttpResponse | None:
    """Lead a form that was sent twice to what its first sending did (SAFETY F14)."""
    try:
        wanted = uuid.UUID(request.POST.get("merge", ""))
    except ValueError:
        return None
    done = Merge.objects.made().filter(target=request.user, public_id=wanted).first()
    return redirect("preferences_merge_done", public_id=done.public_id) if done else None


def _nothing_done(request: HttpRequest, why: str = "") -> HttpResponse:
    return render(request, "accounts/preferences/merge_outdated.html", {"why": why}, status=409)


@never_cache
@recently_proved
@page
def done(request: PersonRequest, public_id: uuid.UUID) -> HttpResponse:
    """What was moved, and the way to undo it for thirty days; then what came back and what did not."""
    found = Merge.objects.made().of(request.user).filter(public_id=public_id)
    merge = found.select_related("target", "source").first()
    if merge is None:
        raise Http404
    if request.method == "POST":
        try:
            merging.undo(merge, actor=request.user.subject)
            request.session.pop(belonging.KNOWN, None)
        except (merging.Outdated, merging.AnotherFirst, merging.ShutMeanwhile) as error:
            return _not_undone(request, error)
        return redirect("preferences_merge_done", public_id=merge.public_id)
    return _show(request, merge)


@login_not_required
@holds_a_secret
@page
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Undo a merge by the link of its letter, without a password: the closed account has none that opens.

    Opening the page changes nothing (SAFETY T22).
    """
    merge = merging.by_link(token)
    if merge is None:
        return render(request, "accounts/preferences/merge_link_outdated.html", status=404)
    if request.method == "POST":
        try:
            merging.undo(merge, actor=merge.source.subject)
        except (merging.Outdated, merging.AnotherFirst, merging.ShutMeanwhile) as error:
            return _not_undone(request, error)
        return HttpResponseRedirect(request.path)
    return render(request, "accounts/preferences/merge_link.html", {"merge": merge})


def _show(request: PersonRequest, merge: Merge) -> HttpResponse:
    shown = {
        "merge": merge,
        "is_here": merge.target_id == request.user.pk,
        "moved": merging.moved_by(merge),
        "left": merging.left_by(merge),
    }
    return render(request, "accounts/preferences/merge_done.html", shown)


def _not_undone(request: HttpRequest, error: Exception) -> HttpResponse:
    why = ""
    if isinstance(error, merging.AnotherFirst):
        why = _("Ce compte a été réuni à un autre depuis. Séparez d’abord cette dernière fusion.")
    if isinstance(error, merging.ShutMeanwhile):
        why = _(
            "Le compte où tout a été réuni est suspendu. Pour séparer les deux comptes, demandez d’abord au "
            "contact indiqué au bas de cette page pourquoi il l’est."
        )
    return _nothing_done(request, why)
