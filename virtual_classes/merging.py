"""Two accounts whose classes are at the same hour are not put together yet. Discovered by ``accounts``."""

from __future__ import annotations

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.merging import Objection, register
from accounts.models import User

from .models import ClassSession

TWO_AT_ONCE = Objection(
    "two_classes_at_once",
    _(
        "Les deux comptes ont une classe virtuelle à la même heure. "
        "Déplacez ou annulez l’une des deux séances, puis recommencez."
    ),
)


def two_at_once(target: User, source: User) -> Objection | None:
    """Look for sessions to come that one teacher could not hold: the database would refuse them."""
    standing = ClassSession.objects.exclude(
        state__in=[ClassSession.State.ENDED, ClassSession.State.CANCELLED]
    )
    theirs = standing.filter(teacher=target, during__overlap=OuterRef("during"))
    return TWO_AT_ONCE if standing.filter(Exists(theirs), teacher=source).exists() else None


register(two_at_once)
