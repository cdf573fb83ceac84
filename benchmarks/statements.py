"""The statements that PostgreSQL wrote into its log (``log_statement``), whole."""

from __future__ import annotations

import re
from pathlib import Path

BOUNDS = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})
_ENTRY = re.compile(r"^\d{4}-\d\d-\d\d .*? LOG:  statement: (.*(?:\n\t.*)*)", re.MULTILINE)


def since(log: Path, start: int) -> list[str]:
    """Return what was written from byte ``start`` on, but for the words that only bound transactions."""
    with log.open("rb") as written:
        written.seek(start)
        text = written.read().decode("utf-8", "replace")
    found = [statement.replace("\n\t", "\n").strip() for statement in _ENTRY.findall(text)]
    return [each for each in found if each and first_word(each) not in BOUNDS]


def first_word(statement: str) -> str:
    """Return the word that a statement begins with, in capitals."""
    return statement.split(None, 1)[0].rstrip(";").upper()
