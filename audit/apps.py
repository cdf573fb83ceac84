from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Who did what to whom: an append-only journal."""

    name = "audit"
    verbose_name = _("Journal")
