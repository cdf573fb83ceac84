"""Who is calling, as far as a network address tells (SAFETY T18)."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

# What some proxies add: 192.0.2.1:4711 and [2001:db8::1]:4711.
WITH_PORT = re.compile(r"(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)")
UNKNOWN = "unknown"


def client_address(request: HttpRequest) -> str:
    """Return the key under which a client is counted: an IPv4 address, or the /64 of an IPv6 one.

    Exactly ``TRUSTED_PROXY_COUNT`` entries of ``X-Forwarded-For`` are trusted, from the right: each
    trusted proxy adds one, what stands further left was written by the client. With too few entries
    or garbage, the peer of the connection counts. A household or a phone gets a whole IPv6 /64, so
    its addresses are one client; an IPv4 address written as IPv6 is the same client.
    """
    peer = _network(request.META.get("REMOTE_ADDR", "")) or UNKNOWN
    hops = settings.TRUSTED_PROXY_COUNT
    if not hops:
        return peer
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if len(forwarded) < hops:
        return peer
    return _network(forwarded[-hops]) or peer


def _network(written: str) -> str | None:
    """Return the address or network that ``written`` names, ``None`` if it names none."""
    written = written.strip()
    if port := WITH_PORT.fullmatch(written):
        written = port[1] or port[2] or ""
    try:
        address: IPv4Address | IPv6Address = ip_address(written)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), 64), strict=False))
