"""An account held for a child: who holds it, what they may do, and how the rights shift with age (DESIGN 3).

Below 15 the holders consent and give passwords. At 15 the child consents alone, and a password is not given
without the child knowing (law of 6 January 1978, article 45; SAFETY T54). At 18 nobody holds it any more.
What else must be true of a holder, the apps above say (:func:`accounts.models.custody.register`).
"""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import date, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.school_year import today
from throttling import limits

from . import correspondence, open_sessions
from .ages import DIGITAL_MAJORITY, MAJORITY, has_reached
from .backends import forget_guesses
from .models import Custody, CustodyQuerySet, Notice, RecoveryRequest, User

KIND_PASSWORD = "accounts.held_password_given"  # to the other holders  # noqa: S105
KIND_ADDRESS = "accounts.held_has_address"  # to the holders: the child has an address now
KIND_FIFTEEN = "accounts.held_at_fifteen"
KIND_EIGHTEEN = "accounts.held_at_eighteen"

HELD = journal.register_act("custody.begun", _("Compte d’enfant confié à un responsable légal"))
PASSWORD_GIVEN = journal.register_act(
    "custody.password_given", _("Mot de passe donné par un responsable légal")
)
FIFTEEN = journal.register_act("custody.fifteen", _("Rappel des droits à 15 ans, compte d’enfant"))
ENDED = journal.register_act("custody.ended", _("Compte d’enfant rendu à son titulaire, 18 ans"))

PATIENCE = 30  # seconds of one call of follow_ages(), well before its task would be cut


class NotHeld(Exception):
    """The account is not held by this person any more."""


def hold(child: User, holder: User) -> bool:
    """Let somebody hold a child's account; twice is once. ``True`` if they did not before."""
    _custody, is_new = Custody.objects.get_or_create(child=child, holder=holder, until=None)
    if is_new:
        journal.record(act=HELD, actor=holder.subject, subject=child.subject)
    return is_new


def held_by(holder: User) -> CustodyQuerySet:
    """Return what somebody holds now, with the child and its record: the one doorway for pages."""
    return Custody.objects.in_force().filter(holder=holder).select_related("child__student")


def is_held(child: User) -> bool:
    """Say whether somebody holds this account now. Asks nothing of an account that no guardian may hold."""
    return child.held_by_guardians and Custody.objects.in_force().filter(child=child).exists()


def is_of_age(child: User, age: int) -> bool:
    """Say whether a child surely has this age, by the school's record."""
    return child.student is not None and has_reached(child.student.birth_date, age, today())


def needs_a_holders_consent(user: User) -> bool:
    """Say whether a text is accepted for this person by a holder of their account: before they are 15.

    Also while nobody holds it: a child of nine agrees to nothing alone (SAFETY T54).
    """
    return user.student_id is not None and not is_of_age(user, DIGITAL_MAJORITY)


def give_password(held: Custody, password: str, *, by: User) -> None:
    """Give a held account another password: the child's sessions end, links that wait die.

    The other holders are told, and the child where it has an address; from 15 on « Mon espace » tells it too.
    Raises :class:`NotHeld` and :class:`throttling.limits.Refused`.
    """
    limits.hit(limits.Limit("custody.password", f"{by.subject} {held.public_id}", 10, timedelta(days=1)))
    encoded = make_password(password)
    with transaction.atomic():
        child = User.objects.select_for_update().get(pk=held.child_id)
        if not held_by(by).filter(pk=held.pk).exists():
            raise NotHeld
        child.password, child.owes_password = encoded, False
        child.save(update_fields=["password", "owes_password"])  # which ends every session
        RecoveryRequest.objects.filter(user=child, used_at=None).update(used_at=Now())
        open_sessions.close_all(child)
        correspondence.post(KIND_PASSWORD, child, readers=correspondence.holders_of(child, but=by))
        if child.address():
            correspondence.post(KIND_PASSWORD, child)
        if is_of_age(child, DIGITAL_MAJORITY):
            tell(child, Notice.Kind.PASSWORD_GIVEN)
        journal.record(act=PASSWORD_GIVEN, actor=by.subject, subject=child.subject, fields=["password"])
    forget_guesses(child)


