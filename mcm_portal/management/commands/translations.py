"""Brings the translations up to the code."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from mcm_portal import translations


class Command(BaseCommand):
    """``manage.py translations``: finds new messages, compiles, lists what is still to translate."""

    help = "Updates locale/*/LC_MESSAGES/django.po and .mo; then translate what is listed, and run it again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it for each language but French, which the messages are written in."""
        for folder in sorted((translations.ROOT / "locale").iterdir()):
            for message in translations.update(folder.name):
                self.stdout.write(f"{folder.name}: {message}")
