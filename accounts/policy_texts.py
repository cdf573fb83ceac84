"""The texts that the portal ships with, read from ``accounts/policies/*.md``.

Each file begins with its facts between two lines ``---`` (kind, version, language, in_force_from,
title, summary, and ``minor: yes`` where nobody is asked again), then its Markdown. A file that was
released stays as it is, and stays: a correction is a new file with the next version.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt

from .models import PolicyDocument
from .models.policies import RULES

FOLDER = Path(__file__).parent / "policies"
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def load(folder: Path = FOLDER) -> int:
    """Put every text into the database; a version that is there already stays as it is.

    A text that people accepted must never change under them: a correction is a new version. Where
    the national administration published a version of its own, a newer one of ours arrives as a
    draft: theirs goes on until they decide. Returns how many were added. Raises ``ValueError`` for a
    file without its facts, and for a translation without its French text.
    """
    shipped: dict[tuple[str, str], dict[str, PolicyDocument]] = defaultdict(dict)
    for path in sorted(folder.glob("*.md")):
        document = _document(path)
        shipped[document.kind, document.version][document.language] = document
    added = 0
    with transaction.atomic():
        for (kind, version), texts in shipped.items():
            if RULES not in texts:
                raise ValueError(f"{kind} {version}: the French text is missing")
            there = {
                text.language: text for text in PolicyDocument.objects.filter(kind=kind, version=version)
            }
            if RULES in there and there[RULES].body != texts[RULES].body:
                continue  # somebody's own text bears this number: ours is no translation of it
            published_at: datetime | None = timezone.now()
            if RULES in there:
                published_at = there[RULES].published_at
            elif _has_texts_of_its_own(kind, shipped.keys()):
                published_at = None
            for language, text in texts.items():
                if language not in there:
                    text.published_at = published_at
                    if RULES in there:
                        text.in_force_from, text.major = there[RULES].in_force_from, there[RULES].major
                    text.save()
                    added += 1
    return added


def _has_texts_of_its_own(kind: str, shipped: Collection[tuple[str, str]]) -> bool:
    """Say whether a version of this text was published that did not come with the portal."""
    published = PolicyDocument.objects.published().filter(kind=kind)
    return any((kind, version) not in shipped for version in published.values_list("version", flat=True))


def _document(path: Path) -> PolicyDocument:
    facts, body = read(path)
    return PolicyDocument(
        kind=facts["kind"],
        version=facts["version"],
        language=facts["language"],
        title=facts["title"],
        summary=facts["summary"],
        body=body,
        in_force_from=date.fromisoformat(facts["in_force_from"]),
        major=facts.get("minor") != "yes",
    )


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


def as_articles(text: str) -> list[tuple[str, SafeString]]:
    """Return Markdown in articles: the heading of each, empty before the first one, and its HTML."""
    articles: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        if line.startswith("## "):
            articles.append((line.removeprefix("## ").strip(), []))
        else:
            articles[-1][1].append(line)
    return [
        (heading, as_html("\n".join(lines)))
        for heading, lines in articles
        if heading or any(map(str.strip, lines))
    ]


def as_html(text: str) -> SafeString:
    """Return Markdown as HTML, without any HTML of its author's. A wide table scrolls by itself."""
    opening = format_html(
        '<div class="mcm-scroll" role="region" aria-label="{}" tabindex="0"><table>', _("Tableau")
    )
    html = MARKDOWN.render(text).replace("<table>", opening).replace("</table>", "</table></div>")
    return mark_safe(html)  # noqa: S308 (MarkdownIt escapes what it did not make)
