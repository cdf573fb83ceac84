"""Settings from the environment: each value is understood, or refused with a sentence.

A setting that is misspelt or malformed must stop the portal at its start, not surprise a
family later. Every reader below names the variable in its refusal.
"""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


class Environment:
    """Reads typed values out of a mapping, usually ``os.environ``.

    Every method takes the variable's name and a default (``None`` means: required) and
    raises :class:`ImproperlyConfigured` when the value is missing or not understood.
    """

    def __init__(self, values: dict[str, str] | None = None) -> None:
        self.values = dict(os.environ) if values is None else values

    def text(self, name: str, default: str | None = None) -> str:
        """Return the variable as it stands, without the spaces around it."""
        value = self.values.get(name, "").strip()
        if value:
            return value
        if default is None:
            raise ImproperlyConfigured(f"{name} is required: set it in the environment (see README).")
        return default

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a yes or a no: 1/0, true/false, yes/no, on/off in any letter case."""
        value = self.text(name, "1" if default else "0").lower()
        if value in {"1", "true", "yes", "on"}:
            return True
        if value in {"0", "false", "no", "off"}:
            return False
        raise ImproperlyConfigured(f"{name}={value!r} is neither a yes nor a no: use 1 or 0.")

    def number(self, name: str, default: int, *, least: int = 0, most: int = 2**31) -> int:
        """Return a whole number between ``least`` and ``most``, both included."""
        value = self.text(name, str(default))
        # int() alone also takes 8_000 and the digits of other scripts.
        if not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise ImproperlyConfigured(f"{name}={value!r} is not a whole number.")
        number = int(value)
        if not least <= number <= most:
            raise ImproperlyConfigured(f"{name}={number} must be between {least} and {most}.")
        return number

    def words(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """Return a list: words separated by commas."""
        value = self.text(name, ",".join(default))
        return [word.strip() for word in value.split(",") if word.strip()]

    def url(self, name: str, default: str | None, *, schemes: tuple[str, ...]) -> SplitResult | None:
        """Return a URL in one of ``schemes``; ``None`` where the default is empty and none is set."""
        value = self.text(name, default)
        if not value:
            return None
        try:
            parts = urlsplit(value)
        except ValueError:
            raise ImproperlyConfigured(f"{name} is not a URL: is a bracket of its address missing?") from None
        if parts.scheme not in schemes:
            raise ImproperlyConfigured(
                f"{name} must start with one of: {', '.join(f'{scheme}://' for scheme in schemes)}."
            )
        if parts.fragment:  # what follows would be lost without a word, host and all
            raise ImproperlyConfigured(
                f"{name} holds a #: in a password, write it %23 (/ %2F, ? %3F, @ %40)."
            )
        try:
            parts.port  # noqa: B018  (urllib only refuses a bad port when it is read)
        except ValueError:
            raise ImproperlyConfigured(f"{name} has a port that is not a number from 0 to 65535.") from None
        return parts


def database(url: SplitResult) -> dict[str, Any]:
    """Return Django's settings for a ``postgresql://user:password@host:port/name`` URL.

    ``?host=/path`` names a directory of Unix sockets, as libpq has it. Other query
    parameters (``sslmode``…) are handed to libpq as they are.
    """
    query: dict[str, str] = {}
    for pair in filter(None, url.query.split("&")):
        key, _, value = pair.partition("=")
        query[key] = unquote(value)
    name = unquote(url.path.lstrip("/"))
    if not name:
        raise ImproperlyConfigured("DATABASE_URL must end with the name of a database.")
    return {
        "ENGINE": "mcm_portal.postgresql",
        "NAME": name,
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": query.pop("host", None) or url.hostname or "",
        "PORT": query.pop("port", None) or (str(url.port) if url.port else ""),
        "OPTIONS": query,
    }


def email(url: SplitResult) -> dict[str, object]:
    """Return Django's SMTP settings for ``smtp://``, ``smtps://`` or ``smtp+tls://``."""
    if not url.hostname:
        raise ImproperlyConfigured("EMAIL_URL must name a host: smtp://user:password@host:port")
    ports = {"smtp": 25, "smtps": 465, "smtp+tls": 587}
    return {
        "EMAIL_HOST": url.hostname,
        "EMAIL_PORT": url.port or ports[url.scheme],
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": url.scheme == "smtps",
        "EMAIL_USE_TLS": url.scheme == "smtp+tls",
    }


def together(environment: Environment, *names: str) -> None:
    """Refuse that some of these variables are set and others are not: half of it does nothing."""
    missing = [name for name in names if not environment.text(name, "")]
    if missing and len(missing) < len(names):
        raise ImproperlyConfigured(
            f"{', '.join(names)} belong together: set {' and '.join(missing)} too, or none of them."
        )


def server(url: SplitResult | None, name: str) -> str:
    """Return the address of a server that the portal calls and sends people to; empty where none is set.

    Refuses one without a host, with an account or a query, and ``http`` anywhere but beside the portal.
    """
    if url is None:
        return ""
    if not url.hostname or url.query or url.username is not None:
        raise ImproperlyConfigured(f"{name} must be an address without account or query: https://host/path")
    if url.scheme != "https" and not is_local(url.hostname):
        raise ImproperlyConfigured(f"{name} must begin with https:// unless it is beside the portal.")
    return url.geturl()


def is_local(host: str) -> bool:
    """Say whether a host is this machine or one beside it: a loopback or private address, or such a name."""
    try:
        return ip_address(host.strip("[]")).is_private
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".test"))
