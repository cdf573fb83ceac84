"""Setting up an OpenID Connect provider whose people come in here, for national staff (SCREENS C1)."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import journal
from economy.remembered import forget

from .calling import Caller
from .models import IdentityProvider, User
from .openid import discovery

WRITTEN = journal.register_act("provider.written", _("Fournisseur d’identité écrit"))


class NoIssuer(Exception):
    """What was typed is no address that a provider may have."""


def clean_issuer(typed: str) -> str:
    """Return the address of an issuer exactly as it was typed, spaces around taken away.

    ``https`` only (``http`` for a provider on this very machine), without a name, a query or a fragment
    (OpenID Connect Core 1.0, 1.2). Raises :class:`NoIssuer`.
    """
    issuer = typed.strip()
    try:
        parts = urlsplit(issuer)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise NoIssuer from None
    plain = issuer.isascii() and issuer.isprintable() and not set(issuer) & set(" '\";,<>\\?#@*")
    if not plain or not host or not (parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))):
        raise NoIssuer
    return issuer


def write(provider: IdentityProvider, fields: list[str], *, secret: str, by: User) -> None:
    """Keep a provider as a form has cleaned it; ``secret`` is empty where it stays.

    The journal names the fields. What this process remembers of the issuer is forgotten.
    """
    with transaction.atomic():
        if secret:
            provider.keep_secret(secret)
        provider.save()
        journal.record(
            act=WRITTEN,
            actor=by.subject,
            subject=provider.subject,
            fields=fields,
            academy=provider.academy.code,
        )
        forget()


def check(provider: IdentityProvider) -> None:
    """Ask a provider for its addresses and keys, whatever is remembered.

    Raises :class:`.calling.Unreachable`, or :class:`.calling.Nonsense` whose text says what is
    wrong: ``http-404``, ``issuer``, the name of an address, or ``no-key``.
    """
    caller = Caller()
    where = discovery.find_anew(provider.issuer, caller)
    if not discovery.fresh_keys(caller, where, provider.algorithm):
        raise discovery.Nonsense("no-key")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
