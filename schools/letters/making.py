"""The life of a batch of letters: asked for by a head, made by a worker, printed, then in force.

A worker makes a hundred letters in one transaction, then their pages, five hundred to a file. Whatever kills
it loses at most that: the next one asks who has no letter of this batch yet (SAFETY F6). Only once every page
is there do the new codes count, and the older letters of these people stop counting, all in one moment.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import DateTimeField, F, Func, Q, Sum
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.models import Division, Letter, LetterBatch, LetterFile, LetterPart, School, Student
from schools.models.letters import FILES_KEPT, PERSON, Audience
from schools.rosters import nudging
from schools.scope import Scope

from . import identifiers, keeping, people, signs, typesetting
from .people import Recipient
from .typesetting import Line

logger = structlog.get_logger(__name__)

ASKED = journal.register_act("letters.asked", _("Lettres de première connexion demandées"))
GIVEN = journal.register_act("letters.given", _("Lettres de première connexion prêtes"))
GIVEN_UP = journal.register_act("letters.given_up", _("Lettres de première connexion abandonnées"))

CHUNK = 100  # letters written in one transaction
PARTS_OF_A_FILE = 5  # so many hundreds in a PDF
LEASE = timedelta(seconds=120)  # of a worker, renewed at each step
TRIES = 3  # of workers that die without getting any further
TURN = 90.0  # seconds, then another task goes on: below the limit of one

State = LetterBatch.State
TASK = "schools.tasks.make_letters"


class NotAllowed(Exception):
    """This school lies outside of where the person may give letters."""


class AlreadyOne(Exception):
    """Other letters of this school are being made."""


class Nobody(Exception):
    """Nobody waits for a letter: everybody has an account, or nothing is declared."""


# --- what people do -------------------------------------------------------------------------------


def ask(
    school: School,
    *,
    audience: Audience,
    divisions: Sequence[Division],
    language: str,
    per_page: int,
    includes_known: bool,
    scope: Scope,
    by: str,
    submission: UUID,
) -> LetterBatch:
    """Have letters made for a school, or for some of its classes; a worker begins soon.

    The same form sent twice asks once (SAFETY F14). Raises :class:`NotAllowed`, :class:`AlreadyOne` and
    :class:`Nobody`.
    """
    if not scope.covers(school.academy.code, school.uai) or any(
        division.school_id != school.pk for division in divisions
    ):
        raise NotAllowed
    before = LetterBatch.objects.filter(submission=submission, school=school).first()
    if before is not None:
        return before
    try:
        with transaction.atomic():
            batch = LetterBatch.objects.create(
                submission=submission,
                school=school,
                audience=audience,
                language=language,
                per_page=per_page,
                includes_known=includes_known,
                asked_by=by,
                expires_at=LastMoment(),
                held_until=Now() + LEASE,
            )
            batch.divisions.set(divisions)
            total = people.how_many(batch)
            if not total:
                raise Nobody
            LetterBatch.objects.filter(pk=batch.pk).update(total=total)
            _note(ASKED, batch, by)
    except IntegrityError as error:
        if "one_batch_of_letters_at_a_time" in str(error):
            raise AlreadyOne from error
        same = LetterBatch.objects.filter(submission=submission, school=school).first()
        if same is None:
            raise
        return same
    batch.refresh_from_db()
    nudging.soon(TASK, batch.public_id)
    return batch


def give_up(batch: LetterBatch, *, scope: Scope, by: str) -> None:
    """Stop making letters: the older ones stay good, none of the new ones counts. Twice is once.

    Raises :class:`NotAllowed`.
    """
    if not LetterBatch.objects.open_to(scope).filter(pk=batch.pk).exists():
        raise NotAllowed
    with transaction.atomic():
        if (
            LetterBatch.objects.unfinished()
            .filter(pk=batch.pk)
            .update(state=State.CANCELLED, held_until=None, files_erased_at=Now())
        ):
            _forget(batch)
            _note(GIVEN_UP, batch, by)


class LastMoment(Func):
    """The midnight in Paris at which codes given now end: « valable trois mois », and the last day whole."""

    template = (
        "(date_trunc('day', now() AT TIME ZONE 'Europe/Paris') + interval '91 days') "
        "AT TIME ZONE 'Europe/Paris'"
    )
    output_field = DateTimeField()


# --- what a worker does ---------------------------------------------------------------------------


def make(public_id: str) -> None:
    """Go on with a batch as far as a turn allows. Nothing for one that is not waiting or being made.

    With PostgreSQL away the row stays as it is, and the sweeper comes back to it.
    """
    taken = (
        LetterBatch.objects.unfinished()
        .filter(public_id=public_id)
        .update(state=State.MAKING, held_until=Now() + LEASE, attempts=F("attempts") + 1)
    )
    if not taken:
        return
    batch = LetterBatch.objects.select_related("school__academy").get(public_id=public_id)
    ends = time.monotonic() + TURN
    with _told(batch):
        while _write_some(batch) or _print_some(batch):
            if time.monotonic() > ends:
                nudging.publish(TASK, public_id)
                return
        finish(batch)


def _write_some(batch: LetterBatch) -> bool:
    """Write the next hundred letters; say whether there were any."""
    with _alone(batch):
        waiting = people.next_of(batch, CHUNK)
        if not waiting:
            return False
        write(batch, waiting)
        LetterBatch.objects.filter(pk=batch.pk).update(
            made=F("made") + len(waiting), attempts=0, held_until=Now() + LEASE
        )
    return True


def write(batch: LetterBatch, waiting: Sequence[Recipient]) -> list[Line]:
    """Draw a code for each and keep what their letters say, sealed; inside a transaction.

    None of the codes counts yet. Returns what the letters say.
    """
    if batch.audience == Audience.PUPIL:
        identifiers.give([each.person for each in waiting if isinstance(each.person, Student)])
    lines = [
        Line(
            name=str(each.person),
            division=str(each.division) if each.division else "",
            about=each.about,
            identifier=each.identifier,
            code=signs.draw(),
        )
        for each in waiting
    ]
    Letter.objects.bulk_create(
        Letter(
            batch=batch,
            audience=batch.audience,
            **{PERSON[Audience(batch.audience)]: each.person},
            division=each.division,
            digest=signs.digest(line.code),
            expires_at=batch.expires_at,
        )
        for each, line in zip(waiting, lines, strict=True)
    )
    LetterPart.objects.create(
        batch=batch,
        number=LetterPart.objects.filter(batch=batch).count(),
        count=len(lines),
        sealed=keeping.seal(typesetting.pack(lines)),
    )
    return lines


def _print_some(batch: LetterBatch) -> bool:
    """Make the next PDF; say whether there was one to make."""
    number = LetterFile.objects.filter(batch=batch).count()
    first = number * PARTS_OF_A_FILE
    parts = list(
        LetterPart.objects.filter(batch=batch, number__gte=first, number__lt=first + PARTS_OF_A_FILE)
    )
    if not parts:
        return False
    content = typesetting.pdf(batch, list(keeping.lines_of(parts)))  # seconds: outside any transaction
    with _alone(batch):
        keep_pdf(batch, number, content, sum(part.count for part in parts))
        LetterBatch.objects.filter(pk=batch.pk).update(
            printed=LetterFile.objects.filter(batch=batch).aggregate(all=Sum("count"))["all"],
            attempts=0,
            held_until=Now() + LEASE,
        )
    return True


def keep_pdf(batch: LetterBatch, number: int, content: bytes, count: int) -> None:
    """Keep a PDF of a batch, sealed. Another worker may have made the same one: the first stays."""
    LetterFile.objects.bulk_create(
        [
            LetterFile(
                batch=batch, number=number, count=count, size=len(content), sealed=keeping.seal(content)
            )
        ],
        ignore_conflicts=True,
    )


def finish(batch: LetterBatch) -> None:
    """Have the letters of a batch count, and older ones of the same people not any more.

    Raises :class:`Nobody` for one that has no letter.
    """
    with _alone(batch):
        if not Letter.objects.filter(batch=batch).exists():
            raise Nobody
        begin_to_count(batch)
        LetterBatch.objects.filter(pk=batch.pk).update(
            state=State.READY,
            total=F("made"),
            ready_at=Now(),
            files_until=Now() + FILES_KEPT,
            held_until=None,
        )
        _note(GIVEN, batch, batch.asked_by)


def begin_to_count(batch: LetterBatch) -> None:
    """Revoke what these people were given before, and give what this batch has; inside a transaction.

    Not to colleagues whose rights have grown since it was asked for: theirs never counts.
    """
    with connection.cursor() as cursor:
        # Two batches that share people, of two schools, take turns: a moment each.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('schools.letters'))")
    person = PERSON[Audience(batch.audience)]
    mine = Letter.objects.filter(batch=batch)
    Letter.objects.in_force().filter(**{f"{person}__in": mine.values(person)}).update(revoked_at=Now())
    outgrown = Q(staff_member__letters_since__gt=F("batch__asked_at"))
    counting = mine.filter(given_at=None).exclude(Q(staff_member__isnull=False) & outgrown)
    Letter.objects.filter(pk__in=counting.values("pk")).update(given_at=Now())


def sweep() -> int:
    """Give batches that a dead worker left to another one, or say that they failed; return how many."""
    found = 0
    with transaction.atomic():
        left = LetterBatch.objects.unfinished().filter(held_until__lt=Now()).order_by("held_until")
        for batch in left.select_for_update(skip_locked=True, of=("self",))[:50]:
            found += 1
            if batch.attempts >= TRIES:
                _fail(batch, "worker_lost")
                continue
            LetterBatch.objects.filter(pk=batch.pk).update(held_until=Now() + LEASE)
            nudging.soon(TASK, batch.public_id)
    return found


# --- how --------------------------------------------------------------------------------------------


class _Withdrawn(Exception):
    """Given up, or finished by another worker, in the meantime."""


@contextmanager
def _alone(batch: LetterBatch) -> Iterator[None]:
    """One transaction in which no other worker goes on with this batch."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '30s'")
            cursor.execute("SET LOCAL statement_timeout = '60s'")
        if not LetterBatch.objects.select_for_update().filter(pk=batch.pk, state=State.MAKING).exists():
            raise _Withdrawn
        yield


