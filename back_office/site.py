"""The admin's site: behind the portal's own sign-in, in French (SAFETY T56).

It asks the apps above nothing by name: a person says where they have a power (``user.scope(power)``),
and ``settings.BACK_OFFICE_GATE`` says whether their session was opened well enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import update_wrapper
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from .scoped import ScopedAdmin

# Django's own ways to look up any object: the portal has its doorways instead.
CLOSED = frozenset({"autocomplete", "view_on_site", "password_change_done"})


class PortalAdminSite(admin.AdminSite):
    """Django's admin site, entered through the portal's sign-in only.

    For staff with a power somewhere and a session opened with a second factor. To everybody else who
    is signed in there is nothing here (404). A model is shown only by a :class:`ScopedAdmin`: what a
    library registers by itself is left out.
    """

    site_title = _("Administration — Ma classe à la maison")
    site_header = _("Administration")
    index_title = _("Administration")
    enable_nav_sidebar = False  # the first page is short, and everything is one click away from it

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register what comes through our doorways, and nothing else."""
        if admin_class is not None and issubclass(admin_class, ScopedAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def unregister(self, model_or_iterable: Any) -> None:
        """Take out what is in; a library may take out what never came in."""
        for model in _each(model_or_iterable):
            if self.is_registered(model):
                super().unregister(model)

    def has_permission(self, request: HttpRequest) -> bool:
        """Say whether somebody may see one page at least, in this session."""
        return self._is_staff(request) and import_string(settings.BACK_OFFICE_GATE)(request)

    def _is_staff(self, request: HttpRequest) -> bool:
        user = request.user
        return (
            user.is_active
            and user.is_staff
            and any(each.has_module_permission(request) for each in self._registry.values())
        )

    def turn_away(self, request: HttpRequest) -> HttpResponse:
        """Answer whoever may not come in; :class:`Http404` where there is nothing for them."""
        if not request.user.is_authenticated:
            wanted = request.GET.get("next") or request.get_full_path()
            return redirect_to_login(
                reverse("admin:index") if wanted.startswith(reverse("admin:login")) else wanted
            )
        if self._is_staff(request):
            return redirect("security")  # where a second factor is set up
        raise Http404

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Let staff pass; what they may not do does not exist for them (404 rather than 403)."""
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not self.has_permission(request):
                return self.turn_away(request)
            try:
                return inner(request, *args, **kwargs)
            except PermissionDenied as refusal:
                raise Http404 from refusal

        return update_wrapper(guarded, inner)

    def get_urls(self) -> list[Any]:
        """Django's addresses, without its own look-ups."""
        return [url for url in super().get_urls() if getattr(url, "name", None) not in CLOSED]

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the portal's sign-in: no password is ever checked here (SAFETY T56)."""
        if self.has_permission(request):
            return redirect("admin:index")
        return self.turn_away(request)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Lead to the portal's own way out."""
        return HttpResponseRedirect(reverse("sign_out"), preserve_request=True)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Lead to « Mon compte »."""
        return redirect("account")

    def get_log_entries(self, request: HttpRequest) -> Any:
        """Nothing: what staff do is in the journal (``audit``), not in Django's log."""
        return ()


def _each(model_or_iterable: Any) -> Iterable[type[models.Model]]:
    return [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
