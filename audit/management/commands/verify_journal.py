"""``manage.py verify_journal [--known NUMBER:BEGINNING]``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit import verification


class Command(BaseCommand):
    """Says whether the journal is as it was sealed; ends with code 1 when it is not."""

    help = "Compare le journal à ses sceaux : lignes manquantes, ajoutées ou modifiées, sceaux faux."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take what is known from elsewhere."""
        parser.add_argument(
            "--known",
            default="",
            metavar="NUMBER:BEGINNING",
            help="un sceau que les journaux techniques montrent (champ « seal » de journal_sealed)",
        )

    def handle(self, *args: Any, known: str, **options: Any) -> None:
        """Verify, tell, and note it in the journal itself."""
        try:
            verdict = verification.verify(known=known)
        except ValueError as error:
            raise CommandError(
                _("--known attend un numéro et un début de sceau, par exemple 412:9f86d081.")
            ) from error
        verification.note(verdict)
        self.stdout.write(
            _(
                "Sceaux : %(seals)s, dont %(purged)s aux lignes effacées après douze mois. "
                "Lignes scellées : %(lines)s."
            )
            % {"seals": verdict.seals, "purged": verdict.purged, "lines": verdict.lines}
        )
        if verdict.last is not None:
            self.stdout.write(
                _("Scellé jusqu’au %(date)s (sceau %(number)s). Lignes pas encore scellées : %(count)s.")
                % {
                    "date": date_format(timezone.localtime(verdict.last.sealed_at), "j F Y à H:i:s"),
                    "number": verdict.last.number,
                    "count": verdict.unsealed,
                }
            )
        if verdict.intact:
            self.stdout.write(_("Le journal est intact."))
            return
        for fault in verdict.faults:
            self.stderr.write(f"  {fault}")
        number = len(verdict.faults) + verdict.more_faults
        raise CommandError(
            ngettext(
                "Le journal n’est pas intact : %(n)s anomalie.",
                "Le journal n’est pas intact : %(n)s anomalies.",
                number,
            )
            % {"n": number}
        )
