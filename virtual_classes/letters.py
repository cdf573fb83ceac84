"""The letters of this app, written when they are sent. Discovered by ``notifications``.

Neither the title of a class nor anything else that somebody typed stands in them: who types a stranger's
address must not be able to write to them through the portal.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.letters import first_words, page, write
from notifications import letters as notification_letters
from notifications.letters import Context, Letter, NothingToSend

from . import inviting, scheduling
from .models import Mode, VirtualClass


def invitation_letter(context: Context) -> Letter:
    """Tell somebody that a teacher expects them in a class; its link is the one that opens it now."""
    classes = VirtualClass.objects.alive().select_related("teacher", "academy", "school")
    found = classes.filter(public_id=context.reference).first()
    if found is None or not context.to:
        raise NothingToSend
    teacher = found.teacher
    return write(
        "virtual_classes/letters/invitation",
        {
            "teacher": f"{first_words(teacher.first_name)} {first_words(teacher.last_name)}",
            "place": found.school.name if found.school else found.academy.name,
            "needs_account": found.mode == Mode.ACCOUNT,
            "url": page("class_door", token=scheduling.link_of(found)),
        },
    )


notification_letters.register(inviting.KIND, invitation_letter, label=_("Invitation à une classe virtuelle"))
