from __future__ import annotations

from django.apps import AppConfig


class SchoolsConfig(AppConfig):
    """What the schools and the académies say."""

    name = "schools"
