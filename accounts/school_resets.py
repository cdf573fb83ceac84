"""One act ends all sessions of a school and has new passwords chosen (SAFETY G16, T52).

After the attacks of March 2024, when pupils' stolen accounts threatened whole schools: whoever knows a
password knows nothing any more. 5,000 accounts within a minute, some hundred in each transaction.

- The old password opens nothing: its owner is told, at the door, how to get another one. A letter goes to who
  has an address, or to who holds the account; the others get a new letter from their school.
- Whoever asks keeps their own session and password, just proved: they have work to do. Who has a role in the
  administration is left alone, as by any act of staff (:mod:`accounts.assistance`).
- Guardians belong to other schools too: they are taken along where that is asked for.
"""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.models import School
from schools.rosters.nudging import soon
from throttling import limits

from . import belonging, crowds, recovery
from .models import Merge, Power, SchoolReset, User

ASKED = journal.register_act(
    "school.reset_asked", _("Sessions et mots de passe d’un établissement remis à zéro")
)
FINISHED = journal.register_act("school.reset_finished", _("Remise à zéro d’un établissement terminée"))
CLOSED = journal.register_act("password.closed_with_school", _("Mot de passe fermé avec l’établissement"))

TASK = "accounts.tasks.reset_school"
CHUNK = 500  # people in one transaction: none is locked for longer than a moment
LEASE = timedelta(seconds=20)  # longer than a chunk takes; then another worker takes over
PATIENCE = 40  # seconds of one call, well before its task would be cut
KEPT = timedelta(days=365)


class NotAllowed(Exception):
    """This school is not this person's to reset."""


def ask(
    school: School, *, optional: frozenset[str], submission: uuid.UUID, by: User, reason: str
) -> SchoolReset:
    """Ask for a school's reset, which a worker begins at once; return its row.

    ``optional``: the codes of crowds that are taken along only where somebody wants it (guardians). The same
    form sent twice is one reset (SAFETY F14), and so is one asked for while another is under way. Raises
    :class:`NotAllowed`, and :class:`throttling.limits.Refused` after five in a day.
    """
    if not School.objects.open_to(by.scope(Power.RESET_SCHOOL)).filter(pk=school.pk).exists():
        raise NotAllowed
    before = SchoolReset.objects.filter(Q(submission=submission) | Q(school=school, finished_at=None)).first()
    if before is not None:
        return before
    limits.hit(limits.Limit("school_reset", school.uai, 5, timedelta(days=1)))
    codes = [each.code for each in crowds.registered() if not each.is_optional or each.code in optional]
    try:
        with transaction.atomic():
            asked = SchoolReset.objects.create(
                submission=submission,
                school=school,
                crowds=codes,
                asked_by=by,
                asker=by.subject,
                reason=reason,
                expected=crowds.people_of(school, codes, but=_left_alone(by.pk)).count(),
            )
            journal.record(
                act=ASKED,
                actor=by.subject,
                subject=school.subject,
                fields=codes,
                reason=reason,
                academy=school.academy.code,
            )
            soon(TASK, asked.public_id)
    except IntegrityError:  # another tab was quicker
        return SchoolReset.objects.filter(Q(submission=submission) | Q(school=school)).latest("pk")
    return asked


def foreseen(school: School, *, by: User) -> list[tuple[str, int]]:
    """Return how many accounts of each crowd would be reset now, for the page that asks."""
    return [
        (str(each.label), each.people(school).exclude(_left_alone(by.pk)).count())
        for each in crowds.registered()
    ]


def has_met(user: User, *, since: Merge) -> bool:
    """Say whether a school of this account was reset after a merge had closed it, with a crowd of theirs.

    What was handed to the other account was not among the school's accounts then.
    """
    resets = SchoolReset.objects.filter(
        school__in=belonging.schools_of(user), asked_at__gte=since.made_at
    ).exclude(asked_by=user)
    return any(
        each.code in reset.crowds and each.people(reset.school).filter(pk=user.pk).exists()
        for reset in resets.select_related("school")
        for each in crowds.registered()
    )


def latest(school: School) -> SchoolReset | None:
    """Return the last reset of a school, if there was any."""
    return SchoolReset.objects.filter(school=school).order_by("-pk").first()


def work(public_id: str) -> bool:
    """Go on with a reset, chunk by chunk, for as long as a task may take; say whether nothing is left for it.

    May be called by several workers at once, and any may die: what is done and how far it is are written
    together.
    """
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if not take(public_id):
            return True
    soon(TASK, uuid.UUID(public_id))
    return False


def take(public_id: str) -> bool:
    """Do the next chunk; ``False`` when there is nothing left to do, or another worker is at it."""
    with transaction.atomic():
        reset = (
            SchoolReset.objects.unfinished()
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("school__academy")
            .filter(public_id=public_id)
            .first()
        )
        if reset is None:
            return False
        # Who came after the reset was asked for has a password that no thief knows.
        late = Q(pk__lte=reset.reached) | Q(joined_at__gt=reset.asked_at)
        people = crowds.people_of(reset.school, reset.crowds, but=_left_alone(reset.asked_by_id) | late)
        keys = list(people.order_by("pk")[:CHUNK])
        if not keys:
            _finish(reset)
            return False
        # In the order of their keys: two that lock the same people wait for each other, and never both.
        subjects = [
            each.subject
            for each in User.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
        ]
        told = recovery.make_many_choose(keys, academy=reset.school.academy.code)
        journal.record_all(
            journal.line(
                act=CLOSED,
                actor=reset.asker,
                subject=subject,
                fields=["password"],
                academy=reset.school.academy.code,
            )
            for subject in subjects
        )
        SchoolReset.objects.filter(pk=reset.pk).update(
            reached=keys[-1],
            closed=F("closed") + len(keys),
            told=F("told") + told,
            held_until=Now() + LEASE,
        )
    return True


def sweep() -> int:
    """Give what no worker goes on with to another one; return how many resets."""
    left = SchoolReset.objects.unfinished().filter(held_until__lte=Now())
    with transaction.atomic():
        keys = list(left.select_for_update(skip_locked=True).values_list("pk", "public_id"))
        SchoolReset.objects.filter(pk__in=[key for key, _public_id in keys]).update(held_until=Now() + LEASE)
        for _key, public_id in keys:
            soon(TASK, public_id)
    return len(keys)


def purge() -> int:
    """Forget resets a year after they were asked for; the journal has its own time."""
    return SchoolReset.objects.filter(finished_at__lt=Now() - KEPT).delete()[0]


def _left_alone(asker: int | None) -> Q:
    return Q(is_staff=True) | Q(pk=asker or 0)


def _finish(reset: SchoolReset) -> None:
    SchoolReset.objects.filter(pk=reset.pk).update(finished_at=Now())
    journal.record(
        act=FINISHED, actor=reset.asker, subject=reset.school.subject, academy=reset.school.academy.code
    )
