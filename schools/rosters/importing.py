"""The life of an import: handed over, read, looked at, applied or given up (SAFETY T48, T50, T51, F18).

A person hands files over and decides; a worker reads and writes. Each step is a state of the row, taken
by a conditional update, so that two tabs or two workers never do one thing twice.
"""

from __future__ import annotations

import errno
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F, Max
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.models import RosterImport, School, Schooling
from schools.school_year import SchoolYear
from schools.scope import Scope

from . import applying, comparing, keeping, nudging, readers, recognising, staging
from .rows import FileRefused

logger = structlog.get_logger(__name__)

HANDED_OVER = journal.register_act("roster.handed_over", _("Fichier d’un établissement déposé"))
GIVEN_UP = journal.register_act("roster.given_up", _("Fichier d’un établissement abandonné"))

MOST_BYTES = 20 * 1024 * 1024  # of all files together (SAFETY T48)
MOST_FILES = 5
LEASE = timedelta(seconds=60)  # of a worker that reads; renewed on the way
RENEWED_EVERY = 20.0  # seconds
TRIES = 3
MEMORY = 512 * 1024 * 1024  # above what the process has when it begins to read
PATIENCE = "60s"  # for one statement on a whole file; the task's own limit comes after

State = RosterImport.State
TABLES = (RosterImport.Kind.PUPILS, RosterImport.Kind.STAFF)
_FULL = {"53100": "disk_full", "53200": "memory_full", "57014": "took_too_long"}
# Somebody else wrote the same at that moment, or deleted what was found: it is compared anew.
_TRY_AGAIN = frozenset(("40P01", "40001", "23503", "23505", "55P03"))


class NotAllowed(Exception):
    """This school lies outside of where the person may import."""


class AlreadyOne(Exception):
    """Another import of this school is not finished."""


class TooLarge(Exception):
    """More bytes, or more files, than a school has."""


class NotNow(Exception):
    """The import is at another step: somebody, or a worker, was there first."""


class _Withdrawn(Exception):
    """Given up while it was read."""


# --- what people do -------------------------------------------------------------------------------


def hand_over(
    school: School, kind: str, files: Sequence[keeping.Upload], *, scope: Scope, by: str
) -> RosterImport:
    """Take a school's files, for whoever may import there; a worker reads them soon.

    A table whose columns are not all recognised waits for :func:`say_columns`; one that cannot be read
    at all is refused on the spot, and the row says why. Raises :class:`NotAllowed`, :class:`TooLarge` and
    :class:`AlreadyOne`.
    """
    if not scope.covers(school.academy.code, school.uai):
        raise NotAllowed
    if not files or len(files) > MOST_FILES or sum(each.size or 0 for each in files) > MOST_BYTES:
        raise TooLarge
    try:
        with transaction.atomic():
            made = RosterImport.objects.create(
                school=school, kind=kind, uploaded_by=by, held_until=Now() + LEASE
            )
            for position, upload in enumerate(files):
                keeping.keep(made, position, upload)
            journal.record(
                act=HANDED_OVER, actor=by, subject=school.subject, fields=[kind], academy=school.academy.code
            )
            if kind in TABLES:
                _look_at_columns(made)
    except IntegrityError as error:
        if "one_import_at_a_time" in str(error):
            raise AlreadyOne from error
        raise
    made.refresh_from_db()
    if made.state == State.UPLOADED:
        nudging.soon("schools.tasks.read_roster", made.public_id)
    return made


def say_columns(roster_import: RosterImport, mapping: Mapping[str, str]) -> None:
    """Say which column of a table holds what; a worker reads it then. Raises :class:`NotNow`."""
    _step(roster_import, State.MAPPING, State.UPLOADED, mapping=dict(mapping), held_until=Now() + LEASE)
    nudging.soon("schools.tasks.read_roster", roster_import.public_id)


def columns_of(roster_import: RosterImport) -> readers.Columns:
    """Return the columns of the table that was handed over. Raises :class:`FileRefused`."""
    with keeping.files_of(roster_import) as paths:
        return readers.columns(paths[0], readers.Kind(roster_import.kind))


def decide(roster_import: RosterImport, *, by: str, confirmed: bool = False) -> None:
    """Have a file applied that was read. ``confirmed``: it was said twice that so many leave.

    Raises :class:`NotNow`, and :class:`schools.rosters.applying.ConfirmationWanted`.
    """
    if comparing.shrinks(roster_import.counts) and not confirmed:
        raise applying.ConfirmationWanted(roster_import.counts)
    _step(
        roster_import,
        State.READY,
        State.APPLYING,
        decided_by=by,
        confirmed=confirmed,
        attempts=0,
        held_until=Now() + LEASE,
    )
    nudging.soon("schools.tasks.apply_roster", roster_import.public_id)


def give_up(roster_import: RosterImport, *, by: str) -> None:
    """Forget a file that is not being applied: nothing changes. Raises :class:`NotNow`."""
    with transaction.atomic():
        _step(
            roster_import,
            (State.MAPPING, State.UPLOADED, State.READING, State.READY),
            State.CANCELLED,
            decided_by=by,
            finished_at=Now(),
        )
        forget(roster_import)
        school = roster_import.school
        journal.record(act=GIVEN_UP, actor=by, subject=school.subject, academy=school.academy.code)


