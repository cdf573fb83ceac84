"""Opening and closing MCM in an académie, by decision of its rector (SCREENS A4)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import journal

from .models import Academy, OpeningDecision

OPENING_DECIDED = journal.register_act("academy.opening_decided", _("Ouverture ou fermeture décidée"))


@transaction.atomic
def decide(
    *,
    academies: Iterable[Academy],
    opens: bool,
    effective_on: date,
    decided_on: date,
    reference: str,
    actor: str,
) -> list[OpeningDecision]:
    """Write that MCM opens (or closes) in ``academies`` from a day on; return the decisions written.

    Earlier decisions stay. One that already says the same for the same day is not written again.
    ``reference`` finds the paper, ``actor`` is an opaque name for the journal. Raises
    ``ValidationError`` without a reference, and then writes nothing.
    """
    written = []
    for academy in academies:
        decision = OpeningDecision(
            academy=academy,
            opens=opens,
            effective_on=effective_on,
            decided_on=decided_on,
            reference=reference.strip(),
        )
        decision.clean_fields()
        last = academy.decisions.taken_by(effective_on).first()
        if last and (last.opens, last.effective_on, last.reference) == (
            opens,
            effective_on,
            decision.reference,
        ):
            continue
        decision.save()
        journal.record(
            act=OPENING_DECIDED,
            actor=actor,
            subject=f"academy:{academy.code}",
            fields=["opens", "effective_on"],
            reason=decision.reference,
            academy=academy.code,
        )
        written.append(decision)
    return written
