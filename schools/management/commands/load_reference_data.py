"""``manage.py load_reference_data``: académies, mail domains and departments from the repository's file."""

from __future__ import annotations

from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError
from django.utils.translation import gettext as _

from schools.reference import loading


class Command(BaseCommand):
    """Brings the database to ``schools/reference/academies.json``; changes nothing the second time."""

    help = "Charge les académies, leurs domaines de messagerie et leurs départements."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take another file, for a correction that cannot wait for a release."""
        parser.add_argument("--file", type=Path, default=loading.FILE)

    def handle(self, *, file: Path, **options: object) -> None:
        """Load the file and tell what changed."""
        try:
            outcome = loading.load(file)
        except (OSError, KeyError, ValueError, ValidationError, IntegrityError) as error:
            raise CommandError(
                _("%(file)s ne peut pas être chargé : %(error)s") % {"file": file, "error": error}
            ) from error
        self.stdout.write(
            _("Données de référence : %(added)d ajouts, %(changed)d modifications.")
            % {"added": len(outcome.added), "changed": len(outcome.changed)}
        )
        if outcome.vanished:
            self.stderr.write(
                _("Absents du fichier, laissés en place : %(names)s") % {"names": ", ".join(outcome.vanished)}
            )