def tell(child: User, kind: Notice.Kind) -> None:
    """Have « Mon espace » tell a child something, again if it was read before."""
    Notice.objects.update_or_create(user=child, kind=kind, defaults={"told_at": Now(), "read_at": None})


def unread(user: User) -> list[Notice]:
    """Return what somebody was told and has not said to have read; asks nothing for who is no pupil."""
    if user.student_id is None:
        return []
    return list(Notice.objects.filter(user=user, read_at=None).order_by("told_at"))


def read(user: User, *, kinds: Collection[str]) -> None:
    """« J’ai lu », of the kinds of notices that were on the page: one that came since is still to be read."""
    Notice.objects.filter(user=user, read_at=None, kind__in=kinds).update(read_at=Now())


def follow_ages(day: date) -> int:
    """Shift the rights of children who have reached 15, or 18, by this day in Paris; return of how many.

    Each is told once, however often this runs. It stops after half a minute, and goes on at the next call.
    """
    told = Notice.objects.filter(user=OuterRef("pk"), kind=Notice.Kind.FIFTEEN)
    grown = User.objects.filter(
        Exists(Custody.objects.open().filter(child=OuterRef("pk"))),
        ~Exists(told) | Q(student__birth_date__lte=_born_until(day, MAJORITY)),
        student__birth_date__gt="",
        student__birth_date__lte=_born_until(day, DIGITAL_MAJORITY),
    )
    shifted = 0
    stop = time.monotonic() + PATIENCE
    for child in grown.select_related("student").order_by("pk").iterator(chunk_size=200):
        if time.monotonic() > stop:
            break
        assert child.student is not None  # by the query
        if has_reached(child.student.birth_date, MAJORITY, day):
            shifted += _end(child)
        elif has_reached(child.student.birth_date, DIGITAL_MAJORITY, day):
            shifted += _fifteen(child)
    return shifted


def _born_until(day: date, age: int) -> str:
    """Return the last birth date, as schools write it, of who may have this age in the year of a day."""
    return f"{day.year - age}-12-31"


def needs_no_word_of_fifteen(child: User) -> None:
    """Note that an account begins for somebody who is 15 or more: nothing changes hands any more."""
    Notice.objects.create(user=child, kind=Notice.Kind.FIFTEEN, read_at=Now())


@transaction.atomic
def _fifteen(child: User) -> bool:
    _notice, is_new = Notice.objects.get_or_create(user=child, kind=Notice.Kind.FIFTEEN)
    if is_new:
        _tell_everybody(KIND_FIFTEEN, child)
        journal.record(act=FIFTEEN, actor="system", subject=child.subject)
    return is_new


@transaction.atomic
def _end(child: User) -> bool:
    locked = User.objects.select_for_update(of=("self",)).get(pk=child.pk)
    if not locked.custodies.filter(until=None).exists():
        return False
    _tell_everybody(KIND_EIGHTEEN, locked)
    locked.custodies.filter(until=None).update(until=Now())
    # A link that waits in a holder's mailbox opens nothing from today.
    RecoveryRequest.objects.filter(user=locked, used_at=None).update(used_at=Now())
    tell(locked, Notice.Kind.EIGHTEEN)
    locked.owes_address = not locked.address()
    locked.held_by_guardians = False
    locked.save(update_fields=["owes_address", "held_by_guardians"])
    journal.record(act=ENDED, actor="system", subject=locked.subject)
    return True


def _tell_everybody(kind: str, child: User) -> None:
    """Write to the holders, and to the child where it has an address of its own."""
    correspondence.post(kind, child, readers=correspondence.holders_of(child))
    if child.address():
        correspondence.post(kind, child)
