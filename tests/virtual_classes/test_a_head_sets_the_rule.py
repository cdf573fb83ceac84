"""A head says what the teachers may choose, within what the académie allows (SCREENS B3; T35, T50)."""

from __future__ import annotations

import pytest

from accounts.models import User
from audit.models import Record
from schools.models import Academy, School
from tests.accounts.heads import HOME, browser_of, colleague, head_of, helper_of, text_of
from tests.guardians.conftest import school
from virtual_classes import rules, teaching
from virtual_classes.models import ClassRules, Degree

from .conftest import portal as portal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal")]
PAGE = f"{HOME}classes-virtuelles/"


def allowed(academy: Academy, **said: bool) -> None:
    """Set what the académie allows."""
    usual = {"by_link": True, "by_account": True, "of_a_teacher": True, "of_a_division": True}
    ClassRules.objects.update_or_create(
        academy=academy, school=None, degree="second", defaults={**usual, **said}
    )


def choices(at: School) -> teaching.Choices:
    return teaching.choices_at(at.academy, at, Degree.SECOND)


def test_a_head_closes_the_way_by_link_and_follows_the_academie_again() -> None:
    at = school()
    allowed(at.academy)
    head = head_of(at)
    browser = browser_of(head)
    shown = text_of(browser.get(PAGE))
    assert "suit aujourd’hui la règle de l’académie" in shown
    answer = browser.post(PAGE, {"by_account": "on", "of_a_division": "on"}, follow=True)
    assert "La règle est enregistrée" in text_of(answer) and "a sa propre règle" in text_of(answer)
    assert choices(at) == teaching.Choices(("account",), of_a_teacher=False, of_a_division=True)
    said = Record.objects.get(act=rules.RULED)
    assert (said.actor, said.subject) == (head.subject, at.subject)
    for _twice in range(2):
        assert browser.post(PAGE, {"follow": "1"}).status_code == 302
    assert choices(at).modes == ("account", "link") and Record.objects.filter(act=rules.LIFTED).count() == 1


def test_a_head_cannot_allow_what_the_academie_does_not() -> None:
    at = school()
    allowed(at.academy, by_link=False)
    browser = browser_of(head_of(at))
    assert 'name="by_link"' not in browser.get(PAGE).content.decode()
    everything = {"by_link": "on", "by_account": "on", "of_a_teacher": "on", "of_a_division": "on"}
    browser.post(PAGE, everything)
    assert choices(at).modes == ("account",)
    allowed(at.academy)  # what no head was asked is not opened by itself
    assert choices(at).modes == ("account",)


def test_a_rule_that_leaves_nothing_is_refused_and_keeps_what_was_ticked() -> None:
    at = school()
    allowed(at.academy)
    answer = browser_of(head_of(at)).post(PAGE, {"by_link": "on"})
    assert answer.status_code == 200 and "Laissez au moins une sorte" in text_of(answer)
    assert not ClassRules.objects.filter(school=at).exists()


def test_a_head_rules_their_own_school_only() -> None:
    at, other = school(), school("0690001B", "École Jean Macé")
    head: User = head_of(at)
    what = {"by_link": True, "by_account": True, "of_a_teacher": True, "of_a_division": True}
    for place in (other, None):
        with pytest.raises(rules.NotAllowed):
            rules.decide(academy=at.academy, school=place, degree=Degree.SECOND, by=head, **what)
    allowed(at.academy)
    with pytest.raises(rules.NotAllowed):
        rules.lift(ClassRules.objects.get(), by=head)
    assert browser_of(helper_of(colleague(at, "Nadia"))).get(PAGE).status_code == 404
