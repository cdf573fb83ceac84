"""Those who come with a letter in ``make bench`` and ``make drill``: declared by schools (SCREENS C2)."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from benchmarks import letter_holders
from benchmarks.browser import Answer, Browser, Unexpected
from benchmarks.journeys import LetterJourney
from benchmarks.letter_holders import Holder
from benchmarks.scale.tables import Tables
from benchmarks.sink import Sink
from schools.letters import signs
from schools.models import Letter, StaffDivision
from schools.person_names import comparison_key
from schools.school_year import SchoolYear
from virtual_classes import teaching

COUNT = 23
SINK = Sink(0)  # nothing is mailed


@pytest.fixture
def declared(portal: None) -> None:
    """Schools that have given letters, by the cursor that psycopg2 gave to Django."""
    year = SchoolYear.current().year
    with connection.cursor() as cursor:
        letter_holders.declare(Tables(cursor.cursor), COUNT, school_year=year, link_key=settings.LINK_KEY)


class ByTestClient:
    """Django's own client in the place of a connection, with the cookies of each browser."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        monkeypatch.setattr(Browser, "ask", lambda browser, *words: self.ask(browser, *words))

    def ask(
        self, browser: Browser, method: str, path: str, fields: dict[str, str] | None, step: str
    ) -> Answer:
        client = Client()
        client.cookies.load(browser.cookies)
        self.asked.append(f"{method} {path.partition('?')[0]}")
        answer: Any = client.get(path) if fields is None else client.post(path, fields)
        browser.cookies.update((name, each.value) for name, each in client.cookies.items())
        browser.took[step] = 0.0
        return Answer(answer.status_code, answer.headers.get("Location", ""), answer.content.decode())


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> ByTestClient:
    """What browsers ask for, answered within this process."""
    return ByTestClient(monkeypatch)


def test_each_of_them_has_one_letter_in_force_and_every_teacher_a_class_with_a_pupil(declared: None) -> None:
    for number in range(COUNT):
        who = Holder(number)
        letter = Letter.objects.alive().get(digest=signs.digest(who.code))
        assert letter.person.identifier == who.identifier
        assert str(letter.person) == f"{who.first_name} {who.family_name}"
    assert Letter.objects.count() == COUNT
    assert StaffDivision.objects.count() == (COUNT + 1) // 2


def test_no_two_of_a_hundred_thousand_have_one_name_or_code() -> None:
    everybody = [Holder(number) for number in range(0, 100_000, 13)]
    assert len({comparison_key(each.family_name) for each in everybody}) == len(everybody)
    assert len({each.code for each in everybody}) == len(everybody)


def test_a_teacher_and_pupils_below_and_above_fifteen_walk_to_their_space(
    declared: None, sent: ByTestClient
) -> None:
    journey = LetterJourney("http://localhost")
    took = [journey.walk("", "", Sink(0)) for _person in range(4)]  # no mail comes on this way
    asked_contact = ["contact" in each for each in took]
    assert asked_contact == [True, False, True, True]  # the first pupil is ten
    assert {step for each in took for step in each} == set(journey.steps)
    people = User.objects.filter(last_name__startswith="Ros")
    assert people.count() == 4 and not people.filter(owes_password=True).exists()
    assert teaching.of(people.get(last_name=Holder(0).family_name)).divisions
    assert len(sent.asked) == 3 * 12 + 9


@pytest.mark.parametrize(("before", "statements"), [(4, 71), (5, 47)], ids=["teacher", "pupil of ten"])
def test_a_first_sign_in_by_letter_keeps_to_its_statements(
    declared: None, sent: ByTestClient, before: int, statements: int
) -> None:
    """A budget; those who come before fill what is remembered."""
    journey = LetterJourney("http://localhost")
    for _person in range(before):
        journey.walk("", "", SINK)
    with CaptureQueriesContext(connection) as captured:
        journey.walk("", "", SINK)
    bounds = ("SAVEPOINT", "RELEASE")  # these words only bound transactions
    asked = [each["sql"] for each in captured if not each["sql"].startswith(bounds)]
    assert len(asked) <= statements, len(asked)


def test_a_letter_that_leads_nowhere_is_no_journey(declared: None, sent: ByTestClient) -> None:
    Letter.objects.all().delete()
    with pytest.raises(Unexpected):
        LetterJourney("http://localhost").walk("", "", SINK)
