"""Two portals in turn, one with few people in it and one with many; their figures side by side."""

from __future__ import annotations

import os
import platform
import random
import re
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import load, processor
from benchmarks.browser import Answer, Browser, Unexpected
from benchmarks.journeys import PortalJourney
from benchmarks.sink import Sink
from benchmarks.statements import since
from mcm_portal.embedded.valkey import free_port

from . import pages, plans
from .pages import Page
from .portal import FilledPortal

GROWTH, AIMED_GROWTH = 1.2, 1.05  # of a sign-up, from few to many
SLOWEST = 150.0  # milliseconds of a page of the administration
BATCH = 8  # sign-ups whose processor time is read at once
BEGINNING = 1 << 14  # bytes of a file that are waited for
PG_SETTLES = 11  # seconds until PostgreSQL has counted what an idle connection did


@dataclass
class SignUps:
    """What sign-ups cost on one portal."""

    seconds: list[float] = field(default_factory=list)
    cpu: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # seconds for each

    @property
    def all_cpu(self) -> list[float]:
        """The processor time of one sign-up, its letter included, once for each batch."""
        return [sum(kinds) for kinds in zip(*self.cpu.values(), strict=True)]


class Took(NamedTuple):
    """What one page took: seconds until it was there, and those of a processor."""

    seconds: float
    cpu: float


