"""Mail over SMTP (``EMAIL_URL``)."""

from __future__ import annotations

import re
import smtplib
import ssl
from binascii import b2a_qp
from email.header import Header
from email.message import Message
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from notifications.reasons import smtp_code

from .base import Parcel, Postponed, Refused, Unavailable, Unconfirmed

# Replies that complain of us, not of the recipient, wherever they come: unknown or misplaced
# command, authentication wanted or failed. They must never cost a family its message.
OUR_FAULT = {500, 502, 503, 530, 534, 535, 538}
SHUTTING_DOWN = 421
# What can be said in SMTP and stand in a header as it is: ASCII (domains are in punycode by now),
# nothing quoted, one address. Whoever posts a message has checked it in full.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")
POLICY = compat32.clone(linesep="\r\n")
NOTHING_READ = -1  # what smtplib gives for a reply that is none


class Gateway:
    """Sends mails over one connection, opened with the first and opened again when it breaks."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]

    def send(self, parcel: Parcel) -> None:
        """Send a mail; see :class:`notifications.gateways.base.Gateway`."""
        if not ADDRESS.fullmatch(parcel.to):
            raise Refused("501 5.1.3")
        mail = compose(parcel)
        fresh = self.connection is None
        connection = self.connection = self.connection or connect()
        try:
            self._transmit(connection, parcel.to, mail)
        except Postponed:
            if fresh or self.connection is not None or connection.data_began:
                raise
            # The server had tired of a connection that had served: that says nothing of this mail.
            self.connection = connect()
            self._transmit(self.connection, parcel.to, mail)

    def close(self) -> None:
        """Say goodbye, without insisting."""
        if self.connection is not None:
            try:
                self.connection.quit()
            except (OSError, smtplib.SMTPException):
                self.connection.close()
            self.connection = None

    def _transmit(self, connection: Connection, to: str, mail: bytes) -> None:
        connection.data_began = connection.data_ended = False
        try:
            connection.sendmail(self.sender, [to], mail)
        except smtplib.SMTPSenderRefused as refusal:
            if self._shutting_down(refusal.smtp_code):
                raise Postponed(smtp_code(refusal.smtp_code, refusal.smtp_error)) from None
            raise Unavailable("sender") from None
        except smtplib.SMTPRecipientsRefused as refusal:
            self._judge(*refusal.recipients[to])
        except smtplib.SMTPResponseException as refusal:  # to DATA, or to the text after it
            if not connection.data_ended:
                self._drop()  # a mail is left begun there
            self._judge(refusal.smtp_code, refusal.smtp_error)
        except (OSError, smtplib.SMTPException) as trouble:
            self._drop()
            if connection.data_ended:
                raise Unconfirmed("silence") from None
            raise Postponed("timeout" if _timed_out(trouble) else "disconnected") from None

    def _judge(self, code: int, text: bytes | str) -> None:
        if self._shutting_down(code):
            raise Postponed(smtp_code(code, text)) from None
        if code in OUR_FAULT:
            raise Unavailable("auth") from None
        if 500 <= code < 600:
            raise Refused(smtp_code(code, text)) from None
        raise Postponed(smtp_code(code, text)) from None

    def _shutting_down(self, code: int) -> bool:
        if code in (SHUTTING_DOWN, NOTHING_READ):
            self._drop()
            return True
        return False

    def _drop(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class _Remembers(smtplib.SMTP):
    """Knows how far it came: a mail cut off in its middle did not leave, one unanswered may have.

    The answer that takes a mail in charge may come late (RFC 5321, 4.5.3.2.6): it is given twice the
    usual time, since giving up on it too early sends the mail twice.
    """

    data_began = False
    data_ended = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.data_began = True
        return super().data(msg)

    def send(self, s: Any) -> None:
        super().send(s)
        if self.data_began and s[-5:] == b"\r\n.\r\n":
            self.data_ended = True
            if self.sock is not None and self.timeout:
                self.sock.settimeout(2 * self.timeout)

    def getreply(self) -> tuple[int, bytes]:
        reply = super().getreply()
        if self.data_ended and self.sock is not None:
            self.sock.settimeout(self.timeout)
        return reply


class _RemembersOverTls(_Remembers, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


Connection = _Remembers


def connect() -> Connection:
    """Open, encrypt and authenticate a connection; :class:`Unavailable` if that fails."""
    connection = None
    try:
        connection = _open()
        if settings.EMAIL_USE_TLS:
            connection.starttls(context=ssl.create_default_context())
        connection.ehlo_or_helo_if_needed()
        if settings.EMAIL_HOST_USER:
            connection.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except (OSError, smtplib.SMTPException) as trouble:
        if connection is not None:
            connection.close()
        raise Unavailable(_connection_code(trouble)) from None
    return connection


def _open() -> Connection:
    # We are who SITE_URL says: asking the resolver for our own name may take seconds.
    where = (settings.EMAIL_HOST, settings.EMAIL_PORT, _site_host())
    if settings.EMAIL_USE_SSL:
        # smtplib, left alone, verifies no certificate.
        return _RemembersOverTls(*where, timeout=settings.EMAIL_TIMEOUT, context=ssl.create_default_context())
    return _Remembers(*where, timeout=settings.EMAIL_TIMEOUT)


def _connection_code(trouble: Exception) -> str:
    if isinstance(trouble, smtplib.SMTPAuthenticationError):
        return "auth"
    if isinstance(trouble, ssl.SSLError):
        return "tls"
    return "timeout" if _timed_out(trouble) else "unreachable"


def _timed_out(trouble: BaseException) -> bool:
    # smtplib turns a time-out met while reading into a disconnection.
    return isinstance(trouble, TimeoutError) or isinstance(trouble.__context__, TimeoutError)


def compose(parcel: Parcel) -> bytes:
    """Write the mail: text, and HTML where the letter has it; quoted-printable, pure ASCII.

    ``Message-ID`` stays the same at each attempt, so that a mail sent twice is shown once.
    ``Auto-Submitted`` (RFC 3834) keeps holiday notices away. Line breaks in the subject become
    spaces: nothing typed by anyone can add a header (SAFETY section 3).
    """
    # The classes of before EmailMessage: a quarter of its 2.5 ms.
    subject = " ".join(parcel.letter.subject.split())
    mail = Message(policy=POLICY)
    mail["From"] = formataddr(parseaddr(settings.DEFAULT_FROM_EMAIL))
    mail["To"] = parcel.to
    mail["Subject"] = Header(subject, None if subject.isascii() else "utf-8", header_name="Subject").encode()
    mail["Date"] = format_datetime(timezone.localtime())
    mail["Message-ID"] = f"<{parcel.id}@{_mail_host()}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = parcel.language
    if "@" in settings.ADMIN_CONTACT:  # it may also be the address of a page
        mail["Reply-To"] = settings.ADMIN_CONTACT
    mail["MIME-Version"] = "1.0"
    if parcel.letter.html:
        mail["Content-Type"] = f'multipart/alternative; boundary="=_{parcel.id.hex}"'
        mail.set_payload([_write(parcel.letter.text, "plain"), _write(parcel.letter.html, "html")])
    else:
        _write(parcel.letter.text, "plain", mail)
    return mail.as_bytes()


def _write(text: str, kind: str, part: Message | None = None) -> Message:
    part = Message(policy=POLICY) if part is None else part
    part["Content-Type"] = f'text/{kind}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    part.set_payload(b2a_qp(text.encode(), istext=True).decode("ascii"))
    return part


def _mail_host() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or _site_host()


def _site_host() -> str:
    return urlsplit(settings.SITE_URL).hostname or "localhost"
