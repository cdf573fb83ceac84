"""Puts the entrances of regions that the portal ships with into the database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts import entrances


class Command(BaseCommand):
    """``manage.py load_entrances``: adds what is new, changes nothing that staff may have edited."""

    help = "Adds the entrances of accounts/entrances_shipped; those already there stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load them and say how many rows were new."""
        self.stdout.write(f"{entrances.load()} new rows of entrances.")
