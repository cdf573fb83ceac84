from __future__ import annotations

from django.apps import AppConfig


class McmPortalConfig(AppConfig):
    """What ties the portal together."""

    name = "mcm_portal"

    def ready(self) -> None:
        """Register what the database must be, and spare what each page would pay."""
        from economy import randomness

        from . import checks  # noqa: F401

        randomness.spare_tokens()
