"""``manage.py purge_rosters``: what the clock does every hour; ``--dry-run`` says what would go."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from schools.rosters import retention


class Command(BaseCommand):
    """Deletes pupils and staff who left three months ago, and files that nobody applied."""

    help = "Supprime les fiches des élèves et des personnels partis depuis trois mois."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--dry-run``."""
        parser.add_argument("--dry-run", action="store_true", help="dire seulement ce qui serait supprimé")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        """Count, or delete and count."""
        done = retention.foresee() if dry_run else retention.purge()
        self.stdout.write(
            f"{'À supprimer' if dry_run else 'Supprimés'} : "
            f"scolarités {done.schoolings}, élèves {done.students}, liens {done.ties}, "
            f"contacts {done.contacts}, personnels {done.staff}, fichiers {done.imports}."
        )
