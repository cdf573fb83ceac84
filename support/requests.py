"""Asking a school for help, and being answered: the human way out of every refusal.

Whatever a school knows of the person, the same statements run and the same page follows (SAFETY G1): a
request holds what was typed, and is compared with nothing. Everybody may ask, five times a day (T47).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.addresses import mailbox_key
from accounts.models import Power, User
from audit import journal
from notifications import outbox
from schools.models import Academy, School, Student
from throttling import limits

from .answerers import dane_of, heads_of
from .models import SupportRequest

KIND_COPY = "support.copy"  # to the person: it has arrived
KIND_ANSWER = "support.answer"  # to the person, by mail or SMS: there is an answer
KIND_NUDGE = "support.nudge"  # to the head: something waits, once a day
KIND_NUDGE_DANE = "support.nudge_dane"  # to the DANE, of what no head reads

OPENED = journal.register_act("request.opened", _("Demande envoyée à un établissement"))
ANSWERED = journal.register_act("request.answered", _("Demande répondue"))
CLOSED = journal.register_act("request.closed", _("Demande classée sans réponse"))

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
KEPT = timedelta(days=90)  # after it was closed
FORGOTTEN = timedelta(days=365)  # what nobody closed


class NotAllowed(Exception):
    """This request is not this person's to answer."""


class NotOpen(Exception):
    """Somebody has answered it, or put it away."""


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who asks, as they typed it, and the one way to reach them: mail, mobile, or none."""

    first_name: str
    last_name: str
    mail: str = ""
    mobile: str = ""
    language: str = "fr"
    user: User | None = None


@dataclass(frozen=True)
class Place:
    """Whom it goes to: a school, or its académie where the person does not know the school."""

    academy: Academy
    school: School | None = None


def open(
    *,
    kind: str,
    reason: str,
    asker: Asker,
    place: Place,
    submission: uuid.UUID,
    browser: str,
    client: str,
    child: str = "",
    text: str = "",
    way_on: str = "home",
) -> SupportRequest:
    """Send a request; the same form sent twice is one. Raises :class:`throttling.limits.Refused`.

    ``browser`` is the hash of the browser's number, ``client`` its network, ``way_on`` the name of the page
    that the answer leads to. The person gets a copy by mail where they gave an address.
    """
    before = SupportRequest.objects.filter(submission=submission).first()
    if before is not None:
        return before
    limits.hit(
        limits.Limit("support.device", browser, 5, DAY),
        limits.Limit("support.network", client, 60, HOUR),
        limits.Limit("support.reached", mailbox_key(asker.mail) if asker.mail else asker.mobile, 5, DAY),
    )
    with transaction.atomic():
        return write(
            kind=kind,
            reason=reason,
            asker=asker,
            place=place,
            submission=submission,
            child=child,
            text=text,
            way_on=way_on,
        )


def write(
    *,
    kind: str,
    reason: str,
    asker: Asker,
    place: Place,
    submission: uuid.UUID,
    child: str = "",
    text: str = "",
    way_on: str = "home",
    student: Student | None = None,
) -> SupportRequest:
    """Write a request, in the caller's transaction: one that the portal opens by itself counts for nobody.

    ``submission`` makes it one: the second of the same is the first.
    """
    asked, is_new = SupportRequest.objects.get_or_create(
        submission=submission,
        defaults={
            "kind": kind,
            "reason": reason,
            "school": place.school,
            "academy": place.academy,
            "user": asker.user,
            "student": student,
            "first_name": asker.first_name,
            "last_name": asker.last_name,
            "mail": asker.mail,
            "mobile": asker.mobile,
            "language": asker.language,
            "child": child,
            "text": text,
            "way_on": way_on,
        },
    )
    if not is_new:
        return asked
    journal.record(
        act=OPENED,
        actor=asker.user.subject if asker.user else "stranger",
        subject=asked.subject,
        academy=place.academy.code,
    )
    if asker.mail:
        outbox.post(
            kind=KIND_COPY, reference=str(asked.public_id), to=asker.mail, language=asker.language,
            academy=place.academy.code,
        )  # fmt: skip
    _nudge(asked, place)
    return asked


def _nudge(asked: SupportRequest, place: Place) -> None:
    """Write to the head that something waits, or to the DANE where no head has an account.

    Once a day for each school, or académie, and nothing of what it is.
    """
    if SupportRequest.objects.nudged_lately(place.academy, place.school).exists():
        return
    if place.school is not None and (boxes := heads_of(place.school)):
        kind, reference = KIND_NUDGE, str(place.school.public_id)
    else:
        boxes, kind, reference = dane_of(place.academy), KIND_NUDGE_DANE, place.academy.code
    for box in boxes:
        outbox.post(kind=kind, reference=reference, to=box, academy=place.academy.code)
    if boxes:
        SupportRequest.objects.filter(pk=asked.pk).update(nudged=True)


def answer(asked: SupportRequest, text: str, *, by: User, reason: str = "") -> None:
    """Answer a request, which closes it; the person is told, and led on from where they were.

    Raises :class:`NotAllowed`, and :class:`NotOpen` for the second of two who answer at once.
    """
    _end(asked, by=by, act=ANSWERED, state=SupportRequest.State.ANSWERED, text=text, reason=reason)


def close(asked: SupportRequest, *, by: User, reason: str = "") -> None:
    """Put a request away without an answer. Raises :class:`NotAllowed` and :class:`NotOpen`."""
    _end(asked, by=by, act=CLOSED, state=SupportRequest.State.CLOSED, reason=reason)


def _end(asked: SupportRequest, *, by: User, act: str, state: str, text: str = "", reason: str = "") -> None:
    mine = SupportRequest.objects.open_to(by.scope(Power.ANSWER_FAMILIES))
    if not mine.filter(pk=asked.pk).exists():
        raise NotAllowed
    with transaction.atomic():
        changed = SupportRequest.objects.waiting().filter(pk=asked.pk)
        if not changed.update(state=state, answer=text, answered_by=by, closed_at=Now()):
            raise NotOpen
        journal.record(
            act=act, actor=by.subject, subject=asked.subject, reason=reason, academy=asked.academy.code
        )
        if text and asked.has_way_back:
            outbox.post(
                kind=KIND_ANSWER,
                reference=str(asked.public_id),
                to=asked.mail or asked.mobile,
                channel=outbox.Channel.MAIL if asked.mail else outbox.Channel.SMS,
                language=asked.language,
                academy=asked.academy.code,
            )
    asked.refresh_from_db()


def are_of(user: User, first_name: str, last_name: str, *, mobile: str) -> None:
    """Note whose requests those are that came from a number which has just proved to be theirs (GDPR 15, 17).

    Two guardians may share a telephone: those with the names that were typed only.
    """
    if mobile:
        asked = SupportRequest.objects.filter(user=None, mobile=mobile)
        asked.filter(first_name=first_name, last_name=last_name).update(user=user)


def purge() -> int:
    """Delete requests three months after they were closed, and after a year those that nobody closed."""
    over = SupportRequest.objects.filter(closed_at__lt=Now() - KEPT)
    forgotten = SupportRequest.objects.filter(opened_at__lt=Now() - FORGOTTEN, closed_at=None)
    return over.delete()[0] + forgotten.delete()[0]
