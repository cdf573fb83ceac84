"""Headers that every answer carries, whoever made it: a page, a file, a refusal, a probe (SAFETY G12)."""

from __future__ import annotations

import functools
from collections.abc import Callable

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed

METHODS = ("GET", "HEAD", "POST")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The portal's own pages use none of these; a virtual class runs on its provider's pages.
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer",
            "autoplay",
            "browsing-topics",
            "camera",
            "display-capture",
            "geolocation",
            "gyroscope",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "usb",
        )
    ),
}


@functools.cache
def _common_policy() -> str:
    return build_policy()


class PolicyMiddleware(CSPMiddleware):
    """Writes the content policy, which is made once for all pages but those that ask for one of their own.

    A page does so by a decorator of ``csp.decorators``, or by a nonce for a script of Django's; and
    Django's pages for developers (``DEBUG``) have none. The settings have no policy that only reports.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Give a page its policy."""
        own = any(name.startswith("_csp_") for name in vars(response))
        if own or settings.DEBUG or getattr(request, "_csp_nonce", None) is not None:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, _common_policy())
        return response


class HeadersMiddleware:
    """Refuses methods the portal does not speak (TRACE among them, T57) and completes the headers.

    It stands above all middlewares but the one of the content policy. Django's own set some of
    these headers too, but an answer made above them, such as the refusal of an unknown host,
    would go without. A header that is set already stays: pages with a token in their address say
    something stricter about referrers.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known = request.method in METHODS
        response = self.get_response(request) if known else HttpResponseNotAllowed(METHODS)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
