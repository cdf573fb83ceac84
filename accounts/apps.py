from __future__ import annotations

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """People."""

    name = "accounts"
    verbose_name = _("Personnes")

    def ready(self) -> None:
        """Find what every app says about people."""
        # Noted by accounts.sessions, at most once a day.
        user_logged_in.disconnect(dispatch_uid="update_last_login")
        autodiscover_modules(
            "steps", "panels", "personal_data", "farewells", "custody", "crowds",
            "belonging", "doors", "correspondence", "merging",
        )  # fmt: skip
