"""What goes wrong, one small class each. Another fault is another class in ``FAULTS``.

``strike`` breaks something and returns at once. ``meets`` may wait until somebody is hurt by it, or
for the moment at which it hurts. ``heal`` puts everything back. ``met`` then says what came of it.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from benchmarks.installation import Installation
from benchmarks.machine import free_port, wait_until
from benchmarks.private_postgres import PrivatePostgres
from benchmarks.private_valkey import PrivateValkey
from benchmarks.wire import Wire

from . import mailbox
from .people import Crowd

NOBODY_CAME = 15.0  # seconds to wait for somebody to hurt
OFF = 10  # minutes


@dataclass
class Place:
    """Everything that can break."""

    portal: Installation
    postgres: PrivatePostgres
    broker: PrivateValkey
    mail: mailbox.Mailbox
    wire: Wire
    crowd: Crowd
    luck: random.Random
    started: dict[str, Callable[[], None]] = field(default_factory=dict)  # how to start each again
    revived: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)

    def start(self, name: str, *, role: str = "", port: int = 0, minutes: int = 0) -> None:
        """Start a process, its clock off by ``minutes``; web servers reach PostgreSQL by the wire."""
        self.started[name] = partial(self.start, name, role=role, port=port, minutes=minutes)
        portal = self.portal
        before = ("benchmarks.clock", str(minutes)) if minutes else ()
        more = {}
        if (role or name) == "web":
            more["DATABASE_URL"] = portal.database_url.replace(
                f":{self.postgres.port}/", f":{self.wire.port}/"
            )
        portal.start(name, role=role, port=port, before=before, TRUSTED_PROXY_COUNT="1", **more)

    def start_again_what_ended(self) -> None:
        """Do what a process manager does, until it is over: a Celery worker ends when its broker fails."""
        while not self.over.wait(1):
            for name, process in list(self.portal.processes.items()):
                if process.poll() is not None and self.portal.processes.get(name) is process:
                    self.revived[name] += 1
                    self.started[name]()

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a process and those it has started."""
        with contextlib.suppress(ProcessLookupError, KeyError):
            os.killpg(self.portal.processes[name].pid, number)

    def let_leases_lapse(self) -> None:
        """Age what a sender holds, instead of waiting for the 45 seconds of its lease."""
        with contextlib.suppress(Exception):  # PostgreSQL may be what is broken
            self.portal.sql(
                "UPDATE notifications_message SET lease_until = statement_timestamp() - interval '1 second'"
                " WHERE state = 'waiting' AND lease_until IS NOT NULL"
            )


def count(number: int, thing: str, plural: str = "s") -> str:
    """Return « 1 mail », « 2 mails »."""
    return f"{number} {thing}{plural if number != 1 else ''}"


class Fault:
    """Nothing happens. The base of all."""

    name = "nothing"
    number = ""

    def __init__(self, place: Place) -> None:
        self.place = place

    def strike(self) -> None:
        """Break it."""

    def meets(self) -> None:
        """Wait for whom it hurts."""

    def heal(self) -> None:
        """Put it back."""

    @property
    def met(self) -> str:
        """What came of it, in a few words; empty if the requests say it all."""
        return ""


# --- the broker -------------------------------------------------------------------------------


class BrokerKilled(Fault):
    """It comes back with what its file held."""

    name, number = "broker killed", "F1"

    def strike(self) -> None:
        self.place.broker.kill()

    def heal(self) -> None:
        self.place.broker.start()


class BrokerFrozen(Fault):
    """Its sockets are open, and nothing answers."""

    name, number = "broker frozen", "F2"

    def strike(self) -> None:
        self.place.broker.freeze()

    def heal(self) -> None:
        self.place.broker.thaw()


class BrokerEmptied(Fault):
    """All keys are gone, the ties of its queues with them."""

    name, number = "broker emptied", "F3"

    def strike(self) -> None:
        self.place.broker.client().flushall()


class BrokerFull(Fault):
    """It takes no more."""

    name, number = "broker full", "F4"

    def strike(self) -> None:
        client = self.place.broker.client()
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)

    def heal(self) -> None:
        self.place.broker.client().config_set("maxmemory", 0)


class BrokerDiskFull(Fault):
    """Its file may not grow: it reads on, and writes nothing (MISCONF)."""

    name, number = "broker's disk full", "F5"

    def strike(self) -> None:
        self._allow(1)

    def heal(self) -> None:
        self._allow(resource.RLIM_INFINITY)

    def _allow(self, size: int) -> None:
        process = self.place.broker.process
        assert process is not None
        _soft, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))


