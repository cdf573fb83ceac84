"""In which sizes and lights a page is looked at: two together every day, all four in the long suite."""

from __future__ import annotations

from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet


def every_light(*, phone: Any, desk: Any) -> list[ParameterSet]:
    """Return size and colour scheme of each look: each of them is in one of the two of every day."""
    return [
        pytest.param(desk, "light", id="desk-light"),
        pytest.param(phone, "dark", id="phone-dark"),
        pytest.param(desk, "dark", id="desk-dark", marks=pytest.mark.long),
        pytest.param(phone, "light", id="phone-light", marks=pytest.mark.long),
    ]
