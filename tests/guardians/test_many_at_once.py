"""What only happens when several do the same at the same moment (SAFETY G7, G8, guardian activation)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import User
from audit.models import Record
from guardians import activation, codes, declaring, finishing
from guardians.models import Activation, Answer, ContactAccount
from tests.abreast import abreast

from .conftest import PASSWORD, Declared, Guardian

pytestmark = pytest.mark.django_db(transaction=True)
Declare = Callable[..., Declared]


def test_of_many_codes_at_once_five_are_judged(declare: Declare, guardian: Guardian) -> None:
    declare()
    guardian.start()
    waiting = guardian.activation
    right = codes.code(waiting)
    wrong = [f"{n:06}" for n in range(41) if f"{n:06}" != right][:40]
    given = abreast(*(lambda typed=typed: activation.verify_code(waiting, typed) for typed in wrong))
    assert sum(each is False for each in given) == 5
    assert sum(isinstance(each, activation.OutOfTime) for each in given) == 35
    assert Activation.objects.get().guesses == 5


def test_the_right_code_sent_from_two_tabs_at_once_leads_on_twice(
    declare: Declare, guardian: Guardian
) -> None:
    declare()
    guardian.start()
    waiting = guardian.activation
    right = codes.code(waiting)
    assert abreast(*(lambda: activation.verify_code(waiting, right) for _tab in range(4))) == [True] * 4


def test_two_browsers_with_one_record_make_one_account(declare: Declare, guardian: Guardian) -> None:
    family = declare()
    guardian.start()
    first = guardian.activation
    second = Activation.objects.create(
        browser="x" * 64,
        first_name="Hélène",
        last_name="Dupont",
        mobile=first.mobile,
        contacts=first.contacts,
    )
    for waiting in (first, second):
        assert activation.verify_code(waiting, codes.code(waiting))
        declaring.answer_for(waiting, family.children[0], Answer.GUARDIAN, "2012-03-09")
    given = abreast(*(lambda each=each: finishing.finish(each, PASSWORD) for each in (first, second)))
    assert given[0] == given[1] == User.objects.get()
    assert ContactAccount.objects.count() == 1


def test_one_password_sent_from_many_tabs_at_once_is_chosen_once(
    declare: Declare, guardian: Guardian
) -> None:
    """The second would otherwise take the account of the first for one found again, and end its session."""
    family = declare()
    guardian.start()
    waiting = guardian.activation
    assert activation.verify_code(waiting, codes.code(waiting))
    declaring.answer_for(waiting, family.children[0], Answer.GUARDIAN, "2012-03-09")
    given = abreast(*(lambda: finishing.finish(waiting, PASSWORD) for _tab in range(4)))
    assert {getattr(each, "password", each) for each in given} == {User.objects.get().password}
    acts = Record.objects.filter(act__in=[finishing.MADE, finishing.AGAIN])
    assert [each.act for each in acts] == [finishing.MADE]


def test_of_many_dates_at_once_five_are_judged(declare: Declare, guardian: Guardian) -> None:
    family = declare()
    guardian.start()
    guardian.code()
    waiting = guardian.activation
    dates = [f"2012-03-{day:02}" for day in range(10, 25)]

    def tries(date: str) -> Callable[[], object]:
        return lambda: declaring.answer_for(waiting, family.children[0], Answer.GUARDIAN, date)

    given = abreast(*(tries(date) for date in dates))
    assert sum(isinstance(each, declaring.WrongDate) for each in given) == 5
