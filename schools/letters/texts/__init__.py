"""What the letters say, one file for each language: a third language is a third file."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@cache
def languages() -> list[tuple[str, str]]:
    """Return the languages that letters exist in, each by its code and its own name; French first."""
    found = [(path.stem, str(of(path.stem)["name"])) for path in FOLDER.glob("*.toml")]
    return sorted(found, key=lambda each: (each[0] != "fr", each[1]))


@cache
def of(language: str) -> dict[str, Any]:
    """Return the texts of a language (« en », « en-gb »); French where there are none."""
    path = FOLDER / f"{language.partition('-')[0].replace('/', '')}.toml"
    return tomllib.loads((path if path.is_file() else FOLDER / "fr.toml").read_text(encoding="utf-8"))
