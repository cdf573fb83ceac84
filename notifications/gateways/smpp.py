"""SMS over an operator's SMPP 3.4 (``SMS_URL``, ``smpp://user:password@host:port``).

Each SMS has a connection of its own, bound as a transceiver and let go of at once: nothing is lost with a
connection that idled. ``?from=…`` names the sender that phones show; without it the operator puts its own.
SMPP has no encryption: the way to the operator must be one that nobody else listens on (README).
"""

from __future__ import annotations

import re
import socket
import time
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from smpplib import consts, exceptions
from smpplib.client import Client
from smpplib.pdu import PDU
from smpplib.smpp import make_pdu

from notifications.sms import cut

from .base import Parcel, Postponed, Refused, Unavailable, Unconfirmed

PORT = 2775
LONGEST_NAME, LONGEST_PASSWORD = 15, 8  # SMPP 3.4, 5.2.1 and 5.2.2; the library cuts off what is longer
LONGEST_ANSWER = 4096
GOODBYE = 1  # seconds

BAD_PASSWORD = {consts.SMPP_ESME_RBINDFAIL, consts.SMPP_ESME_RINVPASWD, consts.SMPP_ESME_RINVSYSID}
# What it says of this number; any other refusal is between it and us, and may end.
REFUSALS = {consts.SMPP_ESME_RINVDSTADR}
# What it would say of any SMS now: we send too many, our sender is wrong, it takes us for unbound.
TROUBLE = {
    consts.SMPP_ESME_RTHROTTLED,
    consts.SMPP_ESME_RMSGQFUL,
    consts.SMPP_ESME_RINVSRCADR,
    consts.SMPP_ESME_RINVBNDSTS,
}


class Gateway:
    """Sends each SMS over a connection of its own."""

    def __init__(self) -> None:
        url = urlsplit(settings.SMS_URL)
        if url.scheme != "smpp" or not url.hostname:
            raise ImproperlyConfigured("SMS_URL must be smpp://user:password@host:port.")
        self.host, self.port = url.hostname, url.port or PORT
        self.name, self.password = unquote(url.username or ""), unquote(url.password or "")
        if len(self.name) > LONGEST_NAME or len(self.password) > LONGEST_PASSWORD:
            raise ImproperlyConfigured(
                f"SMS_URL: by SMPP a user has {LONGEST_NAME} signs at most, a password {LONGEST_PASSWORD}."
            )
        self.sender = parse_qs(url.query).get("from", [""])[0]
        if not (self.name + self.password).isascii() or not re.fullmatch("[ -~]{0,11}", self.sender):
            raise ImproperlyConfigured(
                "SMS_URL: by SMPP a user, a password and a sender (from=, 11 signs at most) have no accents."
            )

    def send(self, parcel: Parcel) -> None:
        """Send an SMS; see :class:`notifications.gateways.base.Gateway`."""
        coding, parts = cut(parcel.letter.text, reference=parcel.id.int & 0xFF)
        line = Line(self.host, self.port)
        try:
            self._bind(line)
            for part in parts:
                self._submit(line, parcel.to, coding, part, is_long=len(parts) > 1)
        finally:
            line.hang_up()

    def close(self) -> None:
        """There is nothing left open."""

    def _bind(self, line: Line) -> None:
        try:
            line.connect()
            status = line.ask("bind_transceiver", system_id=self.name, password=self.password)
        except OSError:
            raise Unavailable("unreachable") from None
        except Silence:
            raise Unavailable("timeout") from None
        if status in BAD_PASSWORD:
            raise Unavailable("auth")
        if status:
            raise Unavailable(f"smpp-{status:#04x}")

    def _submit(self, line: Line, to: str, coding: int, part: bytes, *, is_long: bool) -> None:
        try:
            status = line.ask(
                "submit_sm",
                source_addr_ton=consts.SMPP_TON_ALNUM if self.sender else consts.SMPP_TON_UNK,
                source_addr=self.sender,
                dest_addr_ton=consts.SMPP_TON_INTL,
                dest_addr_npi=consts.SMPP_NPI_ISDN,
                destination_addr=to.removeprefix("+"),
                esm_class=consts.SMPP_GSMFEAT_UDHI if is_long else consts.SMPP_MSGMODE_DEFAULT,
                registered_delivery=consts.SMPP_SMSC_DELIVERY_RECEIPT_NONE,
                data_coding=coding,
                short_message=part,
            )
        except Silence:
            raise Unconfirmed("silence") from None
        if not status:
            return
        if status in REFUSALS:
            raise Refused("number")
        if status in TROUBLE:
            raise Unavailable(f"smpp-{status:#04x}")
        raise Postponed(f"smpp-{status:#04x}")


class Silence(Exception):
    """No answer, or none that can be read: what was asked may have been done or not."""


class Line(Client):
    """One connection on which all that is said ends in time, and no answer is read that is too long."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            host,
            port,
            timeout=settings.EMAIL_TIMEOUT,
            logger_name="smpplib.client",
            allow_unknown_opt_params=True,
        )
        self.ends_at = 0.0

    def connect(self) -> None:
        """Connect by whichever family of addresses the host has. Raises ``OSError``."""
        self._socket = socket.create_connection((self.host, self.port), self.timeout)
        self.state = consts.SMPP_CLIENT_STATE_OPEN
        # With the connection itself thrice the usual time, whatever the number of parts: the message is
        # given up before its lease ends (delivery.py).
        self.ends_at = time.monotonic() + 2 * self.timeout

    def ask(self, command: str, **fields: str | bytes | int) -> int:
        """Ask for something and return the status of the answer; 0 is « done ». Raises :class:`Silence`.

        What the operator asks meanwhile, on a line that goes both ways, is answered.
        """
        asked = make_pdu(command, client=self, **fields)
        asked.generate()  # what cannot be written is a fault of ours, and no silence of theirs
        try:
            self.send_pdu(asked)
            while True:
                said = self.read_pdu()
                if said.command == "generic_nack" and said.sequence in (asked.sequence, 0):
                    return int(said.status) or consts.SMPP_ESME_RSYSERR
                if said.is_response() and said.sequence == asked.sequence:
                    return int(said.status)
                if said.command in ("enquire_link", "deliver_sm"):
                    self._acknowledge(said)
        except Exception:  # of the network, or of the library over an answer it cannot read
            raise Silence from None

    def _acknowledge(self, said: PDU) -> None:
        answer = make_pdu(f"{said.command}_resp", client=self)
        answer.sequence = said.sequence
        self.send_pdu(answer)

    def hang_up(self) -> None:
        """Say goodbye, without insisting."""
        if self._socket is None:
            return
        self.ends_at = min(self.ends_at, time.monotonic() + GOODBYE)
        try:
            self.ask("unbind")
        except Silence:
            pass
        self.disconnect()

    def send_pdu(self, p: PDU) -> bool:
        """Send within the time that is left."""
        self._socket.settimeout(self._time_left())
        return bool(super().send_pdu(p))

    def _recv_exact(self, exact_size: int) -> bytes:
        if not 0 < exact_size <= LONGEST_ANSWER:
            raise exceptions.PDUError("too long, or too short")
        read = b""
        while len(read) < exact_size:
            self._socket.settimeout(self._time_left())
            more = self._socket.recv(exact_size - len(read))
            if not more:
                raise exceptions.ConnectionError
            read += more
        return read

    def _time_left(self) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left
