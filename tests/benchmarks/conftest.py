"""A portal with its reference data, for what is measured."""

from __future__ import annotations

from tests.accounts.conftest import portal

__all__ = ["portal"]
