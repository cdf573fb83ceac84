"""The word beside a password while it is typed: « Faible », « Moyen », « Fort »… (SCREENS D8)."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts.middleware import steps_not_required
from accounts.passwords import PasswordContext, of_doors, strength_under
from throttling import limits
from throttling.clients import client_address

KEPT = 8  # words of a person; each is cut to a hundred signs


@login_not_required
@steps_not_required
@never_cache
@require_POST
@sensitive_post_parameters("password", "words")
def password_strength(request: HttpRequest) -> HttpResponse:
    """Judge what is typed as the form will, for ``js/password_rules.js``; nothing is kept.

    The browser cannot judge it: it has neither the lists nor the rules of a guesser. It says itself under
    which policy and beside which words of its person; whoever says others misleads themselves only.
    """
    try:
        limits.hit(limits.Limit("password_strength", client_address(request), 3000, timedelta(hours=1)))
    except limits.Refused:
        return JsonResponse({"word": ""}, status=429)
    words = [word[:100] for word in request.POST.getlist("words")[:KEPT]]
    context = PasswordContext(
        names=tuple(word for word in words if "@" not in word),
        address=next((word for word in words if "@" in word), ""),
    )
    policy = of_doors(request.POST.get("policy", "")[:40].split()[:3])
    return JsonResponse({"word": strength_under(policy, request.POST.get("password", ""), context).word})
