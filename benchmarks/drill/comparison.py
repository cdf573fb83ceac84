"""What clients were told, beside what the database holds and what reached the mailboxes.

Nothing is read here: who calls has looked.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .ledger import Promise, Told
from .mailbox import Copy

MOST_TWICE = 0.02
MOST_COPIES = 3
ALL_THERE_WITHIN = 600.0  # seconds after the last fault
JUDGED_FROM = 200  # below so many mails one copy alone would be more than the share allowed


class Kept(NamedTuple):
    """What the database holds of one family: rows of what they began, and of what they finished."""

    begun: int
    done: int
    contradiction: str = ""  # between rows of theirs, in words


@dataclass
class Findings:
    """The figures of a drill, and whom they are about where something is wrong."""

    acknowledged: int = 0
    done: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    turned_away: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    mails: int = 0
    twice: int = 0
    most_copies: int = 0
    refused: int = 0
    longest_stall: float = 0.0
    longest_request: float = 0.0
    p95: float = math.nan
    last_after: float = 0.0

    @property
    def broken(self) -> list[str]:
        """Return what of the promise was not kept; empty when all was."""
        said = [f"lost: {each}" for each in self.lost]
        said += [f"more than one: {each}" for each in self.doubled]
        said += [f"contradictory: {each}" for each in self.contradictions]
        said += [f"turned away: {each}" for each in self.turned_away]
        said += [f"late: {each}" for each in self.late]
        if self.mails >= JUDGED_FROM and self.twice > MOST_TWICE * self.mails:
            said.append(f"{self.twice} of {self.mails} mails came more than once")
        if self.most_copies > MOST_COPIES:
            said.append(f"one mail came {self.most_copies} times")
        if not self.acknowledged:
            said.append("nobody was served")
        return said


def compare(
    promises: Iterable[Promise],
    kept: Mapping[str, Kept],
    copies: Sequence[Copy],
    owners: Mapping[str, str],
    *,
    told: Sequence[Told] = (),
    last_fault_ended: float = math.inf,
) -> Findings:
    """Compare. ``owners`` says whose each mail address is.

    A family is lost that was told to read its mail, or that something is there, and has no row; that was
    told to read its mail and has none; or that was told it is done and is not. A family is doubled for
    which the database holds two of anything, whatever it was told. A copy is another arrival of one
    Message-ID; mails to others than the families do not count.
    """
    found = Findings()
    copies = [copy for copy in copies if copy.to in owners]  # not those to the people of the demonstration
    mails: dict[str, list[Copy]] = defaultdict(list)
    for copy in copies:
        mails[owners[copy.to]].append(copy)
    waits: list[float] = []
    for promise in promises:
        family = promise.family
        rows = kept.get(family, Kept(0, 0))
        found.refused += promise.refusals
        if promise.trouble:
            found.turned_away.append(f"{family}, {promise.trouble}")
        if rows.begun > 1 or rows.done > 1:
            found.doubled.append(f"{family} has {rows.begun} begun and {rows.done} done")
        if rows.contradiction:
            found.contradictions.append(f"{family}, {rows.contradiction}")
        if promise.done_at is not None:
            found.done += 1
            if not rows.done:
                found.lost.append(f"{family} was told that it is done, and it is not")
        if promise.begun_at is None:
            continue
        found.acknowledged += 1
        if not rows.begun:
            what = "to read its mail" if promise.awaits_message else "that it is there"
            found.lost.append(f"{family} was told {what}, and nothing was kept")
        if not promise.awaits_message:
            continue
        if not mails[family]:
            found.lost.append(f"{family} was told to read its mail, and none came")
            continue
        first = min(copy.at for copy in mails[family])
        waits.append(max(0.0, first - promise.begun_at))
        after = max(first, promise.begun_at) - last_fault_ended
        found.last_after = max(found.last_after, after)
        if after > ALL_THERE_WITHIN:
            found.late.append(f"{family} had its mail {after:.0f} s after the last fault")
    links: dict[str, set[str]] = defaultdict(set)
    for copy in copies:
        links[copy.message_id].add(copy.link)
    found.lost += [f"the copies of {each} hold different links" for each in links if len(links[each]) > 1]
    # By the link, since a letter that was put in the outbox twice has two Message-IDs and one link.
    times = Counter((copy.to, copy.link or copy.message_id) for copy in copies)
    found.mails = len(times)
    found.twice = sum(count > 1 for count in times.values())
    found.most_copies = max(times.values(), default=0)
    found.longest_stall = max((each.waited for each in told), default=0.0)
    found.longest_request = max((each.took for each in told), default=0.0)
    if waits:
        found.p95 = sorted(waits)[math.ceil(0.95 * len(waits)) - 1]
    return found
