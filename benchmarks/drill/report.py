"""What a drill gave, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .comparison import ALL_THERE_WITHIN, JUDGED_FROM, MOST_COPIES, MOST_TWICE, Findings
from .ledger import Ledger, Struck, Told

HEADINGS = ("#", "fault", "", "at", "for", "tries", "failed", "longest request", "longest stall", "it met")


def faults(ledger: Ledger) -> str:
    """Return a table: what struck, and how those fared who asked for something before the next did."""
    rows = [
        (
            str(place),
            struck.name,
            struck.number,
            f"{struck.at - ledger.began:.0f} s",
            f"{struck.healed_at - struck.at:.1f} s",
            str(len(told)),
            str(sum(not each.right for each in told)),
            f"{max((each.took for each in told), default=0):.1f} s",
            f"{max((each.waited for each in told), default=0):.1f} s",
            struck.met,
        )
        for place, (struck, told) in enumerate(_with_what_was_told(ledger), 1)
    ]
    return _table([HEADINGS, *rows])


def _with_what_was_told(ledger: Ledger) -> Iterator[tuple[Struck, list[Told]]]:
    ends = [each.at for each in ledger.faults[1:]] + [float("inf")]
    for struck, end in zip(ledger.faults, ends, strict=True):
        yield struck, [told for told in ledger.told if struck.at <= told.at < end]


def figures(found: Findings) -> str:
    """Return a table: each figure beside what is promised."""
    share = 100 * found.twice / max(found.mails, 1)
    judged = "" if found.mails >= JUDGED_FROM else f" (not judged below {JUDGED_FROM})"
    rows = [
        ("figure", "measured", "promised"),
        ("acknowledged (told to read their mail or SMS, or that it is there)", str(found.acknowledged), ""),
        (
            "done (address confirmed, identifier shown, first steps taken, led into the room)",
            str(found.done),
            "",
        ),
        ("lost", str(len(found.lost)), "0"),
        ("two sign-ups, accounts, classes or seats for one family", str(len(found.doubled)), "0"),
        ("rows that contradict each other", str(len(found.contradictions)), "0"),
        ("turned away, or no answer to the end", str(len(found.turned_away)), "0"),
        ("told that their mail was refused, and gave another address", str(found.refused), ""),
        (
            "mails and SMS that came more than once",
            f"{found.twice} of {found.mails} ({share:.1f} %)",
            f"≤ {100 * MOST_TWICE:.0f} %{judged}",
        ),
        ("most copies of one mail or SMS", str(found.most_copies), f"≤ {MOST_COPIES}"),
        ("longest request", f"{found.longest_request:.1f} s", ""),
        ("longest stall (one step of one person, every try)", f"{found.longest_stall:.1f} s", ""),
        ("p95 from the acknowledgement to the mailbox", f"{found.p95:.1f} s", ""),
        ("last mail after the last fault", f"{found.last_after:.0f} s", f"≤ {ALL_THERE_WITHIN:.0f} s"),
    ]
    return _table(rows)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as Markdown that is also readable as it is."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
