"""What ``make bench-scale`` puts into the tables, and how it finds out what is read from end to end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.contrib.auth.hashers import make_password
from django.db import connection

from benchmarks.scale import crowd, declared, fillers, pages, plans
from benchmarks.scale.tables import Tables
from schools.models import Division, GuardianContact, School, StaffMember, Student

COUNT = 4_000  # more than a table that is read from end to end for nothing


@pytest.fixture
def tables(portal: None) -> Iterator[Tables]:
    """The tables of this test, by the cursor that psycopg2 gave to Django."""
    with connection.cursor() as cursor:
        yield Tables(cursor.cursor)


def people(tables: Tables, count: int) -> crowd.Crowd:
    return crowd.gather(tables, count=count, password=make_password("x"), school_year=2026)


def fill(tables: Tables, count: int = 200) -> crowd.Crowd:
    found = people(tables, count)
    fillers.fill(tables, found)
    return found


def test_every_constraint_of_every_table_holds(tables: Tables) -> None:
    fill(tables, COUNT)
    tables.cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # those of other tables' keys wait until the end
    models = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    for table, rows in tables.touched.items():
        assert rows > 0, table
        for field in models[table]._meta.concrete_fields:
            if field.choices:  # which the columns themselves do not all know
                found = set(models[table]._default_manager.order_by().values_list(field.name, flat=True))
                assert found <= {value for value, _word in field.flatchoices} | {""}, field


def test_what_is_given_keys_counts_on_from_there(tables: Tables) -> None:
    found = fill(tables)
    made = Student.objects.create(family_name="Martin", first_name="Léa")
    assert made.pk > Student.objects.exclude(pk=made.pk).latest("pk").pk
    assert Student.objects.count() == declared.pupils_of(found) + 1


def test_the_same_number_gives_the_same_people(tables: Tables) -> None:
    one, other = people(tables, 50), people(tables, 50)
    assert list(one.people()) == list(other.people())
    assert len({each.public_id for each in one.people()}) == 50
    assert [each.uai for each in declared.schools_of(one)] == [
        each.uai for each in declared.schools_of(other)
    ]


def test_each_pupil_has_a_class_of_their_school_and_each_contact_a_child_there(tables: Tables) -> None:
    found = fill(tables, COUNT)
    assert School.objects.filter(uai__in=[each.uai for each in declared.schools_of(found)]).exists()
    assert Division.objects.exists() and StaffMember.objects.exists()
    for pupil in [*Student.objects.order_by("pk")[:5], *Student.objects.order_by("-pk")[:5]]:
        schooling = pupil.schoolings.get()
        assert schooling.divisions.get().school_id == schooling.school_id
        assert {each.school_id for each in pupil.contacts.all()} == {schooling.school_id}
    assert not GuardianContact.objects.filter(ties=None).exists()


def test_every_list_of_the_administration_is_measured() -> None:
    site.get_urls()
    registered = {
        f"/administration/{model._meta.app_label}/{model._meta.model_name}/" for model in site._registry
    }
    assert {each.path for each in pages.LISTS} == registered
    assert len(pages.LISTS) == len(registered)


def test_each_list_is_asked_by_somebody_who_signs_in(tables: Tables) -> None:
    from benchmarks.scale.staff import STAFF

    known = pages.acquaintances(people(tables, 2_000))
    asked = list(pages.all_pages(known))
    assert {page.by for page in asked} <= set(STAFF)
    assert {page.path for page in asked} == {each.path for each in pages.LISTS}
    keys = [(page.path, page.by, page.what) for page in asked]
    assert len(keys) == len(set(keys)), "two pages of one name would be taken for one"


def test_a_search_without_an_index_is_found_in_the_plans(tables: Tables) -> None:
    fill(tables, COUNT)
    indexed = "SELECT id FROM accounts_user WHERE public_id = '00000000-0000-4000-8000-000000000000'"
    planted = "SELECT id FROM accounts_user WHERE last_name LIKE '%tin'"
    [found] = plans.scans(tables, [indexed, planted, "COMMIT"])
    assert (found.table, found.statement) == ("accounts_user", planted)
    assert found.rows >= COUNT
    assert plans.explained([indexed, planted, "COMMIT"]) == 2


def test_a_limit_that_ends_a_scan_early_excuses_it_and_a_sort_does_not(tables: Tables) -> None:
    fill(tables, COUNT)
    early = "SELECT id FROM accounts_user LIMIT 50"
    sorted_first = "SELECT id FROM accounts_user ORDER BY last_name LIMIT 50"
    assert [scan.statement for scan in plans.scans(tables, [early, sorted_first])] == [sorted_first]


def test_a_small_table_may_be_read_from_end_to_end(tables: Tables) -> None:
    fill(tables)
    assert not list(plans.scans(tables, ["SELECT * FROM schools_academy"]))


def test_statements_that_differ_in_their_values_have_one_shape() -> None:
    one, other = "SELECT 1 FROM t WHERE a = 'it''s' AND b = 12", "SELECT 7 FROM t WHERE a = 'x' AND b = 3"
    assert plans.shape(one) == plans.shape(other) != plans.shape("SELECT 1 FROM t WHERE c = 'x' AND b = 3")


@pytest.mark.parametrize("value", ["a\tb", "a\\b", "a\nb", "\\N", "é’œ", "", None, True])
def test_what_copy_writes_is_read_back_as_it_was(tables: Tables, value: str | bool | None) -> None:
    kind = "boolean" if isinstance(value, bool) else "text"
    tables.cursor.execute(f"CREATE TEMPORARY TABLE written (value {kind}) ON COMMIT DROP")
    assert tables.copy("written", "value", [(value,)]) == 1
    assert tables.rows("SELECT value FROM written") == [(value,)]
