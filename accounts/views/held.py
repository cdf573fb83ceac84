"""The pages of who had no address: what they are told, and an address of their own at 18."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import address_change, browsers, custody
from accounts.forms import AddressCorrectionForm
from accounts.middleware import steps_not_required
from accounts.sessions import PersonRequest
from throttling import limits

from .pages import next_page, page


@require_POST
def read_notices(request: PersonRequest) -> HttpResponse:
    """« J’ai lu »."""
    custody.read(request.user, kinds=request.POST.getlist("kind"))
    return redirect("my_space")


@steps_not_required
@never_cache
@page
def own_address(request: PersonRequest) -> HttpResponse:
    """Ask who is 18 now for an address; whoever has none may say so, and is not asked again."""
    wanted = next_page(request) or reverse("my_space")
    if not request.user.owes_address:
        return HttpResponseRedirect(wanted)
    is_sent = request.method == "POST" and "later" not in request.POST
    form = AddressCorrectionForm(request.POST if is_sent else None)
    if request.method == "POST" and not is_sent:
        address_change.asked_enough(request.user)
        return HttpResponseRedirect(wanted)
    if is_sent and form.is_valid():
        try:
            address_change.ask(request.user, form.cleaned_data["address"], device=browsers.device(request))
            address_change.asked_enough(request.user)
            return redirect("account")  # which says where the mail went
        except address_change.SameAddress:  # confirmed by a link meanwhile
            address_change.asked_enough(request.user)
            return HttpResponseRedirect(wanted)
        except limits.Refused as refusal:
            form.add_error(
                None,
                _("Trop de messages sont partis vers cette adresse. Réessayez %(wait)s.")
                % {"wait": refusal.wait},
            )
    return render(request, "accounts/held/own_address.html", {"form": form, "next": wanted})
