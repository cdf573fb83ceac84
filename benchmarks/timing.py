"""``make bench-timing``: can a stranger tell by an answer, or by the clock, who has an account (G1, G2)?

Every flow that asks for a name or an address is tried for people who have an account and, in turn and in
a random order, for others of the same length. What differs in the answers is printed, and for the times
the AUC: the chance that a known one takes longer than an unknown one. 0.5 tells nothing.
"""

from __future__ import annotations

import argparse
import bisect
import itertools
import os
import platform
import random
import statistics
import string
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import django

LEAST, MOST = 0.40, 0.60  # SAFETY G2


@dataclass(frozen=True)
class Seen:
    """What a stranger sees of an answer, but for its time."""

    status: int
    location: str
    length: int


@dataclass
class Flow:
    """One question asked for known and unknown people."""

    name: str
    seen: dict[bool, list[Seen]] = field(default_factory=lambda: {True: [], False: []})
    seconds: dict[bool, list[float]] = field(default_factory=lambda: {True: [], False: []})

    def differences(self) -> list[str]:
        """Return what tells a known one from an unknown one without a clock; nothing if all is alike."""
        found = []
        for what in ("status", "location", "length"):
            known, unknown = ({getattr(each, what) for each in self.seen[kind]} for kind in (True, False))
            if known != unknown:
                found.append(f"{what}: known {sorted(known)}, unknown {sorted(unknown)}")
        return found

    @property
    def auc(self) -> float:
        """The chance that a known one takes longer than an unknown one."""
        return auc(self.seconds[True], self.seconds[False])

    @property
    def tells_nothing(self) -> bool:
        """Whether the flow keeps its promise."""
        return not self.differences() and LEAST <= self.auc <= MOST


def auc(ones: Sequence[float], others: Sequence[float]) -> float:
    """Return the chance that one of ``ones`` is greater than one of ``others``, a tie counting half.

    Mann and Whitney's U, divided by the number of pairs. Raises ``ValueError`` without values.
    """
    if not ones or not others:
        raise ValueError("both sides need values")
    ranked = sorted(others)
    below = sum(bisect.bisect_left(ranked, one) + bisect.bisect_right(ranked, one) for one in ones)
    return below / 2 / (len(ones) * len(others))


def like(word: str, taken: set[str], chance: random.Random) -> str:
    """Return a word of the same length, with other last letters, that nobody has."""
    head, at, tail = word.partition("@")
    while True:
        other = head[:-3] + "".join(chance.choices(string.ascii_lowercase, k=min(3, len(head))))
        if other + at + tail not in taken:
            return other + at + tail


def main(words: list[str]) -> int:
    """Measure and print; 1 if a flow tells something."""
    parser = argparse.ArgumentParser(prog="make bench-timing")
    parser.add_argument("--tries", type=int, default=200, help="of each kind and flow")
    parser.add_argument("--seed", type=int, default=2026)
    asked = parser.parse_args(words)
    django.setup()
    from benchmarks.scale.portal import FilledPortal
    from benchmarks.sink import Sink
    from mcm_portal.embedded.valkey import free_port

    chance = random.Random(asked.seed)
    print(
        f"{platform.platform()}, {os.cpu_count()} processors; "
        f"load before {os.getloadavg()[0]:.2f}; seed {asked.seed}"
    )
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        sink = stack.enter_context(Sink(free_port()))
        portal = FilledPortal(
            Path(folder), port=free_port(), smtp_port=sink.port, people=4 * asked.tries + 400
        )
        stack.enter_context(portal.running())
        with portal.tables() as tables:
            people = tables.rows(
                "SELECT n.name, e.email FROM accounts_signinname n"
                " JOIN account_emailaddress e ON e.user_id = n.user_id AND e.verified"
                " WHERE n.authority = 'mcm' AND length(n.name) > 6 ORDER BY n.id"
            )
        flows = _ask_all(portal.site, people, asked.tries, chance)
    return _report(flows)


def _ask_all(site: str, people: Sequence[tuple[str, str]], tries: int, chance: random.Random) -> list[Flow]:
    from benchmarks.browser import Browser
    from benchmarks.journeys import PortalJourney

    journey = PortalJourney(site)
    taken = {word for person in people for word in person}
    numbers = itertools.count()

    def post(browser: Browser, path: str, typed: dict[str, str]) -> tuple[Seen, float]:
        browser.took.clear()
        answer = browser.ask("POST", path, {**typed, "csrfmiddlewaretoken": browser.token}, "asked")
        browser.close()
        # What was typed stands in the page again: it is as long as what was typed.
        length = len(answer.text.replace(typed["login"], "") if "login" in typed else answer.text)
        return Seen(answer.status, answer.location, length), browser.took["asked"]

    def page(path: str, number: int) -> Browser:
        browser = Browser(site, f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
        browser.get(path, step="page")
        return browser

    def sign_up(_name: str, address: str) -> tuple[Seen, float]:
        number = next(numbers)
        client = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        browser, typed = journey.form(f"essai.{number:06d}", "tZ7#kqpLw-essai", address, client)
        return post(browser, "/college/inscription/", typed)

    def sign_in(login: str) -> tuple[Seen, float]:
        path = journey.sign_in_page()
        # A password that nobody else tries: trying one on many accounts is another limit's business.
        number = next(numbers)
        return post(page(path, number), path, {"login": login, "password": f"Faux-mot-{number:06d}"})

    def recover(login: str) -> tuple[Seen, float]:
        return post(page("/acces-oublie/", next(numbers)), "/acces-oublie/", {"login": login})

    questions: list[tuple[Flow, Callable[[str, str], tuple[Seen, float]]]] = [
        (Flow("sign-up"), sign_up),
        (Flow("sign-in by name"), lambda name, _address: sign_in(name)),
        (Flow("sign-in by address"), lambda _name, address: sign_in(address)),
        (Flow("recovery by name"), lambda name, _address: recover(name)),
        (Flow("recovery by address"), lambda _name, address: recover(address)),
    ]
    for flow, ask in questions:
        chosen = chance.sample(list(people), 2 * tries + 20)
        order = [(True, *each) for each in chosen[: tries + 10]]
        order += [
            (False, like(name, taken, chance), like(mail, taken, chance))
            for name, mail in chosen[tries + 10 :]
        ]
        warm, asked = order[:10] + order[-10:], order[10:-10]
        chance.shuffle(asked)
        for _known, name, address in warm:
            ask(name, address)
        for known, name, address in asked:
            seen, took = ask(name, address)
            flow.seen[known].append(seen)
            flow.seconds[known].append(took)
    return [flow for flow, _ask in questions]


def _report(flows: Sequence[Flow]) -> int:
    print(
        f"\n{'asked':<22}{'answers':<34}{'known ms':>10}{'unknown ms':>12}{'AUC':>8}  {LEAST:g} to {MOST:g}"
    )
    for flow in flows:
        one = flow.seen[True][0]
        answers = f"{one.status}, {one.length} signs, all alike"
        if flow.differences():
            answers = "DIFFER"
        middle = [1000 * statistics.median(flow.seconds[kind]) for kind in (True, False)]
        verdict = "met" if flow.tells_nothing else "MISSED"
        print(f"{flow.name:<22}{answers:<34}{middle[0]:>10.1f}{middle[1]:>12.1f}{flow.auc:>8.3f}  {verdict}")
        for difference in flow.differences():
            print(f"    {difference[:300]}")
    print(f"n = {len(flows[0].seconds[True])} of each; load now {os.getloadavg()[0]:.2f}")
    return 0 if all(flow.tells_nothing for flow in flows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
