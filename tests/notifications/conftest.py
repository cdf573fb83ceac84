"""A kind of letter for these tests, and the peers they talk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from notifications import letters, nudge
from tests.accounts.conftest import family, person, portal
from tests.notifications import hello
from tests.peers import broker, smtp_server, valkey

__all__ = ["broker", "family", "person", "portal", "smtp_server", "valkey"]


@pytest.fixture(autouse=True)
def hello_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``hello.KIND`` be the only kind of letter."""
    monkeypatch.setattr(letters, "_renderers", {hello.KIND: hello.render})


@pytest.fixture
def nudges(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is published, by the name of the thread that does it. Nothing reaches a broker."""
    from threading import current_thread

    published: list[str] = []
    monkeypatch.setattr(nudge, "publish", lambda: published.append(current_thread().name))
    return published


@pytest.fixture(autouse=True)
def quiet_nudges(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Publish to no broker but one that the test has asked for."""
    if "broker" not in request.fixturenames and "nudges" not in request.fixturenames:
        monkeypatch.setattr(nudge, "publish", lambda: None)
    yield
