"""« Fusion de comptes »: one person, two accounts (SCREENS C7; SAFETY G5, T31, T42, F14, F15)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from accounts import merging, second_factor
from accounts.models import (
    MCM,
    AddressChange,
    Custody,
    Enrolment,
    Merge,
    MergedRow,
    OpenSession,
    RecoveryRequest,
    SignInName,
    User,
)
from audit.models import Record
from notifications.models import Message
from schools.models import StaffMember, Student
from tests.accounts.conftest import PASSWORD, errors_of, letters_to, make_older
from tests.accounts.staff import appoint
from tests.accounts.test_a_second_factor import SECRET, enrolled, step_now
from tests.accounts.two_accounts import CONFIRM, HERE, OTHER_PASSWORD, Two, is_in, member, signed_in, words
from tests.accounts.two_accounts import two as two

pytestmark = pytest.mark.django_db


# --- what is moved --------------------------------------------------------------------------------


def test_what_moves_is_shown_first_then_moved_and_the_other_account_is_closed(two: Two) -> None:
    elsewhere = signed_in("claire.ent", OTHER_PASSWORD)
    assert is_in(elsewhere)
    assert two.prove().url == CONFIRM
    page = words(two.browser.get(CONFIRM))
    moves, _middle, rest = page.partition("Ce qui ne vient pas")
    assert "claire.ent" in moves and "lycée" in moves
    assert "claire.ent@exemple.fr" in rest  # one account has one address
    assert two.target.enrolments.count() == 1 and two.source.is_active  # nothing has moved yet

    done = two.confirm()
    shown = words(two.browser.get(done.url))
    assert "sont réunis" in shown and "claire.ent" in shown
    target, source = two.again()
    assert set(target.sign_in_names.values_list("name", flat=True)) == {"claire.dubois", "claire.ent"}
    assert set(target.enrolments.values_list("level", flat=True)) == {"college", "lycee"}
    assert target.address() == "claire.dubois@exemple.fr"
    assert not source.is_active and not is_in(elsewhere)


def test_the_names_of_the_closed_account_open_the_one_that_stays_with_its_password(two: Two) -> None:
    two.merge()
    assert not is_in(signed_in("claire.ent", OTHER_PASSWORD))
    assert is_in(signed_in("claire.ent", PASSWORD))
    assert not is_in(signed_in("claire.ent@exemple.fr", OTHER_PASSWORD))


def test_an_account_without_an_address_gets_the_others(two: Two) -> None:
    EmailAddress.objects.filter(user=two.target).delete()
    User.objects.filter(pk=two.target.pk).update(owes_address=True)
    merge = merging.propose(user=two.target, source=two.source)
    merging.confirm(merge, digest=merging.preview(merge).digest)
    target, source = two.again()
    assert target.address() == "claire.ent@exemple.fr" and not target.owes_address
    assert letters_to("claire.ent@exemple.fr")
    merging.undo(merge, actor="system")
    target, source = two.again()
    assert source.address() == "claire.ent@exemple.fr" and target.owes_address and not target.address()


def test_what_both_have_stays_with_the_closed_account_and_is_said(two: Two) -> None:
    Enrolment.objects.filter(user=two.source).update(level="college")
    two.prove()
    page = words(two.browser.get(CONFIRM))
    assert "collège" in page.partition("Ce qui ne vient pas")[2]
    two.confirm()
    assert two.target.enrolments.count() == two.source.enrolments.count() == 1


def test_links_steps_and_sessions_of_the_closed_account_end(two: Two) -> None:
    signed_in("claire.ent", OTHER_PASSWORD)
    RecoveryRequest.objects.create(user=two.source)
    AddressChange.objects.create(user=two.source, address="nouvelle@exemple.fr")
    two.merge()
    for model in (RecoveryRequest, AddressChange, OpenSession):
        assert not model.objects.filter(user=two.source).exists(), model


def test_the_record_of_the_schools_staff_moves_with_its_account(two: Two) -> None:
    known = member()
    User.objects.filter(pk=two.source.pk).update(staff_member=known)
    two.prove()
    assert "Enseignant, Collège 0501271K" in words(two.browser.get(CONFIRM))
    done = two.confirm().url
    target, source = two.again()
    assert target.staff_member == known and source.staff_member is None
    two.browser.post(done)
    target, source = two.again()
    assert target.staff_member is None and source.staff_member == known


def test_both_are_told_with_the_way_to_undo_it_and_the_journal_knows(two: Two) -> None:
    two.merge()
    told = Message.objects.filter(kind=merging.KIND_MERGED)
    assert {each.to for each in told} == {"claire.dubois@exemple.fr", "claire.ent@exemple.fr"}
    lines = Record.objects.filter(act=merging.MERGED, actor=two.target.subject)
    assert {line.subject for line in lines} == {two.target.subject, two.source.subject}
    assert "signinname" in lines[0].fields and "claire" not in str(list(lines.values()))


# --- who may --------------------------------------------------------------------------------------


def test_a_wrong_password_and_an_unknown_account_are_answered_alike_and_counted(two: Two) -> None:
    wrong, unknown = two.prove(password="faux"), two.prove(login="personne.ici")
    assert errors_of(wrong) == errors_of(unknown) != ""
    for _try in range(24):
        two.prove(password="faux")
    assert "Trop d’essais" in errors_of(two.prove())  # the limits of the sign-in page
    assert not Merge.objects.exists()


def test_a_suspended_account_is_answered_like_an_unknown_one(two: Two) -> None:
    unknown = errors_of(two.prove(login="personne.ici"))
    User.objects.filter(pk=two.source.pk).update(is_active=False)
    assert errors_of(two.prove()) == unknown


def test_the_account_that_is_open_here_proves_itself_too(two: Two) -> None:
    make_older(two.browser, 6 * 60)
    assert two.prove().url.startswith("/mon-compte/identite/")


def test_a_stranger_is_led_to_the_sign_in_page(two: Two) -> None:
    done = two.merge()
    for page in (HERE, CONFIRM, f"{HERE}code/", done, "/preferences/"):
        assert Client().get(page).headers["Location"].startswith("/connexion/?next=")


def test_nobody_else_sees_or_undoes_it(two: Two, person: Callable[..., User]) -> None:
    done = two.merge()
    person("paul.martin")
    stranger = signed_in("paul.martin")
    assert stranger.get(done).status_code == stranger.post(done).status_code == 404
    assert not two.again()[1].is_active


def test_a_role_in_the_administration_never_moves(two: Two) -> None:
    appoint(two.source, "dane", "70")
    assert "c’est lui qui doit rester" in errors_of(two.prove())
    assert not Merge.objects.exists()


def test_a_role_given_after_the_proof_stops_it(two: Two) -> None:
    two.prove()
    sent = words(two.browser.get(CONFIRM))
    appoint(two.source, "dane", "70")
    fields = dict(re.findall(r'name="(merge|plan)" value="([^"]*)"', sent))
    answer = two.browser.post(CONFIRM, fields)
    assert answer.status_code == 409 and "rôle" in words(answer)
    assert two.source.sign_in_names.exists()


def test_two_members_of_staff_stay_two_and_one_in_two_schools_is_one(two: Two) -> None:
    User.objects.filter(pk=two.target.pk).update(staff_member=member("cdubois"))
    User.objects.filter(pk=two.source.pk).update(staff_member=member("cdurand", "0141234R"))
    assert "ceux de deux personnes" in errors_of(two.prove())
    StaffMember.objects.filter(identifier="cdurand").update(identifier="cdubois")
    assert two.prove().url == CONFIRM


def test_an_identifier_of_another_academy_is_another_persons(two: Two) -> None:
    User.objects.filter(pk=two.target.pk).update(staff_member=member("cdubois"))
    User.objects.filter(pk=two.source.pk).update(staff_member=member("cdubois", "0690001B", "10"))
    assert "ceux de deux personnes" in errors_of(two.prove())


def test_a_pupil_is_put_together_with_nobody_else(two: Two) -> None:
    Enrolment.objects.filter(user=two.source).update(profile="eleve")
    assert "celui d’un élève" in errors_of(two.prove())
    Enrolment.objects.filter(user=two.source).update(profile="enseignant")
    child = Student.objects.create(family_name="DUPONT", first_name="Jeanne", birth_date="2012-03-09")
    User.objects.filter(pk=two.source.pk).update(student=child)
    assert "celui d’un élève" in errors_of(two.prove())


def test_two_accounts_of_one_pupil_are_put_together_and_of_two_are_not(two: Two) -> None:
    Enrolment.objects.filter(user__in=[two.source, two.target]).update(profile="eleve")
    User.objects.filter(pk=two.source.pk).update(first_name="Paul")
    assert "même nom d’élève" in errors_of(two.prove())
    child = Student.objects.create(family_name="DUPONT", first_name="Jeanne", birth_date="2012-03-09")
    User.objects.filter(pk=two.source.pk).update(student=child)
    assert two.prove().url == CONFIRM  # the school says who it is
    two.confirm()
    assert two.again()[0].student == child


def test_a_held_account_stays_apart(two: Two, person: Callable[..., User]) -> None:
    holder = person("helene.dupont")
    Custody.objects.create(child=two.source, holder=holder)
    assert "responsable légal s’occupe" in errors_of(two.prove())


def test_the_account_one_is_in_is_not_the_other(two: Two) -> None:
    assert "le compte où vous êtes" in errors_of(two.prove("claire.dubois", PASSWORD))


def test_a_door_that_is_none_is_refused_kindly(two: Two) -> None:
    assert errors_of(two.prove(at="ailleurs"))


def test_five_a_day_are_enough(two: Two) -> None:
    for _turn in range(5):
        assert two.prove().url == CONFIRM
    assert "Réessayez" in errors_of(two.prove())


# --- second factors -------------------------------------------------------------------------------


def test_a_protected_account_does_not_go_into_one_without_a_second_factor(two: Two) -> None:
    enrolled(two.source)
    assert "Ajoutez d’abord un code" in errors_of(two.prove())
    assert not Merge.objects.exists()


def test_the_code_of_the_other_account_is_shown_too(two: Two) -> None:
    enrolled(two.source)
    enrolled(two.target)
    browser = Client()
    browser.post("/college/connexion/", {"login": "claire.dubois", "password": PASSWORD})
    browser.post("/connexion/code/", {"code": second_factor.code_at(SECRET, step_now())})
    two.browser = browser
    assert two.prove().url == f"{HERE}code/"
    assert browser.get(CONFIRM).url == f"{HERE}code/"
    merge = Merge.objects.get()
    with pytest.raises(merging.Outdated):
        merging.confirm(merge, digest=merging.preview(merge).digest)
    assert "n’est pas bon" in errors_of(browser.post(f"{HERE}code/", {"code": "000000"}))
    right = browser.post(f"{HERE}code/", {"code": second_factor.code_at(SECRET, step_now())})
    assert right.url == CONFIRM
    two.confirm()
    target, source = two.again()
    assert not source.is_active and second_factor.has_one(target)
    assert browser.get("/mon-compte/securite/").status_code == 200  # this session keeps its own proof
    assert "en place" in words(browser.get("/mon-compte/securite/"))


def test_a_second_factor_set_up_meanwhile_is_asked_for_here(two: Two) -> None:
    enrolled(two.target)
    assert two.browser.get(HERE).url.startswith("/mon-compte/securite/?next=")


def test_one_that_the_other_account_gets_after_the_proof_stops_it(two: Two) -> None:
    two.prove()
    Authenticator.objects.create(user=two.source, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert two.confirm().status_code == 409 and two.source.sign_in_names.exists()


# --- what happens meanwhile -----------------------------------------------------------------------


def test_a_proof_grows_old_and_dies_with_the_password(two: Two) -> None:
    two.prove()
    Merge.objects.update(proposed_at=timezone.now() - timedelta(minutes=11))
    assert two.browser.get(CONFIRM).url == HERE
    two.prove()
    two.source.set_password("Une-autre-phrase-7")
    two.source.save()
    assert two.confirm().status_code == 409 and two.source.sign_in_names.exists()


def test_what_has_changed_since_it_was_shown_is_shown_again(two: Two) -> None:
    two.prove()
    sent = dict(re.findall(r'name="(merge|plan)" value="([^"]*)"', words(two.browser.get(CONFIRM))))
    SignInName.objects.create(authority=MCM, name="claire.troisieme", user=two.source)
    page = words(two.browser.post(CONFIRM, sent))
    assert "Relisez la liste" in page and "claire.troisieme" in page
    assert two.source.sign_in_names.count() == 2


def test_another_tab_that_proposed_something_else_is_looked_at_first(two: Two) -> None:
    two.prove()
    assert two.confirm(merge=str(uuid.uuid4())).url == CONFIRM
    assert two.source.sign_in_names.exists()


def test_the_same_form_twice_merges_once_and_leads_to_the_same_page(two: Two) -> None:
    two.prove()
    sent = dict(re.findall(r'name="(merge|plan)" value="([^"]*)"', words(two.browser.get(CONFIRM))))
    first, second = (two.browser.post(CONFIRM, sent) for _time in range(2))
    assert first.url == second.url and Merge.objects.count() == 1
    assert Message.objects.filter(kind=merging.KIND_MERGED).count() == 2


def test_reading_the_pages_changes_nothing(two: Two) -> None:
    two.prove()
    for page in (HERE, CONFIRM, "/preferences/"):
        two.browser.get(page)
    assert two.again()[1].is_active and not MergedRow.objects.exists()
