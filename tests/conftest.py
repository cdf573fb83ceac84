"""What every test shares. PostgreSQL and the Redis-protocol server are real: ``make test`` starts them."""

from __future__ import annotations

import pytest

from economy.remembered import forget_now


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Begin each test without what the last one's pages and reference data were."""
    forget_now()
