"""The benchmarks of imports run from end to end, small, and say what they measured."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.long


def run(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_both_ways_of_importing_a_list_take_all_of_it() -> None:
    said = run("benchmarks.import_export", "--pupils", "40")
    lines = re.findall(r"^(portal|django-import-export) +(new|unchanged) +40 rows", said, re.MULTILINE)
    assert lines == [
        (who, what) for who in ("portal", "django-import-export") for what in ("new", "unchanged")
    ], said


def test_the_files_of_several_schools_are_imported_and_recognised_by_two_workers() -> None:
    said = run("benchmarks.imports", "--schools", "2", "--pupils", "30")
    figures = r"^(?:first|again) +([\d,]+) rows .* (\d+) statements a file"
    first, again = re.findall(figures, said, re.MULTILINE)
    assert first[0] == again[0] and int(again[1]) < int(first[1]), said
