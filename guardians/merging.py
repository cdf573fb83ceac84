"""Who may not be one guardian with two accounts, by the schools' records. Discovered by ``accounts``."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.merging import Objection, register
from accounts.models import User

from .bringing import are_one_person
from .models import ContactAccount

TWO_GUARDIANS = Objection(
    "two_guardians",
    _(
        "Pour les écoles, ces deux comptes ne sont pas à la même personne. "
        "Si c’est une erreur, demandez au secrétariat de vérifier votre nom sur la fiche."
    ),
)


def two_guardians(target: User, source: User) -> Objection | None:
    """Compare what schools say of both, where they speak of both; else the two proofs are enough."""
    spoken_of = ContactAccount.objects.filter(user__in=[target, source]).values("user").distinct().count()
    return TWO_GUARDIANS if spoken_of == 2 and not are_one_person(target, source) else None


register(two_guardians)
