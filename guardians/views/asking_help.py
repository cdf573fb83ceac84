"""« Demander de l’aide à l’établissement »: the human way out of every refusal of a first sign-in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from accounts import browsers
from accounts.views.pages import page
from support import views as support
from support.models import SupportRequest

from .. import activation

REASONS = frozenset(SupportRequest.Reason.values)


@login_not_required
@never_cache
@page
def ask(request: HttpRequest) -> HttpResponse:
    """Ask with what this browser has typed already, and never with what a school knows (SAFETY G1).

    ``?raison=`` is what the page that refused says of why.
    """
    under_way = activation.of_browser(browsers.device_hash(request))
    typed = {}
    if under_way is not None and under_way.user_id is None:
        typed = {
            "first_name": under_way.first_name,
            "last_name": under_way.last_name,
            "reach": under_way.mobile,
        }
    reason = request.GET.get("raison", "")
    if reason in REASONS:
        typed["reason"] = reason
    return support.ask(request, typed=typed, way_on="guardian_identity", back="guardian_identity")
