"""The code of a letter used: once, by who the letter is for, with few tries (SAFETY T38, G7).

Counted before it is judged, in PostgreSQL, for the identifier, the device and the network. One sentence for
every reason: nobody learns whether an identifier exists, or what is wrong with a code. What is no code at
all (:class:`Mistyped`) tells nothing, and counts nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.models import (
    Audience,
    GuardianContact,
    GuardianTie,
    Letter,
    LetterBatch,
    School,
    Schooling,
    StaffMember,
    Student,
)
from schools.models.letters import FILES_KEPT, LetterQuerySet
from schools.models.pupils import GIVES_ACCESS
from throttling import limits

from . import keeping, making, people, typesetting
from .signs import Mistyped, digest, read, shown

__all__ = (
    "Audience",
    "Mistyped",
    "NoIdentifier",
    "Replaced",
    "Spent",
    "WrongCode",
    "peek",
    "read",
    "replace",
    "shown",
    "spend",
)

SPENT = journal.register_act("letter.spent", _("Lettre de première connexion utilisée"))
REPLACED = journal.register_act("letter.replaced", _("Nouvelle lettre de première connexion donnée"))

AGAIN = timedelta(minutes=30)  # in which the device that used a code may use it again (SAFETY F13, F14)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class WrongCode(Exception):
    """No such code, or of somebody else, used, revoked, too old, of who left: nobody learns which."""


class NoIdentifier(Exception):
    """A colleague whose academic identifier the school has not declared gets no letter."""


@dataclass(frozen=True)
class Spent:
    """Who a code is: exactly one of the three is set."""

    audience: Audience
    student: Student | None = None
    staff_member: StaffMember | None = None
    contact: GuardianContact | None = None


@dataclass(frozen=True)
class Replaced:
    """A letter made by itself: what to print, and the batch whose file it is for a day."""

    batch: LetterBatch
    pdf: bytes


def _everybody(_spent: Spent) -> bool:
    return True


def spend(
    *,
    identifier: str,
    code: str,
    audiences: frozenset[Audience],
    client: str,
    network: str = "",
    holds: Callable[[Spent], bool] = _everybody,
) -> Spent:
    """Use a code; return who it is.

    ``identifier`` as typed, empty for a guardian; ``client`` names the device by an opaque string, the same
    for as long as it is the same device, ``network`` is ``client_address()`` where there is one. ``holds``
    is one more condition of a door, such as the names of a guardian, judged like the code. Whoever used a
    code may use it again for thirty minutes on the same device: a crash or a double click loses nobody.
    Outside any transaction. Raises :class:`Mistyped`, :class:`WrongCode` and
    :class:`throttling.limits.Refused`.
    """
    typed = read(code)
    counted = _count(identifier, client, network)
    letter = _judge(identifier, typed, audiences, client, holds)
    with transaction.atomic():
        if Letter.objects.alive().filter(pk=letter.pk).update(spent_at=Now(), spent_by=_device(client)):
            journal.record(
                act=SPENT,
                actor=letter.person.subject,
                subject=letter.person.subject,
                academy=letter.batch.school.academy.code,
            )
        elif not _usable(client).filter(pk=letter.pk).exists():
            raise WrongCode
    limits.give_back(*counted)
    return _spent(letter)


def peek(
    *,
    identifier: str,
    code: str,
    audiences: frozenset[Audience],
    client: str,
    network: str = "",
    holds: Callable[[Spent], bool] = _everybody,
) -> Spent:
    """Judge a code as :func:`spend` does, and leave it unused: the same counts, the same exceptions."""
    typed = read(code)
    counted = _count(identifier, client, network)
    letter = _judge(identifier, typed, audiences, client, holds)
    limits.give_back(*counted)
    return _spent(letter)


def replace(
    person: Student | StaffMember | GuardianContact,
    *,
    school: School,
    by: str,
    submission: UUID,
    language: str = "fr",
) -> Replaced:
    """Make one new letter for somebody of a school; the one before is worth nothing from now on.

    The caller has checked that ``by``, as the journal names them, may do that: a head, or a teacher of the
    pupil's class. The same form sent twice gives the same letter, as long as its file is kept (SAFETY F14).
    Outside any transaction. Raises :class:`NoIdentifier`, :class:`schools.letters.keeping.NoFile` for a form
    that was sent before and whose file is erased, :class:`schools.letters.typesetting.Unprintable`, and
    :class:`throttling.limits.Refused` (ten a day for a person, two hundred for who gives).
    """
    before = LetterBatch.objects.filter(submission=submission, school=school, asked_by=by).first()
    if before is not None:
        return _as_before(before)
    if isinstance(person, StaffMember) and not person.identifier:
        raise NoIdentifier
    limits.hit(
        limits.Limit("letters.replaced_person", person.subject, 10, DAY),
        limits.Limit("letters.replaced_by", by, 200, DAY),
    )
    audience = {Student: Audience.PUPIL, StaffMember: Audience.STAFF, GuardianContact: Audience.GUARDIAN}
    with transaction.atomic():
        batch = LetterBatch.objects.create(
            submission=submission,
            school=school,
            audience=audience[type(person)],
            includes_known=True,
            language=language,
            per_page=1,
            state=LetterBatch.State.READY,
            total=1,
            made=1,
            printed=1,
            asked_by=by,
            expires_at=making.LastMoment(),
            ready_at=Now(),
            files_until=Now() + FILES_KEPT,
        )
        batch.refresh_from_db()
        lines = making.write(batch, [people.recipient(person, school)])
        pdf = typesetting.pdf(batch, lines)
        making.keep_pdf(batch, 0, pdf, 1)
        making.begin_to_count(batch)
        journal.record(act=REPLACED, actor=by, subject=person.subject, academy=school.academy.code)
    return Replaced(batch, pdf)


def _as_before(batch: LetterBatch) -> Replaced:
    file = batch.files.first() if LetterBatch.objects.with_files().filter(pk=batch.pk).exists() else None
    if file is None:
        raise keeping.NoFile
    return Replaced(batch, keeping.unseal(file.sealed))


# --- how --------------------------------------------------------------------------------------------


def _count(identifier: str, client: str, network: str) -> dict[limits.Limit, int]:
    """Count a try on every limit it meets. A whole school stands behind one network (SAFETY G15)."""
    every = [
        limits.Limit("letters.identifier", identifier[:100], 25, DAY),
        limits.Limit("letters.device", client[:200], 10, DAY),
    ]
    if not identifier:
        every = every[1:]  # guardians are counted by name where their names are asked for
    if network:
        every.append(limits.Limit("letters.network", network, 300, HOUR))
    return limits.hit(*every)


def _judge(
    identifier: str,
    typed: str,
    audiences: frozenset[Audience],
    client: str,
    holds: Callable[[Spent], bool],
) -> Letter:
    """Return the letter of a code, if it is all that it must be; two statements whatever is wrong."""
    name = " ".join(identifier.split()).casefold()
    letter = (
        _usable(client)
        .filter(_has_access(), digest=digest(typed), audience__in=audiences)
        .select_related(
            "student__merged_into", "staff_member__school", "contact__school", "batch__school__academy"
        )
        .first()
    )
    if letter is None or _identifier_of(letter) != name or not holds(_spent(letter)):
        raise WrongCode
    return letter


def _usable(client: str) -> LetterQuerySet:
    """Return the letters that can be used now, by this device: unused, or used by itself a moment ago."""
    unused = Q(spent_at=None, revoked_at=None, expires_at__gt=Now())
    again = Q(spent_at__gt=Now() - AGAIN, spent_by=_device(client))
    return Letter.objects.given().filter(unused | again)


def _has_access() -> Q:
    """Return the condition that the school's record still gives its person something (SAFETY T51).

    And that it gives a colleague no more than when the letter was asked for: who became head since, or was
    let look after a part of the school, gets another one (:func:`.revoking.outgrow`).
    """
    here = Schooling.objects.with_access()
    pupils = here.filter(Q(student=OuterRef("student")) | Q(student=OuterRef("student__merged_into")))
    ties = GuardianTie.objects.filter(
        Exists(here.filter(student=OuterRef("student"))),
        contact=OuterRef("contact"),
        removed_at=None,
        responsibility__in=GIVES_ACCESS,
    )
    staff = (
        StaffMember.objects.with_access()
        .filter(Q(letters_since=None) | Q(letters_since__lte=OuterRef("batch__asked_at")))
        .filter(pk=OuterRef("staff_member"))
    )
    return (
        Q(Exists(pupils), audience=Audience.PUPIL)
        | Q(Exists(staff), audience=Audience.STAFF)
        | Q(Exists(ties), audience=Audience.GUARDIAN)
    )


def _identifier_of(letter: Letter) -> str:
    if letter.student is not None:
        return letter.student.identifier
    return letter.staff_member.identifier.casefold() if letter.staff_member is not None else ""


def _spent(letter: Letter) -> Spent:
    student = letter.student
    if student is not None and student.merged_into is not None:
        student = student.merged_into  # two records of one child became one since
    return Spent(Audience(letter.audience), student, letter.staff_member, letter.contact)


def _device(client: str) -> str:
    return hashlib.sha256(f"schools.letters|{client}".encode("utf-8", "surrogatepass")).hexdigest()
