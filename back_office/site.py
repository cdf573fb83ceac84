"""The admin's site: behind the portal's own sign-in, in French (SAFETY T56)."""

from __future__ import annotations

from django.contrib import admin


class PortalAdminSite(admin.AdminSite):
    """Django's admin site, entered through the portal's sign-in only."""
