from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VirtualClassesConfig(AppConfig):
    """Virtual classes."""

    name = "virtual_classes"
    verbose_name = _("classes virtuelles")
