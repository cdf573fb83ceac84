from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """What leaves: every mail and SMS."""

    name = "notifications"
