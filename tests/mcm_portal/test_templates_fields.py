"""A person fills in a form: label, hint, control and errors belong together (components/)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django import forms
from django.template.loader import render_to_string
from django.test import RequestFactory

from accounts import passwords
from mcm_portal import views


class Form(forms.Form):
    first_name = forms.CharField(label="Prénom", max_length=12, help_text="Comme à l’école")
    nickname = forms.CharField(label="Surnom", required=False)
    address = forms.EmailField(label="Courriel")
    password = forms.CharField(label="Mot de passe", widget=forms.PasswordInput)
    year = forms.TypedChoiceField(
        label="Année", coerce=int, choices=[(2025, "2025"), (2026, "2026")], initial=2026
    )
    age = forms.ChoiceField(
        label="Âge", choices=[("adult", "18 ans ou plus"), ("minor", "moins")], widget=forms.RadioSelect
    )
    agrees = forms.BooleanField(label="J’accepte")
    key = forms.CharField(widget=forms.HiddenInput, required=False)


def field(name: str, form: Form | None = None, **options: Any) -> str:
    html = render_to_string("components/field.html", {"field": (form or Form())[name], **options})
    return re.sub(r"\s+", " ", html)


def refused() -> Form:
    return Form({"first_name": "<script>", "address": "zoe@", "password": "Secret-12"})


def test_the_label_names_the_field_and_nothing_else() -> None:
    assert '<label class="fr-label" for="id_first_name">Prénom</label>' in field("first_name")


def test_a_required_field_is_marked_for_the_eye_and_for_the_ear() -> None:
    html = field("first_name")
    assert '<span class="mcm-required" aria-hidden="true">*</span>' in html
    assert " required" in html


def test_an_optional_field_is_not_marked_unless_the_form_decides_so() -> None:
    assert "required" not in field("nickname")
    assert " required" in field("nickname", required=True)


def test_the_hint_is_read_with_the_field() -> None:
    html = field("first_name")
    assert 'aria-describedby="id_first_name-hint ' in html
    assert '<p class="fr-hint-text mcm-hint" id="id_first_name-hint">Comme à l’école</p>' in html


def test_the_hint_of_the_page_wins_over_that_of_the_form() -> None:
    html = field("first_name", hint="Sans accent")
    assert "Sans accent" in html
    assert "Comme à l’école" not in html


@pytest.mark.parametrize("name", ["address", "age", "agrees", "year"])
def test_the_error_stands_beside_its_field_and_is_read_with_it(name: str) -> None:
    html = field(name, refused())
    assert f'id="id_{name}-error"' in html
    assert re.search(rf'aria-describedby="[^"]*id_{name}-error', html)
    assert 'aria-invalid="true"' in html


def test_a_field_without_error_is_not_called_invalid() -> None:
    assert "aria-invalid" not in field("first_name", refused())


def test_what_was_typed_comes_back_and_cannot_become_markup() -> None:
    assert 'value="&lt;script&gt;"' in field("first_name", refused())


def test_a_password_never_comes_back() -> None:
    assert "Secret-12" not in field("password", refused())


def test_what_is_pasted_is_not_cut() -> None:
    assert "maxlength" not in field("first_name")


def test_a_password_takes_any_browser_help_the_page_asks_for() -> None:
    assert 'autocomplete="new-password"' in field("password", autocomplete="new-password")
    assert 'autocomplete="current-password"' in field("password")


def test_a_choice_that_is_a_number_is_found_again() -> None:
    assert '<option value="2026" selected>2026</option>' in field("year")
    assert '<option value="2025" selected>2025</option>' in field("year", Form({"year": "2025"}))


def test_a_radio_group_is_a_fieldset_whose_first_choice_has_the_id_of_the_field() -> None:
    html = field("age")
    assert "<legend" in html
    assert 'id="id_age" name="age" value="adult"' in html
    assert 'id="id_age_1" name="age" value="minor"' in html


def test_the_rules_of_a_password_are_those_of_its_policy() -> None:
    policy = passwords.EDUCONNECT.as_data()
    html = field("password", rules=policy["rules"], passphrase=policy["passphrase"])
    assert 'data-rules-of="id_password" data-passphrase="16"' in html
    assert re.search(r'aria-describedby="[^"]*id_password-rules', html)
    assert html.count("<li ") == len(passwords.EDUCONNECT.rules)
    assert "data-chars=" in html


def test_the_errors_are_summed_up_and_each_leads_to_its_field() -> None:
    html = render_to_string("components/error_summary.html", {"form": refused()})
    assert 'role="alert" tabindex="-1" autofocus' in html
    for name in ("address", "age", "agrees", "year"):
        assert f'<a href="#id_{name}">' in html


def test_an_error_of_the_whole_form_or_of_a_hidden_field_is_told_too() -> None:
    form = refused()
    form.add_error(None, "Trop d’essais")
    form.add_error("key", "Page trop vieille")
    html = render_to_string("components/error_summary.html", {"form": form})
    assert "<li>Trop d’essais</li>" in html
    assert "<li>Page trop vieille</li>" in html


def test_without_error_there_is_no_summary() -> None:
    assert render_to_string("components/error_summary.html", {"form": Form()}).strip() == ""


def test_the_title_of_a_refused_page_begins_with_error() -> None:
    page = render_to_string("base.html", {"form": refused()})
    assert re.search(r"<title>Erreur\s: ", page)
    assert "<title>Erreur" not in render_to_string("base.html", {"form": Form()})


def test_the_living_page_shows_every_component(client) -> None:
    page = views.components(RequestFactory().get("/composants/")).content.decode()
    for mark in ("mcm-errors", "fr-alert--success", "mcm-notice--warning", "mcm-card", "mcm-buttons"):
        assert mark in page
    for mark in (
        "mcm-breadcrumb",
        "fr-stepper",
        "mcm-copyable",
        "mcm-panel",
        "mcm-rules",
        "data-same-address",
    ):
        assert mark in page


def test_a_label_in_a_list_cannot_become_markup() -> None:
    form = Form()
    form.fields["year"].choices = [('"', "<b>Été</b>")]
    assert '<option value="&quot;">&lt;b&gt;Été&lt;/b&gt;</option>' in field("year", form)