# --- what a worker does ---------------------------------------------------------------------------


def read(public_id: str) -> None:
    """Read an import that waits, and compare it with what is known. Nothing for any other one.

    Whatever goes wrong ends in a state that says so; with PostgreSQL away the row stays as it is, and the
    sweeper comes back to it.
    """
    taken = RosterImport.objects.filter(public_id=public_id, state=State.UPLOADED).update(
        state=State.READING, held_until=Now() + LEASE, attempts=F("attempts") + 1, progress=0
    )
    if not taken:
        return
    held = RosterImport.objects.select_related("school__academy").get(public_id=public_id)
    with _told(held, State.READING):
        if _recognise(held):
            return
        with keeping.files_of(held) as paths, _memory_limit():
            opened = readers.open_roster(
                paths, readers.Kind(held.kind), mapping=held.mapping or None, uai=held.school.uai
            )
            take_in(held, opened)


def _recognise(held: RosterImport) -> bool:
    """Say whether the same files were applied and nothing changed since; it is then ready, unread."""
    with _alone(held, State.READING):
        same = recognising.before(held)
        if same is None:
            return False
        staging.forget(held)
        held.counts = recognising.repeat(held, same)
        held.digest, held.rows_digest = same.digest, same.rows_digest
        held.school_year, held.unchanged_since = same.school_year, same.unchanged_since or same.finished_at
        held.state, held.progress, held.held_until = State.READY, 100, None
        held.save(
            update_fields=["counts", "digest", "rows_digest", "school_year", "unchanged_since", "state",
                           "progress", "held_until"]
        )  # fmt: skip
    return True


def take_in(held: RosterImport, opened: readers.Reading) -> None:
    """Stage all rows of a file that is open, and say what they change. Raises :class:`FileRefused`."""
    if opened.heading.uai and opened.heading.uai != held.school.uai:
        raise FileRefused("uai_other")
    held.school_year = _year_of(held, opened.heading.school_year)
    with staging.spool(opened.rows(), held.pk, on_the_way=_renewal(held, opened)) as spools:
        if not spools.rows_of_people:
            raise FileRefused("nobody")
        with _alone(held, State.READING):
            staging.forget(held)
            held.refusals.all()._raw_delete(using="default")
            spools.copy()
        staging.let_planner_know()
        with _alone(held, State.READING):
            counts = comparing.compare(held)
            counts["staged"] = staging.how_many(held)
            counts["lines"] = spools.refused
            held.counts = counts
            held.digest = recognising.says(held, exported_on=opened.heading.exported_on)
            held.state, held.progress, held.held_until = State.READY, 100, None
            held.save(update_fields=["counts", "digest", "state", "progress", "held_until", "school_year"])


def apply(public_id: str) -> None:
    """Apply an import whose application was asked for: all of it, or nothing of it.

    More may leave by now than was confirmed: it then waits for another decision.
    """
    held = (
        RosterImport.objects.select_related("school__academy")
        .filter(public_id=public_id, state=State.APPLYING)
        .first()
    )
    if held is None:
        return
    RosterImport.objects.filter(pk=held.pk).update(attempts=F("attempts") + 1)
    with _told(held, State.APPLYING):
        for number in range(1, TRIES + 1):
            try:
                _apply(held, again=number > 1 or held.is_outdated)
            except DatabaseError as error:
                if number == TRIES or _code_of(error) not in _TRY_AGAIN:
                    raise
            else:
                break


def _apply(held: RosterImport, *, again: bool) -> None:
    with _alone(held, State.APPLYING):
        if held.unchanged_since:
            _apply_nothing(held)
            return
        try:
            counts = applying.write(held, again=again)
        except applying.ConfirmationWanted as more:
            kept = {name: held.counts[name] for name in ("staged", "lines")}
            held.counts = {**more.counts, **kept}
            held.state, held.held_until = State.READY, None
            held.save(update_fields=["counts", "state", "held_until"])
            return
        counts["lines"] = held.counts["lines"]
        held.counts = counts
        held.rows_digest = recognising.rows_of(held)
        _finish(held)


def _apply_nothing(held: RosterImport) -> None:
    """End an import that changes nothing, or have it read after all: somebody touched the school since."""
    if recognising.rows_of(held) == held.rows_digest:
        applying.note(held, held.counts)
        _finish(held)
        return
    RosterImport.objects.filter(pk=held.pk).update(
        state=State.UPLOADED, unchanged_since=None, digest="", rows_digest="", counts={}, attempts=0,
        held_until=Now() + LEASE,
    )  # fmt: skip
    nudging.soon("schools.tasks.read_roster", held.public_id)


def _finish(held: RosterImport) -> None:
    held.state, held.held_until = State.APPLIED, None
    held.save(update_fields=["counts", "rows_digest", "state", "held_until"])
    RosterImport.objects.filter(pk=held.pk).update(finished_at=Now())
    forget(held)


