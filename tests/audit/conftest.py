"""What the tests of this app share."""

from __future__ import annotations

from tests.accounts.conftest import person, portal

__all__ = ["person", "portal"]
