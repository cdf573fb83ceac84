from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class SupportConfig(AppConfig):
    """What people ask of their school, and who answers."""

    name = "support"
    verbose_name = _("Demandes")

    def ready(self) -> None:
        """Find what the apps above offer to whoever answers a request."""
        autodiscover_modules("remedies")
