"""The texts that the portal ships with, read from ``accounts/policies/*.md``.

Each file begins with its facts between two lines ``---`` (kind, version, language, in_force_from,
title, summary), then its Markdown.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from .models import PolicyDocument

FOLDER = Path(__file__).parent / "policies"


def load(folder: Path = FOLDER) -> int:
    """Put every text into the database; a version that is there already stays as it is.

    A text that people accepted must never change under them: a correction is a new version. Returns
    how many were added. Raises ``ValueError`` for a file without its facts.
    """
    added = 0
    with transaction.atomic():
        for path in sorted(folder.glob("*.md")):
            facts, body = read(path)
            _document, created = PolicyDocument.objects.get_or_create(
                kind=facts["kind"],
                version=facts["version"],
                language=facts["language"],
                defaults={
                    "title": facts["title"],
                    "summary": facts["summary"],
                    "body": body,
                    "in_force_from": date.fromisoformat(facts["in_force_from"]),
                    "published_at": timezone.now(),
                },
            )
            added += created
    return added


def read(path: Path) -> tuple[dict[str, str], str]:
    """Return the facts and the Markdown of one file."""
    _before, _, rest = path.read_text(encoding="utf-8").partition("---\n")
    head, _, body = rest.partition("\n---\n")
    facts: dict[str, str] = {}
    key = ""
    for line in head.splitlines():
        if line.startswith(" "):
            facts[key] = f"{facts[key]} {line.strip()}".strip()
            continue
        key, _, value = line.partition(":")
        facts[key] = value.strip().strip('"').removeprefix("|")
    missing = {"kind", "version", "language", "in_force_from", "title", "summary"} - facts.keys()
    if missing or not body:
        raise ValueError(f"{path.name}: {', '.join(sorted(missing)) or 'the text'} is missing")
    return facts, body.strip() + "\n"
