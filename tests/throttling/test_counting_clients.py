"""Somebody who changes what they say of their address stays one client (SAFETY T18)."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address

import pytest
from django.test import RequestFactory, override_settings
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from throttling.clients import client_address
from throttling.limits import Limit, Refused, hit


def address(forwarded: str | None, peer: str = "10.0.0.1") -> str:
    """Return the address under which a request with these two is counted."""
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, **headers))


@pytest.fixture
def one_proxy(settings: Settings) -> None:
    """Stand behind one trusted proxy."""
    settings.TRUSTED_PROXY_COUNT = 1


@pytest.mark.django_db
def test_40_spoofed_addresses_are_one_client(one_proxy: None) -> None:
    accepted = 0
    for number in range(40):
        spoofed = f"203.0.113.{number}, 198.51.100.7"
        try:
            hit(Limit("test.network", address(spoofed), 5, timedelta(hours=1)))
        except Refused:
            continue
        accepted += 1
    assert accepted == 5


def test_without_a_trusted_proxy_the_header_is_not_read(settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 0
    assert address("203.0.113.9", peer="198.51.100.7") == "198.51.100.7"


def test_behind_two_proxies_the_second_entry_from_the_right_counts(settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 2
    assert address("1.1.1.1, 198.51.100.7, 10.0.0.2") == "198.51.100.7"
    assert address("10.0.0.2") == "10.0.0.1"


@pytest.mark.parametrize(
    "forwarded", [None, "", "unknown", "a", "1.2.3", "1.2.3.4.5", "[", "::1::", "256.1.1.1", "é", "1.2.3.4, "]
)
def test_garbage_counts_as_the_peer(one_proxy: None, forwarded: str | None) -> None:
    assert address(forwarded) == "10.0.0.1"


def test_a_connection_without_an_address_still_has_a_key(one_proxy: None) -> None:
    assert address(None, peer="") == "unknown"


def test_a_port_is_not_part_of_an_address(one_proxy: None) -> None:
    assert address("198.51.100.7:4711") == "198.51.100.7"
    assert address("[2001:db8:1:2::9]:443") == address("[2001:db8:1:2::8]") == "2001:db8:1:2::/64"


@given(st.ip_addresses(v=6, network="2001:db8:5:6::/64"))
def test_all_addresses_of_a_household_are_one_client(household: IPv6Address) -> None:
    assert _behind_one_proxy(str(household)) == "2001:db8:5:6::/64"
    assert _behind_one_proxy(household.exploded.upper()) == "2001:db8:5:6::/64"


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_written_as_ipv6_is_the_same_client(client: IPv4Address) -> None:
    assert _behind_one_proxy(f"::ffff:{client}") == _behind_one_proxy(str(client)) == str(client)


@given(st.text(max_size=60).filter(lambda text: "," not in text))
def test_whatever_a_client_writes_the_answer_is_an_address(written: str) -> None:
    assert _behind_one_proxy(f"{written}, 198.51.100.7") == "198.51.100.7"
    assert _behind_one_proxy(written)


def _behind_one_proxy(forwarded: str) -> str:
    """Return the client's address behind one trusted proxy, for tests that are given many values."""
    with override_settings(TRUSTED_PROXY_COUNT=1):
        return address(forwarded)
