"""What each client was told, written down at once."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .mailbox import Copy


@dataclass(frozen=True)
class Told:
    """One answer to one try. ``waited``: how long this person had been trying, this try included."""

    at: float  # when the try began
    family: str
    step: str
    said: str  # "302 /inscription/verification/", "503", "no answer"
    took: float
    waited: float
    right: bool  # it is what the person wanted


@dataclass
class Promise:
    """What one family may rely on from now on, with the moment when they were told."""

    family: str
    addresses: list[str] = field(default_factory=list)
    begun_at: float | None = None  # « Vérifiez vos messages », « La classe est ouverte »
    awaits_message: bool = True  # they were told that a mail or an SMS is on its way
    done_at: float | None = None  # « Votre enregistrement a été confirmé »
    trouble: str = ""  # an answer that nobody should get, or none for too long
    refusals: int = 0  # how often they read that their mail could not be delivered


@dataclass
class Struck:
    """A fault as it was."""

    name: str
    number: str
    at: float
    healed_at: float = 0
    met: str = ""  # what came of it, in words


@dataclass
class Ledger:
    """The log of all clients, on a file line by line."""

    file: Path
    began: float = field(default_factory=time.monotonic)
    told: list[Told] = field(default_factory=list)
    promises: dict[str, Promise] = field(default_factory=dict)
    faults: list[Struck] = field(default_factory=list)
    asking: Counter[str] = field(default_factory=Counter)  # requests that wait for an answer, by step
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, told: Told) -> None:
        """Write down an answer."""
        self._write("told", told)
        with self._lock:
            self.told.append(told)

    def promise(self, family: str) -> Promise:
        """Return what this family was told so far."""
        with self._lock:
            return self.promises.setdefault(family, Promise(family))

    def begun(self, family: str, *, awaits_message: bool = True) -> None:
        """Note that they were told to read their mail, or that something is there without one."""
        promise = self.promise(family)
        promise.begun_at, promise.awaits_message = time.monotonic(), awaits_message
        self._write("promised", self.promise(family))

    def done(self, family: str) -> None:
        """Note that they were told that all is done."""
        self.promise(family).done_at = time.monotonic()
        self._write("promised", self.promise(family))

    @contextmanager
    def waiting(self, step: str) -> Iterator[None]:
        """Count a request while it waits for its answer."""
        with self._lock:
            self.asking[step] += 1
        try:
            yield
        finally:
            with self._lock:
                self.asking[step] -= 1

    def keep_mails(self, copies: Iterable[Copy]) -> None:
        """Write down what reached the mailboxes, at the end."""
        for copy in copies:
            self._write("arrived", copy)

    def _write(self, what: str, row: Told | Promise | Copy) -> None:
        with self._lock, self.file.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"what": what, **asdict(row)}, ensure_ascii=False) + "\n")
