"""A letter of the school opens one account, once, and reaches no further than that school (SCREENS C2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.db.models.functions import Now
from django.test import Client

from accounts import custody, otp_keys, school_resets
from accounts.models import MCM, PUPILS, FirstSignIn, OpenSession, OtherPost, SignInName, StaffRole, User
from audit.models import Record
from notifications.models import Message
from schools.models import School, StaffMember
from tests.accounts.heads import head_of
from tests.accounts.letters import (
    ANOTHER,
    CODE,
    IDENTIFIER,
    OWN,
    Letters,
    accept_charter,
    choose_password,
    come_in,
    open_letter,
    pupil,
    school,
    teacher,
)
from tests.accounts.letters import letters as letters
from tests.accounts.test_an_otp_key import PIN, activate, code_of

pytestmark = pytest.mark.django_db
DOOR = "/personnels/70/connexion/"


def words(answer: Any) -> str:
    return answer.content.decode().replace("\xa0", " ")


def body(answer: Any) -> str:
    """The page itself, without its frame and its token."""
    page = words(answer)
    return re.sub(
        r'name="csrfmiddlewaretoken" value="\w+"', "", page[page.index("<main") : page.index("</main>")]
    )


def test_opening_the_page_of_a_letter_spends_nothing_and_tells_no_name(letters: Letters) -> None:
    letters.give(teacher())
    page = Client().get(f"/lettre/{IDENTIFIER}/{CODE}/")
    assert page.status_code == 200 and "C’est bien vous" in words(page)
    assert "roux" not in body(page).lower() and letters.asked == [] and not User.objects.exists()


def test_the_page_is_the_same_for_a_letter_that_nobody_gave(letters: Letters) -> None:
    letters.give(teacher())
    known = body(Client().get(f"/lettre/{IDENTIFIER}/{CODE}/"))
    assert known == body(Client().get(f"/lettre/personne3/{ANOTHER}/"))


def test_a_teacher_opens_the_letter_and_stands_before_the_charter(letters: Letters) -> None:
    member = teacher()
    letters.give(member)
    browser, answer = open_letter()
    assert answer.url == "/mon-espace/"
    assert browser.get("/mon-espace/").url.startswith("/premiere-connexion/charte/")
    user = User.objects.get()
    assert user.staff_member == member and user.owes_password and user.owes_contact
    assert list(user.sign_in_names.values_list("authority", "name")) == [("academie:70", IDENTIFIER)]
    assert Record.objects.filter(act="first_sign_in.made", subject=user.subject).count() == 1


def test_a_letter_opened_twice_in_the_same_browser_makes_one_account(letters: Letters) -> None:
    letters.give(teacher())
    browser, _answer = open_letter()
    _browser, again = open_letter(browser=browser)
    assert again.url == "/mon-espace/"
    assert User.objects.count() == SignInName.objects.count() == FirstSignIn.objects.count() == 1


def test_somebody_else_opens_nothing_with_a_letter_that_has_served(letters: Letters) -> None:
    letters.give(teacher())
    browser, _answer = open_letter()
    come_in(browser)
    _stranger, answer = open_letter()
    assert answer.status_code == 200 and "n’ouvre pas d’accès" in words(answer)


def test_the_owner_who_has_chosen_a_password_is_told_that_the_code_has_served(letters: Letters) -> None:
    letters.give(teacher())
    browser, _answer = open_letter()
    user = come_in(browser)
    browser.post("/deconnexion/")
    _browser, answer = open_letter(browser=browser)  # the same device, a moment later
    assert answer.status_code == 409 and "le code ne sert plus" in words(answer)
    assert User.objects.get().password == user.password


def test_a_first_sign_in_left_half_way_is_not_finished_with_the_paper_once_its_owner_is_head(
    letters: Letters,
) -> None:
    """A right that grows asks for a new letter: whoever has the paper of the teacher is not the head."""
    member = teacher()
    letters.give(member)
    browser, _answer = open_letter()
    accept_charter(browser)
    elsewhere = Client()
    assert open_letter(browser=elsewhere)[1].url == "/mon-espace/"  # until now it goes on anywhere
    StaffMember.objects.update(role="head", letters_since=Now())  # as the file does that says so
    assert "n’ouvre pas d’accès" in words(open_letter()[1])
    assert "pas bon" in words(Client().post(DOOR, {"login": IDENTIFIER, "password": CODE}))
    refused = choose_password(browser)
    assert refused.status_code == 409 and "une nouvelle lettre" in words(refused)
    assert browser.get("/mon-espace/").status_code == 302 and User.objects.get().owes_password
    letters.give(member, ANOTHER)
    browser, _answer = open_letter(code=ANOTHER)
    assert come_in(browser).school_headed() == member.school.uai


def test_who_comes_in_by_pin_and_code_is_not_told_that_a_password_is_too_well_known(
    letters: Letters,
) -> None:
    """Digits are among the first that guessers try as a password; a passcode is none (SAFETY T16, T39)."""
    letters.give(teacher())
    user = come_in(open_letter()[0])
    seed, codes = activate(user)
    for typed in (PIN + code_of(seed), f"{PIN} {codes[3]}"):
        browser = Client()
        assert browser.post(DOOR, {"login": IDENTIFIER, "password": typed}).status_code == 302
        assert browser.get("/mon-espace/").status_code == 200


def test_a_slip_of_the_finger_is_told_at_once_and_costs_no_try(letters: Letters) -> None:
    letters.give(teacher())
    answer = Client().post("/lettre/", {"identifier": IDENTIFIER, "code": CODE[:-1]})
    assert "Il y a une faute dans ce code" in words(answer) and letters.asked == []
    assert f'value="{IDENTIFIER}"' in words(answer)  # nothing typed is lost


def test_typed_with_spaces_and_in_small_letters_a_code_is_the_same(letters: Letters) -> None:
    letters.give(teacher())
    answer = Client().post("/lettre/", {"identifier": f" {IDENTIFIER.upper()} ", "code": "k7m4 pqxw-2h"})
    assert answer.url == "/mon-espace/"


def test_the_code_is_typed_at_the_door_in_the_place_of_the_password(letters: Letters) -> None:
    letters.give(teacher())
    answer = Client().post(DOOR, {"login": IDENTIFIER, "password": CODE})
    assert answer.status_code == 302 and User.objects.get().owes_password


def test_the_code_of_a_pupil_opens_nothing_at_the_door_of_the_staff(letters: Letters) -> None:
    letters.give(pupil())
    answer = Client().post(DOOR, {"login": "chloe.dupont27", "password": CODE})
    assert answer.status_code == 200 and not User.objects.exists()
    assert (
        Client().post("/eleves/connexion/", {"login": "chloe.dupont27", "password": CODE}).status_code == 302
    )


def test_there_is_no_door_for_an_academie_that_there_is_not(portal: None) -> None:
    assert Client().get("/personnels/nulle-part/connexion/").status_code == 404
    assert Client().get("/personnels/nulle-part/acces-oublie/").status_code == 404


def test_a_first_sign_in_goes_on_at_another_computer_with_the_same_code(letters: Letters) -> None:
    letters.give(teacher())
    browser, _answer = open_letter()
    accept_charter(browser)
    elsewhere = Client()
    assert elsewhere.post(DOOR, {"login": IDENTIFIER, "password": CODE}).status_code == 302
    assert elsewhere.get("/mon-espace/").url.startswith("/premiere-connexion/mot-de-passe/")
    third, _answer = open_letter()  # by the square of the letter too
    assert third.get("/mon-espace/").url.startswith("/premiere-connexion/mot-de-passe/")
    assert User.objects.count() == 1


def test_after_a_week_the_code_that_was_left_opens_nothing(letters: Letters) -> None:
    letters.give(teacher())
    browser, _answer = open_letter()
    FirstSignIn.objects.update(until="2020-01-01T00:00:00Z")
    assert Client().post(DOOR, {"login": IDENTIFIER, "password": CODE}).status_code == 200
    _third, answer = open_letter()
    assert answer.status_code == 200
    assert browser.get("/premiere-connexion/charte/").status_code == 200  # who is in goes on


def test_the_code_is_no_password_once_there_is_one(letters: Letters) -> None:
    letters.give(teacher())
    browser, _answer = open_letter()
    come_in(browser)
    assert Client().post(DOOR, {"login": IDENTIFIER, "password": CODE}).status_code == 200
    assert Client().post(DOOR, {"login": IDENTIFIER, "password": OWN}).status_code == 302


def test_a_new_letter_begins_again_and_ends_the_sessions_that_were_open(letters: Letters) -> None:
    member = teacher()
    letters.give(member)
    browser, _answer = open_letter()
    user = come_in(browser)
    EmailAddress.objects.create(user=user, email="jeanne@exemple.fr", verified=True, primary=True)
    letters.give(member, ANOTHER)
    other, answer = open_letter(code=ANOTHER)
    assert answer.url == "/mon-espace/"
    assert browser.get("/mon-espace/").url.startswith("/connexion/")
    assert OpenSession.objects.filter(user=user).count() == 1
    assert Client().post(DOOR, {"login": IDENTIFIER, "password": OWN}).status_code == 200
    assert Message.objects.filter(to="jeanne@exemple.fr", kind="accounts.password_changed").count() == 1
    assert other.get("/mon-espace/").url.startswith("/premiere-connexion/mot-de-passe/")  # charter accepted
    choose_password(other, "Autre-Lac42!")
    assert other.get("/mon-espace/").status_code == 200 and User.objects.count() == 1


def test_the_account_of_mcm_that_the_dane_tied_is_adopted(
    letters: Letters, person: Callable[..., User]
) -> None:
    member = teacher()
    user = person("jeanne.roux")
    User.objects.filter(pk=user.pk).update(staff_member=member)
    letters.give(member)
    browser, _answer = open_letter()
    assert User.objects.get() == user
    assert set(user.sign_in_names.values_list("authority", flat=True)) == {MCM, "academie:70"}
    accept_charter(browser)
    page = words(browser.get("/premiere-connexion/mot-de-passe/"))
    assert "servira aussi pour « Ma classe à la maison »" in page


# --- no further than the school that gave the letter (SAFETY T35, T50) -------------------------------


def test_a_letter_of_one_school_gives_nothing_of_another_that_writes_the_same_identifier(
    letters: Letters,
) -> None:
    mine, elsewhere = teacher(), teacher(school("0141274J", name="Lycée Hugo"), role="head")
    letters.give(mine)
    browser, _answer = open_letter()
    user = come_in(browser)
    assert list(user.posts()) == [mine] and user.school_headed() == ""
    assert elsewhere.identifier == mine.identifier


def test_a_letter_does_not_take_over_an_account_of_another_school(letters: Letters) -> None:
    head = teacher(school("0141274J", name="Lycée Hugo"), role="head")
    letters.give(head)
    browser, _answer = open_letter()
    user = come_in(browser)
    forged = teacher()  # the head of the collège writes a colleague with her identifier
    letters.give(forged, ANOTHER)
    thief, answer = open_letter(code=ANOTHER)
    assert answer.status_code == 409 and "Vous avez déjà un compte" in words(answer)
    assert "_auth_user_id" not in thief.session
    assert User.objects.get().password == user.password and list(user.posts()) == [head]


def test_who_is_signed_in_adds_a_school_with_its_letter_and_keeps_the_password(letters: Letters) -> None:
    first = teacher()
    letters.give(first)
    browser, _answer = open_letter()
    user = come_in(browser)
    second = teacher(school("0141274J", name="Lycée Hugo"), role="head")
    letters.give(second, ANOTHER)
    _browser, answer = open_letter(code=ANOTHER, browser=browser)
    assert answer.url == f"/etablissements/{second.school.public_id}/"
    assert "Lycée Hugo" in words(browser.get(answer.url)) and "Chef d’établissement" in words(
        browser.get(answer.url)
    )
    user.refresh_from_db()
    assert list(user.posts()) == [first, second] and not user.owes_password
    assert user.school_headed() == "0141274J"
    assert Record.objects.filter(act="post.added", subject=user.subject).exists()
    open_letter(code=ANOTHER, browser=browser)
    assert OtherPost.objects.count() == 1


def test_the_way_to_add_a_school_stands_in_the_preferences_of_staff_and_of_nobody_else(
    letters: Letters, person: Callable[..., User]
) -> None:
    letters.give(teacher())
    browser, _answer = open_letter()
    come_in(browser)
    assert 'href="/lettre/"' in words(browser.get("/preferences/"))
    assert "l’y ajoute" in words(browser.get("/lettre/"))
    parent = Client()
    parent.force_login(person("un.parent"))
    assert 'href="/lettre/"' not in words(parent.get("/preferences/"))
    assert "l’y ajoute" not in words(Client().get("/lettre/"))


def test_whom_another_school_was_first_with_reads_what_to_do_and_signs_in_and_adds_it(
    letters: Letters,
) -> None:
    """The identifier was opened by the letter of one school; the other one vouches by its own (T50)."""
    first, second = teacher(school("0141274J", name="Lycée Hugo")), teacher()
    letters.give(first)
    come_in(open_letter()[0])
    letters.give(second, ANOTHER)
    browser, answer = open_letter(code=ANOTHER)
    page = words(answer)
    assert answer.status_code == 409 and "dans la demi-heure" in page and "deux établissements" in page
    assert "service numérique de l’académie" in page
    door = re.search(r'href="(/personnels/70/connexion/[^"]*)"', page)
    assert door is not None
    typed = browser.post(door[1], {"login": IDENTIFIER, "password": OWN, "next": "/lettre/"})
    assert typed.url == "/lettre/"
    answer = browser.post("/lettre/", {"identifier": IDENTIFIER, "code": ANOTHER})
    assert answer.url == f"/etablissements/{second.school.public_id}/"
    assert list(User.objects.get().posts()) == [first, second]


def test_a_letter_that_somebody_else_is_signed_in_for_adds_nothing_to_their_account(letters: Letters) -> None:
    letters.give(teacher())
    browser, _answer = open_letter()
    thief = come_in(browser)
    other = teacher(school("0141274J", name="Lycée Hugo"), identifier="amartin", role="head")
    letters.give(other, ANOTHER)
    open_letter("amartin", ANOTHER, browser=browser)
    assert list(thief.posts()) == [StaffMember.objects.get(identifier=IDENTIFIER)]
    assert User.objects.get(staff_member=other) != thief


def test_a_post_that_the_school_took_away_gives_nothing(letters: Letters) -> None:
    member = teacher(role="head")
    letters.give(member)
    browser, _answer = open_letter()
    user = come_in(browser)
    assert user.school_headed() == "0501271K"
    StaffMember.objects.update(gone_at="2026-01-01T00:00:00Z", access_until="2026-01-08T00:00:00Z")
    user = User.objects.get()
    assert user.school_headed() == "" and list(user.posts()) == []


def test_no_letter_opens_the_account_of_who_has_a_role_in_the_administration(letters: Letters) -> None:
    member = teacher()
    letters.give(member)
    browser, _answer = open_letter()
    user = come_in(browser)
    StaffRole.objects.create(user=user, role="national")
    User.objects.update(is_staff=True)
    letters.give(member, ANOTHER)
    _thief, answer = open_letter(code=ANOTHER)
    assert answer.status_code == 409 and User.objects.get().password == user.password


def test_no_letter_opens_a_suspended_account(letters: Letters) -> None:
    member = teacher()
    letters.give(member)
    browser, _answer = open_letter()
    come_in(browser)
    User.objects.update(is_active=False)
    letters.give(member, ANOTHER)
    _browser, answer = open_letter(code=ANOTHER)
    assert answer.status_code == 409 and "suspendu" in words(answer)


# --- pupils --------------------------------------------------------------------------------------------


def test_a_child_of_ten_takes_two_steps_and_is_asked_for_nothing_else(letters: Letters) -> None:
    child = pupil(born="2016-05-01")
    letters.give(child)
    browser, _answer = open_letter("chloe.dupont27")
    page = words(browser.get("/premiere-connexion/charte/"))
    assert "Étape 1 sur 2" in page and "La charte des élèves" in page
    accept_charter(browser, "charter_pupils")
    assert "Étape 2 sur 2" in words(browser.get("/premiere-connexion/mot-de-passe/"))
    choose_password(browser)
    assert browser.get("/mon-espace/").status_code == 200
    page = words(browser.get("/preferences/contact/"))
    assert "Avant 15 ans" in page and "Email de réception" not in page
    browser.post("/preferences/contact/", {"address": "chloe@exemple.fr"})
    assert not Message.objects.exists()
    user = User.objects.get()
    assert user.student == child and user.sign_in_names.get().authority == PUPILS


@pytest.mark.parametrize(
    ("born", "steps"), [("2011-11-28", 2), ("2011-11-27", 3), ("", 2), ("2011-00-00", 2)]
)
def test_from_the_day_of_fifteen_on_a_pupil_is_asked_for_an_address(
    letters: Letters, monkeypatch: pytest.MonkeyPatch, born: str, steps: int
) -> None:
    """T54: 14 years 364 days, and 15 years; a date that is not known in full makes nobody older."""
    monkeypatch.setattr(custody, "today", lambda: date(2026, 11, 27))
    letters.give(pupil(born=born))
    browser, _answer = open_letter("chloe.dupont27")
    assert f"Étape 1 sur {steps}" in words(browser.get("/premiere-connexion/charte/"))


def test_a_pupil_of_sixteen_may_give_an_address_and_nothing_more(letters: Letters) -> None:
    letters.give(pupil(born="2010-01-01"))
    browser, _answer = open_letter("chloe.dupont27")
    accept_charter(browser, "charter_pupils")
    choose_password(browser)
    page = words(browser.get("/premiere-connexion/contact/"))
    assert "Email de réception" in page and "partenaires" not in page and "Téléphone" not in page
    browser.post("/premiere-connexion/contact/", {"address": "chloe@exemple.fr", "partner_news": "on"})
    assert browser.get("/mon-espace/").status_code == 200
    assert Message.objects.get(kind="accounts.address_change").to == "chloe@exemple.fr"
    user = User.objects.get()
    assert user.address() == "" and not hasattr(user, "contact_preferences")


def test_the_account_that_a_parent_made_is_the_pupils_too(
    letters: Letters, person: Callable[..., User]
) -> None:
    child = pupil(born="2016-05-01")
    account = person("chloe.dupont")
    User.objects.filter(pk=account.pk).update(student=child)
    letters.give(child)
    open_letter("chloe.dupont27")
    assert User.objects.get() == account
    assert set(account.sign_in_names.values_list("authority", flat=True)) == {MCM, PUPILS}


def test_a_new_letter_takes_away_the_otp_key_that_a_thief_of_the_former_one_has_set_up(
    letters: Letters,
) -> None:
    member = teacher()
    letters.give(member)
    thief, _answer = open_letter()
    user = come_in(thief)
    seed, _spare = activate(user)
    letters.give(member, ANOTHER)
    open_letter(code=ANOTHER)
    assert not otp_keys.has_key(user)
    passcode = {"login": IDENTIFIER, "password": f"{PIN}{code_of(seed)}"}
    assert Client().post(DOOR, passcode).status_code == 200


def reset(at: School) -> None:
    """Have the head end every session of a school (SAFETY G16)."""
    asked = school_resets.ask(
        at, optional=frozenset(), submission=uuid4(), by=head_of(at), reason="Des comptes sont volés."
    )
    assert school_resets.work(str(asked.public_id))


def test_a_code_that_was_begun_with_opens_nothing_once_the_school_was_reset(letters: Letters) -> None:
    member = teacher()
    letters.give(member)
    open_letter()
    user = User.objects.get()
    reset(member.school)
    _browser, answer = open_letter()
    assert answer.status_code == 200 and not OpenSession.objects.filter(user=user).exists()


def test_nor_in_the_browser_that_began_with_it(letters: Letters) -> None:
    member = teacher()
    letters.give(member)
    browser, _answer = open_letter()
    user = User.objects.get()
    reset(member.school)
    _browser, answer = open_letter(browser=browser)
    assert answer.status_code == 409 and not OpenSession.objects.filter(user=user).exists()
