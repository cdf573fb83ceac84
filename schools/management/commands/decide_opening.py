"""``manage.py decide_opening 70 --open --on 2026-09-01 --reference "Arrêté du 28 août 2026"``."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from schools import openings
from schools.models import Academy
from schools.school_year import today


class Command(BaseCommand):
    """Writes a rector's decision: MCM opens or closes in an académie from a day on."""

    help = "Enregistre la décision d’ouvrir ou de fermer le service dans une académie."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one académie or all, what is decided, from when, and where it is written."""
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("code", nargs="?", help="code de l’académie, par exemple 70")
        where.add_argument("--all", action="store_true", dest="everywhere", help="toutes les académies")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--open", action="store_true", dest="opens")
        what.add_argument("--close", action="store_false", dest="opens")
        parser.add_argument("--on", type=date.fromisoformat, required=True, help="date d’effet, AAAA-MM-JJ")
        parser.add_argument("--reference", required=True, help="référence de la décision")
        parser.add_argument(
            "--decided-on", type=date.fromisoformat, help="date de la décision (aujourd’hui par défaut)"
        )

    def handle(
        self,
        *,
        code: str | None,
        everywhere: bool,
        opens: bool,
        on: date,
        reference: str,
        decided_on: date | None,
        **options: object,
    ) -> None:
        """Write the decision for each académie meant, and say so."""
        academies = Academy.objects.all() if everywhere else Academy.objects.filter(code=code)
        if not academies:
            raise CommandError(
                _("Aucune académie ne correspond. Les données de référence sont-elles chargées ?")
            )
        try:
            written = openings.decide(
                academies=academies,
                opens=opens,
                effective_on=on,
                decided_on=decided_on or today(),
                reference=reference,
                actor="system",
            )
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(_("Décisions enregistrées : %(count)d.") % {"count": len(written)})
