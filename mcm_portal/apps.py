from __future__ import annotations

from django.apps import AppConfig


class McmPortalConfig(AppConfig):
    """What ties the portal together."""

    name = "mcm_portal"

    def ready(self) -> None:
        """Register what the database must be."""
        from . import checks  # noqa: F401
