"""« Ne plus venir par … »: one page for every way in that can be taken off (:mod:`accounts.ways_in`)."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import reauthentication, second_factor
from accounts.account_forms import OwnPasswordForm
from accounts.sessions import PersonRequest
from accounts.ways_in import OnlyWay, WayIn
from throttling import limits


def part_with(request: PersonRequest, way: WayIn) -> HttpResponse:
    """Ask for the password, which is what will open the account then, and take the way off.

    And for the second factor, where the account has one: what a session alone may do, a thief may (T31).
    """
    user = request.user
    if second_factor.has_one(user) and not second_factor.verified(request):
        return redirect(f"{reverse('security')}?{urlencode({'next': request.path})}")
    form = OwnPasswordForm(request.POST or None)
    is_only_way = way.is_only_way()
    if request.method == "POST" and not is_only_way and form.is_valid():
        try:
            if reauthentication.prove(request, user, form.cleaned_data["password"]):
                way.part(request.session.session_key)
                return redirect(f"{reverse('account')}?fait={way.done}")
            form.add_error("password", _("Ce n’est pas votre mot de passe. Vérifiez les majuscules."))
        except OnlyWay:  # the password was closed at this moment
            return redirect(request.path)
        except limits.Refused as refusal:
            form.add_error(None, _("Trop d’essais. Réessayez %(wait)s.") % {"wait": refusal.wait})
    shown = {"way": way, "form": form, "is_only_way": is_only_way, "login": user.sign_in_name()}
    return render(request, "accounts/account/part_with.html", shown)
