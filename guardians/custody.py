"""Who may hold a child's account: its legal guardians, by the school's record. Discovered by ``accounts``."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from accounts.models.custody import register

from .models import Guardianship


def is_still_legal_guardian() -> Exists:
    """Ask it of a row of ``Custody``, anew in each query: a tie that a school took away holds nothing (T15).

    A child's record may have been merged into another one since: the ties are there then.
    """
    return Exists(
        Guardianship.objects.consenting()
        .filter(user=OuterRef("holder"))
        .filter(
            Q(tie__student=OuterRef("child__student"))
            | Q(tie__student=OuterRef("child__student__merged_into"))
        )
    )


register(is_still_legal_guardian)
