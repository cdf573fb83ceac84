"""What a guardian sees on « Mon espace »: the children (SCREENS D10). Discovered by ``accounts``."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts import standing
from accounts.models import User
from accounts.panels import Panel, register
from schools.models import Responsibility

from .identifiers import EDUCONNECT
from .models import Guardianship


def _children(user: User) -> Panel | None:
    if EDUCONNECT not in standing.of(user).doors:
        return None
    ties = (
        Guardianship.objects.in_force()
        .filter(user=user)
        .select_related("tie__student", "tie__contact__school")
        .order_by("tie__student__first_name", "pk")
    )
    children: dict[int, dict[str, object]] = {}
    for each in ties:
        child = children.setdefault(
            each.tie.student_id, {"name": str(each.tie.student), "schools": [], "is_legal": False}
        )
        child["schools"].append(each.tie.contact.school)  # type: ignore[attr-defined]
        child["is_legal"] = child["is_legal"] or each.tie.responsibility == Responsibility.LEGAL
    return Panel(
        title=_("Les élèves dont je suis le représentant légal"),
        template="guardians/panels/children.html",
        context={"children": list(children.values())},
    )


register(8, _children)
