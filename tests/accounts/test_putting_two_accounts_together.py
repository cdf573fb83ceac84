"""« Fusion de comptes »: one person, two accounts (SCREENS C7; SAFETY G5, T31, T42, F14, F15)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts import assistance, merging, moving, personal_data, second_factor
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
from accounts.moving import Fate
from accounts.tasks import purge
from audit.models import Record
from notifications.letters import Context, renderer
from notifications.models import Message
from schools.models import Academy, School, StaffMember, Student
from tests.accounts.conftest import PASSWORD, errors_of, letters_to, make_older
from tests.accounts.staff import appoint
from tests.accounts.test_a_second_factor import SECRET, enrolled, step_now

pytestmark = pytest.mark.django_db
HERE, CONFIRM = "/preferences/fusion/", "/preferences/fusion/confirmer/"
OTHER_PASSWORD = "Un-lac-sous-la-brume-8"
_hashed: dict[str, str] = {}


def words(answer: HttpResponse) -> str:
    return answer.content.decode().replace("\xa0", " ")


@dataclass
class Two:
    """A teacher with two accounts, at a browser where the first is open."""

    browser: Client
    target: User
    source: User

    def prove(self, login: str = "claire.ent", password: str = OTHER_PASSWORD, at: str = MCM) -> Any:
        return self.browser.post(HERE, {"authority": at, "login": login, "password": password})

    def confirm(self, **changes: str) -> Any:
        page = words(self.browser.get(CONFIRM))
        sent = dict(re.findall(r'name="(merge|plan)" value="([^"]*)"', page))
        return self.browser.post(CONFIRM, {**sent, **changes})

    def merge(self) -> str:
        """Go all the way; return the page that says so."""
        assert self.prove().url == CONFIRM
        done = self.confirm()
        assert done.status_code == 302, words(done)
        return str(done.url)

    def again(self) -> tuple[User, User]:
        """Return both accounts as they are now."""
        return User.objects.get(pk=self.target.pk), User.objects.get(pk=self.source.pk)


def signed_in(login: str, password: str = PASSWORD) -> Client:
    browser = Client()
    browser.post("/college/connexion/", {"login": login, "password": password})
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/mon-espace/").status_code == 200


@pytest.fixture
def two(person: Callable[..., User]) -> Two:
    target = person("claire.dubois")
    source = person("claire.ent", level="lycee")
    hashed = _hashed.setdefault(OTHER_PASSWORD, "") or make_password(OTHER_PASSWORD)
    _hashed[OTHER_PASSWORD] = hashed
    User.objects.filter(pk=source.pk).update(password=hashed)
    Enrolment.objects.filter(user__in=[target, source]).update(profile="enseignant")
    return Two(signed_in("claire.dubois"), target, User.objects.get(pk=source.pk))


def member(identifier: str = "cdubois", uai: str = "0501271K", academy: str = "70") -> StaffMember:
    at = Academy.objects.get(code=academy)
    school, _new = School.objects.get_or_create(
        uai=uai,
        defaults={
            "name": f"Collège {uai}",
            "kind": School.Kind.COLLEGE,
            "academy": at,
            "department": at.departments.all()[0],
        },
    )
    return StaffMember.objects.create(
        school=school, family_name="DUBOIS", first_name="Claire", role="teacher", identifier=identifier
    )


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


# --- undoing --------------------------------------------------------------------------------------


def test_it_is_undone_within_thirty_days_and_each_has_again_what_it_had(two: Two) -> None:
    before = [personal_data.export(user) for user in (two.target, two.source)]
    done = two.merge()
    assert done in words(two.browser.get(HERE)) and done in words(two.browser.get("/preferences/"))
    two.browser.post(done)
    assert "est annulée" in words(two.browser.get(done))
    after = [personal_data.export(user) for user in two.again()]
    for each in (*before, *after):
        for moment in ("messages", "merges", "open_sessions", "person"):
            each.pop(moment)
    assert after == before
    assert is_in(signed_in("claire.ent", OTHER_PASSWORD)) and is_in(two.browser)
    two.browser.post(done)  # twice
    assert Message.objects.filter(kind=merging.KIND_UNDONE).count() == 2
    assert done not in words(two.browser.get(HERE))


def test_what_has_changed_since_stays_where_it_is_and_is_told(two: Two) -> None:
    done = two.merge()
    elsewhere = User.objects.create(first_name="C", last_name="D")
    SignInName.objects.filter(name="claire.ent").update(user=elsewhere)
    two.browser.post(done)
    page = words(two.browser.get(done))
    assert page.index("revenu à l’autre compte") < page.index("lycée") < page.index("n’a pas bougé")
    assert "claire.ent" in page.partition("n’a pas bougé")[2]
    assert SignInName.objects.get(name="claire.ent").user == elsewhere


def test_a_record_that_the_dane_took_away_meanwhile_is_not_given_back(two: Two) -> None:
    User.objects.filter(pk=two.source.pk).update(staff_member=member())
    done = two.merge()
    User.objects.filter(pk=two.target.pk).update(staff_member=None)
    two.browser.post(done)
    target, source = two.again()
    assert target.staff_member is None and source.staff_member is None
    assert "fiche de l’établissement" in words(two.browser.get(done))


def test_a_row_that_has_gone_meanwhile_holds_nothing_up(two: Two) -> None:
    done = two.merge()
    Enrolment.objects.filter(user=two.target, level="lycee").delete()
    assert two.browser.post(done).url == done
    assert MergedRow.objects.filter(is_left=True).count() == 1


def link_to(address: str) -> str:
    """Return the path of the link in the letter to an address."""
    letter = letters_to(address)[-1]
    text = renderer(letter.kind)(Context(letter.reference, letter.to, "fr", letter.created_at)).text
    found = re.search(r"https?://[^/\s]+(/fusion/\S+)", text)
    assert found is not None, text
    return found[1]


def test_the_closed_account_undoes_it_by_the_link_of_its_letter(two: Two) -> None:
    """Its password opens nothing any more: who was robbed of it must not need it."""
    two.merge()
    link = link_to("claire.ent@exemple.fr")
    robbed = Client()
    page = robbed.get(link)
    assert page.status_code == 200 and page.headers["Referrer-Policy"] == "strict-origin"
    assert "claire" not in words(page) and not two.again()[1].is_active  # reading undoes nothing
    assert robbed.post(link).url == link
    assert "séparés" in words(robbed.get(link))
    assert two.again()[1].is_active and is_in(signed_in("claire.ent", OTHER_PASSWORD))
    robbed.post(link)
    lines = Record.objects.filter(act=merging.UNDONE)
    assert lines.count() == 2 and {line.actor for line in lines} == {two.source.subject}


@pytest.mark.parametrize("change", [lambda link: link[:-5] + "AAAA/", lambda link: "/fusion/x/"])
def test_a_link_that_is_not_ours_opens_nothing(two: Two, change: Callable[[str], str]) -> None:
    two.merge()
    wrong = change(link_to("claire.ent@exemple.fr"))
    assert Client().get(wrong).status_code == Client().post(wrong).status_code == 404
    assert not two.again()[1].is_active


def test_after_thirty_days_it_is_for_good_and_the_closed_account_is_erased(two: Two) -> None:
    done = two.merge()
    link = link_to("claire.ent@exemple.fr")
    Merge.objects.update(made_at=timezone.now() - timedelta(days=30, minutes=1))
    assert two.browser.post(done).status_code == Client().post(link).status_code == 404
    purge()
    assert not Merge.objects.exists() and not User.objects.filter(pk=two.source.pk).exists()
    assert two.target.sign_in_names.count() == two.target.enrolments.count() == 2
    assert not EmailAddress.objects.filter(email="claire.ent@exemple.fr").exists()


def test_before_thirty_days_nothing_is_forgotten(two: Two) -> None:
    two.merge()
    Merge.objects.update(made_at=timezone.now() - timedelta(days=29, hours=23))
    purge()
    assert Merge.objects.exists() and User.objects.filter(pk=two.source.pk).exists()


def test_what_nobody_confirmed_is_forgotten(two: Two) -> None:
    two.prove()
    Merge.objects.update(proposed_at=timezone.now() - timedelta(minutes=11))
    purge()
    assert not Merge.objects.exists() and two.again()[1].is_active


def test_of_two_merges_one_after_the_other_the_last_is_undone_first(
    two: Two, person: Callable[..., User]
) -> None:
    first = two.merge()
    third = person("claire.autre", level="ecole")
    Enrolment.objects.filter(user=third).update(profile="enseignant")
    two.browser = signed_in("claire.autre")
    two.source, two.target = two.target, third
    two.prove("claire.dubois", PASSWORD)
    second = two.confirm().url
    assert set(third.sign_in_names.values_list("name", flat=True)) == {
        "claire.autre", "claire.dubois", "claire.ent",
    }  # fmt: skip
    early = Merge.objects.get(public_id=first.strip("/").rsplit("/", 1)[1])
    with pytest.raises(merging.AnotherFirst):
        merging.undo(early, actor="system")
    two.browser.post(second)
    assert is_in(signed_in("claire.ent"))
    merging.undo(early, actor="system")
    assert is_in(signed_in("claire.ent", OTHER_PASSWORD))


def test_staff_do_not_open_an_account_that_its_owner_closed(two: Two) -> None:
    two.merge()
    dane = appoint(None, "dane", "70")
    with pytest.raises(assistance.NotAllowed):
        assistance.restore(two.source, by=dane, reason="Une bonne raison.")
    assert not two.again()[1].is_active


def test_who_is_erased_takes_the_accounts_that_were_closed_into_theirs_along(two: Two) -> None:
    two.merge()
    personal_data.erase(two.target)
    assert not User.objects.filter(pk__in=[two.target.pk, two.source.pk]).exists()


def test_who_asks_for_a_new_password_at_the_closed_address_reads_what_became_of_it(two: Two) -> None:
    two.merge()
    Client().post("/acces-oublie/", {"login": "claire.ent@exemple.fr"})
    letter = letters_to("claire.ent@exemple.fr")[-1]
    text = renderer(letter.kind)(Context(letter.reference, letter.to, "fr", letter.created_at)).text
    assert "réuni ce compte à un autre" in text and "/mot-de-passe/" not in text


# --- every app says what becomes of its rows ------------------------------------------------------


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
