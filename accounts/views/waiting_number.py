"""The page where the code sent to a number is typed: a number for SMS, a guardian's mobile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import browsers
from accounts.forms import SmsCodeForm
from accounts.models import WaitingNumber
from accounts.sessions import PersonRequest
from accounts.waiting_numbers import OutOfTime, WaitingNumbers
from throttling import limits

Row = TypeVar("Row", bound=WaitingNumber)


def waiting_number(
    request: PersonRequest,
    numbers: WaitingNumbers[Row],
    verify: Callable[[Row, str], bool],
    *,
    template: str,
    back: str,
    done: str,
) -> HttpResponse:
    """Confirm the number that waits by its code, have the code sent again, or give it up.

    ``verify`` judges a code for the row. ``back`` is the name of the page for who has no number that waits
    (any more), ``done`` the address for who has confirmed it.
    """
    waiting = numbers.pending(request.user)
    if waiting is None:
        return redirect(back)
    asked = request.POST.get("act", "")
    form = SmsCodeForm(request.POST if request.method == "POST" and not asked else None)
    told = ""
    try:
        if asked == "cancel":
            numbers.cancel(request.user)
            return redirect(back)
        if asked == "again":
            numbers.send_again(waiting, request.user, browser=browsers.device_hash(request))
            told = _("Un nouveau code vient de partir. Le code d’avant ne sert plus.")
        elif request.method == "POST" and form.is_valid():
            if verify(waiting, form.cleaned_data["code"]):
                return HttpResponseRedirect(done)
            form.add_error(
                "code",
                _(
                    "Ce n’est pas le code du dernier SMS. Vérifiez les 6 chiffres. "
                    "Après cinq essais, il faut demander un nouveau code."
                ),
            )
    except limits.Refused as refusal:
        told = _("Un SMS peut mettre une minute à arriver. Vous pourrez demander un autre code %(wait)s.") % {
            "wait": refusal.wait
        }
    except OutOfTime:
        if numbers.pending(request.user) is None:  # confirmed in another tab, or too late
            return redirect(back)
        form.add_error("code", _("Ce code ne sert plus. Demandez un nouveau code."))
    return render(request, template, {"form": form, "told": told, "mobile": waiting.mobile})
