"""French or English: as the browser asks, or as somebody chose by hand.

The choice is a cookie of its own, so that strangers have no session; who is signed in also gets their
mails in it. The administration is in French for everybody.
"""

from __future__ import annotations

import functools

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts import browsers
from accounts.middleware import steps_not_required
from accounts.models import User
from accounts.views.pages import next_page


@functools.cache
def _administration() -> str:
    return reverse("admin:index")


class FrenchAdministrationMiddleware(MiddlewareMixin):
    """The administration's words are those of French académies, whatever the browser asks."""

    def process_request(self, request: HttpRequest) -> None:
        """Speak French there."""
        if request.path.startswith(_administration()):
            translation.activate("fr")
            request.LANGUAGE_CODE = "fr"


@csrf_exempt  # a token would give every stranger a cookie; another site could change the language, no more
@login_not_required
@steps_not_required
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the language chosen at the foot of a page, and lead back to that page."""
    response = HttpResponseRedirect(next_page(request) or reverse("home"))
    language = request.POST.get("language", "")
    ours = request.headers.get("Origin", settings.SITE_URL) == settings.SITE_URL
    if ours and language in dict(settings.LANGUAGES):
        browsers.remember_language(response, language)
        if isinstance(request.user, User):
            User.objects.filter(pk=request.user.pk).update(language=language)
    return response
