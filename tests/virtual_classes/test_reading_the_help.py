"""Teachers, pupils and whoever helps them read how virtual classes work (SCREENS B8)."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from virtual_classes import help as texts
from virtual_classes.help import FOLDER, PAGES

ADDRESSES = {"teacher": "animer", "faq": "questions", "pupil": "eleve"}


def shown(name: str, language: str) -> str:
    answer = Client().get(
        f"/aide/classes-virtuelles/{ADDRESSES[name]}/", headers={"Accept-Language": language}
    )
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_read_in_french_and_in_english_and_leads_to_the_others(name: str) -> None:
    french, english = shown(name, "fr"), shown(name, "en")
    for page, language in ((french, "fr"), (english, "en")):
        title = texts.read(name, language).title
        assert f"<h1>{title}</h1>" in page
        for other in set(PAGES) - {name}:
            assert f'href="/aide/classes-virtuelles/{ADDRESSES[other]}/"' in page
            assert texts.read(other, language).title in page
    assert texts.read(name, "fr").title not in english


@pytest.mark.django_db
def test_the_questions_of_the_two_languages_are_the_same_number() -> None:
    for name in PAGES:
        parts = [len(re.findall("<h2>", texts.read(name, language).body)) for language in ("fr", "en")]
        assert parts[0] == parts[1] > 4, name


def test_who_reads_another_language_reads_french_that_is_said_to_be_french() -> None:
    assert texts.read("pupil", "pt").language == "fr"
    assert texts.read("pupil", "../../etc").language == "fr"
    with pytest.raises(KeyError):
        texts.read("../faq", "fr")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.fr.md")), ids=lambda path: path.name)
def test_french_is_set_as_french_is(path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"[^\s|*:-] [?!:;»]|« |\w'\w", text)
    assert not re.search(r"[^\W\d_][?!;»](?=\s|$)", text)
