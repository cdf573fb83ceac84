"""``make bench``: the portal beside a plain django-allauth, in turn, with medians and their range."""

from __future__ import annotations

import os
import platform
import re
import socket
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from argon2.low_level import Type, hash_secret
from django.contrib.auth.hashers import make_password

from schools.school_year import SchoolYear

from . import chart, doors, guardians, letter_holders, load, processor
from .journeys import GuardianJourney, Journey, LetterJourney, PortalJourney
from .phones import Phones
from .products import Allauth, Portal, Product
from .scale.tables import Tables
from .sink import Sink

AT_ONCE = (1, 4, 16, 64)
ALONE_AT_ONCE = (1, 16)
GATE = {"cpu": 80.0, "shipped": 8.0, "same hash": 1.8, "get": 3.0, "statements": 15.0}
AIM = {"cpu": 65.0, "shipped": 10.0, "same hash": 2.3, "get": 4.0, "statements": 10.0}
SHIPPED, SAME_HASH = "allauth pbkdf2", "allauth argon2"
# Journeys whose statements are counted. The portal's last longer than the 15 seconds between two sweeps of
# the worker: a sweep is shared by all journeys meanwhile, and counting a few would share it wrongly.
COUNTED = {SHIPPED: 12, "portal": 300}


def hash_milliseconds() -> dict[str, float]:
    """Return the CPU milliseconds of one hash: libsodium's, as the portal has it, and argon2-cffi's."""

    def cost(once: Callable[[], object]) -> float:
        once()
        began = time.process_time()
        for _ in range(20):
            once()
        return (time.process_time() - began) / 20 * 1000

    salt = b"0123456789abcdef"
    return {
        "libsodium": cost(lambda: make_password("tZ7#kqpLw")),
        "argon2-cffi": cost(lambda: hash_secret(b"tZ7#kqpLw", salt, 2, 19456, 1, 32, Type.ID)),
    }


def main(*, rounds: int, most: int, out: Path, with_others: bool = True) -> int:
    """Measure, print, draw. Returns 1 when the gate is not met."""
    began = time.monotonic()
    at_once = tuple(n for n in AT_ONCE if n <= most)
    print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    busiest = ", ".join(processor.others({os.getpid()}))
    print(f"Load before: {os.getloadavg()[0]:.2f}; busiest so far: {busiest}")
    hashes: dict[str, list[float]] = defaultdict(list)
    results: dict[tuple[str, int], list[load.Outcome]] = defaultdict(list)
    gets: dict[str, list[float]] = defaultdict(list)
    statements: dict[str, float] = {}
    errors: list[str] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        sink = stack.enter_context(Sink(_free_port()))
        phones = stack.enter_context(Phones())
        products = [
            stack.enter_context(each.running()) for each in _products(Path(folder), sink.port, phones.url)
        ]
        for product in products:  # each thread of each process has its connection and its templates
            warming = 4 if product.name == SHIPPED else 32
            load.run(product.journey, sink, at_once=4, journeys=warming, cpu=product.cpu)
        for round_ in range(rounds):
            for product in products:
                for library, cost in hash_milliseconds().items():  # each time: a lent machine is not steady
                    hashes[library].append(cost)
                for families in at_once:
                    # Long enough for what is kept for seconds to be drawn as seldom as in a full minute.
                    journeys = max(2 * families, 48) if product.name != SHIPPED else max(families, 8)
                    outcome = load.run(
                        product.journey, sink, at_once=families, journeys=journeys, cpu=product.cpu
                    )
                    results[product.name, families].append(outcome)
                    errors += [f"{product.name}: {error}" for error in outcome.errors]
                gets[product.name].append(
                    load.gets_per_cpu_second(product.journey, count=200, cpu=product.cpu)
                )
            print(f"round {round_ + 1} of {rounds} after {time.monotonic() - began:.0f} s")
        log = Path(os.environ["DATA_DIR"]) / "postgresql.log"
        for product in products if log.exists() else ():
            with product.statements(log) as found:
                counted = COUNTED.get(product.name, 60)
                outcome = load.run(product.journey, sink, at_once=4, journeys=counted, cpu=product.cpu)
                time.sleep(1)  # for the worker's last words
            statements[product.name] = len(found) / max(outcome.journeys, 1)
            written = Counter(" ".join(re.sub(r"'[^']*'|\b\d+\b", "?", each).split())[:150] for each in found)
            listing = "\n".join(f"{n / outcome.journeys:6.2f}  {each}" for each, n in written.most_common(80))
            (out / f"statements {product.name}.txt").write_text(listing + "\n")
        if with_others:
            portal = products[0]
            assert isinstance(portal, Portal)
            for each in _alone(portal, phones):
                errors += each.measure(portal, sink, log, rounds=rounds, most=most)
            errors += doors.at_a_portal(portal)
    return _report(results, gets, statements, hashes, errors, began, out)


