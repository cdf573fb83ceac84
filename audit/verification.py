"""Comparing the journal with its seals: is a line missing, was one added or altered, is a seal itself false?

Read in one pass by the keys of both tables, in bounded memory. What is newer than the last seal (a minute or
so) is not covered yet. docs/adr/0007 says what is found by this, and what is not.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from . import chain, journal, retention
from .chain import Keys, canonical, link
from .models import Record, Seal

INTACT = journal.register_act("audit.verified", _("Journal vérifié : intact"))
BROKEN = journal.register_act("audit.found_broken", _("Journal vérifié : anomalie"))
MOST_FAULTS = 50  # told one by one
BATCH = 1_000  # seals read at once


class Kind(StrEnum):
    """What can be wrong."""

    MISSING = "missing"  # lines under a seal are gone
    ADDED = "added"  # there are more than were sealed
    ALTERED = "altered"  # as many, but not the same
    FORGED = "forged"  # a seal that a key at hand did not make as it stands
    UNKNOWN_KEY = "unknown_key"  # seals of a key that is not at hand, with none that vouches for them
    UNCHAINED = "unchained"  # the seal before is not the one that was there
    SEALS_MISSING = "seals_missing"
    CUT_OFF = "cut_off"  # a seal that is known elsewhere is not there


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, under one seal or from one to another."""

    kind: Kind
    seal: int
    until: int = 0
    lines: int = 0
    first_id: int = 0
    last_id: int = 0

    def __str__(self) -> str:
        seals = (
            _now("Sceaux %(first)s à %(last)s") % {"first": self.seal, "last": self.until}
            if self.until > self.seal
            else _now("Sceau %(number)s") % {"number": self.seal}
        )
        if self.last_id:
            seals += _now(" (lignes %(first)s à %(last)s)") % {"first": self.first_id, "last": self.last_id}
        return f"{seals} : {self._words()}"

    def _words(self) -> str:
        match self.kind:
            case Kind.MISSING:
                return ngettext("il manque %(n)s ligne.", "il manque %(n)s lignes.", self.lines) % {
                    "n": self.lines
                }
            case Kind.ADDED:
                words = ngettext(
                    "%(n)s ligne a été ajoutée.", "%(n)s lignes ont été ajoutées.", self.lines
                )  # fmt: skip
                return words % {"n": self.lines}
            case Kind.ALTERED:
                return _now("des lignes ont été modifiées.")
            case Kind.FORGED:
                return _now("le sceau lui-même est faux.")
            case Kind.UNKNOWN_KEY:
                return _now(
                    "scellé avec une clé qui n’est pas connue ici. Ajoutez l’ancienne clé à la fin de "
                    "AUDIT_PSEUDONYM_KEY, ou à SECRET_KEY_FALLBACKS, puis recommencez."
                )
            case Kind.UNCHAINED:
                return _now("le sceau précédent n’est plus celui qui a été posé.")
            case Kind.SEALS_MISSING:
                return _now("manquant.")
            case Kind.CUT_OFF:
                return _now("ce sceau a existé, et n’est plus là tel quel.")


