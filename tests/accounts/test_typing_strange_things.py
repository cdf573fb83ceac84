"""The naughty strings into every field of every form: no error page, nothing reflected (SAFETY G17, T30)."""

from __future__ import annotations

import re

import pytest
from _pytest.mark.structures import ParameterSet
from django.test import Client

from accounts import usernames
from accounts.forms import RegistrationForm
from accounts.models import Registration
from schools import person_names
from tests import corpus
from tests.accounts.conftest import Family

pytestmark = pytest.mark.django_db
STRINGS = corpus.NAUGHTY
MARKUP = re.compile(r"<[a-z/!?]..", re.IGNORECASE)
FIELDS = [*RegistrationForm.base_fields, "suggestion", "show_departments"]
PARTS = 10  # the short suite takes a tenth of the strings, another one for each field


def _some_or_all(*rows: tuple[str, ...]) -> list[ParameterSet]:
    """Return each row with some of the strings, and for the long suite with all."""
    some = [
        pytest.param(*row, STRINGS[number % PARTS :: PARTS], id="-".join(row))
        for number, row in enumerate(rows)
    ]
    every = [pytest.param(*row, STRINGS, id="-".join([*row, "all"]), marks=pytest.mark.long) for row in rows]
    return [*some, *every]


@pytest.mark.parametrize(("field", "strings"), _some_or_all(*((field,) for field in FIELDS)))
def test_no_string_in_the_sign_up_form_breaks_or_comes_back_alive(
    family: Family, field: str, strings: list[str]
) -> None:
    family.accept_terms()
    for text in strings:
        response = family.send(**{field: text})
        assert response.status_code in (200, 302, 400), text
        if response.status_code == 200 and MARKUP.search(text):
            assert text not in response.content.decode(), text
        # A refused form asks the database nothing, and PostgreSQL ends a transaction that is idle for long.
        assert Registration.objects.filter(first_name="").count() == 0
    for sign_up in Registration.objects.all():
        assert person_names.clean_name(sign_up.first_name) == sign_up.first_name
        assert usernames.clean(sign_up.username) == sign_up.username


@pytest.mark.parametrize(
    ("page", "field", "strings"),
    _some_or_all(
        ("/college/connexion/", "login"),
        ("/college/connexion/", "password"),
        ("/college/connexion/", "next"),
        ("/acces-oublie/", "login"),
        ("/college/conditions/", "document"),
        ("/inscription/verification/", "address"),
    ),
)
def test_no_string_in_the_other_forms_breaks_or_comes_back_alive(
    portal: None, page: str, field: str, strings: list[str]
) -> None:
    for text in strings:
        typed = {"login": "jeanne.dupont", "password": "x", field: text}
        response = Client().post(page, typed)
        assert response.status_code in (200, 302, 400), text
        if response.status_code == 200 and MARKUP.search(text):
            assert text not in response.content.decode(), text


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"username=%FF%FE", b"a=1&" * 300, b"", b"\x00" * 100])
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "application/json", "multipart/form-data", ""]
)
def test_no_raw_body_breaks_a_form(family: Family, body: bytes, kind: str) -> None:
    family.accept_terms()
    for page in ("/college/inscription/", "/college/connexion/", "/acces-oublie/"):
        assert family.browser.post(page, body, content_type=kind).status_code in (200, 302, 400, 413)


def test_a_giant_body_is_refused(family: Family) -> None:
    family.accept_terms()
    assert family.send(first_name="x" * 3_000_000).status_code == 400
