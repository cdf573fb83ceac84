"""Families and guardians come in while every server fails once (SAFETY G10, F1 to F21, 5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.drill import driver
from benchmarks.drill.comparison import MOST_COPIES

FAMILIES = 57  # of every six two are guardians, one has a letter, one holds a class


@pytest.mark.long
def test_whatever_fails_every_family_that_was_told_so_has_its_mail_and_one_account(tmp_path: Path) -> None:
    found = driver.run(sign_ups=FAMILIES, every=9, seed=1, out=tmp_path)
    assert found.broken == []
    assert (found.acknowledged, found.done) == (FAMILIES, FAMILIES)
    assert (found.lost, found.doubled, found.turned_away) == ([], [], [])
    assert found.most_copies <= MOST_COPIES
