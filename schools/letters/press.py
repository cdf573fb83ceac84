"""The press: a process of its own that lays pages out and ends, and its memory with it.

The library keeps what it laid out for the next document: half a gigabyte after a thousand letters, in a
worker that lives for weeks. Started by :mod:`schools.letters.typesetting` as a program; it knows nothing of
the portal. Reads JSON (the sources and the options), writes a JSON list of pages or documents in base 64;
status 1, without a word that might quote a letter, for what cannot be laid out.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

import typst


def press(job: dict[str, Any]) -> list[bytes]:
    """Lay a document out: one PDF, or as many PNG as there are pages."""
    sources = {name: text.encode() for name, text in job["sources"].items()}
    made: Any = typst.compile(sources, ignore_system_fonts=True, **job["options"])
    return [made] if isinstance(made, bytes) else list(made)


if __name__ == "__main__":
    try:
        made = press(json.load(sys.stdin))
    except typst.TypstError:
        sys.exit(1)
    json.dump([base64.b64encode(each).decode() for each in made], sys.stdout)
