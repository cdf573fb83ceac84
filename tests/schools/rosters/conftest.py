"""The académies that schools lie in, and a day in the school year of the files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from schools.reference import loading


@pytest.fixture
def in_autumn() -> Iterator[None]:
    """It is October 2026 for the portal; PostgreSQL has its own clock."""
    with time_machine.travel("2026-10-05T10:00:00Z"):
        yield


@pytest.fixture
def academies(db: None) -> None:
    """Load the académies."""
    loading.load()
