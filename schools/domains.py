"""The mail domains by which an académie knows its own staff (SAFETY T37)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import journal

from .models import Academy, AcademyDomain

DOMAIN_ADDED = journal.register_act("academy.domain_added", _("Domaine de messagerie ajouté"))


@transaction.atomic
def add(academy: Academy, domain: str, *, actor: str, reason: str) -> AcademyDomain:
    """Write down a domain that an académie gives to its staff, for national staff.

    Those that come with the portal stand in its reference data, which each deployment applies: they are
    corrected there. Raises ``ValidationError`` for what is no domain, or is somebody's already.
    """
    added = AcademyDomain(academy=academy, domain=domain.strip().lower().removeprefix("@"))
    added.full_clean()
    added.save()
    journal.record(
        act=DOMAIN_ADDED,
        actor=actor,
        subject=f"academy:{academy.code}",
        fields=["domain"],
        reason=reason,
        academy=academy.code,
    )
    return added
