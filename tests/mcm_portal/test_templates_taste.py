"""What every template and stylesheet of the portal keeps to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import django.contrib.admin
import pytest
from django.conf import settings

from mcm_portal import design_system

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"})
PAGES = [path for path in TEMPLATES if path.suffix == ".html"]
STYLES = ROOT / "static" / "css"

COMMENTS = re.compile(r"{% comment.*?{% endcomment %}|{#.*?#}|<!--.*?-->", re.DOTALL)
TRANSLATED = re.compile(r"{% blocktrans(?:late)?\b.*?{% endblocktrans(?:late)? %}", re.DOTALL)
TAGS = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
UNTRANSLATED_FILTER = re.compile(r"""\|default(?:_if_none)?:"[^"]*[^\W\d_]{2}[^"]*\"""")
ELEMENTS = re.compile(r"<[^>]*>", re.DOTALL)
ENTITIES = re.compile(r"&\w+;")
READ_ALOUD = re.compile(r"""\b(?:aria-label|alt|placeholder|title|data-label|data-sentence)="([^"]*)\"""")
LETTERS = re.compile(r"[^\W\d_]{2,}")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT / "templates"))


def unwrapped(text: str) -> Iterator[str]:
    """The words a person would read that no translator would see."""
    text = TAGS.sub("", TRANSLATED.sub("", COMMENTS.sub("", text)))
    for attribute in READ_ALOUD.findall(text):
        yield from LETTERS.findall(attribute)
    yield from LETTERS.findall(ENTITIES.sub("", ELEMENTS.sub(" ", text)))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_word_can_be_translated(path: Path) -> None:
    assert list(unwrapped(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        "<p>Bonjour</p>",
        '<a title="Accueil">{% translate "x" %}</a>',
        '<p class="a">{% if b %}Oui{% endif %}</p>',
        "{% translate 'a' %} et",
    ],
)
def test_a_word_that_is_not_wrapped_is_found(text: str) -> None:
    assert list(unwrapped(text))


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_no_page_holds_a_style_or_a_script_of_its_own(path: Path) -> None:
    text = COMMENTS.sub("", path.read_text(encoding="utf-8"))
    assert not re.search(r"\sstyle\s*=|<style\b|\son[a-z]+\s*=|javascript:", text)
    assert all(" src=" in script for script in re.findall(r"<script\b[^>]*>", text))


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_no_page_asks_another_site_for_anything(path: Path) -> None:
    text = COMMENTS.sub("", path.read_text(encoding="utf-8"))
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text)


@pytest.mark.parametrize("path", sorted((ROOT / "templates" / "components").glob("*")), ids=name)
def test_a_component_opens_with_what_it_takes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("{% comment %}\n")
    assert "Options:\n" in text.partition("{% endcomment %}")[0]


def test_no_template_is_left_over() -> None:
    sources = [
        path.read_text(encoding="utf-8")
        for folder in (
            "templates",
            "back_office",
            "mcm_portal",
            "accounts",
            "support",
            "guardians",
            "virtual_classes",
            "audit",
            "notifications",
            "schools",
        )
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".html", ".txt"}
    ]
    # A letter is named by its kind: accounts/letters/<kind>.html, .txt and _subject.txt.
    named = {found for text in sources for found in re.findall(r"""["']([\w/.-]+\.(?:html|txt))["']""", text)}
    kinds = {found for text in sources for found in re.findall(r"""["']([\w/.-]+)["']""", text)}

    def is_used(path: Path) -> bool:
        if path.is_relative_to(ROOT / "templates" / "admin"):
            return (Path(django.contrib.admin.__path__[0]) / "templates" / name(path)).exists() or (
                name(path) in named
            )  # in the place of one of Django's
        if path.parent.name == "letters":
            return path.stem.removesuffix("_subject") in {
                kind.rsplit("/")[-1].rsplit(".")[-1] for kind in kinds
            } or (name(path) in named)
        return name(path) in named

    assert [name(path) for path in TEMPLATES if not is_used(path)] == []


def test_no_script_is_left_over() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    scripts = (ROOT / "static" / "js").glob("*.js")
    assert [path.name for path in scripts if f"js/{path.name}" not in pages] == []


@pytest.mark.parametrize("sheet", ["dsfr.css", "brand.css"])
def test_the_sheets_are_those_of_the_design_system_installed(sheet: str) -> None:
    """Run ``python -m mcm_portal.design_system`` after an update of django-dsfr."""
    made = design_system.stylesheets()[sheet]
    assert (STYLES / sheet).read_text(encoding="utf-8") == made, "python -m mcm_portal.design_system"


@pytest.mark.parametrize("sheet", ["dsfr.css", "portal.css"])
def test_the_font_and_the_block_of_the_state_are_in_the_brand_only(sheet: str) -> None:
    css = (STYLES / sheet).read_text(encoding="utf-8")
    assert not re.search(r"@font-face|font-family:\s*(Marianne|Spectral)|\.fr-logo|fonts/", css)


def test_dark_needs_no_script_and_can_be_overruled_either_way() -> None:
    css = (STYLES / "dsfr.css").read_text(encoding="utf-8")
    assert "data-fr-theme" not in css + (STYLES / "brand.css").read_text(encoding="utf-8")
    by_system = css.partition("@media (prefers-color-scheme:dark){")[2]
    assert by_system.startswith(":root:not([data-theme=light]){--grey-1000-50:#161616")
    assert ":root[data-theme=dark]{--grey-1000-50:#161616" in css
