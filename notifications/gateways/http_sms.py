"""SMS over an HTTP gateway (``SMS_URL``, ``https://token@host/path``).

One JSON POST a message: ``{"to": "+33600000000", "text": "…", "id": "<uuid>"}`` with the token as
bearer. ``id`` is the same at each attempt, so that the gateway can tell a repetition. Of the answer
only the status is read (headers are bounded by ``http.client``).
"""

from __future__ import annotations

import http.client
import ipaddress
import json
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .base import Parcel, Postponed, Refused, Unavailable, Unconfirmed

# What the gateway says of this SMS; any other refusal is between it and us.
REFUSALS = {400, 404, 422}
# What it would say of any SMS: our token is wrong, we send too many, it is closed.
TROUBLE = {401, 403, 429, 503}


class Gateway:
    """Sends each SMS over a connection of its own: one lost while idle would look like a lost SMS."""

    def __init__(self) -> None:
        url = urlsplit(settings.SMS_URL)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ImproperlyConfigured("SMS_URL must be https://token@host/path.")
        if url.scheme == "http" and not _is_loopback(url.hostname):
            raise ImproperlyConfigured("SMS_URL may use http:// on this machine only: use https://.")
        self.kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        self.host, self.port = url.hostname, url.port
        self.path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        self.headers = {"Content-Type": "application/json"}
        if url.username:
            self.headers["Authorization"] = f"Bearer {unquote(url.username)}"

    def send(self, parcel: Parcel) -> None:
        """Send an SMS; see :class:`notifications.gateways.base.Gateway`."""
        body = json.dumps({"to": parcel.to, "text": parcel.letter.text, "id": str(parcel.id)}).encode()
        connection = self.kind(self.host, self.port, timeout=settings.EMAIL_TIMEOUT)
        try:
            connection.connect()
        except OSError:
            raise Unavailable("unreachable") from None
        try:
            connection.request("POST", self.path, body, self.headers)
            answer = connection.getresponse()
            status = answer.status
        except (OSError, http.client.HTTPException):
            raise Unconfirmed("silence") from None
        finally:
            connection.close()
        if 200 <= status < 300:
            return
        if status in REFUSALS:
            raise Refused("number")
        if status in TROUBLE:
            raise Unavailable(f"http-{status}")
        raise Postponed(f"http-{status}")

    def close(self) -> None:
        """There is nothing left open."""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
