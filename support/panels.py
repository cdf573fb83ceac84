"""What the head of a school sees on « Mon espace »: families who wait. Discovered by ``accounts``."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.panels import Panel, register
from schools.scope import Scope

from .models import SupportRequest

MOST = 99  # counted no further


def _requests(user: User) -> Panel | None:
    uai = user.school_headed()
    if not uai:
        return None
    waiting = SupportRequest.objects.open_to(Scope(schools=frozenset({uai}))).waiting()
    return Panel(
        title=_("Les demandes des familles"),
        template="support/panels/requests.html",
        context={"waiting": waiting[: MOST + 1].count(), "most": MOST},
    )


register(6, _requests)
