"""What a person sees of classes on « Mon espace »: first the one that begins. Discovered by ``accounts``."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts import standing
from accounts.models import Profile, User
from accounts.panels import Panel, register
from economy.remembered import remembered
from guardians.identifiers import EDUCONNECT

from . import teaching
from .models import ClassSession, ClassSessionQuerySet

MOST = 5
SECONDS = 20


@remembered(SECONDS)
def any_planned() -> bool:
    """Say whether anybody has a session to come: in the holidays nobody's page asks for theirs."""
    return ClassSession.objects.alive().exists()


def _classes(user: User) -> Panel | None:
    """What to open, or where to go: for a teacher always, for a pupil of a school too, who else has nothing
    on the page; for others when there is something."""
    is_teacher = teaching.seems_a_teacher(user)
    held = _next(ClassSession.objects.alive().run_by(user)) if is_teacher else []
    attended: list[ClassSession] = []
    if not is_teacher and not user.is_staff and any_planned():
        alive = ClassSession.objects.alive()
        attended = _next(alive.of_children_of(user) if _is_guardian(user) else alive.attended_by(user))
    if not is_teacher and not attended and user.student_id is None:
        return None
    return Panel(
        title=_("Mes classes virtuelles"),
        template="virtual_classes/panels/classes.html",
        context={"held": held, "attended": attended, "is_teacher": is_teacher},
    )


def _is_guardian(user: User) -> bool:
    stands = standing.of(user)
    said = any(year.profile == Profile.GUARDIAN for year in stands.enrolments)
    return user.student_id is None and (said or EDUCONNECT in stands.doors)


def _next(sessions: ClassSessionQuerySet) -> list[ClassSession]:
    return list(sessions.select_related("virtual_class__academy", "teacher").in_order()[:MOST])


register(1, _classes)
