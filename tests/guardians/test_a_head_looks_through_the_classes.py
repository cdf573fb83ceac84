"""A head finds every pupil of the school, and sees class by class who has come (SAFETY T35, T50, T53)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from guardians import own_school
from guardians.models import ContactAccount
from schools.models import Division, GuardianTie, School, Schooling, StaffDivision
from tests.accounts.heads import account, browser_of, colleague, head_of, pupil, text_of

from .conftest import Declared, school

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal")]
PAGE = "/mon-etablissement/eleves/"
OTHER = "0690001B"
Declare = Callable[..., Declared]


def letters_of(number: int) -> str:
    return f"P{number:03d}".translate(str.maketrans("0123456789", "abcdefghij"))


def put(at: School, code: str, *children: object) -> Division:
    division, _new = Division.objects.get_or_create(school=at, school_year=2026, code=code)
    for schooling in Schooling.objects.filter(school=at, student__in=children):
        schooling.divisions.add(division)
    return division


def test_each_class_has_its_totals_and_no_other_schools(declare: Declare) -> None:
    said = declare({"Chloé": "2012-03-09", "Louis": "2012-03-09"})
    at = said.school
    declare({"Zoé": "2012-03-09"}, uai=OTHER, first_name="Anne")
    declare(said.children, first_name="Marc")  # the other guardian
    declare(said.children[:1], first_name="Yvonne", responsibility="contact")  # to be called, nothing else
    # Another school knows a grandmother of the same child, as its own contact.
    declare(said.children[:1], uai=OTHER, first_name="Odette")
    GuardianTie.objects.filter(contact=said.contact, student=said.children[1]).update(removed_at=Now())
    ContactAccount.objects.create(contact=said.contact, user=account("Hélène"))
    account("Chloé", student=said.children[0])
    User.objects.filter(first_name="Chloé").update(last_login=Now())
    division = put(at, "3 A", *said.children)
    put(at, "3 B")
    StaffDivision.objects.create(member=colleague(at, "Nadia"), division=division)
    gone = colleague(at, "Ali", gone_at=Now(), access_until=Now())
    StaffDivision.objects.create(member=gone, division=division)
    first, second = own_school.totals_of(at)
    assert (first.name, first.pupils, first.pupils_come) == ("3 A", 2, 1)
    assert (first.guardians, first.guardian_accounts, first.staff) == (2, 1, 1)
    assert (second.name, second.pupils, second.guardians, second.staff) == ("3 B", 0, 0, 0)
    shown = text_of(browser_of(head_of(at)).get(PAGE))
    assert "3 A 2 1 2 1 1" in shown and "Chloé" not in shown  # nobody is listed before a class is opened
    assert [each.value for each in own_school._figures(at)] == [2, 1, 2, 1, 2]


def test_totals_and_figures_are_one_statement_each_and_read_by_indexes(declare: Declare) -> None:
    said = declare({letters_of(number): "2012-03-09" for number in range(40)})
    put(said.school, "3 A", *said.children)
    with CaptureQueriesContext(connection) as captured:
        own_school.totals_of(said.school)
        own_school._figures(said.school)
    assert len(captured) == 2
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for statement in (own_school._OF_EACH_DIVISION, own_school._OF_THE_SCHOOL):
            cursor.execute(f"EXPLAIN {statement}", {"school": said.school.pk, "access": ["legal"]})
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan" not in plan, plan


def test_a_class_and_a_name_are_paged_to_their_end(declare: Declare) -> None:
    said = declare({letters_of(number): "2012-03-09" for number in range(120)})
    division = put(said.school, "3 A", *said.children[:60])
    browser = browser_of(head_of(said.school))
    for query, number in ((f"classe={division.public_id}", 60), ("q=dupont", 120), ("q=dup", 120)):
        seen: list[str] = []
        after = ""
        for _turn in range(5):
            leaf = browser.get(f"{PAGE}?{query}{after}").context["leaf"]
            seen += [row.first_name for row in leaf.rows]
            if not leaf.after:
                break
            after = f"&apres={leaf.after}"
        assert len(seen) == len(set(seen)) == number and seen == sorted(seen), query
    both = browser.get(f"{PAGE}?classe={division.public_id}&q={letters_of(7)}").context["leaf"]
    assert [row.first_name for row in both.rows] == [letters_of(7)]
    page = browser.get(f"{PAGE}?q=dup").content.decode()
    assert "q=dup&amp;apres=" in page and "Page suivante" in page


def test_a_later_page_costs_what_the_first_does(declare: Declare) -> None:
    said = declare({letters_of(number): "2012-03-09" for number in range(160)})
    browser = browser_of(head_of(said.school))
    leaf = browser.get(f"{PAGE}?q=dupont").context["leaf"]
    with CaptureQueriesContext(connection) as first:
        browser.get(f"{PAGE}?q=dupont")
    with CaptureQueriesContext(connection) as later:
        browser.get(f"{PAGE}?q=dupont&apres={leaf.after}")
    assert len(later) == len(first) + 1 <= 9  # where the last one stood
    assert not any("OFFSET" in query["sql"] and "LIMIT" in query["sql"] for query in later)


def test_pupils_and_classes_of_another_school_are_not_there(declare: Declare) -> None:
    theirs = declare({"Zoé": "2012-03-09"}, uai=OTHER)
    division = put(theirs.school, "3 Z", *theirs.children)
    mine = school()
    pupil(mine, "Zoé")
    browser = browser_of(head_of(mine))
    page = browser.get(f"{PAGE}?classe={division.public_id}")
    assert "leaf" not in page.context and "3 Z" not in page.content.decode()
    assert len(browser.get(f"{PAGE}?q=dupont").context["leaf"].rows) == 1
    after = theirs.children[0].public_id
    assert len(browser.get(f"{PAGE}?q=dupont&apres={after}").context["leaf"].rows) == 1
    for broken in ("abc", "0", "%00"):
        assert browser.get(f"{PAGE}?classe={broken}").status_code == 200
        assert browser.get(f"{PAGE}?q=dupont&apres={broken}").status_code == 200


def test_who_left_is_found_by_name_and_said_to_have_left(declare: Declare) -> None:
    said = declare({"Chloé": "2012-03-09", "Louis": "2012-03-09"})
    division = put(said.school, "3 A", *said.children)
    Schooling.objects.filter(student=said.children[1]).update(gone_at=Now(), access_until=Now())
    browser = browser_of(head_of(said.school))
    assert "Louis DUPONT : a quitté l’établissement" in text_of(browser.get(f"{PAGE}?q=dupont"))
    assert "Louis" not in text_of(browser.get(f"{PAGE}?classe={division.public_id}"))
    assert "Chloé DUPONT : ne s’est pas encore connecté" in text_of(
        browser.get(f"{PAGE}?classe={division.public_id}")
    )
