"""``docs/coverage.md`` tells the truth: a line names tests that exist and run, or says what is not done."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINE = re.compile(r"^\| (?P<number>[A-D]\d+|[GTF]\d+|S3) \| (?P<what>[^|]+) \| (?P<shown>[^|]+) \|$")
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::([\w:]+))?`")
ROWS = [
    match
    for line in (ROOT / "docs/coverage.md").read_text(encoding="utf-8").splitlines()
    if (match := LINE.match(line))
]


def named_in(path: Path) -> dict[str, list[str]]:
    """Return the tests of a file, ``Class::test`` included, with the names of their marks."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    module_marks = [
        ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    ]
    found: dict[str, list[str]] = {}

    def walk(nodes: list[ast.stmt], prefix: str, marks: list[str]) -> None:
        for node in nodes:
            if isinstance(node, ast.ClassDef):
                walk(node.body, f"{prefix}{node.name}::", [*marks, *map(ast.unparse, node.decorator_list)])
            elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found[prefix + node.name] = [*marks, *map(ast.unparse, node.decorator_list)]

    walk(tree.body, "", module_marks)
    return found


def test_the_page_has_lines() -> None:
    numbers = [row["number"] for row in ROWS]
    assert len(numbers) > 40
    assert len(numbers) == len(set(numbers)), "a number stands twice"


@pytest.mark.parametrize("row", ROWS, ids=[row["number"] for row in ROWS])
def test_each_line_names_tests_that_run_or_says_why_not(row: re.Match[str]) -> None:
    named = TEST.findall(row["shown"])
    assert named or "not done, because" in row["shown"]
    for file, name in named:
        path = ROOT / file
        assert path.exists(), f"{file} does not exist"
        tests = named_in(path)
        wanted = {name: tests[name]} if name and name in tests else {} if name else tests
        assert wanted, f"{file} has no test {name}"
        for marks in wanted.values():
            assert not any("skip" in mark or "xfail" in mark for mark in marks), f"{file}::{name} is skipped"
