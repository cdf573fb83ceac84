from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    """People."""

    name = "accounts"

    def ready(self) -> None:
        """Find what every app says about people."""
        autodiscover_modules("steps", "panels", "personal_data")
