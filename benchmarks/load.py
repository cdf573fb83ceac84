"""Many families at once: threads of one client process, each a family that goes all the way."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .browser import Browser, Unexpected
from .journeys import Journey
from .sink import Sink

_numbers = itertools.count()


@dataclass
class Outcome:
    """What one run gave."""

    journeys: int
    seconds: float
    cpu: dict[str, float]  # CPU seconds of the servers, by kind of process
    steps: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def cpu_per_journey(self) -> float:
        """Milliseconds."""
        return 1000 * sum(self.cpu.values()) / max(self.journeys, 1)

    @property
    def per_second(self) -> float:
        """Journeys a second."""
        return self.journeys / self.seconds

    @property
    def per_cpu_second(self) -> float:
        """Journeys for one CPU second of the servers."""
        return self.journeys / sum(self.cpu.values())

    def percentile(self, step: str, share: float) -> float:
        """Return how long ``step`` took for the slowest of the quickest ``share``, in milliseconds."""
        taken = sorted(self.steps.get(step, []))
        return 1000 * taken[min(len(taken) - 1, int(share * len(taken)))] if taken else float("nan")


def run(
    journey: Journey, sink: Sink, *, at_once: int, journeys: int, cpu: Callable[[], dict[str, float]]
) -> Outcome:
    """Let ``at_once`` families at a time go all the way until ``journeys`` have arrived."""
    left = iter(range(journeys))
    lock = threading.Lock()
    taken: list[dict[str, float]] = []
    errors: list[str] = []

    def family() -> None:
        while True:
            with lock:
                if next(left, None) is None:
                    return
                number = next(_numbers)
            address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
            try:
                took = journey.walk(f"n{number:07d}", address, sink)
            except (Unexpected, OSError) as error:
                with lock:
                    errors.append(str(error))
            else:
                with lock:
                    taken.append(took)

    before, began = cpu(), time.perf_counter()
    threads = [threading.Thread(target=family) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    after = cpu()
    return Outcome(
        journeys=len(taken),
        seconds=seconds,
        cpu={kind: after[kind] - before[kind] for kind in after},
        steps={step: [took[step] for took in taken if step in took] for step in journey.steps},
        errors=errors,
    )


def gets_per_cpu_second(journey: Journey, *, count: int, cpu: Callable[[], dict[str, float]]) -> float:
    """Return how often the sign-in page is served for one CPU second, to strangers who keep no cookie."""
    browser = Browser(journey.site, "10.255.255.1")
    before = sum(cpu().values())
    for _ in range(count):
        browser.cookies.clear()
        browser.get(journey.sign_in_page(), step="sign in")
    browser.close()
    return count / (sum(cpu().values()) - before)


def middle(values: list[float]) -> str:
    """Return the median and the range of some figures."""
    if not values:
        return "-"
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"