@dataclass
class _Alone:
    """A way in that nothing else has, measured on this portal alone."""

    journey: Journey
    title: str
    whom: str
    declare: Callable[[Tables, int], None]  # lets schools declare so many people

    def measure(self, portal: Portal, sink: Sink, log: Path, *, rounds: int, most: int) -> list[str]:
        """Measure and print it; return what went wrong."""
        at_once = tuple(n for n in ALONE_AT_ONCE if n <= most)
        counts = {many: max(2 * many, 24) for many in at_once}
        warming, counted = 24, 40
        with portal.tables() as tables:
            self.declare(tables, warming + counted + rounds * sum(counts.values()))
        outcomes = [load.run(self.journey, sink, at_once=4, journeys=warming, cpu=portal.cpu)]
        results: Results = defaultdict(list)
        for _round in range(rounds):
            for many in at_once:
                outcome = load.run(self.journey, sink, at_once=many, journeys=counts[many], cpu=portal.cpu)
                results[f"{self.whom}s", many].append(outcome)
                outcomes.append(outcome)
        asked = float("nan")
        if log.exists():
            with portal.statements(log) as found:
                outcomes.append(load.run(self.journey, sink, at_once=4, journeys=counted, cpu=portal.cpu))
                time.sleep(1)  # for the worker's last words
            asked = len(found) / max(outcomes[-1].journeys, 1)
        print(f"\n{self.title}")
        _print_speed(results)
        _print_kinds(results)
        _print_steps(results, self.journey.steps, self.whom)
        print(f"SQL statements a {self.whom} (worker and beat included): {asked:.1f}")
        return [f"{self.whom}s: {error}" for outcome in outcomes for error in outcome.errors]


def _alone(portal: Portal, phones: Phones) -> Iterator[_Alone]:
    year = SchoolYear.current().year
    yield _Alone(
        GuardianJourney(portal.site, phones),
        "A guardian's first sign-in: identity, code by SMS, a child, password, identifier, account",
        "guardian",
        lambda tables, count: guardians.declare(tables, count, school_year=year),
    )
    yield _Alone(
        LetterJourney(portal.site),
        "A first sign-in by letter, teachers and pupils in turn: code, charter, password, contact",
        "letter",
        lambda tables, count: letter_holders.declare(
            tables, count, school_year=year, link_key=portal.environment["LINK_KEY"]
        ),
    )


def _products(folder: Path, smtp_port: int, sms_url: str) -> Iterator[Product]:
    yield Portal(folder, port=_free_port(), smtp_port=smtp_port, sms_url=sms_url)
    yield Allauth(folder, port=_free_port(), smtp_port=smtp_port, hasher="argon2")
    yield Allauth(folder, port=_free_port(), smtp_port=smtp_port, hasher="pbkdf2")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Results = dict[tuple[str, int], list[load.Outcome]]


