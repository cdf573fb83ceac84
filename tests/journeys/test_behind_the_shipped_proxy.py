"""The portal behind nginx as deploy/ has it: slow clients, forged headers, methods (SAFETY F20, T18, T57)."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from .nginx import nginx
from .portal import Portal

pytestmark = pytest.mark.long
SLOW = 40  # clients, five for each thread of the web server


class BehindNginx(Portal):
    """The portal as it runs behind one proxy of its operator's."""

    @property
    def environment(self) -> dict[str, str]:
        """Believe the proxy, as README says."""
        return super().environment | {
            "DJANGO_SETTINGS_MODULE": "tests.journeys.production_behind_nginx",
            "TRUSTED_PROXY_COUNT": "1",
        }


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal of these tests' own."""
    folder = tmp_path_factory.mktemp("behind")
    with BehindNginx(folder, server=os.environ["DATABASE_URL"]).running() as portal:
        portal.kill("worker")
        portal.kill("beat")
        yield portal


@pytest.fixture(scope="module")
def port(portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with nginx(tmp_path_factory.mktemp("nginx"), to=portal.inner_port) as port:
        yield port


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def ask(port: int, method: str, path: str, host: str, **headers: str) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=trusting())
    named = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    connection.request(method, path, headers=named)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}


def test_clients_that_never_finish_their_request_keep_nobody_waiting(portal: Portal, port: int) -> None:
    """Half of a head, and half of a body: nginx waits for the rest, the portal never hears of them."""
    halves = (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        b"POST /college/connexion/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\nlogin=",
    )
    held = []
    for number in range(SLOW):
        plain = socket.create_connection(("127.0.0.1", port), timeout=10)
        slow = trusting().wrap_socket(plain, server_hostname="localhost")
        slow.sendall(halves[number % 2])
        held.append(slow)
    host = portal.address.removeprefix("https://")
    for _family in range(20):
        assert ask(port, "GET", "/college/connexion/", host)[0] == 200
    for slow in held:  # they are all still there
        slow.sendall(b"a")
        slow.close()


def test_what_a_client_says_of_its_own_origin_is_overwritten(portal: Portal, port: int) -> None:
    host = portal.address.removeprefix("https://")
    status, _headers = ask(port, "GET", "/", host, X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="http")
    assert status == 200  # not led to https a second time: the proxy's word counted


@pytest.mark.parametrize(("method", "status"), [("TRACE", 405), ("DELETE", 405), ("GET", 200)])
def test_methods_the_portal_does_not_speak_end_at_the_door(
    portal: Portal, port: int, method: str, status: int
) -> None:
    answered, headers = ask(port, method, "/", portal.address.removeprefix("https://"))
    assert answered == status
    if status == 200:
        assert headers["strict-transport-security"] and headers["content-security-policy"]


@pytest.mark.parametrize("address", ["/metrics", "/readyz"])
def test_what_is_for_operators_is_closed_to_strangers(portal: Portal, port: int, address: str) -> None:
    assert ask(port, "GET", address, portal.address.removeprefix("https://"))[0] == 403


def test_the_links_of_mails_are_in_no_file_of_the_proxy(
    portal: Portal, port: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = "c2VjcmV0LW9mLWEtbWFpbC1uby1maWxlLW1heS1rZWVwLWl0"
    ask(port, "GET", f"/inscription/confirmer/{secret}/", portal.address.removeprefix("https://"))
    written = [
        path.read_text(errors="replace")
        for path in Path(tmp_path_factory.getbasetemp()).glob("nginx*/*")
        if path.is_file() and path.suffix == ".log"
    ]
    assert not any(secret in text for text in written)