@dataclass
class Verdict:
    """What was found."""

    seals: int = 0
    lines: int = 0
    purged: int = 0  # seals whose lines are gone, since their time is over
    unsealed: int = 0
    last: Seal | None = None
    faults: list[Fault] = field(default_factory=list)
    more_faults: int = 0

    @property
    def intact(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.faults

    def found(self, fault: Fault) -> None:
        """Keep a fault; beyond :data:`MOST_FAULTS` only how many there are."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)
        else:
            self.more_faults += 1


class _Lines:
    """The journal from its first line on, taken range by range."""

    def __init__(self, last: int) -> None:
        self._lines = chain.lines(after=chain.LOWEST, last=last)
        self._next: tuple[Any, ...] | None = next(self._lines, None)

    def up_to(self, last: int) -> Iterator[tuple[Any, ...]]:
        """Yield the lines that were not taken yet and whose id is ``last`` or lower."""
        while self._next is not None and self._next[0] <= last:
            line, self._next = self._next, next(self._lines, None)
            yield line


def verify(*, known: str = "") -> Verdict:
    """Compare every sealed line with its seal, and each seal with the key and with its neighbours.

    ``known`` is what a log line of the sealer says (``412:9f86d081884c7d65``): that seal must be there.
    Raises ``ValueError`` for a ``known`` of another form.
    """
    wanted, _colon, beginning = known.partition(":")
    if known and not (wanted.isdecimal() and beginning):
        raise ValueError("A known seal is written NUMBER:BEGINNING, as in the log.")
    verdict, keys = Verdict(), Keys()
    over = retention.horizon()
    verdict.last = Seal.objects.order_by("-number").first()
    if verdict.last is not None:
        lines = _Lines(max(verdict.last.last_id, 0))
        before: Seal | None = None
        doubtful: list[int] = []  # the first and the last of a row of seals whose key is not at hand
        purging = True
        for seal in _seals():
            verdict.seals += 1
            chained = _judge_place(verdict, seal, before)
            if keys.authentic(seal):
                if doubtful and not (seal.vouches and chained):
                    verdict.found(Fault(Kind.UNKNOWN_KEY, *doubtful))
                doubtful = []
            elif keys.knows(seal):
                verdict.found(Fault(Kind.FORGED, seal.number))
            else:
                doubtful = [doubtful[0] if doubtful else seal.number, seal.number]
            purging = _judge_lines(verdict, seal, lines, over=over, purging=purging)
            before = seal
        if doubtful:
            verdict.found(Fault(Kind.UNKNOWN_KEY, *doubtful))
    sealed_until = verdict.last.last_id if verdict.last else 0
    verdict.unsealed = Record.objects.filter(id__gt=sealed_until).count()
    if known:
        seal_known = Seal.objects.filter(number=int(wanted), mac__startswith=beginning)
        if not seal_known.exists():
            verdict.found(Fault(Kind.CUT_OFF, int(wanted)))
    return verdict


def note(verdict: Verdict) -> None:
    """Write in the journal that it was verified, with what was found."""
    words = _now("%(seals)s sceaux, %(lines)s lignes") % {"seals": verdict.seals, "lines": verdict.lines}
    if not verdict.intact:
        words = f"{words}. {verdict.faults[0]}"
    journal.record(
        act=INTACT if verdict.intact else BROKEN, actor="system", subject="list:audit.record", reason=words
    )


def last_noted() -> Record | None:
    """Return the line that tells of the last verification; ``None`` before the first."""
    # One act at a time, so that each is the first entry of an index.
    found = [Record.objects.filter(act=act).order_by("-id").first() for act in (INTACT, BROKEN)]
    return max((each for each in found if each is not None), key=lambda each: each.pk, default=None)


def _seals() -> Iterator[Seal]:
    after = 0
    while batch := list(Seal.objects.filter(number__gt=after).order_by("number")[:BATCH]):
        yield from batch
        after = batch[-1].number


def _judge_place(verdict: Verdict, seal: Seal, before: Seal | None) -> bool:
    """Compare a seal with the one before; return whether it is chained to it."""
    expected = before.number + 1 if before else 1
    if seal.number != expected:
        verdict.found(Fault(Kind.SEALS_MISSING, expected, until=seal.number - 1))
        return False
    follows = (before.last_id if before else 0) + 1 == seal.first_id
    chained = follows and hmac.compare_digest(seal.previous, link(before) if before else "")
    if not chained:
        verdict.found(Fault(Kind.UNCHAINED, seal.number))
    return chained


def _judge_lines(verdict: Verdict, seal: Seal, lines: _Lines, *, over: datetime, purging: bool) -> bool:
    """Compare the lines under a seal with it; return whether all up to here are gone in due time."""
    digest, count, outside = hashlib.sha256(), 0, 0
    for line in lines.up_to(seal.last_id):
        if line[0] < seal.first_id:
            outside += 1
            continue
        digest.update(canonical(*line))
        count += 1
    verdict.lines += count

    def fault(kind: Kind, number: int = 0) -> Fault:
        return Fault(kind, seal.number, lines=number, first_id=seal.first_id, last_id=seal.last_id)

    if outside:
        verdict.found(Fault(Kind.ADDED, seal.number, lines=outside))
    if count == seal.count and hmac.compare_digest(digest.hexdigest(), seal.digest):
        return False
    # A purge may have come while we read: look again.
    if purging and count < seal.count and _is_purged(seal, over):
        verdict.purged += 1
        return True
    if count < seal.count:
        verdict.found(fault(Kind.MISSING, seal.count - count))
    elif count > seal.count:
        verdict.found(fault(Kind.ADDED, count - seal.count))
    else:
        verdict.found(fault(Kind.ALTERED))
    return False


def _is_purged(seal: Seal, over: datetime) -> bool:
    if seal.sealed_at >= over and seal.sealed_at >= retention.horizon():
        return False
    return not Record.objects.filter(id__range=(seal.first_id, seal.last_id)).exists()
