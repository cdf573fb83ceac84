"""Puts the texts that the portal ships with into the database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts import policy_texts


class Command(BaseCommand):
    """``manage.py load_policies``: adds what is new, changes nothing that people may have accepted."""

    help = "Adds the terms and policies of accounts/policies; those already there stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load them and say how many were new."""
        self.stdout.write(f"{policy_texts.load()} new policy documents.")
