"""The help pages of virtual classes (SCREENS B8), written in ``<page>.<language>.md``.

The first line of a file is its title. Who writes another one adds it to :data:`PAGES`, in French at least.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from django.utils.safestring import SafeString
from django.utils.translation import override

from accounts import policy_texts

PAGES = ("teacher", "faq", "pupil")
FOLDER = Path(__file__).parent
FRENCH = "fr"


@dataclass(frozen=True)
class HelpPage:
    """A text as it is shown; in French where nobody has translated it."""

    title: str
    body: SafeString
    language: str


@functools.cache
def read(name: str, language: str) -> HelpPage:
    """Return one of :data:`PAGES` in a language. Raises ``KeyError`` for another name."""
    if name not in PAGES:
        raise KeyError(name)
    path = FOLDER / f"{name}.{language}.md"
    if not language.isalpha() or not path.is_file():
        path, language = FOLDER / f"{name}.{FRENCH}.md", FRENCH
    title, _blank, text = path.read_text(encoding="utf-8").partition("\n")
    with override(language):  # the words that the page's frame adds to it
        body = policy_texts.as_html(text)
    return HelpPage(title.removeprefix("# ").strip(), body, language)


def titles(language: str) -> dict[str, str]:
    """Return the title of each page, in the order in which they are offered."""
    return {name: read(name, language).title for name in PAGES}
