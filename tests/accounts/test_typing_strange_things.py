"""The naughty strings into every field of every form: no error page, nothing reflected (SAFETY G17, T30)."""

from __future__ import annotations

import re
import unicodedata

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


@pytest.mark.parametrize(
    ("page", "field"),
    [
        *(("/college/inscription/", field) for field in FIELDS),
        ("/college/connexion/", "login"),
        ("/college/connexion/", "password"),
        ("/acces-oublie/", "login"),
        ("/inscription/verification/", "address"),
        ("/lettre/", "identifier"),
        ("/lettre/", "code"),
        ("/eleves/connexion/", "login"),
        ("/eleves/connexion/", "password"),
        ("/eleves/acces-oublie/", "login"),
        ("/personnels/70/connexion/", "login"),
        ("/responsables/connexion/", "login"),
        ("/responsables/connexion/", "password"),
        ("/responsables/premiere-connexion/", "last_name"),
        ("/responsables/premiere-connexion/", "first_name"),
        ("/responsables/premiere-connexion/", "mobile"),
        ("/responsables/premiere-connexion/code-ecole/", "code"),
        ("/responsables/premiere-connexion/code-ecole/", "last_name"),
    ],
)
def test_marks_without_end_are_never_put_in_order(
    family: Family, monkeypatch: pytest.MonkeyPatch, page: str, field: str
) -> None:
    """That takes the square of their number: a text of a megabyte would hold a process for hours."""
    lengths: list[int] = []
    put_in_order = unicodedata.normalize
    monkeypatch.setattr(
        unicodedata, "normalize", lambda form, text: lengths.append(len(text)) or put_in_order(form, text)
    )
    family.accept_terms()
    typed = {
        **family.typed,
        "login": "jeanne.dupont",
        "identifier": "j.dupont",
        "code": "123456",
        "region": "FR",
        "mobile": "06 12 34 56 78",
        field: "a" + "\u0301\u0316" * 3_000,
    }
    assert family.browser.post(page, typed).status_code in (200, 302, 400)
    assert max(lengths, default=0) <= 4_000
