from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import autodiscover_modules, import_string
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    """What leaves: every mail and SMS."""

    name = "notifications"
    verbose_name = _("Messages")

    def ready(self) -> None:
        """Let each app register the letters it writes: its module ``letters.py`` (DESIGN 1)."""
        autodiscover_modules("letters")
        # A gateway that cannot work as it is set stops the portal at its start, not the first mail.
        for path in (settings.MAIL_GATEWAY, settings.SMS_GATEWAY):
            import_string(path)()
