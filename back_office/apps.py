from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class BackOfficeConfig(AppConfig):
    """What every admin page shares."""

    name = "back_office"
    default = True


class AdminConfig(admin_apps.AdminConfig):
    """Django's admin, with the portal's own site."""

    default_site = "back_office.site.PortalAdminSite"
    default = False
