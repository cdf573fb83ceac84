from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class SchoolsConfig(AppConfig):
    """What the schools and the académies say."""

    name = "schools"
    verbose_name = _("Académies et établissements")

    def ready(self) -> None:
        """Find what the apps above say: who has an account already, and what a head looks after."""
        autodiscover_modules("known", "own_school")
