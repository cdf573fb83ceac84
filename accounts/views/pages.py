"""What the views of this package share: which methods a page answers, and what keeps its address secret."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from schools import reference

View = Callable[..., HttpResponseBase]
page = require_http_methods(["GET", "HEAD", "POST"])


def holds_a_secret(view: View) -> View:
    """Keep the secret in a page's address to ourselves (SAFETY T26).

    Not ``no-referrer``: with it a browser sends « Origin: null » with the page's own forms, and they
    are refused. ``strict-origin`` never shows a path either.
    """

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "strict-origin"
        return response

    return never_cache(wrapped)


def next_page(request: HttpRequest) -> str:
    """Return the page that was wanted before something had to be done first, if it is one of ours.

    Only a path of this site, from its root on (SAFETY T57); an empty string otherwise.
    """
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return ""


def known_academy(code: str) -> str:
    """Return the code of an académie that stood in an address; :class:`Http404` for one that there is not."""
    if all(row.code != code for row in reference.academies_with_departments()):
        raise Http404
    return code