@dataclass
class PageFigures:
    """What one page took on one portal, once for each time."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    scans: list[plans.Scan] = field(default_factory=list)


Results = dict[Page, dict[str, PageFigures]]


def main(*, rows: int, few: int, rounds: int, requests: int, seed: int) -> int:
    """Fill, measure, print. Returns 1 when a gate is missed."""
    began = time.monotonic()
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.platform()}, {os.cpu_count()} processors")
    busiest = ", ".join(processor.others({os.getpid()}))
    print(f"Load before: {os.getloadavg()[0]:.2f}; busiest so far: {busiest}; seed {seed}", flush=True)
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        sink = stack.enter_context(Sink(free_port()))
        small, big = portals = [
            FilledPortal(Path(folder), port=free_port(), smtp_port=sink.port, people=people, broker=broker)
            for broker, people in enumerate((few, rows))
        ]
        for portal in portals:
            stack.enter_context(portal.running())
        time.sleep(PG_SETTLES)
        before = _read_from_end_to_end(big)
        sign_ups, journeys, errors = _people_come(portals, sink, rounds, chance)
        print(f"people came, after {time.monotonic() - began:.0f} s", flush=True)
        results = _staff_look(portals, requests, chance, errors)
        print(f"staff looked, after {time.monotonic() - began:.0f} s", flush=True)
        time.sleep(PG_SETTLES)
        with big.tables() as tables:
            sizes = plans.big_tables(tables)
        counted = {
            table: tuple(now - then for now, then in zip(after, before.get(table, (0, 0)), strict=True))
            for table, after in _read_from_end_to_end(big).items()
            if after != before.get(table)
        }
        whole = {
            table for table, (times, read) in counted.items() if read >= max(times, 1) * sizes[table] / 2
        }
        log = Path(os.environ["DATA_DIR"]) / "postgresql.log"
        asked, scans = _plans(big, sink, log, results)
    _print_sign_ups(sign_ups, small.name, big.name)
    _print_journeys(journeys)
    _print_pages(results, small.name, big.name)
    print(f"\nPlans: {asked} statements of {len(results)} pages and of the journey explained")
    for scan in scans:
        print("read from end to end:", scan)
    for table, (times, read) in counted.items():
        rest = "" if table in whole else " (none to its end: a LIMIT ends them)"
        print(f"PostgreSQL counted {times} sequential scans of {table}, {read:,} rows read{rest}")
    for error in errors[:10]:
        print("error:", error)
    met = _print_gates(sign_ups, small.name, big.name, results, len(scans), len(whole), len(errors))
    print(f"{time.monotonic() - began:.0f} s; load now {os.getloadavg()[0]:.2f}")
    return 0 if met else 1


# --- people come -----------------------------------------------------------------------------------


def _people_come(
    portals: Sequence[FilledPortal], sink: Sink, rounds: int, chance: random.Random
) -> tuple[dict[str, SignUps], dict[str, list[load.Outcome]], list[str]]:
    """Let batches of sign-ups, and whole journeys, come to one portal and to the other in turn."""
    sign_ups: dict[str, SignUps] = {portal.name: SignUps() for portal in portals}
    journeys: dict[str, list[load.Outcome]] = {portal.name: [] for portal in portals}
    errors: list[str] = []
    for portal in portals:  # warm
        load.run(portal.journey, sink, at_once=2, journeys=8, cpu=portal.cpu)
        _sign_up(portal, sink, SignUps(), -1)
    for turn in range(rounds):
        for portal in chance.sample(portals, len(portals)):
            try:
                _sign_up(portal, sink, sign_ups[portal.name], turn)
            except (Unexpected, OSError) as error:
                errors.append(f"{portal.name}: {error}")
            outcome = load.run(portal.journey, sink, at_once=1, journeys=3, cpu=portal.cpu)
            journeys[portal.name].append(outcome)
            errors += [f"{portal.name}: {error}" for error in outcome.errors]
    return sign_ups, journeys, errors


def _sign_up(portal: FilledPortal, sink: Sink, into: SignUps, turn: int) -> None:
    """Send a batch of forms that lie ready, and wait for their letters."""
    assert isinstance(portal.journey, PortalJourney)
    ready = []
    for number in range(BATCH):
        name = f"lot.{turn + 1}.{number}.{portal.people}"
        mail = f"{name}@exemple.fr"
        address = f"10.200.{(turn + 1) % 256}.{number}"
        browser, typed = portal.journey.form(name, f"tZ7#kqpLw-{name}", mail, address)
        ready.append((browser, typed, mail))
    before = portal.cpu()
    for browser, typed, _mail in ready:
        browser.post("/college/inscription/", typed, step="sign up")
    for _browser, _typed, mail in ready:
        sink.link_to(mail, {})
    after = portal.cpu()
    for browser, _typed, _mail in ready:
        into.seconds.append(browser.took["sign up"])
        browser.close()
    for kind, spent in after.items():
        into.cpu[kind].append((spent - before[kind]) / BATCH)


# --- staff look ------------------------------------------------------------------------------------


def _staff_look(
    portals: Sequence[FilledPortal], requests: int, chance: random.Random, errors: list[str]
) -> Results:
    """Ask for every page of the administration, of one portal and of the other in turn."""
    found: dict[str, dict[tuple[str, str, str], Page]] = {}
    for portal in portals:
        every = pages.all_pages(pages.acquaintances(portal.crowd))
        found[portal.name] = {(page.path, page.by, page.what): page for page in every}
    browsers = {portal.name: portal.staff() for portal in portals}
    results: Results = {}
    with ExitStack() as stack:
        cpu = {
            portal.name: partial(portal.own_cpu, stack.enter_context(portal.tables())) for portal in portals
        }
        for key, page in found[portals[-1].name].items():
            figures = results[page] = {portal.name: PageFigures() for portal in portals}
            asked = {name: _ask(found[name][key], each, cpu[name]) for name, each in browsers.items()}
            for turn in range(-1, requests):  # once to warm it
                for portal in chance.sample(portals, len(portals)):
                    try:
                        took = asked[portal.name](turn)
                    except (Unexpected, OSError) as error:
                        errors.append(f"{portal.name}, {page.path} {page.what} as {page.by}: {error}")
                        continue
                    if took is not None and turn >= 0:
                        figures[portal.name].seconds.append(took.seconds)
                        figures[portal.name].cpu.append(took.cpu)
    for each in browsers.values():
        for browser in each.values():
            browser.close()
    return results


def _ask(page: Page, browsers: dict[str, Browser], cpu: Callable[[], float]) -> Callable[[int], Took | None]:
    """Return what asks for a page once: what it took, or nothing for a page that is not there."""
    browser = browsers[page.by]
    browser.close()  # the server may have closed an idle connection; the next request opens another
    first_row: list[str] = []

    def measured(
        method: str, address: str, fields: dict[str, str] | None, most: int | None
    ) -> tuple[Answer, Took]:
        browser.took.clear()  # a browser adds up
        before = cpu()
        answer = browser.ask(method, address, fields, "page", most=most)
        # A process that ended meanwhile takes its account with it.
        return answer, Took(browser.took["page"], max(0.0, cpu() - before))

    def ask(turn: int) -> Took | None:
        address = page.address(max(turn, 0))
        if page.opens_first_row:
            if not first_row:
                text = browser.get(address, step="list").text
                first_row.extend(re.findall(rf'href="({page.path}\d+/change/)', text)[:1])
            if not first_row:
                return None
            address = first_row[0]
        if page.is_file:
            form = browser.ask("GET", address, None, "form")
            if form.status == 302:  # an empty list is no file
                return None
            fields = {"reason": pages.REASON, "csrfmiddlewaretoken": browser.token}
            answer, took = measured("POST", address, fields, BEGINNING)
            if answer.status != 200 or '"' not in answer.text:
                raise Unexpected(f"no file: {answer.status}")
            return took
        answer, took = measured("GET", address, None, None)
        if answer.status == 302 and "p=" in address:
            return None
        if answer.status != 200:
            raise Unexpected(f"{answer.status} {answer.location}")
        return took

    return ask


# --- plans -----------------------------------------------------------------------------------------


def _plans(portal: FilledPortal, sink: Sink, log: Path, results: Results) -> tuple[int, list[plans.Scan]]:
    """Read what each page and the journey ask PostgreSQL, and how it would run each statement now."""
    if not log.exists():
        raise SystemExit("The plans need the log of a PostgreSQL of our own: run it without DATABASE_URL.")
    asked = 0
    scans: list[plans.Scan] = []
    browsers = portal.staff()
    with portal.logged(), portal.tables() as tables:
        for page, figures in results.items():
            start = log.stat().st_size
            ask = _ask(page, browsers, float)
            for turn in range(len(page.numbers)):
                ask(turn)
            found = since(log, start)
            asked += plans.explained(found)
            figures[portal.name].scans = list(plans.scans(tables, found))
            scans += figures[portal.name].scans
        start = log.stat().st_size
        load.run(portal.journey, sink, at_once=2, journeys=10, cpu=portal.cpu)
        time.sleep(1)  # for the worker's last words
        found = since(log, start)
        asked += plans.explained(found)
        scans += plans.scans(tables, found)
    for browser in browsers.values():
        browser.close()
    once = {(scan.table, plans.shape(scan.statement)): scan for scan in scans}
    return asked, list(once.values())


def _read_from_end_to_end(portal: FilledPortal) -> dict[str, tuple[int, int]]:
    """Return, of each big table, how often PostgreSQL has scanned it and how many rows it read so."""
    with portal.tables() as tables:
        big = plans.big_tables(tables)
        counted = tables.rows("SELECT relname, seq_scan, seq_tup_read FROM pg_stat_user_tables")
    return {name: (scans, read) for name, scans, read in counted if name in big}


# --- what is printed -------------------------------------------------------------------------------


def percentile(seconds: Iterable[float], share: float) -> float:
    """Return, in milliseconds, how long the slowest of the quickest ``share`` took."""
    taken = sorted(seconds)
    return 1000 * taken[min(len(taken) - 1, int(share * len(taken)))] if taken else float("nan")


def growth(few: Iterable[float], many: Iterable[float]) -> float:
    """Return by how much the median has grown."""
    return statistics.median(many) / statistics.median(few)


def _print_sign_ups(found: dict[str, SignUps], small: str, big: str) -> None:
    few, many = found[small], found[big]
    print(f"\n{'sign-up POST':<28}{small:>22}{big:>22}{'growth':>9}")
    for share in (0.5, 0.95):
        values = [percentile(each.seconds, share) for each in (few, many)]
        row = f"{f'p{share * 100:.0f} ms, n = {len(many.seconds)}':<28}{values[0]:>22.1f}{values[1]:>22.1f}"
        print(f"{row}{values[1] / values[0]:>9.3f}")
    for kind in many.cpu:
        values = [1000 * statistics.median(each.cpu[kind]) for each in (few, many)]
        ratio = f"{values[1] / values[0]:.3f}" if values[0] >= 1 else "-"
        print(f"{f'CPU ms, {kind}':<28}{values[0]:>22.1f}{values[1]:>22.1f}{ratio:>9}")
    values = [1000 * statistics.median(each.all_cpu) for each in (few, many)]
    print(f"{'CPU ms, all':<28}{values[0]:>22.1f}{values[1]:>22.1f}{values[1] / values[0]:>9.3f}")


def _print_journeys(found: dict[str, list[load.Outcome]]) -> None:
    print("\np50 / p95 of each step of the journey in ms")
    for name, outcomes in found.items():
        said = []
        for step in PortalJourney.steps:
            taken = [seconds for outcome in outcomes for seconds in outcome.steps.get(step, [])]
            said.append(f"{step} {percentile(taken, 0.5):.0f} / {percentile(taken, 0.95):.0f}")
        print(f"{name:<20}{'; '.join(said)}")


def _print_pages(results: Results, small: str, big: str) -> None:
    print("\np50 / p95 in ms, then mean CPU in ms of web server and PostgreSQL; * above the gate")
    print(f"{'list':<15}{'asked for':<34}{'by':<14}{small:>26}{big:>26}  scans")
    for page, figures in results.items():
        cells = [_cell(figures[name]) for name in (small, big)]
        scans = ", ".join(sorted({scan.table for scan in figures[big].scans}))
        model = page.path.rstrip("/").rpartition("/")[2]
        print(f"{model:<15}{page.what:<34}{page.by:<14}{cells[0]:>26}{cells[1]:>26}  {scans}")


def _cell(figures: PageFigures) -> str:
    if not figures.seconds:
        return "not there"
    middle, late = percentile(figures.seconds, 0.5), percentile(figures.seconds, 0.95)
    return f"{middle:.0f} / {late:.0f}{'*' if middle > SLOWEST else ''}; {mean_cpu(figures):.0f}"


def mean_cpu(figures: PageFigures) -> float:
    """Return the milliseconds of processor time of one page: a mean, as the clock has steps of ten."""
    return 1000 * statistics.fmean(figures.cpu)


def _print_gates(
    sign_ups: dict[str, SignUps],
    small: str,
    big: str,
    results: Results,
    scans: int,
    counted: int,
    errors: int,
) -> bool:
    there = [each[big] for each in results.values() if each[big].seconds]
    slowest = max(percentile(each.seconds, 0.5) for each in there)
    dearest = max(mean_cpu(each) for each in there)
    time_growth = growth(sign_ups[small].seconds, sign_ups[big].seconds)
    cpu_growth = growth(sign_ups[small].all_cpu, sign_ups[big].all_cpu)
    gates = [
        ("sign-up POST, growth of its time", time_growth, GROWTH, f"{AIMED_GROWTH:g}"),
        ("sign-up POST, growth of its CPU", cpu_growth, GROWTH, f"{AIMED_GROWTH:g}"),
        ("slowest page of the administration, p50 ms", slowest, SLOWEST, ""),
        ("dearest page of the administration, CPU ms", dearest, SLOWEST, ""),
        ("big tables read from end to end, by plan", scans, 0, ""),
        ("big tables read from end to end, counted", counted, 0, ""),
        ("errors", errors, 0, ""),
    ]
    print(f"\n{'figure':<46}{'measured':>10}{'gate':>8}{'aim':>8}")
    for name, value, most, aim in gates:
        verdict = "met" if value <= most else "MISSED"
        print(f"{name:<46}{value:>10.3f}{f'≤ {most:g}':>8}{aim and f'≤ {aim}':>8}  {verdict}")
    return all(value <= most for _name, value, most, _aim in gates)
