"""Rooms, people, and a FAKE BigBlueButton that is the one of the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from schools.models import Academy
from virtual_classes.models import MeetingServer
from virtual_classes.providers import calling
from virtual_classes.providers.base import Person, Room

from .big_blue_button_server import FakeBigBlueButton

ROOM = Room(
    key="classe-de-6e-b-0123456789",
    title="Mathématiques, 6e B",
    capacity=30,
    callback_url="https://portail.exemple.fr/classes/fin/",
    logout_url="https://portail.exemple.fr/mon-espace/",
)
TEACHER = Person(key="prof-0123456789", name="Mme Dupont", moderator=True)
PUPIL = Person(key="eleve-0123456789", name="Léa Martin")


@pytest.fixture(autouse=True)
def room() -> None:
    """The providers as they are, and not the made-up ones of the tests around."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a silent server less than people would."""
    monkeypatch.setattr(calling, "PATIENCE", 0.5)


@pytest.fixture
def academies(db: None) -> None:
    """Two of them, rather than all the reference data."""
    for code, name in (("70", "Normandie"), ("10", "Lyon")):
        Academy.objects.get_or_create(code=code, defaults={"name": name, "slug": name.lower(), "zone": "A"})


@pytest.fixture
def bbb(settings: Any, db: None) -> Iterator[FakeBigBlueButton]:
    """The server of the settings."""
    with FakeBigBlueButton() as server:
        settings.BBB_URL, settings.BBB_SECRET = server.url, server.secret
        MeetingServer.objects.get_or_create(from_settings=True, defaults={"name": "BBB_URL"})
        yield server


@pytest.fixture
def another() -> Iterator[Callable[[], FakeBigBlueButton]]:
    """More servers."""
    made: list[FakeBigBlueButton] = []

    def make() -> FakeBigBlueButton:
        made.append(FakeBigBlueButton(secret=f"un-autre-secret-{len(made)}"))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def opened(room: Room, created: Any) -> Room:
    """Return a room as the portal keeps it once it is created."""
    return replace(room, server=created.server, created=created.created)
