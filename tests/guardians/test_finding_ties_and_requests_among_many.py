"""« Liens avec des élèves » and « Demandes » among many rows: found by an index, never read whole."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.scale.declared import uai_of
from guardians import admin
from schools.models import Academy, GuardianTie, School
from tests.accounts.staff import appoint, staff_client
from tests.back_office.plans import assert_no_scan, explained, plans_of, settle

from .conftest import school

pytestmark = pytest.mark.django_db
ROWS = 20_000
TIES, REQUESTS = "/administration/schools/guardiantie/", "/administration/support/supportrequest/"


@pytest.fixture
def crowd(portal: None) -> None:
    """Pupils, their guardians and their requests, at sixty schools: one of them of this académie.

    Who is at which school hangs on nothing but their number, from 1: keys begin where tests before ended.
    """
    here = school()
    elsewhere = Academy.objects.get(code="10")
    department = elsewhere.departments.all()[0]
    School.objects.bulk_create(
        School(
            uai=uai_of(number),
            name=f"Collège {number}",
            kind="college",
            academy=elsewhere,
            department=department,
        )
        for number in range(59)
    )  # fmt: skip
    schools = "(SELECT array_agg(id ORDER BY uai) FROM schools_school)"
    place = f"{schools}[1 + n % 60]"
    academy = f"(SELECT academy_id FROM schools_school s WHERE s.id = {place})"
    assert School.objects.count() == 60 and here.academy.code == "70"
    with connection.cursor() as cursor:
        cursor.execute(f"""
            INSERT INTO schools_student (public_id, ine, family_name, first_name, usage_name,
                                         other_first_names, birth_date, sex)
            SELECT gen_random_uuid(), '', 'NOM' || (n % 4001), 'Prénom' || (n % 97), '', '', '2012-03-09', ''
              FROM generate_series(1, {ROWS}) n
        """)
        cursor.execute(f"""
            INSERT INTO schools_schooling (student_id, school_id, school_year)
            SELECT id, {place}, 2026
              FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM schools_student) numbers
        """)
        cursor.execute(f"""
            INSERT INTO schools_guardiancontact (public_id, title, family_name, first_name, usage_name,
                                                 mobile, phone, email, sms_consent, school_id)
            SELECT gen_random_uuid(), '', 'NOM' || id, 'Hélène', '', '', '', '', true, {place}
              FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM schools_student) numbers
        """)
        cursor.execute("""
            INSERT INTO schools_guardiantie (contact_id, student_id, responsibility, relationship)
            SELECT c.id, substr(c.family_name, 4)::bigint, 'legal', '' FROM schools_guardiancontact c
        """)
        cursor.execute(f"""
            INSERT INTO support_supportrequest (public_id, link_secret, submission, kind, reason, state,
                school_id, academy_id, first_name, last_name, child, mail, mobile, text, language, way_on,
                nudged, answer, closed_at)
            SELECT gen_random_uuid(), '', gen_random_uuid(), 'record', 'mobile',
                   CASE WHEN n % 20 = 0 THEN 'open' ELSE 'closed' END, {place}, {academy},
                   'Prénom' || (n % 97), 'Nom' || (n % 4001), 'Zoé', 'm' || n || '@exemple.fr', '', '', 'fr',
                   'home', false, '', CASE WHEN n % 20 = 0 THEN NULL ELSE now() END
              FROM generate_series(1, {ROWS}) n
        """)
    settle(
        "schools_student", "schools_schooling", "schools_guardiancontact", "schools_guardiantie",
        "schools_school", "support_supportrequest",
    )  # fmt: skip


def readers() -> list[Client]:
    """Staff of an académie with few rows, of one with nearly all, and of all."""
    return [staff_client(appoint(None, *role)) for role in (("dane", "70"), ("dane", "10"), ("national",))]


def test_a_tie_is_found_by_the_name_of_the_child(crowd: None) -> None:
    for browser in readers():
        for typed in ("nom399", "prénom3 nom17"):
            plans = plans_of(browser, TIES, "schools_guardiantie", {"q": typed})
            assert_no_scan(plans, "schools_(guardiantie|student|guardiancontact)", sorts=True)
        # Of nearly all contacts here it is cheaper to read all than to fetch the two hundred.
        plans = plans_of(browser, TIES, "schools_guardiantie", {"q": "prénom96"})
        assert_no_scan(plans, "schools_(guardiantie|student)", sorts=True)
        with CaptureQueriesContext(connection) as captured:
            page = browser.get(TIES, {"q": "personne"})
        assert page.status_code == 200 and "/change/" not in page.content.decode()
        assert not [each for each in captured if 'FROM "schools_guardiantie"' in each["sql"]]


def found(browser: Client, typed: str) -> list[str]:
    """Return the keys of the ties on the first page of a search."""
    return re.findall(r"guardiantie/(\d+)/change/", browser.get(TIES, {"q": typed}).content.decode())


def test_of_a_name_that_many_children_have_all_ties_are_found(
    crowd: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    dane = staff_client(appoint(None, "dane", "10"))
    by_keys = found(dane, "prénom96")
    monkeypatch.setattr(admin, "MOST_CHILDREN", 10)
    assert len(by_keys) == 50 and found(dane, "prénom96") == by_keys


def test_of_a_name_that_very_many_children_have_the_list_is_full_and_says_so(
    crowd: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    national = staff_client(appoint(None, "national"))
    monkeypatch.setattr(admin, "MOST_CHILDREN", 2_000)
    with CaptureQueriesContext(connection) as captured:
        page = national.get(TIES, {"q": "prénom", "p": "20"})
    assert "guardiantie" in page.content.decode() and page.context["cl"].paginator.is_cut
    ties = GuardianTie.objects.filter(pk__in=[row.pk for row in page.context["cl"].result_list])
    assert len(ties) == 50 and all(tie.student.first_name.startswith("Prénom") for tie in ties)
    big = "schools_(guardiantie|guardiancontact)"
    asked = [each["sql"] for each in captured if 'FROM "schools_guardiantie"' in each["sql"]]
    assert asked
    assert_no_scan([explained(statement) for statement in asked], big, sorts=True)


def test_requests_are_listed_and_found_by_their_indexes(crowd: None) -> None:
    searches = ({"q": "nom399"}, {"q": "prénom3 nom17"}, {"q": "m60@exemple.fr"}, {"state": "open"})
    for browser in readers():
        assert_no_scan(plans_of(browser, REQUESTS, "support_supportrequest"), "support_supportrequest")
        for asked in searches:
            plans = plans_of(browser, REQUESTS, "support_supportrequest", asked)
            assert_no_scan(plans, "support_supportrequest", sorts=True)
