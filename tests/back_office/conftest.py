"""The people of ``tests/accounts``, for those who look after them."""

from __future__ import annotations

from tests.accounts.conftest import family, person, portal

__all__ = ["family", "person", "portal"]
