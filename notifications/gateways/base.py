"""What a way out must do, and the four ways in which it may fail.

A gateway is a class without arguments named ``Gateway``, named by ``MAIL_GATEWAY`` or
``SMS_GATEWAY`` in the settings. It translates its provider's answers into the exceptions below;
each carries a code for ``Message.last_error`` (``reasons.py``) and never the provider's own words,
which may quote an address.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Protocol

from notifications.letters import Letter


@dataclass(frozen=True)
class Parcel:
    """A letter ready to leave. ``id`` is the same at each attempt."""

    id: uuid.UUID
    channel: str
    to: str
    language: str
    letter: Letter


class Gateway(Protocol):
    """Sends parcels one after the other, over one connection where its protocol has such a thing."""

    def send(self, parcel: Parcel) -> None:
        """Return once the parcel is accepted; raise a :class:`Failure` otherwise."""

    def close(self) -> None:
        """Let go of the connection, if there is one. Never raises."""


class Failure(Exception):
    """The parcel was not accepted; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(Failure):
    """This parcel will never be accepted: the address does not exist, the mailbox is full…"""


class Postponed(Failure):
    """This parcel may be accepted later: greylisting, a connection lost midway…"""


class Unconfirmed(Postponed):
    """All was sent but no answer came: this parcel may have left or not."""


class Unavailable(Failure):
    """Nothing at all can leave this way for now: the trouble is the operator's, not the parcel's."""
