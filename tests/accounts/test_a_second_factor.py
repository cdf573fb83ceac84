"""A code beside the password (SAFETY T39, F16, T56)."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from django.db.models import F
from django.test import Client, override_settings

from accounts import recovery, second_factor
from accounts.links import token
from accounts.models import OpenSession, RecoveryRequest, User
from audit.models import Record
from tests.abreast import abreast
from tests.accounts.conftest import PASSWORD, errors_of, letters_to
from tests.accounts.staff import appoint

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def step_now() -> int:
    return int(time.time()) // second_factor.STEP


def enrolled(user: User) -> list[str]:
    """Give a person a key and recovery codes, as if its first code were an hour old."""
    codes = second_factor.add(user, SECRET, second_factor.code_at(SECRET, step_now()))
    assert codes is not None
    rows = Authenticator.objects.filter(user=user, type="totp")
    for row in rows:
        row.data["counter"] -= 120
        row.save()
    return codes


def first_step(login: str = "jeanne.dupont") -> Client:
    """Return a browser where the password was right."""
    browser = Client()
    response = browser.post(
        "/college/connexion/", {"login": login, "password": PASSWORD, "next": "/mon-compte/"}
    )
    assert response.headers["Location"] == "/connexion/code/"
    return browser


def give(browser: Client, code: str) -> str:
    """Send a code; return where it leads, or the errors."""
    response = browser.post("/connexion/code/", {"code": code})
    return response.headers["Location"] if response.status_code == 302 else errors_of(response)


def test_it_is_set_up_with_a_first_code_and_shows_recovery_codes_once(person) -> None:
    user = person()
    browser = Client()
    browser.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    page = browser.get("/mon-compte/securite/application/").content.decode()
    secret = re.search(r'id="cle"[^>]*>([A-Z2-7 ]+)<', page)
    assert secret is not None
    assert secret[1] in browser.get("/mon-compte/securite/application/").content.decode()  # the same again
    wrong = browser.post("/mon-compte/securite/application/", {"code": "000000"})
    assert "n’est pas bon" in errors_of(wrong)
    assert not second_factor.has_one(user)
    code = second_factor.code_at(secret[1].replace(" ", ""), step_now())
    done = browser.post("/mon-compte/securite/application/", {"code": f"{code[:3]} {code[3:]}"})
    assert len(re.findall(r"<code>", done.content.decode())) == second_factor.CODES
    assert second_factor.has_one(user)
    assert letters_to(user.address())[-1].kind == second_factor.KIND_ADDED
    assert Record.objects.filter(act="second_factor.added", subject=user.subject).exists()
    assert "Elle est en place" in browser.get("/mon-compte/securite/").content.decode()


def test_the_password_alone_opens_nothing(person) -> None:
    enrolled(person())
    browser = first_step()
    assert browser.get("/mon-espace/").status_code == 302
    assert browser.get("/connexion/code/").status_code == 200


def test_a_code_leads_to_the_page_that_was_wanted(person) -> None:
    enrolled(person())
    browser = first_step()
    assert give(browser, second_factor.code_at(SECRET, step_now())) == "/mon-compte/"
    assert browser.get("/mon-compte/").status_code == 200


@pytest.mark.parametrize("dress", ["{} {}", "{}-{}", " {}{} "])
def test_spaces_and_hyphens_do_no_harm(person, dress: str) -> None:
    enrolled(person())
    code = second_factor.code_at(SECRET, step_now())
    assert give(first_step(), dress.format(code[:3], code[3:])) == "/mon-compte/"


@pytest.mark.parametrize("zero", ["٠", "۰", "０", "०"])
def test_digits_of_other_scripts_are_digits(person, zero: str) -> None:
    enrolled(person())
    code = "".join(chr(ord(zero) + int(digit)) for digit in second_factor.code_at(SECRET, step_now()))
    assert give(first_step(), code) == "/mon-compte/"


def test_a_code_serves_once_however_it_is_written(person) -> None:
    enrolled(person())
    code = second_factor.code_at(SECRET, step_now())
    assert give(first_step(), code) == "/mon-compte/"
    assert "n’est pas bon" in give(first_step(), code)
    assert "n’est pas bon" in give(first_step(), f"{code[:3]} {code[3:]}")


def test_a_code_of_an_earlier_step_is_refused_after_a_later_one(person) -> None:
    enrolled(person())
    assert give(first_step(), second_factor.code_at(SECRET, step_now())) == "/mon-compte/"
    assert "n’est pas bon" in give(first_step(), second_factor.code_at(SECRET, step_now() - 1))


@pytest.mark.parametrize(("away", "right"), [(-3, False), (-1, True), (1, True), (3, False)])
def test_one_step_early_or_late_is_right_and_more_is_not(person, away: int, right: bool) -> None:
    enrolled(person())
    answer = give(first_step(), second_factor.code_at(SECRET, step_now() + away))
    assert (answer == "/mon-compte/") is right


def test_five_wrong_codes_and_even_the_right_one_waits(person) -> None:
    user = person()
    enrolled(user)
    for _number in range(5):
        assert "n’est pas bon" in give(first_step(), "000000")
    assert "Trop d’essais" in give(first_step(), second_factor.code_at(SECRET, step_now()))


def test_a_recovery_code_opens_once_and_a_mail_says_so(person) -> None:
    user = person()
    codes = enrolled(user)
    assert give(first_step(), f"{codes[0][:5]}-{codes[0][5:].upper()}") == "/mon-compte/"
    assert letters_to(user.address())[-1].kind == second_factor.KIND_RECOVERED
    assert "n’est pas bon" in give(first_step(), codes[0])
    assert second_factor.codes_left(user) == second_factor.CODES - 1


def test_a_recovery_code_of_somebody_else_opens_nothing(person) -> None:
    enrolled(person())
    codes = enrolled(person("paul.martin"))
    assert "n’est pas bon" in give(first_step(), codes[0])


def test_nothing_usable_is_stored(person) -> None:
    user = person()
    codes = enrolled(user)
    stored = str(list(Authenticator.objects.filter(user=user).values_list("data", flat=True)))
    assert SECRET not in stored
    assert not any(code in stored for code in codes)


def test_a_key_outlives_a_change_of_secret_key(person, settings) -> None:
    enrolled(person())
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert give(first_step(), second_factor.code_at(SECRET, step_now())) == "/mon-compte/"


def test_the_second_step_without_the_first_begins_anew(portal) -> None:
    assert Client().get("/connexion/code/").headers["Location"] == "/connexion/"
    assert Client().post("/connexion/code/", {"code": "123456"}).headers["Location"] == "/connexion/"


def test_new_recovery_codes_replace_the_old_ones(person) -> None:
    user = person()
    old = enrolled(user)
    browser = first_step()
    give(browser, second_factor.code_at(SECRET, step_now()))
    assert browser.post("/mon-compte/securite/codes/").status_code == 200
    assert "n’est pas bon" in give(first_step(), old[0])


def test_a_person_may_remove_it_and_is_told(person) -> None:
    user = person()
    enrolled(user)
    browser = first_step()
    give(browser, second_factor.code_at(SECRET, step_now()))
    browser.post("/mon-compte/securite/retirer/")
    assert not Authenticator.objects.filter(user=user).exists()
    assert letters_to(user.address())[-1].kind == second_factor.KIND_REMOVED


def test_staff_set_one_up_before_anything_else_and_keep_it(person) -> None:
    user = appoint(person(), "dane", "70")
    browser = Client()
    browser.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    for wanted in ("/mon-espace/", "/administration/", "/mon-compte/"):
        assert browser.get(wanted).headers["Location"].startswith("/mon-compte/securite/")
    enrolled(user)
    browser = first_step()
    give(browser, second_factor.code_at(SECRET, step_now()))
    assert browser.get("/administration/").status_code == 200
    browser.post("/mon-compte/securite/retirer/")
    assert second_factor.has_one(user)


def test_a_session_opened_before_proves_itself_on_the_page(person) -> None:
    user = appoint(person(), "dane", "70")
    browser = Client()
    browser.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    enrolled(user)
    assert browser.get("/administration/").status_code == 302
    assert "n’est pas bon" in errors_of(browser.post("/mon-compte/securite/", {"code": "000000"}))
    browser.post("/mon-compte/securite/", {"code": second_factor.code_at(SECRET, step_now())})
    assert browser.get("/administration/").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_twenty_who_send_one_code_at_once_one_gets_in(person, kind: str) -> None:
    user = person()
    codes = enrolled(user)
    code = codes[0] if kind == "recovery" else second_factor.code_at(SECRET, step_now())
    accept = second_factor._strike_out if kind == "recovery" else second_factor._accept_step
    answers = abreast(*[lambda: accept(user, code)] * 20)
    assert sorted(answers) == [False] * 19 + [True]


@pytest.mark.parametrize("what", ["a new password", "sessions ended by the staff", "a suspension"])
def test_what_ends_sessions_ends_one_that_waits_for_its_code(person, what: str) -> None:
    user = person()
    enrolled(user)
    thief = first_step()
    if what == "a new password":
        recovery.choose_password(RecoveryRequest.objects.create(user=user), "Une-autre-phrase-7")
    elif what == "a suspension":
        User.objects.filter(pk=user.pk).update(is_active=False)
    else:
        User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    assert give(thief, second_factor.code_at(SECRET, step_now())) == "/connexion/"
    assert thief.get("/mon-compte/").status_code == 302
    assert not OpenSession.objects.filter(user=user).exists()


def test_a_new_password_where_one_was_signed_in_leads_to_the_code(person) -> None:
    user = person()
    browser = Client()
    browser.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    enrolled(user)
    asked = RecoveryRequest.objects.create(user=user)
    answer = browser.post(f"/mot-de-passe/{token(recovery.KIND, asked)}/", {"password": "Une-autre-phrase-7"})
    assert answer.status_code == 302 and answer.headers["Location"] == "/connexion/code/"
    assert give(browser, second_factor.code_at(SECRET, step_now())) == "/mon-espace/"
