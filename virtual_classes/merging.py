"""Why two teachers' accounts may not be put together for now. Discovered by ``accounts``."""

from __future__ import annotations

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.merging import Objection, register
from accounts.models import User

from .models import ClassSession

SAME_HOUR = Objection(
    "same_hour",
    _(
        "Ces deux comptes ont une séance de classe virtuelle à la même heure. "
        "Annulez l’une des deux dans « Mes classes virtuelles », puis recommencez."
    ),
)


def same_hour(target: User, source: User) -> Objection | None:
    """Nobody holds two sessions at once, and the database refuses them (DESIGN section 6)."""
    live = ClassSession.objects.filter(state__in=ClassSession.LIVE)
    theirs = live.filter(teacher=target, during__overlap=OuterRef("during"))
    return SAME_HOUR if live.filter(Exists(theirs), teacher=source).exists() else None


register(same_hour)
