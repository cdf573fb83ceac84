from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class NotificationsConfig(AppConfig):
    """What leaves: every mail and SMS."""

    name = "notifications"

    def ready(self) -> None:
        """Let each app register the letters it writes: its module ``letters.py`` (DESIGN 1)."""
        autodiscover_modules("letters")