@contextmanager
def _told(batch: LetterBatch) -> Iterator[None]:
    """Turn what goes wrong into a state that says why, and never into a name or a code."""
    try:
        yield
    except _Withdrawn:
        pass
    except Nobody:
        _fail(batch, "nobody")
    except keeping.NoFile:
        _fail(batch, "files_lost")
    except typesetting.Unprintable:
        logger.error("letters_failed", error="Unprintable")
        _fail(batch, "unprintable")
    except SoftTimeLimitExceeded:
        LetterBatch.objects.unfinished().filter(pk=batch.pk).update(held_until=Now())  # the sweeper goes on
    except (OperationalError, InterfaceError):
        raise  # PostgreSQL is away, or too busy: the sweeper comes back
    except DatabaseError as error:
        logger.error("letters_failed", error=type(error).__name__)
        _fail(batch, "unexpected")
    except Exception as error:
        # Neither its text nor its frames go into the log: they hold what a letter says.
        logger.error("letters_failed", error=type(error).__name__)
        _fail(batch, "unexpected")


def _fail(batch: LetterBatch, reason: str) -> None:
    with transaction.atomic():
        if (
            LetterBatch.objects.unfinished()
            .filter(pk=batch.pk)
            .update(state=State.FAILED, reason=reason, held_until=None, files_erased_at=Now())
        ):
            _forget(batch)


def _forget(batch: LetterBatch) -> None:
    """Delete the letters of a batch that never counted, and what they say."""
    keeping.forget(batch)
    Letter.objects.filter(batch=batch, given_at=None).delete()


def _note(act: str, batch: LetterBatch, by: str) -> None:
    journal.record(
        act=act, actor=by, subject=batch.subject, fields=[batch.audience], academy=batch.school.academy.code
    )
