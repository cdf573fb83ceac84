"""``manage.py load_schools FILE``: schools from the « Annuaire de l’éducation » (CSV)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from schools import annuaire
from schools.rosters.outcomes import sentence
from schools.rosters.rows import FileRefused


class Command(BaseCommand):
    """Adds and changes schools; says which lines were not taken."""

    help = "Charge les établissements depuis le fichier CSV de l’annuaire de l’éducation."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Load it, and tell what changed."""
        try:
            with file.open("rb") as opened:
                outcome = annuaire.load(opened, actor="system")
        except OSError as error:
            raise CommandError(f"{file} ne peut pas être lu : {error.strerror}") from error
        except FileRefused as refused:
            raise CommandError(f"{file}, ligne {refused.line} : {sentence(refused.code)}") from refused
        self.stdout.write(
            f"Établissements lus : {outcome.read}, ajoutés : {outcome.added}, modifiés : {outcome.changed}, "
            f"absents du fichier et gardés : {outcome.missing}, lignes refusées : {outcome.refused}."
        )
        for refusal in outcome.refusals:
            self.stderr.write(f"ligne {refusal.line} : {sentence(refusal.code)}")
