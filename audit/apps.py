from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Who did what to whom: an append-only journal."""

    name = "audit"
