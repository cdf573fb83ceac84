"""Whoever hands over a file made to harm gets a sentence, and the portal keeps its memory (SAFETY T48)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from schools.rosters.refusals import REASONS
from tests.schools.rosters import hostile

KILOBYTES = 50 * 1024  # how much more memory reading a hostile file may take
NAMES = [
    *(f"XML: {name}" for name in (*hostile.XML, *hostile.GIANTS)),
    *(f"ZIP: {name}" for name in hostile.ZIP),
    *(f"CSV: {name}" for name in hostile.CSV),
    *(f"XLSX: {name}" for name in hostile.XLSX),
]
EXPECTED: dict[str, str] = {}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, int]]:
    """Read every file in a process of its own with a limit on its memory."""
    asked = []
    for name, kind, paths, code in hostile.files(tmp_path_factory.mktemp("hostile")):
        asked.append([name, kind, paths])
        EXPECTED[name] = code
    done = subprocess.run(
        [sys.executable, "-m", "tests.schools.rosters.within"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    return {name: (said, grown) for name, (said, grown) in json.loads(done.stdout).items()}


@pytest.mark.parametrize("name", NAMES)
def test_it_is_refused_with_its_reason_and_little_memory(
    name: str, outcomes: dict[str, tuple[str, int]]
) -> None:
    said, grown = outcomes[name]
    assert said == EXPECTED[name]
    assert said in REASONS
    assert grown < KILOBYTES
