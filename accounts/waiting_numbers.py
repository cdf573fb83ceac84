"""A number that waits for the code sent to it, one an account: asked for, sent again, judged (SAFETY G7, T7).

Any app has its own rows of :class:`.models.WaitingNumber`, and says what the right code does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from notifications import outbox
from throttling import limits

from . import sms_codes
from .models import User, WaitingNumber
from .models.waiting_numbers import AT_HAND

GUESSES = 5  # of one code
DAY, TEN_MINUTES, A_MINUTE = timedelta(days=1), timedelta(minutes=10), timedelta(minutes=1)

Row = TypeVar("Row", bound=WaitingNumber)


class OutOfTime(Exception):
    """The code's half hour is over, or it was guessed at too often."""


@dataclass(frozen=True)
class WaitingNumbers(Generic[Row]):
    """The numbers of one kind: their rows, the kind of their SMS, and what its codes are derived for.

    ``scope`` counts the askings of an account and of a browser; those of a number are counted together with
    all other kinds, since it is one person's pocket that rings.
    """

    rows: type[Row]
    kind: str
    purpose: str
    scope: str

    @property
    def _all(self) -> Any:
        """Every row of the kind: whose they are is a field that each kind declares by itself."""
        return self.rows._default_manager.all()

    def _alive(self) -> QuerySet[Row]:
        alive: QuerySet[Row] = self._all.alive()
        return alive

    def asking_limits(self, user: User, mobile: str, browser: str) -> tuple[limits.Limit, ...]:
        """Return how often a code may be asked for: by an account, to a number, in a browser (SAFETY T7)."""
        return (
            limits.Limit(f"{self.scope}_cooldown", user.subject, 1, A_MINUTE),
            limits.Limit(f"{self.scope}_account", user.subject, 5, DAY),
            limits.Limit("accounts.sms_number", mobile, 3, TEN_MINUTES),
            limits.Limit("accounts.sms_number", mobile, 5, DAY),
            limits.Limit(f"{self.scope}_device", browser or user.subject, 10, DAY),
        )

    def pending(self, user: User) -> Row | None:
        """Return the number that waits for its code, if its time is not over."""
        found: Row | None = self._all.alive().filter(user=user).first()
        return found

    def ask(self, user: User, mobile: str, *, browser: str) -> Row:
        """Send a code to a number, in E.164; an earlier one is dropped.

        ``browser`` is the hash of the browser's number. Raises :class:`throttling.limits.Refused`.
        """
        limits.hit(*self.asking_limits(user, mobile, browser))
        with transaction.atomic():
            User.objects.select_for_update().get(pk=user.pk)  # two tabs wait for each other
            self.cancel(user)
            waiting: Row = self._all.create(user=user, mobile=mobile)
            self._post_code(waiting, user)
        return waiting

    def send_again(self, waiting: Row, user: User, *, browser: str) -> None:
        """« Renvoyer le SMS »: another code; the one before is dead.

        Raises :class:`throttling.limits.Refused` and :class:`OutOfTime`.
        """
        limits.hit(*self.asking_limits(user, waiting.mobile, browser))
        with transaction.atomic():
            changed = (
                self._alive()
                .filter(pk=waiting.pk)
                .update(code_number=F("code_number") + 1, guesses=0, lives_until=Now() + AT_HAND)
            )
            if not changed:
                raise OutOfTime
            waiting.refresh_from_db()
            self._post_code(waiting, user)

    def _post_code(self, waiting: Row, user: User) -> None:
        outbox.post(
            kind=self.kind,
            reference=f"{waiting.public_id}.{waiting.code_number}",
            to=waiting.mobile,
            channel=outbox.Channel.SMS,
            language=user.language,
        )

    def judge(self, waiting: Row, typed: str, accept: Callable[[], None]) -> bool:
        """Judge a code: at most five are, also of a hundred that arrive together (SAFETY G7).

        The right one takes the row away and, in the same transaction, calls ``accept``. Raises
        :class:`OutOfTime` once none is judged.
        """
        if not sms_codes.read(typed):
            return False
        same_code = {"pk": waiting.pk, "code_number": waiting.code_number}
        if not self._alive().filter(**same_code, guesses__lt=GUESSES).update(guesses=F("guesses") + 1):
            raise OutOfTime
        if not sms_codes.is_right(self.purpose, waiting, typed):
            return False
        with transaction.atomic():
            if not self._all.filter(**same_code).delete()[0]:
                raise OutOfTime
            accept()
        return True

    def cancel(self, user: User) -> None:
        """The code that was sent serves no more."""
        self._all.filter(user=user).delete()

    def purge(self) -> int:
        """Forget numbers that nobody confirmed in time. Returns how many."""
        return int(self._all.filter(lives_until__lte=Now()).delete()[0])
