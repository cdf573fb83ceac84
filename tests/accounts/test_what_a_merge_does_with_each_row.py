"""Every app says what a « fusion de comptes » does with its rows (SCREENS C7)."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db.models import F

from accounts import moving, personal_data
from accounts.models import (
    Enrolment,
    Merge,
    MergedRow,
    User,
)
from accounts.moving import Fate
from tests.accounts.two_accounts import Two
from tests.accounts.two_accounts import two as two

pytestmark = pytest.mark.django_db


def test_every_field_that_points_at_a_person_is_said_once_and_by_who_answers_for_it() -> None:
    pointing = sorted(
        (model._meta.label, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.concrete and field.is_relation and field.related_model is User
    )
    assert sorted(pointer.label for pointer in personal_data.pointers()) == pointing
    for claim in personal_data._claims:
        for pointer in claim.pointers:
            assert pointer.model in claim.models, pointer.label


def test_what_is_unique_to_a_person_does_not_move_where_the_other_has_the_like() -> None:
    """Else two accounts that both have one could not be put together at all."""
    for pointer in personal_data.pointers():
        if pointer.fate is not Fate.MOVES:
            continue
        field = pointer.model._meta.get_field(pointer.field)
        sets = [set(each.fields) for each in pointer.model._meta.total_unique_constraints]
        if getattr(field, "unique", False):
            assert pointer.alike == (), pointer.label
        for unique in sets:
            if pointer.field in unique:
                assert set(pointer.alike or ()) <= unique - {pointer.field}, pointer.label
                assert pointer.alike is not None, pointer.label


def test_a_merge_keeps_no_name_and_no_address_of_anybody(two: Two) -> None:
    two.merge()
    kept = str([list(model.objects.values()) for model in (Merge, MergedRow)])
    assert "claire" not in kept and "exemple" not in kept


def test_a_value_that_has_no_place_any_more_is_left(two: Two) -> None:
    done = two.merge()
    moved = Enrolment.objects.get(user=two.target, level="lycee")
    Enrolment.objects.create(
        user=two.source,
        level="lycee",
        profile="enseignant",
        academy=moved.academy,
        department=moved.department,
        school_year=moved.school_year,
    )
    Enrolment.objects.filter(pk=moved.pk).update(profile=F("profile"))
    assert two.browser.post(done).url == done
    assert MergedRow.objects.get(is_left=True).key == moved.pk
    assert moving.words_of([MergedRow.objects.get(is_left=True)], personal_data.pointers())
