"""Brings people and faults together, then compares (SAFETY 2.2)."""

from __future__ import annotations

import contextlib
import os
import platform
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import guardians, letter_holders
from benchmarks.installation import Installation
from benchmarks.machine import wait_until
from benchmarks.mail_server import serving
from benchmarks.phones import Phones
from benchmarks.private_postgres import PrivatePostgres
from benchmarks.private_valkey import PrivateValkey
from benchmarks.wire import Wire
from schools.school_year import SchoolYear

from . import report
from .comparison import ALL_THERE_WITHIN, Findings, compare
from .faults import FAULTS, Fault, Place, count, in_order
from .flows import Flow, flow_of, kept_of_all
from .ledger import Ledger, Struck
from .mailbox import Copy, Mailbox
from .people import Crowd, Person, Trouble

PACE = 3.6  # seconds between two families, as in the reference: a thousand in an hour


def how_many_faults(sign_ups: int, every: float) -> int:
    """Return how many strike while these families come at the pace of the reference: each at least once."""
    return max(len(FAULTS), round(sign_ups * PACE / every))


def run(*, sign_ups: int, every: float, seed: int, out: Path, only: Sequence[str] = ()) -> Findings:
    """Run one drill and print what it gave. ``out`` gets the log of the clients and of every process.

    ``only`` are numbers of SAFETY.md: the other faults stay away.
    """
    order = in_order(how_many_faults(sign_ups, every), seed)
    order = [kind for kind in order if kind.number in only or not only]
    print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(f"Load before: {os.getloadavg()[0]:.2f}. {sign_ups} families, {len(order)} faults, one every")
    print(f"{every:g} s, seed {seed}: about {len(order) * every / 60:.0f} minutes, then until all is there.")
    out.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(out / "told.jsonl")
    ledger.file.unlink(missing_ok=True)
    with _place(ledger, random.Random(seed), people=sign_ups) as place:
        try:
            people = _strike_and_let_come(place, order, sign_ups=sign_ups, every=every)
            found = _look(place, people)
        finally:
            for log in place.portal.folder.glob("*.log"):
                shutil.copy(log, out)
    print(f"\n{report.faults(ledger)}\n\n{report.figures(found)}\n")
    for name, times in place.revived.items():
        print(f"{name} ended by itself and was started again, as a process manager does: {times}")
    for sentence in found.broken:
        print("BROKEN:", sentence)
    print("The promise is broken." if found.broken else "The promise is kept.")
    return found


@contextlib.contextmanager
def _place(ledger: Ledger, luck: random.Random, *, people: int) -> Iterator[Place]:
    """Start a portal with servers of its own, and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="drill-"))
    folder.chmod(0o755)  # PostgreSQL may be another user
    for name in ("postgresql", "broker", "portal"):
        (folder / name).mkdir()
    postgres = PrivatePostgres(folder / "postgresql")
    wire = Wire(postgres.port)
    broker = PrivateValkey(folder / "broker", keeps=True)
    mail = Mailbox()
    with serving(mail), Phones() as phones, wire.running():
        portal = Installation(
            folder / "portal",
            server=postgres.url,
            broker_url=broker.url,
            mail_url=mail.url,
            sms_url=phones.url,
        )
        crowd = Crowd([portal.address], mail, phones, ledger)
        place = Place(portal, postgres, broker, mail, wire, crowd, luck)
        try:
            postgres.start()
            broker.start()
            portal.prepare()
            with portal.tables() as tables:
                year = SchoolYear.current().year
                guardians.declare(tables, people, school_year=year)
                key = portal.environment["LINK_KEY"]
                letter_holders.declare(tables, 2 * people, school_year=year, link_key=key)
            for name in ("web", "worker", "beat"):
                place.start(name)
            wait_until(portal.answers, seconds=120)
            manager = threading.Thread(target=place.start_again_what_ended, daemon=True)
            manager.start()
            yield place
        finally:
            place.over.set()
            portal.clear()
            broker.kill()
            postgres.close()
            shutil.rmtree(folder, ignore_errors=True)


def _strike_and_let_come(
    place: Place, order: list[type[Fault]], *, sign_ups: int, every: float
) -> list[threading.Thread]:
    """Let one fault strike after the other, and the families come evenly between them."""
    ledger = place.crowd.ledger
    people: list[threading.Thread] = []
    ledger.began = time.monotonic()
    for turn, kind in enumerate(order):
        began = time.monotonic()
        coming = range(turn * sign_ups // len(order), (turn + 1) * sign_ups // len(order))
        fault = kind(place)
        revived = place.revived.total()
        struck = Struck(kind.name, kind.number, began)
        ledger.faults.append(struck)
        fault.strike()
        for position, number in enumerate(coming):
            flow = flow_of(number)
            later = position * every / len(coming)
            person = Person(number, place.crowd)
            come = threading.Thread(target=_come, args=(flow, person, later), name=person.name, daemon=True)
            come.start()
            people.append(come)
        fault.meets()
        _sleep_until(began + every / 2)
        fault.heal()
        struck.healed_at, struck.met = time.monotonic(), fault.met
        print(f"{turn + 1:4} of {len(order)}: {kind.name} {fault.met}", flush=True)
        _sleep_until(began + every)
        if place.revived.total() > revived:
            ended = count(place.revived.total() - revived, "process", "es")
            struck.met = ", ".join(filter(None, (struck.met, f"{ended} ended")))
    return people


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def _come(flow: Flow, person: Person, later: float) -> None:
    time.sleep(later)
    promise = person.crowd.ledger.promise(person.name)
    promise.addresses = person.addresses
    try:
        flow.walk(person)
    except Trouble as trouble:
        promise.trouble = str(trouble)
    except Exception as trouble:  # ours: it must not pass for a family that nobody hurt
        promise.trouble = repr(trouble)


def _look(place: Place, people: list[threading.Thread]) -> Findings:
    """Wait until everybody is done or ten minutes have passed, then compare."""
    ledger = place.crowd.ledger
    ended = ledger.faults[-1].healed_at
    place.crowd.give_up_at = ended + ALL_THERE_WITHIN
    for thread in people:
        thread.join(max(0.0, place.crowd.give_up_at + 90 - time.monotonic()))
        if thread.is_alive():
            ledger.promise(thread.name).trouble = "still waiting at the end"
    # What is still to leave may be a second copy of something.
    waiting = "SELECT 1 FROM notifications_message WHERE state = 'waiting'"
    with contextlib.suppress(AssertionError):
        wait_until(
            lambda: not place.portal.sql(waiting), seconds=max(1.0, place.crowd.give_up_at - time.monotonic())
        )
    kept = kept_of_all(place.portal.sql)
    copies = place.mail.copies + [
        Copy(sms.at, sms.to, sms.id, sms.code) for sms in place.crowd.phones.received
    ]
    ledger.keep_mails(copies)
    promises = list(ledger.promises.values())
    owners = {address: each.family for each in promises for address in each.addresses}
    return compare(promises, kept, copies, owners, told=ledger.told, last_fault_ended=ended)
