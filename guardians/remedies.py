"""What may be done for a guardian who asks their school for help. Discovered by ``support``."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from support.models import SupportRequest
from support.remedies import Remedy, register

from . import declaring


def _child_of(asked: SupportRequest) -> str:
    """Lead to the child that the portal knows the request is about, else to a search for the name typed."""
    if asked.student is not None:
        return reverse("own_school_pupil", args=[asked.student.public_id])
    return f"{reverse('own_school_pupils')}?{urlencode({'q': asked.child})}"


def _closed_until(asked: SupportRequest) -> str:
    """Say the truth about birth dates where the whole school is closed, and who can open it."""
    closed = declaring.closed_school(asked.school) if asked.school is not None else None
    if closed is None:
        return ""
    return gettext(
        "Aujourd’hui, les dates de naissance sont refusées dans tout l’établissement, même avec un code. "
        "Réouverture %(wait)s, ou avant si la DANE le décide."
    ) % {"wait": closed.wait}


register(
    Remedy(
        label=_("Trouver l’élève : donner un code d’appairage, rouvrir les essais de date de naissance"),
        address=_child_of,
        note=_closed_until,
    )
)
