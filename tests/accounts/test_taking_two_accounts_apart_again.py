"""A « fusion de comptes » is undone within thirty days (SCREENS C7; SAFETY G13)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from accounts import assistance, merging, personal_data, recovery, school_resets
from accounts.models import (
    Enrolment,
    Merge,
    MergedRow,
    SignInName,
    User,
)
from accounts.tasks import purge
from audit.models import Record
from notifications.letters import Context, renderer
from notifications.models import Message
from schools.models import StaffMember
from tests.accounts.conftest import PASSWORD, letters_to
from tests.accounts.heads import head_of
from tests.accounts.staff import appoint
from tests.accounts.two_accounts import HERE, OTHER_PASSWORD, Two, is_in, member, signed_in, words
from tests.accounts.two_accounts import two as two

pytestmark = pytest.mark.django_db


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


def reset_the_school_of(declared: StaffMember) -> None:
    """Have the head of a school end all its sessions and close its passwords."""
    asked = school_resets.ask(
        declared.school,
        optional=frozenset(),
        submission=uuid.uuid4(),
        by=head_of(declared.school),
        reason="Vol.",
    )
    assert school_resets.work(str(asked.public_id))


def undone_letter(address: str) -> str:
    letter = letters_to(address)[-1]
    assert letter.kind == merging.KIND_UNDONE
    text = renderer(letter.kind)(Context(letter.reference, letter.to, "fr", letter.created_at)).text
    return text.replace("\xa0", " ")


def is_sealed(two: Two) -> bool:
    """Say whether the account that came back is shut to its old password, and all are told."""
    source = two.again()[1]
    shut = source.is_active and not source.has_usable_password()
    assert shut is not is_in(signed_in("claire.ent", OTHER_PASSWORD))
    told = Merge.objects.get().is_sealed
    for address in ("claire.dubois@exemple.fr", "claire.ent@exemple.fr"):
        assert ("plus avec son ancien mot de passe" in undone_letter(address)) is told
    assert shut is told
    return told


def test_after_a_reset_of_the_school_the_account_that_comes_back_owes_a_new_password(two: Two) -> None:
    """Its record was with the other account, so that the reset had not met it (SAFETY G16)."""
    declared = member()
    User.objects.filter(pk=two.source.pk).update(staff_member=declared)
    two.merge()
    link = link_to("claire.ent@exemple.fr")
    reset_the_school_of(declared)
    said = words(Client().post(link, follow=True))
    assert "plus avec son ancien mot de passe" in said and "une nouvelle lettre" in said
    assert is_sealed(two) and two.again()[1].staff_member == declared


def test_so_it_does_where_the_reset_left_the_other_account_alone(two: Two) -> None:
    declared = member()
    User.objects.filter(pk=two.source.pk).update(staff_member=declared)
    two.merge()
    User.objects.filter(pk=two.target.pk).update(is_staff=True)
    reset_the_school_of(declared)
    Client().post(link_to("claire.ent@exemple.fr"))
    assert is_sealed(two)


def test_a_reset_before_the_two_accounts_were_one_seals_nothing_later(two: Two) -> None:
    declared = member()
    reset_the_school_of(declared)
    User.objects.filter(pk=two.source.pk).update(staff_member=declared)
    two.merge()
    Client().post(link_to("claire.ent@exemple.fr"))
    assert not is_sealed(two)


def by_a_new_password(two: Two) -> None:
    two.target.set_password("Une-autre-brume-9")
    two.target.save()


def by_the_dane(two: Two) -> None:
    recovery.make_choose(two.target, readers=[], academy="70")


def by_ending_its_sessions(two: Two) -> None:
    User.objects.filter(pk=two.target.pk).update(session_epoch=1)


@pytest.mark.parametrize("close", [by_a_new_password, by_the_dane, by_ending_its_sessions])
def test_what_was_closed_since_by_its_owner_or_by_staff_stays_closed_in_both(
    two: Two, close: Callable[[Two], None]
) -> None:
    two.merge()
    close(two)
    Client().post(link_to("claire.ent@exemple.fr"))
    assert is_sealed(two)
    Client().post("/acces-oublie/", {"login": "claire.ent@exemple.fr"})
    assert letters_to("claire.ent@exemple.fr")[-1].kind == recovery.KIND  # and its owner gets back in


def test_a_suspended_account_is_not_left_by_taking_the_other_one_back(two: Two) -> None:
    two.merge()
    link = link_to("claire.ent@exemple.fr")
    assistance.suspend(two.target, by=appoint(None, "national", None), reason="Une bonne raison.")
    refused = Client().post(link)
    assert refused.status_code == 409 and "suspendu" in words(refused)
    assert not two.again()[1].is_active
