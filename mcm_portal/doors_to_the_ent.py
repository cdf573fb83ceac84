"""The doors of the ENT by the names of their pages; one that is not there leads nowhere.

Pupils and staff sign in at doors of ``accounts``; the tree of choices is data (:mod:`accounts.entrances`).
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from accounts.entrances import Choice, Leads

PUPILS, STAFF, GUARDIANS = "pupil_sign_in", "staff_sign_in", "guardian_sign_in"


def pupils() -> str:
    """Return the address of the pupils' door; empty where there is none."""
    return _address(PUPILS)


def staff(academy: str, next_url: str = "") -> str:
    """Return the address of the staff door of an académie (its code); empty where there is none."""
    address = _address(STAFF, academy)
    return f"{address}?{urlencode({'next': next_url})}" if address and next_url else address


def address_of(choice: Choice) -> str:
    """Return where a choice leads; empty for one that has a sentence instead, or whose door is not there."""
    if choice.leads_to == Leads.GUARDIANS:
        return _address(GUARDIANS)
    if choice.leads_to == Leads.PUPILS:
        return pupils()
    if choice.leads_to == Leads.STAFF:
        return staff(choice.academy)
    if choice.provider is not None and choice.provider.is_on:
        return reverse("provider_enter", args=[choice.provider.public_id])
    return ""


def _address(name: str, *rest: str) -> str:
    try:
        return reverse(name, args=rest)
    except NoReverseMatch:
        return ""
