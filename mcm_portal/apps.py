from __future__ import annotations

from django.apps import AppConfig


class McmPortalConfig(AppConfig):
    """What ties the portal together."""

    name = "mcm_portal"
