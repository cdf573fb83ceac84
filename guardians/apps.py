from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GuardiansConfig(AppConfig):
    """Guardians and their children."""

    name = "guardians"
    verbose_name = _("Responsables légaux")
