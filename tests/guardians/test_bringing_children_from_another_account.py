"""« Ajout d’un élève depuis un autre compte » (SCREENS D10)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.models import Record
from guardians import bringing
from guardians.models import ChildrenMove, ContactAccount, FranceConnectAccount, Guardianship
from guardians.tasks import purge
from notifications.letters import Context, renderer
from notifications.models import Message
from schools.models import GuardianTie
from tests.abreast import abreast
from tests.accounts.conftest import make_older
from throttling.models import Counter

from .conftest import PASSWORD, Declared, Guardian

pytestmark = pytest.mark.django_db(transaction=True)
Declare = Callable[..., Declared]
ADDRESS = "/mon-compte/eleves/"


def words(answer: HttpResponse) -> str:
    return answer.content.decode().replace("\xa0", " ")


@dataclass
class Two:
    """One mother with two accounts, at a browser where the first is open."""

    browser: Client
    here: User
    there: User

    @property
    def identifier(self) -> str:
        return self.there.sign_in_names.get().name

    def prove(self, login: str = "", password: str = PASSWORD) -> HttpResponse:
        return self.browser.post(ADDRESS, {"login": login or self.identifier, "password": password})

    def confirm(self) -> HttpResponse:
        move = ChildrenMove.objects.get(made_at=None)
        return self.browser.post(f"{ADDRESS}confirmer/", {"move": str(move.public_id)})

    def children(self, user: User) -> list[str]:
        ties = Guardianship.objects.filter(user=user).order_by("tie__student__first_name")
        return list(ties.values_list("tie__student__first_name", flat=True))


def account(declare: Declare, number: str, *children: str, uai: str, **contact: str) -> tuple[Client, User]:
    declared = declare(dict.fromkeys(children, "2012-03-09"), uai=uai, mobile=f"+336{number}", **contact)
    guardian = Guardian()
    guardian.typed |= {"mobile": f"06{number}"}
    guardian.typed |= {"first_name": contact.get("first_name", "Hélène")}
    guardian.go_all_the_way(declared)
    guardian.arrive()
    return guardian.browser, User.objects.latest("pk")


@pytest.fixture
def two(declare: Declare) -> Two:
    _browser, there = account(declare, "11111111", "Léo", "Maé", uai="0141234R")
    browser, here = account(declare, "22222222", "Chloé", uai="0501271K")
    return Two(browser, here, there)


def test_what_moves_is_shown_then_confirmed_and_both_accounts_are_told(two: Two) -> None:
    assert two.prove().url == f"{ADDRESS}confirmer/"
    page = words(two.browser.get(f"{ADDRESS}confirmer/"))
    assert "Léo DUPONT" in page and "Maé DUPONT" in page and "0141234R" in page and "Chloé" not in page
    assert two.children(two.here) == ["Chloé"]  # nothing has moved yet
    done = two.confirm()
    assert "rattachés à ce compte" in words(two.browser.get(done.url))
    assert two.children(two.here) == ["Chloé", "Léo", "Maé"] and two.children(two.there) == []
    assert ContactAccount.objects.filter(user=two.here).count() == 2
    told = Message.objects.filter(kind=bringing.KIND_BROUGHT)
    assert {each.to for each in told} == {"+33611111111", "+33622222222"}
    for each in told:
        context = Context(each.reference, each.to, "fr", each.created_at)
        assert "rattachés à un autre" in renderer(each.kind)(context).text
    acts = Record.objects.filter(act=bringing.BROUGHT, actor=two.here.subject)
    assert acts.filter(academy="70").count() == 2
    assert {two.here.subject, two.there.subject} <= set(acts.values_list("subject", flat=True))
    assert "Léo" in words(two.browser.get("/mon-espace/"))


def test_franceconnect_goes_with_the_children_and_comes_back_with_them(two: Two) -> None:
    way = FranceConnectAccount.objects.create(issuer="https://fc", sub="nadia", user=two.there)
    two.prove()
    assert "FranceConnect, qui ouvre" in words(two.browser.get(f"{ADDRESS}confirmer/"))
    done = two.confirm().url
    way.refresh_from_db()
    assert way.user == two.here
    assert "FranceConnect ouvre maintenant ce compte" in words(two.browser.get(done))
    other = Client()
    other.post("/responsables/connexion/", {"login": two.identifier, "password": PASSWORD})
    assert two.here.sign_in_names.get().name in words(other.get("/mon-espace/"))  # the way on
    two.browser.post(done)
    way.refresh_from_db()
    assert way.user == two.there
    assert "autre de vos comptes, dont" not in words(other.get("/mon-espace/"))


def test_a_franceconnect_that_was_left_or_joined_since_is_not_moved(two: Two) -> None:
    way = FranceConnectAccount.objects.create(issuer="https://fc", sub="nadia", user=two.there)
    two.prove()
    late = FranceConnectAccount.objects.create(issuer="https://fc", sub="late", user=two.there)
    way.delete()
    assert two.confirm().status_code == 409
    late.refresh_from_db()
    assert late.user == two.there and two.children(two.here) == ["Chloé"]


def test_the_sms_of_the_moved_record_opens_the_account_it_moved_to(two: Two) -> None:
    two.prove()
    two.confirm()
    Counter.objects.all().delete()
    guardian = Guardian()
    guardian.typed |= {"mobile": "0611111111"}
    guardian.start()
    guardian.code()
    for child in Guardianship.objects.filter(user=two.here).exclude(tie__student__first_name="Chloé"):
        guardian.answer(child.tie.student)
    guardian.choose_password()
    assert guardian.activation.user == two.here


def test_a_wrong_password_and_an_unknown_account_are_answered_alike_and_counted(two: Two) -> None:
    wrong, unknown = two.prove(password="faux"), two.prove(login="h.personne99")
    assert words(wrong).count("n’est pas bon") == words(unknown).count("n’est pas bon") > 0
    for _try in range(24):
        two.prove(password="faux")
    assert "Trop d’essais" in words(two.prove())  # the limits of the sign-in page
    assert not ChildrenMove.objects.exists()


def test_the_account_that_is_open_here_proves_itself_too(two: Two) -> None:
    make_older(two.browser, 305)
    assert two.prove().url.startswith("/mon-compte/identite/")


def test_a_second_factor_is_not_gone_round(two: Two) -> None:
    Authenticator.objects.create(user=two.there, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert "code en plus du mot de passe" in words(two.prove())
    assert not ChildrenMove.objects.exists()


def test_one_that_was_added_after_the_proof_stops_it(two: Two) -> None:
    two.prove()
    Authenticator.objects.create(user=two.there, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert two.confirm().status_code == 409 and two.children(two.there) == ["Léo", "Maé"]


def test_another_persons_children_are_not_brought(two: Two, declare: Declare) -> None:
    _browser, father = account(declare, "33333333", "Zoé", uai="0501271K", first_name="Marc")
    assert "ne sont pas à la même personne" in words(two.prove(login=father.sign_in_names.get().name))
    assert two.children(father) == ["Zoé"]


def test_the_same_account_or_one_without_children_brings_nothing(two: Two) -> None:
    assert "le compte où vous êtes" in words(two.prove(login=two.here.sign_in_names.get().name))
    Guardianship.objects.filter(user=two.there).delete()
    assert "Aucun élève" in words(two.prove())


def test_a_proof_grows_old_and_dies_with_the_password(two: Two) -> None:
    two.prove()
    ChildrenMove.objects.update(proposed_at=timezone.now() - timedelta(minutes=11))
    assert two.browser.get(f"{ADDRESS}confirmer/").url == "/mon-compte/"
    two.prove()
    two.there.set_password("Une-autre-phrase-7")
    two.there.save()
    assert two.confirm().status_code == 409 and two.children(two.here) == ["Chloé"]


def test_another_tab_that_proposed_something_else_is_looked_at_first(two: Two) -> None:
    two.prove()
    other = two.browser.post(f"{ADDRESS}confirmer/", {"move": str(uuid.uuid4())})
    assert other.url == f"{ADDRESS}confirmer/" and two.children(two.here) == ["Chloé"]


def test_what_changed_since_it_was_shown_is_not_moved(two: Two) -> None:
    two.prove()
    tie = Guardianship.objects.filter(user=two.there).first()
    assert tie is not None
    tie.tie.removed_at = timezone.now()
    tie.tie.save()
    assert two.confirm().status_code == 409 and two.children(two.here) == ["Chloé"]


def test_two_tabs_that_confirm_at_once_move_once(two: Two) -> None:
    two.prove()
    move = ChildrenMove.objects.get()
    assert abreast(*(lambda: bringing.confirm(move) for _tab in range(4))) == [None] * 4
    assert Message.objects.filter(kind=bringing.KIND_BROUGHT).count() == 2


def test_two_accounts_that_take_each_others_children_at_once_both_end_well(two: Two) -> None:
    moves = [bringing.propose(two.here, two.there), bringing.propose(two.there, two.here)]
    given = abreast(*(lambda move=move: bringing.confirm(move) for move in moves))
    assert given.count(None) == 2  # one after the other: each took what it was shown
    assert Guardianship.objects.count() == 3


def test_it_is_undone_within_thirty_days_and_what_has_changed_since_is_told(two: Two) -> None:
    two.prove()
    done = two.confirm().url
    assert done in words(two.browser.get("/mon-compte/"))
    gone = Guardianship.objects.get(tie__student__first_name="Maé")
    elsewhere = User.objects.create_user(first_name="H", last_name="D", password=PASSWORD)
    Guardianship.objects.filter(pk=gone.pk).update(user=elsewhere)
    two.browser.post(done)
    page = words(two.browser.get(done))
    assert "revenus à l’autre compte" in page and "n’ont pas bougé" in page
    assert page.index("Léo") < page.index("n’ont pas bougé") < page.index("Maé")
    assert two.children(two.there) == ["Léo"] and two.children(two.here) == ["Chloé"]
    assert ContactAccount.objects.filter(user=two.there).count() == 1
    two.browser.post(done)  # twice
    assert Message.objects.filter(kind=bringing.KIND_RETURNED).count() == 2
    assert done not in words(two.browser.get("/mon-compte/"))


def test_the_other_account_may_undo_it_and_a_stranger_may_not(two: Two, declare: Declare) -> None:
    two.prove()
    done = two.confirm().url
    stranger, _user = account(declare, "44444444", "Zoé", uai="0501271K", first_name="Marc")
    assert stranger.get(done).status_code == stranger.post(done).status_code == 404
    other = Client()
    other.post("/responsables/connexion/", {"login": two.identifier, "password": PASSWORD})
    assert "un autre des vôtres" in words(other.get(done))
    other.post(done)
    assert two.children(two.there) == ["Léo", "Maé"]


def test_after_thirty_days_it_is_forgotten(two: Two) -> None:
    two.prove()
    done = two.confirm().url
    ChildrenMove.objects.update(made_at=timezone.now() - timedelta(days=30, minutes=1))
    assert two.browser.post(done).status_code == 404
    purge()
    assert not ChildrenMove.objects.exists() and two.children(two.here) == ["Chloé", "Léo", "Maé"]


def test_who_took_the_other_ones_name_brings_nothing(two: Two) -> None:
    """Names of accounts are their owners' to write: the schools' records alone say who is who."""
    ContactAccount.objects.filter(user=two.here).delete()
    User.objects.filter(pk=two.here.pk).update(last_name="Dupont", first_name="Hélène")
    assert "autre personne" in words(two.prove()) or two.children(two.here) == ["Chloé"]
    assert not ChildrenMove.objects.exists()


def test_a_child_missing_for_a_moment_moves_with_the_record_and_comes_back_with_it(two: Two) -> None:
    away = Guardianship.objects.filter(user=two.there, tie__student__first_name="Maé")
    GuardianTie.objects.filter(guardianship__in=away).update(removed_at=timezone.now())
    two.prove()
    two.confirm()
    assert two.children(two.here) == ["Chloé", "Léo", "Maé"] and two.children(two.there) == []
    move = ChildrenMove.objects.get()
    two.browser.post(f"{ADDRESS}{move.public_id}/")
    assert two.children(two.there) == ["Léo", "Maé"]


def test_a_child_whom_the_school_took_away_is_named_by_no_past_move(two: Two) -> None:
    two.prove()
    two.confirm()
    move = ChildrenMove.objects.get()
    GuardianTie.objects.filter(student__first_name="Léo").update(removed_at=timezone.now())
    page = words(two.browser.get(f"{ADDRESS}{move.public_id}/"))
    assert "Maé" in page and "Léo" not in page


def test_children_go_to_and_fro_five_times_a_day_at_most(two: Two) -> None:
    for _turn in range(5):
        two.prove()
    refused = words(two.prove())
    assert "Réessayez" in refused and ChildrenMove.objects.count() == 1
