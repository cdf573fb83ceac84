"""What the head of a school sees of families who wait, and a person of their own requests.

Discovered by ``accounts``.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import Power, User
from accounts.panels import Panel, register, register_for_school
from schools.models import School
from schools.scope import Scope

from .models import SupportRequest

MOST = 99  # counted no further
LATEST = 5  # of one's own requests to a school


def _requests(user: User) -> Panel | None:
    own = Scope(schools=user.scope(Power.ANSWER_FAMILIES).schools)
    if not own:
        return None
    waiting = SupportRequest.objects.open_to(own).waiting()
    return Panel(
        title=_("Les demandes des familles"),
        template="support/panels/requests.html",
        context={"waiting": waiting[: MOST + 1].count(), "most": MOST},
    )


register(6, _requests)


def _own_requests(user: User, school: School) -> Panel | None:
    asked = list(SupportRequest.objects.filter(user=user, school=school).order_by("-pk")[:LATEST])
    if not asked:
        return None
    return Panel(
        title=_("Mes demandes à l’établissement"),
        template="support/panels/school_requests.html",
        context={"asked": asked},
    )


register_for_school(50, _own_requests)
