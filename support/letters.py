"""The letters of this app, written when they are sent. Discovered by ``notifications``.

None holds what the person wrote: whoever types a stranger's address must not be able to write to them
through the portal.
"""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from accounts import links
from accounts.letters import page, write
from notifications import letters as notification_letters
from notifications.letters import Context, Letter, NothingToSend
from schools.models import Academy, School

from . import requests
from .models import SupportRequest


def _asked(context: Context) -> SupportRequest:
    found = SupportRequest.objects.select_related("school", "academy").filter(public_id=context.reference)
    asked = found.first()
    if asked is None or not context.to:
        raise NothingToSend
    return asked


def copy_letter(context: Context) -> Letter:
    """Tell the person that their request has arrived, and whom it went to."""
    asked = _asked(context)
    return write(
        "support/letters/copy",
        {"to": str(asked.school or asked.academy), "reason": asked.get_reason_display()},
    )


def answer_letter(context: Context) -> Letter:
    """Tell the person that there is an answer, by mail or SMS: its link shows it and leads on."""
    asked = _asked(context)
    if asked.state != SupportRequest.State.ANSWERED:
        raise NothingToSend
    said = {
        "by": asked.school.name if asked.school else asked.academy.name,
        "url": page("support_answer", token=links.token(requests.KIND_ANSWER, asked)),
    }
    if asked.mail:
        return write("support/letters/answer", said)
    text = render_to_string("support/letters/answer_sms.txt", said)
    return Letter(subject="", text=" ".join(text.split()))


def nudge_letter(context: Context) -> Letter:
    """Tell a head that families wait for an answer: no name, no number, nothing that they wrote."""
    school = School.objects.filter(public_id=context.reference).first()
    if school is None or not SupportRequest.objects.waiting().filter(school=school).exists():
        raise NothingToSend
    return write("support/letters/nudge", {"school": str(school), "url": page("own_school_requests")})


def nudge_dane_letter(context: Context) -> Letter:
    """Tell the DANE that families wait whom no head of a school reads: nothing of what they wrote."""
    academy = Academy.objects.filter(code=context.reference).first()
    if academy is None or not SupportRequest.objects.waiting().filter(academy=academy).exists():
        raise NothingToSend
    return write(
        "support/letters/nudge_dane",
        {"academy": academy.name, "url": page("admin:support_supportrequest_changelist")},
    )


notification_letters.register(requests.KIND_COPY, copy_letter, label=_("Demande d’aide bien reçue"))
notification_letters.register(requests.KIND_ANSWER, answer_letter, label=_("Réponse à une demande d’aide"))
notification_letters.register(requests.KIND_NUDGE, nudge_letter, label=_("Demandes qui attendent un chef"))
notification_letters.register(
    requests.KIND_NUDGE_DANE, nudge_dane_letter, label=_("Demandes qui attendent la DANE")
)
