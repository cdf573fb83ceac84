"""« Les comptes de mes enfants »: made, looked after and closed by a legal guardian (SAFETY 0.1 point 6).

Each page asks for the password again when its last proof is old, and asks the schools' records anew: whom a
school took off a child's record finds no such page (SAFETY T15).
"""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import custody
from accounts.forms import NewPasswordForm
from accounts.models import Custody
from accounts.models.policies import RULES
from accounts.passwords import PasswordContext, of_doors
from accounts.reauthentication import recently_proved
from accounts.sessions import PersonRequest
from accounts.views.pages import page
from throttling import limits

from .. import children_accounts
from ..forms import ChildrenForm

DONE = ("mot-de-passe", "ferme", "accord", "deja", "textes", "confie")  # what the page may say was done


@never_cache
@recently_proved
@page
def accounts(request: PersonRequest) -> HttpResponse:
    """List the children and their accounts; make accounts for those who have none."""
    children = children_accounts.children_of(request.user)
    without = [child for child in children if child.may_get_one]
    form = ChildrenForm(request.POST or None, children=without)
    if request.method == "POST" and without and form.is_valid():
        try:
            made = children_accounts.make(request.user, form.cleaned_data["children"], texts=form.texts)
            if not made:
                return _back("deja")
            # Shown once, and never to be had again: no address leads here.
            return render(request, "guardians/children_accounts/made.html", {"made": made})
        except limits.Refused as refusal:
            form.add_error(
                None, _("Trop de comptes créés aujourd’hui. Réessayez %(wait)s.") % {"wait": refusal.wait}
            )
    elif request.method == "POST" and not without:
        return _back("deja")
    done = request.GET.get("fait", "")
    shown = {
        "children": children,
        "form": form,
        "without": without,
        "texts": children_accounts.texts_shown(get_language() or "fr"),
        "chosen": form["children"].value() or [],
        "has_address": bool(request.user.address()),
        "done": done if done in DONE else "",
    }
    return render(request, "guardians/children_accounts/accounts.html", shown)


@never_cache
@recently_proved
@page
@sensitive_post_parameters("password")
def password(request: PersonRequest, public_id: uuid.UUID) -> HttpResponse:
    """Give a child's account another password."""
    held = _held(request, public_id)
    names = list(held.child.sign_in_names.order_by("pk").values_list("name", flat=True))
    policy = of_doors(held.child.sign_in_names.values_list("authority", flat=True))
    form = NewPasswordForm(
        request.POST or None,
        policy=policy,
        context=PasswordContext(
            names=(held.child.first_name, held.child.last_name),
            username="".join(names[:1]),
            address="",
            school_words=(),
        ),
    )
    if request.method == "POST" and form.is_valid():
        try:
            custody.give_password(held, form.cleaned_data["password"], by=request.user)
            return _back("mot-de-passe")
        except custody.NotHeld as removed:
            raise Http404 from removed
        except limits.Refused as refusal:
            form.add_error(
                None, _("Trop de changements aujourd’hui. Réessayez %(wait)s.") % {"wait": refusal.wait}
            )
    shown = {"form": form, "child": held.child, "names": names, "policy": policy.as_data()}
    return render(request, "guardians/children_accounts/password.html", shown)


@never_cache
@recently_proved
@page
def close(request: PersonRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask once more, then erase a child's account."""
    held = _held(request, public_id)
    if request.method == "POST":
        try:
            children_accounts.close(held, by=request.user)
            return _back("ferme")
        except custody.NotHeld as removed:
            raise Http404 from removed
        except children_accounts.OfAge:
            return render(
                request,
                "guardians/children_accounts/of_age.html",
                {"child": held.child, "is_of_the_ent": children_accounts.is_of_the_ent(held.child)},
                status=409,
            )
    return render(request, "guardians/children_accounts/close.html", {"child": held.child})


@never_cache
@recently_proved
def consent(request: PersonRequest, public_id: uuid.UUID) -> HttpResponse:
    """Accept the texts in force on behalf of a child below 15.

    Whoever was asked for their password in between comes back by a link, and finds the texts again.
    """
    held = _held(request, public_id)
    if request.method != "POST" or not custody.needs_a_holders_consent(held.child):
        return redirect("children_accounts")
    try:
        owed = {text.kind for text in children_accounts.texts_owed(held.child, RULES)}
        texts = children_accounts.texts_accepted(request.POST.getlist("text"), owed)
    except children_accounts.OtherTexts:
        return _back("textes")
    children_accounts.accept_for(held.child, texts, by=request.user)
    return _back("accord")


@never_cache
@recently_proved
@page
def take(request: PersonRequest, public_id: uuid.UUID) -> HttpResponse:
    """« M’occuper de ce compte »: hold an account that guardians of a child may hold; twice is once.

    Whoever was asked for their password in between comes back by a link, and finds the button again.
    """
    if request.method != "POST":
        return redirect("children_accounts")
    try:
        children_accounts.take(request.user, str(public_id))
    except children_accounts.NotEntrusted as refusal:
        raise Http404 from refusal
    return _back("confie")


def _held(request: PersonRequest, public_id: uuid.UUID) -> Custody:
    held = custody.held_by(request.user).filter(public_id=public_id).first()
    if held is None:
        raise Http404
    return held


def _back(done: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('children_accounts')}?fait={done}")
