"""People who do not give up: they press again when no answer comes, with the same form."""

from __future__ import annotations

import html
import http.client
import itertools
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.browser import Answer, Browser
from benchmarks.guardians import Guardian
from benchmarks.letter_holders import Holder
from benchmarks.phones import Phones, Sms

from .ledger import Ledger, Told
from .mailbox import Copy, Mailbox

PAUSE = 2.0  # seconds before a person presses again

Right = Callable[[Answer], bool]


class Trouble(Exception):
    """What a person must never meet: an answer that is neither the right one nor « try again »."""


@dataclass
class Crowd:
    """What all people share."""

    sites: list[str]  # the portal's web servers; more than one while a second node runs
    mailbox: Mailbox
    phones: Phones
    ledger: Ledger
    twice: bool = False  # forms are sent from two tabs at the same moment (SAFETY F14)
    give_up_at: float = float("inf")
    pairs: int = 0
    _turn: itertools.cycle[int] = field(default_factory=lambda: itertools.cycle(range(60)))

    def site(self) -> str:
        """Return where the next request goes: the nodes take turns."""
        sites = list(self.sites)
        return sites[next(self._turn) % len(sites)]


class Person:
    """One family with a browser and one or more mail addresses, the first of which is theirs."""

    def __init__(self, number: int, crowd: Crowd) -> None:
        self.number = number
        self.name = f"famille.n{number:05d}"
        self.crowd = crowd
        self.client = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self.cookies: dict[str, str] = {}
        self.addresses = [f"{self.name}@exemple.fr"]
        self.mails_read = self.sms_read = 0
        self.as_guardian = Guardian(number)
        self.as_teacher, self.as_pupil = Holder(2 * number), Holder(2 * number + 1)

    def get(self, path: str, *, step: str, right: Right | None = None) -> Answer:
        """Open a page, again and again until it comes."""
        return self._insist("GET", path, None, step, right or (lambda answer: answer.status == 200))

    def post(self, path: str, fields: dict[str, str], *, step: str, right: Right) -> Answer:
        """Send a form, the same again until the right answer comes."""
        return self._insist("POST", path, fields, step, right)

    def begun(self, *, awaits_message: bool = True) -> None:
        """Read that a mail is on its way; or, without one, that what they came for is there."""
        self.crowd.ledger.begun(self.name, awaits_message=awaits_message)

    def done(self) -> None:
        """Read that all is done."""
        self.crowd.ledger.done(self.name)

    def next_mail(self, *, seconds: float) -> Copy | None:
        """Wait for a mail that was not read yet; return the newest."""
        mail, self.mails_read = self.crowd.mailbox.newest(
            self.addresses, known=self.mails_read, seconds=seconds
        )
        return mail

    def next_sms(self, *, seconds: float) -> Sms | None:
        """Wait for an SMS that was not read yet; return the newest."""
        sms, self.sms_read = self.crowd.phones.newest(
            self.as_guardian.mobile, known=self.sms_read, seconds=seconds
        )
        return sms

    def companion(self) -> Person:
        """Return somebody beside them with a browser of their own: what one is told, both may rely on."""
        other = Person(self.number, self.crowd)
        octets = self.client.split(".")
        other.client = ".".join(["10", str(128 | int(octets[1])), *octets[2:]])
        return other

    @property
    def is_late(self) -> bool:
        """Whether it is too long after the last fault to go on waiting."""
        return time.monotonic() > self.crowd.give_up_at

    def another_address(self) -> str:
        """Return another mailbox of this family, for when the first one is said not to exist."""
        self.crowd.ledger.promise(self.name).refusals += 1
        self.addresses.append(f"autre{len(self.addresses)}.{self.name}@exemple.fr")
        return self.addresses[-1]

    def _insist(
        self, method: str, path: str, fields: dict[str, str] | None, step: str, right: Right
    ) -> Answer:
        began = time.monotonic()
        while True:
            if method == "POST" and self.crowd.twice:
                answer = self._from_two_tabs(path, fields, step, right, began)
            else:
                answer = self._once(method, path, fields, step, right, began)
            if answer is not None:
                return answer
            if self.is_late:
                raise Trouble(f"{step}: no answer to the end")
            time.sleep(PAUSE)

    def _from_two_tabs(
        self, path: str, fields: dict[str, str] | None, step: str, right: Right, began: float
    ) -> Answer | None:
        """Send it twice at the same moment; both answers must be right."""
        other = Person(0, self.crowd)
        other.name, other.client, other.cookies = self.name, self.client, dict(self.cookies)
        troubles: list[Trouble] = []

        def second() -> None:
            try:
                other._once("POST", path, fields, f"{step}, other tab", right, began)
            except Trouble as trouble:
                troubles.append(trouble)

        thread = threading.Thread(target=second)
        thread.start()
        answer = self._once("POST", path, fields, step, right, began)
        thread.join()
        self.crowd.pairs += 1
        for name, value in other.cookies.items():  # two tabs of one browser
            self.cookies.setdefault(name, value)
        if troubles:
            raise troubles[0]
        return answer

    def _once(
        self, method: str, path: str, fields: dict[str, str] | None, step: str, right: Right, began: float
    ) -> Answer | None:
        """Ask once and write down what came; None where a person would try again."""
        browser = Browser(self.crowd.site(), self.client)
        browser.cookies = self.cookies
        if fields is not None:
            fields = {**fields, "csrfmiddlewaretoken": browser.token}
        asked = time.monotonic()
        answer = None
        with self.crowd.ledger.waiting(step):
            try:
                answer = browser.ask(method, path, fields, step)
            except (OSError, http.client.HTTPException) as trouble:
                said = f"no answer ({type(trouble).__name__})"
            else:
                said = f"{answer.status} {answer.location}".strip()
            finally:
                browser.close()
        now = time.monotonic()
        fine = answer is not None and right(answer)
        self.crowd.ledger.note(Told(asked, self.name, step, said, now - asked, now - began, fine))
        if fine:
            return answer
        if answer is not None and answer.status < 500:
            raise Trouble(f"{step}: {said} {_errors(answer.text)}")
        return None


def _errors(page: str) -> str:
    """Return what a page complains of."""
    found = re.findall(r'(?:fr-error-text|error">|alert--(?:error|warning)[^>]*>\s*<p>)(.*?)<', page)
    return html.unescape(" ".join(found))[:300]
