"""Finding people by name without regard to accents, case and hyphens, at any number of rows.

A model keeps the key of its names in a generated column with a GIN index over its words; a search
looks for words that begin with what was typed, and never scans (DESIGN section 6).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Concat

_NOT_IN_A_WORD = re.compile(r"\W+")


class SearchKey(Func):
    """The key of a name in SQL: lower case, no accents, hyphens or apostrophes. Immutable."""

    template = (
        "replace(replace(replace(lower(regexp_replace(normalize(%(expressions)s, NFKD), "
        "'[\\u0300-\\u036f]', '', 'g')), 'œ', 'oe'), 'æ', 'ae'), '’', '''')"
    )
    output_field = models.CharField()


class IdentityKey(Func):
    """The key of two names together in SQL, by which two declarations are of one person: words alone."""

    template = "trim(regexp_replace(%(expressions)s, '[^[:alnum:]]+', ' ', 'g'))"
    output_field = models.CharField()

    def __init__(self, first: str, second: str, **extra: Any) -> None:
        super().__init__(SearchKey(Concat(first, Value(" "), second)), **extra)


def search_key(text: str) -> str:
    """Return the same key in Python, for what somebody typed."""
    plain = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text)).lower()
    return plain.replace("œ", "oe").replace("æ", "ae").translate(str.maketrans("’'.-/", " " * 5))


def words_of(column: str) -> SearchVector:
    """Return the words of a key column: what its GIN index is made of, and what a search asks."""
    return SearchVector(column, config="simple")


def as_array(column: str) -> Func:
    """Return a key column as an array of one, which PostgreSQL's GIN indexes take beside words.

    So one index answers « called so, and of one of these »: ``as_array(...)`` overlaps the keys asked for.
    """
    return Func(column, template="ARRAY[%(expressions)s]", output_field=ArrayField(models.BigIntegerField()))


def prefix_query(typed: str) -> SearchQuery | None:
    """Return a query for names with a word beginning with each word typed; ``None`` for no word at all.

    One or two letters are a whole word (« Li », « O’Neil »): a million names begin with « ma ».
    """
    words = [word for word in _NOT_IN_A_WORD.split(search_key(typed)) if word][:6]
    if not words:
        return None
    return SearchQuery(
        " & ".join(f"{word}:*" if len(word) > 2 else word for word in words),
        search_type="raw",
        config="simple",
    )
