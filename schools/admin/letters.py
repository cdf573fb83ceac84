"""Letters for a first sign-in in the administration: how many a school gave, all of them taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from back_office import who
from back_office.acts import Act, ReasonForm
from back_office.scoped import ScopedAdmin
from schools.letters import outcomes, revoking
from schools.models import Letter, LetterBatch
from schools.scope import NOWHERE, Scope

ANSWER_FAMILIES = "answer_families"  # accounts.powers.Power, of a floor above


def _scope(request: HttpRequest) -> Scope:
    person: Any = request.user
    found: Scope = person.scope(ANSWER_FAMILIES)
    return found or NOWHERE


def _revoke_school(request: HttpRequest, row: LetterBatch, said: dict[str, Any]) -> None:
    revoking.revoke_school(row.school, scope=_scope(request), by=who.asks(request), reason=said["reason"])


@admin.register(LetterBatch)
class LetterBatchAdmin(ScopedAdmin):
    """« Lettres de première connexion »: the latest first. Nobody is named, no code is shown."""

    read_power = ANSWER_FAMILIES
    search_help_text = _("Le code UAI d’un établissement.")
    list_display = ("school", "audience", "state", "total", "asked_at")
    list_display_links = ("school",)
    list_select_related = ("school",)
    fields = readonly_fields = (
        "school", "audience", "classes", "state", "why", "total", "language", "per_page", "asked_at",
        "ready_at", "last_day", "standings",
    )  # fmt: skip
    acts = (
        Act(
            name="annuler-les-lettres",
            label=_("Annuler toutes les lettres de cet établissement"),
            power=ANSWER_FAMILIES,
            do=_revoke_school,
            done=_("Les lettres qui n’avaient pas encore servi ne valent plus rien."),
            explanation=_(
                "Toutes les lettres que cet établissement a données, et pas seulement celles-ci : les codes "
                "qui n’ont pas encore servi ne valent plus rien. Qui a déjà utilisé le sien "
                "n’est pas touché. "
                "L’établissement peut en donner d’autres."
            ),
            form=ReasonForm,
            grave=True,
        ),
    )

    def rows(self, request: HttpRequest, power: str) -> QuerySet[Any]:
        """Return the letters of the schools that this person looks after."""
        scope = self.scope(request, power)
        return LetterBatch.objects.open_to(scope) if scope else LetterBatch.objects.none()

    def search(self, request: HttpRequest, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Find by the UAI of the school."""
        return rows.filter(school__uai=typed.upper())

    @admin.display(description=_("classes"))
    def classes(self, row: LetterBatch) -> str:
        """For which classes they are."""
        return ", ".join(str(each) for each in row.divisions.all()) or str(_("tout l’établissement"))

    @admin.display(description=_("dernier jour des codes"))
    def last_day(self, row: LetterBatch) -> Any:
        """Until when they can be used."""
        return row.last_day

    @admin.display(description=_("raison"))
    def why(self, row: LetterBatch) -> str:
        """Why they were not made."""
        return outcomes.sentence(row.reason) if row.reason else "—"

    @admin.display(description=_("ce qu’elles sont devenues"))
    def standings(self, row: LetterBatch) -> str:
        """How many were used, and how many not."""
        counts = Letter.objects.given().filter(batch=row).standings()
        return ", ".join(f"{word} : {number}" for word, number in counts) or "—"
