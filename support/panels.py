"""What the head of a school sees on « Mon espace »: families who wait. Discovered by ``accounts``."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import Power, User
from accounts.panels import Panel, register
from schools.scope import Scope

from .models import SupportRequest

MOST = 99  # counted no further


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
