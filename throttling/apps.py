from __future__ import annotations

from django.apps import AppConfig


class ThrottlingConfig(AppConfig):
    """How often: counters that protect people and outlive a restart."""

    name = "throttling"