# --- the worker and the clocks ------------------------------------------------------------------


class _HoldsAMail(Fault, ABC):
    """Waits until a mail is being handed over: before it is written, or before its last answer."""

    def strike(self) -> None:
        self.mood = mailbox.Holds(with_its_answer=self.place.luck.random() < 0.5)
        self.place.mail.mood = self.mood

    def meets(self) -> None:
        with contextlib.suppress(AssertionError):
            wait_until(lambda: self.mood.met, seconds=NOBODY_CAME)
        self.at_the_worst_moment()
        self.place.mail.mood = mailbox.Mood()
        self.mood.go_on.set()

    @abstractmethod
    def at_the_worst_moment(self) -> None:
        """What happens to the worker then."""

    @property
    def met(self) -> str:
        """See :class:`Fault`."""
        when = "with its last answer to come" if self.mood.with_its_answer else "before it was written"
        return f"a mail, {when}" if self.mood.met else "no mail"


class WorkerKilled(_HoldsAMail):
    """A power cut in the middle of a mail; it is started again at once."""

    name, number = "worker killed while sending", "F6"

    def at_the_worst_moment(self) -> None:
        self.place.portal.kill("worker")
        self.place.start("worker")


class WorkerFrozen(_HoldsAMail):
    """It stops in the middle of a mail for longer than its lease; another takes over; then it wakes up."""

    name, number = "worker outlives its lease", "F7"

    def at_the_worst_moment(self) -> None:
        self.place.signal("worker", signal.SIGSTOP)
        self.place.let_leases_lapse()
        self.place.start("second-worker", role="worker")

    def heal(self) -> None:
        self.place.signal("worker", signal.SIGCONT)
        self.place.portal.stop("second-worker")


class Poison(Fault):
    """One mail kills whoever brings it. Others must pass."""

    name, number = "a mail kills its sender", "F8"

    def strike(self) -> None:
        self.mood = mailbox.KillsWhoBringsIt(self._kill_sender)
        self.place.mail.mood = self.mood

    def _kill_sender(self) -> None:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError, KeyError):
            for child in self.place.portal.children("worker"):
                os.kill(child, signal.SIGKILL)

    def meets(self) -> None:
        with contextlib.suppress(AssertionError):
            wait_until(lambda: self.mood.met, seconds=NOBODY_CAME)
        self.place.let_leases_lapse()

    def heal(self) -> None:
        self.place.mail.mood = mailbox.Mood()

    @property
    def met(self) -> str:
        """See :class:`Fault`."""
        return f"{count(self.mood.met, 'sender')} killed"


class TwoSweepers(Fault):
    """Two workers and two clocks."""

    name, number = "two workers, two sweepers", "F19"

    def strike(self) -> None:
        self.place.start("second-worker", role="worker")
        self.place.start("second-beat", role="beat")

    def heal(self) -> None:
        self.place.portal.stop("second-beat")
        self.place.portal.stop("second-worker")


class NoSweeper(Fault):
    """The clock has stopped."""

    name, number = "no sweeper", "F19"

    def strike(self) -> None:
        self.place.portal.kill("beat")

    def heal(self) -> None:
        self.place.start("beat")


class ClockAhead(Fault):
    """A second node joins, web server and worker, whose clock is off; the first node keeps web and beat."""

    name, number = f"a node {OFF} minutes ahead", "F16"
    minutes = OFF

    def strike(self) -> None:
        place = self.place
        self.port = free_port()
        place.portal.stop("worker")
        place.start("worker", minutes=self.minutes)
        place.start("second-web", role="web", port=self.port, minutes=self.minutes)
        wait_until(lambda: place.portal.answers("second-web", self.port), seconds=60)
        place.crowd.sites.append(f"http://localhost:{self.port}")

    def heal(self) -> None:
        place = self.place
        place.crowd.sites.pop()
        place.portal.stop("second-web")
        place.portal.stop("worker")
        place.start("worker")


class ClockBehind(ClockAhead):
    """The same, the other way round."""

    name = f"a node {OFF} minutes behind"
    minutes = -OFF


# --- the mail server ----------------------------------------------------------------------------


class _InAMood(Fault):
    mood_class: type[mailbox.Mood]

    def strike(self) -> None:
        self.mood = self.place.mail.mood = self.mood_class()

    def meets(self) -> None:
        with contextlib.suppress(AssertionError):
            wait_until(lambda: self.mood.met, seconds=NOBODY_CAME)

    def heal(self) -> None:
        self.place.mail.mood = mailbox.Mood()

    @property
    def met(self) -> str:
        """See :class:`Fault`."""
        return count(self.mood.met, "mail")


