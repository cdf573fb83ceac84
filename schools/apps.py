from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchoolsConfig(AppConfig):
    """What the schools and the académies say."""

    name = "schools"
    verbose_name = _("Académies et établissements")
