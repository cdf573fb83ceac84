"""What the tests of this app share."""

from __future__ import annotations

import pytest

from schools.reference import loading
from tests.accounts.conftest import person, portal

__all__ = ["person", "portal"]


@pytest.fixture
def reference_data(db: None) -> None:
    """Load the académies, their domains and departments, none of them open."""
    loading.load()
