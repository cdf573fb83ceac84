"""« Fusion de comptes » of guardians: children, records, held accounts, raced tabs (SCREENS C7; T15, F14)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts import custody, merging
from accounts.models import Custody, Enrolment, Merge, User
from guardians import bringing
from guardians.identifiers import EDUCONNECT
from guardians.models import ChildrenMove, ContactAccount, FranceConnectAccount, GuardianAccount, Guardianship
from notifications.letters import Context, renderer
from notifications.models import Message
from schools.models import Student
from tests.abreast import abreast
from tests.accounts.conftest import PASSWORD as MCM_PASSWORD
from tests.accounts.conftest import person as person

from .conftest import PASSWORD, Declared
from .test_bringing_children_from_another_account import Two, account
from .test_bringing_children_from_another_account import two as two

pytestmark = pytest.mark.django_db(transaction=True)
Declare = Callable[..., Declared]
HERE, CONFIRM = "/preferences/fusion/", "/preferences/fusion/confirmer/"


def words(answer: HttpResponse) -> str:
    return answer.content.decode().replace("\xa0", " ")


def prove(browser: Client, login: str, password: str = PASSWORD, at: str = EDUCONNECT) -> Any:
    return browser.post(HERE, {"authority": at, "login": login, "password": password})


def merge(browser: Client) -> str:
    """Confirm what was proved; return the page that says so."""
    sent = dict(re.findall(r'name="(merge|plan)" value="([^"]*)"', words(browser.get(CONFIRM))))
    return str(browser.post(CONFIRM, sent).url)


def digest(proposed: Merge) -> str:
    return merging.preview(proposed).digest


def test_children_records_and_ways_in_move_together_and_come_back_together(two: Two) -> None:
    FranceConnectAccount.objects.create(issuer="https://fc.example", sub="abc", user=two.there)
    assert prove(two.browser, two.identifier).url == CONFIRM
    page = words(two.browser.get(CONFIRM))
    for part in ("Léo DUPONT", "Maé DUPONT", "FranceConnect", two.identifier, "ÉduConnect"):
        assert part in page
    assert "Chloé" not in page
    identifier = two.identifier
    done = merge(two.browser)
    assert two.children(two.here) == ["Chloé", "Léo", "Maé"]
    assert ContactAccount.objects.filter(user=two.here).count() == 2
    assert FranceConnectAccount.objects.get().user == two.here
    told = Message.objects.filter(kind=merging.KIND_MERGED)
    assert {each.to for each in told} == {"+33611111111", "+33622222222"}  # by SMS, without an address
    letter = renderer(told[0].kind)(Context(told[0].reference, told[0].to, "fr", told[0].created_at))
    link = re.search(r"/fusion/\S+", letter.text)
    assert letter.html == "" and link is not None
    assert "Léo" in words(two.browser.get("/mon-espace/"))
    robbed = Client()
    robbed.post(link[0])
    assert two.children(two.here) == ["Chloé"] and two.children(two.there) == ["Léo", "Maé"]
    assert FranceConnectAccount.objects.get().user == two.there
    robbed.post("/responsables/connexion/", {"login": identifier, "password": PASSWORD})
    assert "Léo" in words(robbed.get("/mon-espace/"))
    assert two.browser.get(done).status_code == 200


def test_two_people_by_the_schools_records_stay_two(two: Two, declare: Declare) -> None:
    _browser, father = account(declare, "33333333", "Zoé", uai="0501271K", first_name="Marc")
    refused = prove(two.browser, father.sign_in_names.get().name)
    assert "ne sont pas à la même personne" in words(refused)
    assert not Merge.objects.exists() and two.children(father) == ["Zoé"]


def test_a_guardian_who_also_signed_up_by_herself_is_one(two: Two, person: Callable[..., User]) -> None:
    own = person("helene.dupont")
    Enrolment.objects.filter(user=own).update(profile="responsable")
    assert prove(two.browser, "helene.dupont", MCM_PASSWORD, at="mcm").url == CONFIRM
    merge(two.browser)
    two.here.refresh_from_db()
    assert two.here.address() == "helene.dupont@exemple.fr"
    assert two.here.enrolments.get().profile == "responsable"
    assert two.children(two.here) == ["Chloé"]


def test_a_name_is_looked_for_at_the_door_that_was_said(two: Two) -> None:
    assert "n’est pas bon" in words(prove(two.browser, two.identifier, at="mcm"))


def test_a_held_account_of_a_child_is_held_by_the_account_that_stays(two: Two) -> None:
    leo = Student.objects.get(first_name="Léo")
    child = User.objects.create_user(first_name="Léo", last_name="Dupont", student=leo)
    custody.hold(child, two.there)
    assert custody.held_by(two.there).exists()
    prove(two.browser, two.identifier)
    assert "Le compte de Léo, dont vous vous occupez" in words(two.browser.get(CONFIRM))
    done = merge(two.browser)
    assert custody.held_by(two.here).get().child == child
    two.browser.post(done)
    assert custody.held_by(two.there).get().child == child and not custody.held_by(two.here).exists()
    assert Custody.objects.count() == 1


def test_the_own_mobile_moves_only_where_there_is_none(two: Two) -> None:
    GuardianAccount.objects.create(user=two.here, mobile="+33600000001")
    GuardianAccount.objects.create(user=two.there, mobile="+33600000002")
    prove(two.browser, two.identifier)
    assert "+33600000002" in words(two.browser.get(CONFIRM)).partition("Ce qui ne vient pas")[2]
    merge(two.browser)
    assert GuardianAccount.objects.get(user=two.here).mobile == "+33600000001"


def test_children_brought_before_can_still_be_given_back_afterwards(two: Two, declare: Declare) -> None:
    """The account that took them was itself put into another since."""
    two.prove()
    two.confirm()
    browser, third = account(declare, "55555555", "Noé", uai="0501271K")
    prove(browser, two.here.sign_in_names.get().name)
    merge(browser)
    assert two.children(third) == ["Chloé", "Léo", "Maé", "Noé"]
    move = ChildrenMove.objects.get()
    assert move.user == third
    bringing.undo(move, third)
    assert two.children(two.there) == ["Léo", "Maé"] and two.children(third) == ["Chloé", "Noé"]


def test_of_four_tabs_that_confirm_at_once_one_merges(two: Two) -> None:
    prove(two.browser, two.identifier)
    proposed = Merge.objects.get()
    plan = digest(proposed)
    given = abreast(*(lambda: merging.confirm(proposed, digest=plan) for _tab in range(4)))
    assert given == [None] * 4
    assert Message.objects.filter(kind=merging.KIND_MERGED).count() == 2
    undone = abreast(*(lambda: merging.undo(proposed, actor="system") for _tab in range(4)))
    assert undone == [None] * 4
    assert Message.objects.filter(kind=merging.KIND_UNDONE).count() == 2


def test_of_two_accounts_that_take_each_other_at_once_one_stays(two: Two) -> None:
    proposed = [
        merging.propose(user=two.here, source=two.there),
        merging.propose(user=two.there, source=two.here),
    ]
    plans = [digest(each) for each in proposed]
    given = abreast(
        *(
            lambda each=each, plan=plan: merging.confirm(each, digest=plan)
            for each, plan in zip(proposed, plans, strict=True)
        )
    )
    assert sorted(type(each).__name__ for each in given) == ["NoneType", "Outdated"]
    assert User.objects.filter(pk__in=[two.here.pk, two.there.pk], is_active=True).count() == 1
    owner = User.objects.get(pk__in=[two.here.pk, two.there.pk], is_active=True)
    assert Guardianship.objects.exclude(user=owner).count() == 0
