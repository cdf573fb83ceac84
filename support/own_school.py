"""The requests of families, on « Mon établissement ». Discovered by ``schools``."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Power
from schools.models import School
from schools.own_school import Figure, Page, register

from .models import SupportRequest
from .panels import MOST


def _waiting(school: School) -> Sequence[Figure]:
    found = SupportRequest.objects.filter(school=school).waiting()[: MOST + 1].count()
    return (Figure(gettext("Demandes à traiter"), min(found, MOST), more=found > MOST),)


register(
    Page(
        order=30,
        name="own_school_requests",
        label=_("Demandes"),
        says=_("Les familles qui n’arrivent pas à entrer, et ce que vous leur répondez."),
        power=Power.ANSWER_FAMILIES,
        figures=_waiting,
    )
)