def forget(roster_import: RosterImport) -> None:
    """Delete the bytes and the rows of an import: its counts and refused lines stay, which name nobody."""
    staging.forget(roster_import)
    keeping.forget(roster_import)


def fail(roster_import: RosterImport, code: str, *states: str) -> bool:
    """End an import that stands in one of ``states``, with the reason why; say whether it stood there."""
    with transaction.atomic():
        ended = RosterImport.objects.filter(pk=roster_import.pk, state__in=states).update(
            state=State.FAILED, reason=code, finished_at=Now(), held_until=None
        )
        if ended:
            forget(roster_import)
    return bool(ended)


# --- how --------------------------------------------------------------------------------------------


def _look_at_columns(made: RosterImport) -> None:
    try:
        found = columns_of(made)
    except FileRefused as refused:
        _refuse(made, refused)
        return
    if found.missing:
        RosterImport.objects.filter(pk=made.pk).update(state=State.MAPPING, held_until=None)


def _step(roster_import: RosterImport, before: str | tuple[str, ...], after: str, **values: object) -> None:
    """Go from one state to another, once, whoever else tries. Raises :class:`NotNow`."""
    befores = (before,) if isinstance(before, str) else before
    gone = RosterImport.objects.filter(pk=roster_import.pk, state__in=befores).update(state=after, **values)
    if not gone:
        raise NotNow
    roster_import.refresh_from_db()


@contextmanager
def _alone(held: RosterImport, state: str) -> Iterator[None]:
    """One transaction in which nobody else writes to this import, nor into its school."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")
            cursor.execute("SET LOCAL lock_timeout = '30s'")
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext('schools.rosters'), %s::int)",
                [held.school_id % 2**31],
            )
        stands = RosterImport.objects.select_for_update().filter(pk=held.pk, state=state).first()
        if stands is None:
            raise _Withdrawn
        yield


@contextmanager
def _told(held: RosterImport, state: str) -> Iterator[None]:
    """Turn what goes wrong into a state that says why, and never into a value of the file."""
    try:
        yield
    except FileRefused as refused:
        _refuse(held, refused)
    except _Withdrawn:
        pass
    except MemoryError:
        fail(held, "memory_full", state)
    except SoftTimeLimitExceeded:
        fail(held, "took_too_long", state)
    except applying.StagingLost:
        fail(held, "staging_lost", state)
    except DatabaseError as error:
        code = _code_of(error)
        if not code or (code[:2] in ("08", "57") and code != "57014"):
            raise  # PostgreSQL is away: nothing can be written down; the sweeper comes back
        logger.error("roster_failed", error=type(error).__name__, sqlstate=code, state=state)
        fail(held, _FULL.get(code, "unexpected"), state)
    except OSError as error:
        logger.error("roster_failed", error=type(error).__name__, errno=error.errno, state=state)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        fail(held, "disk_full" if full else "unexpected", state)
    except Exception as error:
        # Neither its text nor its frames go into the log: they hold lines of the file.
        logger.error("roster_failed", error=type(error).__name__, state=state, at=_place_of(error))
        fail(held, "unexpected", state)


def _refuse(held: RosterImport, refused: FileRefused) -> None:
    with transaction.atomic():
        RosterImport.objects.filter(pk=held.pk, state__in=(State.UPLOADED, State.READING)).update(
            state=State.REFUSED,
            reason=refused.code,
            reason_source=refused.source[:200],
            reason_line=refused.line,
            finished_at=Now(),
            held_until=None,
        )
        forget(held)


def _code_of(error: DatabaseError) -> str:
    return getattr(error.__cause__, "pgcode", None) or ""


def _place_of(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""


def _year_of(held: RosterImport, said: int | None) -> int:
    """Return the school year of a file; raises :class:`FileRefused` for one that is over, or far off."""
    now = SchoolYear.current().year
    year = now if said is None else said
    known = Schooling.objects.filter(school=held.school_id).aggregate(Max("school_year"))["school_year__max"]
    if year < max(known or 0, now - 1):
        raise FileRefused("year_past")
    if year > now + 1:
        raise FileRefused("year_ahead")
    return year


def _renewal(held: RosterImport, opened: readers.Reading) -> Callable[[], None]:
    """Return what a reader calls on the way: it keeps the lease, and says how far it is, ten times."""
    last_step, last_time = 0, time.monotonic()

    def renew() -> None:
        nonlocal last_step, last_time
        step = int(opened.progress() * 10)
        if step <= last_step and time.monotonic() - last_time < RENEWED_EVERY:
            return
        last_step, last_time = max(step, last_step), time.monotonic()
        still = RosterImport.objects.filter(pk=held.pk, state=State.READING).update(
            progress=min(95, last_step * 10), held_until=Now() + LEASE
        )
        if not still:
            raise _Withdrawn

    return renew


@contextmanager
def _memory_limit() -> Iterator[None]:
    """Let this process take :data:`MEMORY` more than it has, and no byte beyond (SAFETY T48)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    wanted = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(
        resource.RLIMIT_AS, (wanted if soft == resource.RLIM_INFINITY else min(soft, wanted), hard)
    )
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
