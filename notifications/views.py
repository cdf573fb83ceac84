"""The local mailbox: where builders read what would have been sent. It exists only with DEBUG."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from csp.constants import NONE, UNSAFE_INLINE
from csp.decorators import csp
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from .models import LocalMessage

SHOWN = 200


def builders_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a page exist with DEBUG only."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.DEBUG:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@login_not_required
@builders_only
def local_mailbox(request: HttpRequest) -> HttpResponse:
    """Show the last mails and SMS that were kept instead of sent, newest first."""
    kept = LocalMessage.objects.defer("text", "html")[:SHOWN]
    return render(request, "notifications/local_mailbox.html", {"kept": kept})


@login_not_required
@builders_only
def local_message(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one of them as text, its links clickable."""
    message = get_object_or_404(LocalMessage, pk=pk)
    return render(request, "notifications/local_message.html", {"message": message})


# A mail's own styles, and nothing else of it: no script, no form, no origin, nothing from outside.
@csp(
    {
        "default-src": [NONE],
        "style-src": [UNSAFE_INLINE],
        "img-src": ["data:"],
        "base-uri": [NONE],
        "form-action": [NONE],
        "frame-ancestors": [NONE],
        "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
    }
)
@login_not_required
@builders_only
def local_message_html(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the HTML of one of them as a mail reader would, in a sandbox of its own."""
    message = get_object_or_404(LocalMessage.objects.exclude(html=""), pk=pk)
    return HttpResponse(message.html)
