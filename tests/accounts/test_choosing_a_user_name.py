"""A person chooses a user name (SCREENS A4, SAFETY T30)."""

from __future__ import annotations

import re
from itertools import islice
from random import Random

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.usernames import PATTERN, RESERVED, clean, suggestions
from tests import corpus

FORM = re.compile(r"[a-z][a-z0-9._-]{2,29}")  # told again on purpose, not imported


def _refusal(typed: str) -> str:
    with pytest.raises(ValidationError) as refused:
        clean(typed)
    assert len(refused.value.messages) == 1
    assert refused.value.code
    return refused.value.code


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("marie.dupont", "marie.dupont"),
        ("Marie.DUPONT", "marie.dupont"),
        ("  marie.dupont ", "marie.dupont"),
        ("m-d_2.x", "m-d_2.x"),
        ("abc", "abc"),
        ("a" * 30, "a" * 30),
    ],
)
def test_a_user_name_is_kept_in_lower_case(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "required"),
        ("   ", "required"),
        ("ab", "length"),
        ("a" * 31, "length"),
        ("1marie", "first"),
        (".marie", "first"),
        ("_marie", "first"),
        ("marie dupont", "characters"),
        ("marie'dupont", "characters"),
        ("marie\x00dupont", "characters"),
        ("marie\ndupont", "characters"),
        ("marie/../x", "characters"),
        ("maël.dupont", "not_ascii"),
        ("marie@example.org", "address"),
        ("al@ber.fr", "address"),
        ("Admin", "reserved"),
    ],
)
def test_each_refusal_has_a_sentence_of_its_own(typed: str, code: str) -> None:
    assert _refusal(typed) == code


@pytest.mark.parametrize("typed", [*corpus.LOOK_ALIKES, *corpus.OTHER_SCRIPTS, *corpus.CASE_TRAPS])
def test_a_look_alike_letter_is_refused_and_never_folded(typed: str) -> None:
    assert _refusal(typed.ljust(3, "x")) == "not_ascii"


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_reserved_name_is_refused_in_any_letter_case(name: str) -> None:
    assert _refusal(name.upper()) in ("reserved", "length")


def test_the_reserved_names_are_those_of_the_service_and_its_staff() -> None:
    assert len(RESERVED) >= 60
    assert {"admin", "root", "support", "null", "cned", "rectorat", "dane", "dsden", "postmaster"} <= RESERVED


def test_a_name_that_only_begins_like_a_reserved_one_passes() -> None:
    assert clean("admin.dupont") == "admin.dupont"


def test_of_the_naughty_strings_only_plain_words_pass() -> None:
    passed = set()
    for typed in (*corpus.NAUGHTY, *corpus.SURROGATES):
        try:
            passed.add(clean(typed))
        except ValidationError:
            continue
    assert passed == {"con", "nul.txt", "nan", "infinity", "true", "false", "nil", "constructor", "tostring"}


@settings(derandomize=True, deadline=None, max_examples=400)
@given(
    st.text(alphabet=st.characters(), max_size=40)
    | st.text(alphabet=st.sampled_from("abZ019._- @éаＡ\u212a\x00\n"), max_size=33)
)
def test_whatever_is_typed_gives_a_user_name_or_a_sentence(typed: str) -> None:
    try:
        name = clean(typed)
    except ValidationError as refused:
        assert refused.messages[0].endswith((".", "_"))
        return
    assert FORM.fullmatch(name) and re.match(PATTERN, name)
    assert name not in RESERVED
    assert clean(name) == name
    assert name == typed.strip().lower()


# --- suggestions ------------------------------------------------------------------------------
def test_the_first_suggestions_are_the_names_themselves() -> None:
    offered = list(islice(suggestions("Anne-Marie", "de La Tour du Pin", random=Random(1)), 3))
    assert offered == ["anne-marie.delatourdupin", "a.delatourdupin", "anne-marie.delatourdupin2"]


@pytest.mark.parametrize(
    ("first_name", "last_name", "name"),
    [
        ("Ðào", "Nguyễn", "dao.nguyen"),
        ("Łucja", "Weiß", "lucja.weiss"),
        ("Lætitia", "Œuvrard", "laetitia.oeuvrard"),
        ("Seán", "O’Neil", "sean.oneil"),
        ("Y", "O", "y.o"),
        ("Alexandre-Maximilien", "Rakotomalala-Andriana", "alexandre-maximilien.rakotomal"),
    ],
)
def test_accents_are_written_in_ascii_and_long_names_cut(first_name: str, last_name: str, name: str) -> None:
    assert next(suggestions(first_name, last_name, random=Random(1))) == name


def test_a_name_is_not_cut_at_a_dot_or_hyphen() -> None:
    assert next(suggestions("a" * 29, "Dupont", random=Random(1))) == "a" * 29


def test_the_same_source_of_chance_gives_the_same_suggestions_and_they_are_many() -> None:
    offered = list(suggestions("Marie", "Dupont", random=Random(7)))
    assert offered == list(suggestions("Marie", "Dupont", random=Random(7)))
    assert offered != list(suggestions("Marie", "Dupont", random=Random(8)))
    assert len(offered) >= 10


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text(alphabet=st.characters(), max_size=60), st.text(max_size=60), st.integers(0, 9))
def test_whatever_the_names_each_suggestion_can_be_taken(first_name: str, last_name: str, seed: int) -> None:
    offered = list(suggestions(first_name, last_name, random=Random(seed)))
    assert len(offered) == len(set(offered)) >= 4
    assert all(clean(name) == name for name in offered)


@pytest.mark.parametrize(("first_name", "last_name"), [("", ""), ("Admin", ""), ("Ольга", "李"), ("", "Bo")])
def test_somebody_without_latin_names_gets_suggestions_too(first_name: str, last_name: str) -> None:
    offered = list(suggestions(first_name, last_name, random=Random(1)))
    assert len(offered) >= 4
    assert all(clean(name) == name for name in offered)
