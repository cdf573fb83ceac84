"""Whom a school knows: names and a number compared with its records (SCREENS D5).

Accents, hyphens, case and apostrophes do not count, the name may be that of birth or of usage, and of
several given names one may write some, in any order.
"""

from __future__ import annotations

import re

from django.db.models import Exists, OuterRef

from schools.models import GuardianContact, GuardianTie, Schooling
from schools.person_names import comparison_key

from .models import GIVES_ACCESS

WORD = re.compile(r"[^\s.’'‘-]+")


def same_family_name(typed: str, contact: GuardianContact) -> bool:
    """Compare with the names of birth and of usage, each alone or both together (« Dupont-Martin »)."""
    birth, usage = comparison_key(contact.family_name), comparison_key(contact.usage_name)
    return comparison_key(typed) in {birth, usage, birth + usage, usage + birth} - {""}


def same_first_name(typed: str, declared: str) -> bool:
    """Compare given names: the same altogether, or all the words of one among those of the other."""
    if comparison_key(typed) == comparison_key(declared):
        return True
    one, other = (
        {comparison_key(word) for word in WORD.findall(names)} - {""} for names in (typed, declared)
    )
    return bool(one and other) and (one <= other or other <= one)


def contacts_known_by(first_name: str, last_name: str, mobile: str) -> list[GuardianContact]:
    """Return the schools' records of the person with this name and number who has a child there now.

    One statement whatever is found. A record that is somebody's to call only gives no access.
    """
    tied = GuardianTie.objects.filter(
        Exists(Schooling.objects.with_access().filter(student=OuterRef("student"))),
        contact=OuterRef("pk"),
        removed_at=None,
        responsibility__in=GIVES_ACCESS,
    )
    found = GuardianContact.objects.filter(Exists(tied), mobile=mobile).exclude(mobile="").order_by("pk")
    return [
        contact
        for contact in found[:50]
        if same_family_name(last_name, contact) and same_first_name(first_name, contact.first_name)
    ]