def _report(
    results: Results,
    gets: dict[str, list[float]],
    statements: dict[str, float],
    hashes: dict[str, list[float]],
    errors: list[str],
    began: float,
    out: Path,
) -> int:
    """Print what was found, draw the chart; return 1 when the gate is missed."""
    _print_speed(results)
    _print_kinds(results)
    _print_steps(results, PortalJourney.steps)
    names = list(dict.fromkeys(name for name, _families in results))
    cpu = {
        name: statistics.median(
            outcome.cpu_per_journey
            for (each, _), found in results.items()
            if each == name
            for outcome in found
        )
        for name in names
    }
    served = "; ".join(f"{name} {load.middle(found)}" for name, found in gets.items())
    asked = "; ".join(f"{name} {found:.1f}" for name, found in statements.items())
    print(f"\nGET of the sign-in page for one CPU second: {served}")
    print(f"SQL statements a journey (worker and beat included): {asked}")
    one = {library: statistics.median(costs) for library, costs in hashes.items()}
    print(
        "CPU ms of one hash meanwhile:", "; ".join(f"{by} {load.middle(each)}" for by, each in hashes.items())
    )
    for library, cost in one.items():
        share = 100 * 2 * cost / cpu["portal"]
        print(f"Of what two hashes by {library} alone would allow, the portal reaches {share:.0f} %")
    print(
        f"A journey of the portal costs as much as {cpu['portal'] / one['libsodium']:.1f} hashes by libsodium"
    )
    own = cpu["portal"] - 2 * one["libsodium"]
    theirs = cpu[SAME_HASH] - 2 * one["argon2-cffi"]
    print(f"Without two hashes: portal {own:.0f} ms, {SAME_HASH} {theirs:.0f} ms, {theirs / own:.1f} times")
    met = not errors
    met &= _print_gate(
        {
            "cpu": cpu["portal"],
            "shipped": cpu[SHIPPED] / cpu["portal"],
            "same hash": cpu[SAME_HASH] / cpu["portal"],
            "get": statistics.median(gets["portal"]) / statistics.median(gets[SHIPPED]),
            "statements": statements.get("portal", float("nan")),
        }
    )
    for error in errors[:10]:
        print("error:", error)
    lines: dict[str, list[tuple[int, float]]] = {name: [] for name in names}
    for (name, families), outcomes in sorted(results.items()):
        lines[name].append((families, statistics.median(each.per_cpu_second for each in outcomes)))
    chart.draw(out / "journeys.svg", lines)
    took, load_now = time.monotonic() - began, os.getloadavg()[0]
    print(f"\n{len(errors)} errors; {took:.0f} s; load now {load_now:.2f}; chart: {out / 'journeys.svg'}")
    return 0 if met else 1


def _print_speed(results: Results) -> None:
    print(f"\n{'product':<16}{'at once':>8}  {'journeys/s':<24}{'per CPU-second':<24}server CPU ms a journey")
    for (name, families), outcomes in sorted(results.items()):
        said = [
            load.middle([each.per_second for each in outcomes]),
            load.middle([each.per_cpu_second for each in outcomes]),
            load.middle([each.cpu_per_journey for each in outcomes]),
        ]
        print(f"{name:<16}{families:>8}  {said[0]:<24}{said[1]:<24}{said[2]}")


def _print_kinds(results: Results) -> None:
    print("\nserver CPU ms a journey by kind of process (medians over all runs)")
    spent: dict[tuple[str, str], list[float]] = defaultdict(list)
    for (name, _families), outcomes in results.items():
        for outcome in outcomes:
            for kind, seconds in outcome.cpu.items():
                spent[name, kind].append(1000 * seconds / max(outcome.journeys, 1))
    for (name, kind), each in spent.items():
        print(f"{name:<16}{kind:<12}{statistics.median(each):>8.1f}")


def _print_steps(results: Results, steps: Sequence[str], whom: str = "family") -> None:
    most = max(families for _name, families in results)
    print(f"\np50 / p95 / p99 of each step in ms, for one {whom} at a time and for the most at once")
    for (name, families), outcomes in sorted(results.items()):
        if families in (1, most):
            said = []
            for step in steps:
                of_runs = [
                    statistics.median(outcome.percentile(step, share) for outcome in outcomes)
                    for share in (0.5, 0.95, 0.99)
                ]
                said.append(f"{step} {' / '.join(f'{each:.0f}' for each in of_runs)}")
            print(f"{name:<16}{families:>4}  {'; '.join(said)}")


def _print_gate(figures: dict[str, float]) -> bool:
    print(f"\n{'figure':<12}{'measured':>10}{'gate':>10}{'aim':>10}")
    met = True
    for name, value in figures.items():
        at_most = name in ("cpu", "statements")
        fine = value <= GATE[name] if at_most else value >= GATE[name]
        met &= fine
        sign = "≤ " if at_most else "≥ "
        gate, aim = f"{sign}{GATE[name]:g}", f"{sign}{AIM[name]:g}"
        print(f"{name:<12}{value:>10.1f}{gate:>10}{aim:>10}  {'met' if fine else 'MISSED'}")
    return met
