"""Mail servers that want encryption and a password (``smtps://``, ``smtp+tls://``)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from notifications import delivery
from notifications.models import State
from tests.notifications.outbox_rows import again, post
from tests.peers import SmtpServer, serving

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")]
CERTIFICATE = Path(__file__).parent.parent / "localhost.pem"  # signed by itself, for tests only


def authenticate(server: object, session: object, envelope: object, mechanism: str, login: Any) -> AuthResult:
    known = isinstance(login, LoginPassword) and (login.login, login.password) == (b"portail", b"s3cret")
    return AuthResult(success=known, handled=False)


@pytest.fixture(params=["EMAIL_USE_SSL", "EMAIL_USE_TLS"])
def secret_server(
    request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SmtpServer]:
    """A server that takes mail over TLS from someone it knows only."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    server = SmtpServer()
    settings.MAIL_GATEWAY = "notifications.gateways.smtp.Gateway"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "portail", "s3cret"
    settings.EMAIL_USE_SSL = settings.EMAIL_USE_TLS = False
    setattr(settings, request.param, True)
    options: dict[str, Any] = {"authenticator": authenticate, "auth_required": True}
    if request.param == "EMAIL_USE_SSL":
        options |= {"ssl_context": tls, "auth_require_tls": False}
    else:
        options |= {"tls_context": tls, "require_starttls": True}
    with serving(server, **options):
        yield server


def test_mail_leaves_encrypted_and_with_our_password(secret_server: SmtpServer) -> None:
    message = post()
    delivery.drain()
    assert again(message).state == State.SENT
    assert len(secret_server.messages) == 1


def test_a_wrong_password_costs_nobody_their_message(secret_server: SmtpServer, settings: Any) -> None:
    settings.EMAIL_HOST_PASSWORD = "wrong"
    message = post()
    delivery.drain()
    assert (again(message).state, again(message).last_error) == (State.WAITING, "auth")


def test_a_server_that_cannot_prove_who_it_is_gets_nothing(
    secret_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    message = post()
    delivery.drain()
    assert (again(message).state, again(message).last_error) == (State.WAITING, "tls")
    assert secret_server.messages == []