class SmtpPostpones(_InAMood):
    """4xx to an address, 4xx for a full mailbox, 4xx after the whole mail."""

    name, number, mood_class = "SMTP says 4xx", "F9", mailbox.Postpones


class SmtpRefuses(_InAMood):
    """5xx to an address, 5xx after the whole mail."""

    name, number, mood_class = "SMTP says 5xx", "F9", mailbox.Refuses


class SmtpSilent(_InAMood):
    """No answer."""

    name, number, mood_class = "SMTP silent", "F9", mailbox.FallsSilent


class SmtpLate(_InAMood):
    """The mail is taken, and that is said too late."""

    name, number, mood_class = "SMTP takes and says so late", "F9", mailbox.TakesLate


class SmtpGreylists(_InAMood):
    """The first try of each address is put off."""

    name, number, mood_class = "SMTP greylists", "F9", mailbox.Greylists


# --- PostgreSQL ---------------------------------------------------------------------------------


class PostgresKilled(Fault):
    """kill -9 of all its processes."""

    name, number = "PostgreSQL killed", "F10"

    def strike(self) -> None:
        self.place.postgres.kill()

    def heal(self) -> None:
        self.place.postgres.start()


class PostgresRestarted(Fault):
    """An update: it ends in good order and is back at once."""

    name, number = "PostgreSQL restarted", "F10"

    def strike(self) -> None:
        self.place.postgres.stop()
        self.place.postgres.start()


class PostgresFrozen(Fault):
    """Every process of it stops; its sockets stay open."""

    name, number = "PostgreSQL frozen", "F11"

    def strike(self) -> None:
        self.place.postgres.freeze()

    def heal(self) -> None:
        self.place.postgres.thaw()


class CutDuringCommit(Fault):
    """The wire to PostgreSQL is cut when a transaction is about to end."""

    name, number = "wire cut during COMMIT", "F21"

    def strike(self) -> None:
        self.before = self.place.wire.cuts
        self.place.wire.cut()

    def meets(self) -> None:
        with contextlib.suppress(AssertionError):
            wait_until(lambda: self.place.wire.cuts > self.before, seconds=NOBODY_CAME)

    def heal(self) -> None:
        self.place.wire.mend()

    @property
    def met(self) -> str:
        """See :class:`Fault`."""
        return count(self.place.wire.cuts - self.before, "commit")


# --- the web ------------------------------------------------------------------------------------


class WebKilled(Fault):
    """The processes that serve pages die while somebody waits for one."""

    name, number = "web processes killed", "F13"
    hurt = ""

    def meets(self) -> None:
        asking = self.place.crowd.ledger.asking
        end = time.monotonic() + NOBODY_CAME
        while not asking["sign up"] and not asking["confirm"] and time.monotonic() < end:
            time.sleep(0.001)
        self.hurt = ", ".join(step for step in asking if asking[step])
        self.place.portal.kill_web_processes()

    @property
    def met(self) -> str:
        """See :class:`Fault`."""
        return f"during: {self.hurt or 'nothing'}"


class TwoTabs(Fault):
    """Every form is sent twice at the same moment."""

    name, number = "forms sent twice at once", "F14"

    def strike(self) -> None:
        self.before = self.place.crowd.pairs
        self.place.crowd.twice = True

    def heal(self) -> None:
        self.place.crowd.twice = False

    @property
    def met(self) -> str:
        """See :class:`Fault`."""
        return count(self.place.crowd.pairs - self.before, "pair")


FAULTS: tuple[type[Fault], ...] = (
    BrokerKilled,
    BrokerFrozen,
    BrokerEmptied,
    BrokerFull,
    BrokerDiskFull,
    WorkerKilled,
    WorkerFrozen,
    Poison,
    SmtpPostpones,
    SmtpRefuses,
    SmtpSilent,
    SmtpLate,
    SmtpGreylists,
    PostgresKilled,
    PostgresRestarted,
    PostgresFrozen,
    WebKilled,
    TwoTabs,
    ClockAhead,
    ClockBehind,
    TwoSweepers,
    NoSweeper,
    CutDuringCommit,
)


def in_order(count: int, seed: int) -> list[type[Fault]]:
    """Return ``count`` faults, the same for the same seed: each once, in chance order, then each again."""
    luck = random.Random(seed)
    order: list[type[Fault]] = []
    while len(order) < count:
        order += luck.sample(FAULTS, len(FAULTS))
    return order[:count]
