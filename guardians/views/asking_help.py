"""« Demander de l’aide à l’établissement »: the human way out of every refusal of a first sign-in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from accounts import browsers, standing
from accounts.views.pages import page
from support import views as support
from support.models import SupportRequest

from .. import activation
from ..identifiers import EDUCONNECT

REASONS = frozenset(SupportRequest.Reason.values)


@login_not_required
@never_cache
@page
def ask(request: HttpRequest) -> HttpResponse:
    """Ask with what this browser has typed already, and never with what a school knows (SAFETY G1).

    ``?raison=`` is what the page that refused says of why.
    """
    under_way = activation.of_browser(browsers.device_hash(request))
    if under_way is not None and under_way.joins_id not in (None, request.user.pk):
        under_way = None  # of somebody who was signed in here before
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
    way_on = back = "guardian_identity"
    if request.user.is_authenticated and EDUCONNECT in standing.of(request.user).doors:
        way_on = back = "guardian_add_child"
    elif under_way is not None:
        back = "guardian_children" if under_way.verified_at else "guardian_code"
    return support.ask(request, typed=typed, way_on=way_on, back=back)
