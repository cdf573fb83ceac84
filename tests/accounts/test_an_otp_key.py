"""A teacher activates her OTP key, and signs in with PIN and code (SCREENS C2, SAFETY T39, F16)."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import hashers, otp_keys, second_factor
from accounts.models import OtpKey, User
from audit.models import Record
from notifications import letters
from schools.models import StaffMember
from tests.abreast import abreast
from tests.accounts.conftest import PASSWORD, errors_of, letters_to, shape_of
from tests.schools.rosters.declared import school as declaring_school
from throttling import limits

pytestmark = pytest.mark.django_db
PAGE, SET_UP = "/mon-compte/securite/cle/", "/mon-compte/securite/cle/activer/"
PIN = "2749"


def words(answer: Any) -> str:
    return str(answer.content.decode()).replace("\xa0", " ")


def code_of(seed: str, away: int = 0) -> str:
    """Return what the app shows, ``away`` steps of 30 seconds from now."""
    return second_factor.code_at(seed, second_factor.seconds_now() // 30 + away)


@pytest.fixture
def teacher(person) -> User:
    """A teacher whom her school declares."""
    user: User = person("claire.dubois")
    user.staff_member = StaffMember.objects.create(
        school=declaring_school("0690001B", "10"),
        family_name="Dubois",
        first_name="Claire",
        role="teacher",
        identifier="cdubois",
    )
    user.save()
    return user


@pytest.fixture
def browser(teacher: User, client: Client) -> Client:
    """Her browser, where she has just signed in with her password."""
    client.post("/connexion/", {"login": "claire.dubois", "password": PASSWORD})
    return client


def begin(browser: Client) -> str:
    """Press « Activer ma clé »; return the seed that the page shows."""
    page = words(browser.post(f"{PAGE}commencer/", follow=True))
    found = re.search(r'<output id="cle"[^>]*>([A-Z2-7 ]+)</output>', page)
    assert found, page
    return found[1].replace(" ", "")


def activate(user: User, pin: str = PIN) -> tuple[str, list[str]]:
    """Give somebody a key; return its seed and the recovery codes. The code of this step has not served."""
    seed = otp_keys.begin(user).seed()
    codes = otp_keys.activate(user, pin=pin, code=code_of(seed))
    assert codes is not None
    OtpKey.objects.update(counter=0)
    return seed, codes


class TestActivating:
    def test_a_key_is_shown_until_its_first_code_and_never_again(
        self, teacher: User, browser: Client
    ) -> None:
        seed = begin(browser)
        shown = words(browser.get(SET_UP))
        assert seed in shown.replace(" ", "") and "data:image/svg+xml" in shown
        said = {"pin": PIN, "pin_again": PIN, "code": code_of(seed)}
        page = words(browser.post(SET_UP, said))
        codes = re.findall(r"<code>(\d{6})</code>", page)
        assert len(codes) == 10 and "Votre clé est active" in page
        assert otp_keys.has_key(teacher)
        assert browser.get(SET_UP).status_code == 302
        assert seed not in words(browser.get(PAGE)).replace(" ", "")
        assert browser.post(SET_UP, said).status_code == 302  # sent twice: nothing is lost
        assert Record.objects.filter(act="otp_key.added", subject=teacher.subject).count() == 1
        (letter,) = [each for each in letters_to(teacher.address()) if each.kind == "accounts.otp_key_added"]
        rendered = letters.renderer(letter.kind)(
            letters.Context(letter.reference, letter.to, letter.language, letter.created_at)
        )
        assert "clé OTP" in rendered.subject and seed not in rendered.text

    def test_the_seed_is_never_another_one_by_itself(self, teacher: User, browser: Client) -> None:
        seed = begin(browser)
        assert begin(browser) == seed  # pressed again, in another tab
        elsewhere = Client()
        elsewhere.post("/connexion/", {"login": "claire.dubois", "password": PASSWORD})
        assert seed in words(elsewhere.get(SET_UP)).replace(" ", "")
        browser.post(f"{PAGE}abandonner/")
        assert begin(browser) != seed

    def test_a_pin_that_will_not_do_gets_a_kind_sentence_and_loses_nothing(self, browser: Client) -> None:
        seed = begin(browser)
        for pin, again, said in (
            ("", "", "Choisissez un code PIN"),
            ("123", "123", "De quatre à huit chiffres"),
            ("274983615", "274983615", "De quatre à huit chiffres"),
            ("27a9", "27a9", "De quatre à huit chiffres"),
            ("1234", "1234", "trop facile"),
            ("9876", "9876", "trop facile"),
            ("0000", "0000", "trop facile"),
            ("1212", "1212", "trop facile"),
            (PIN, "2748", "ne sont pas les mêmes"),
        ):
            answer = browser.post(SET_UP, {"pin": pin, "pin_again": again, "code": code_of(seed)})
            assert said in errors_of(answer) and seed in words(answer).replace(" ", "")
        assert not OtpKey.objects.active().exists()

    def test_a_wrong_first_code_puts_no_key_to_use_and_five_are_enough(
        self, teacher: User, browser: Client
    ) -> None:
        seed = begin(browser)
        wrong = f"{(int(code_of(seed)) + 1) % 10**6:06d}"
        for _ in range(5):
            answer = browser.post(SET_UP, {"pin": PIN, "pin_again": PIN, "code": wrong})
            assert "n’est pas bon" in errors_of(answer)
        answer = browser.post(SET_UP, {"pin": PIN, "pin_again": PIN, "code": code_of(seed)})
        assert "Trop d’essais" in errors_of(answer) and not otp_keys.has_key(teacher)

    def test_a_new_key_replaces_the_old_one_only_once_it_works(self, teacher: User, browser: Client) -> None:
        old, _codes = activate(teacher)
        new = begin(browser)
        assert new != old and otp_keys.verify(teacher, PIN + code_of(old))
        browser.post(SET_UP, {"pin": "5182", "pin_again": "5182", "code": code_of(new)})
        OtpKey.objects.update(counter=0)
        assert not otp_keys.verify(teacher, PIN + code_of(old))
        assert otp_keys.verify(teacher, "5182" + code_of(new))

    def test_nothing_usable_is_stored(self, teacher: User) -> None:
        pin = "27490318"  # four digits alone are found in many a hash
        seed, codes = activate(teacher, pin)
        row = str(OtpKey.objects.values().get())
        assert seed not in row and pin not in row and not any(code in row for code in codes)
        assert check_password(pin, OtpKey.objects.get().pin)

    def test_a_key_outlives_a_change_of_secret_key(self, teacher: User, settings) -> None:
        seed, _codes = activate(teacher)
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another" * 10
        assert otp_keys.verify(teacher, PIN + code_of(seed))

    def test_for_a_family_there_is_no_such_page(self, person, client: Client) -> None:
        client.force_login(person())
        assert client.get(PAGE).status_code == 404
        assert PAGE not in words(client.get("/mon-compte/securite/"))

    def test_who_has_a_second_factor_shows_it_first(self, teacher: User, browser: Client) -> None:
        second_factor.add(teacher, secret := second_factor.new_secret(), code_of(secret))
        answer = browser.post(f"{PAGE}commencer/")
        assert answer["Location"].startswith("/mon-compte/securite/?next=") and not OtpKey.objects.exists()

    def test_a_key_whose_first_code_never_came_is_erased_after_a_day(self, teacher: User) -> None:
        otp_keys.begin(teacher)
        otp_keys.purge()
        assert OtpKey.objects.exists()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_otpkey SET began_at = now() - interval '25 hours'")
        otp_keys.purge()
        assert not OtpKey.objects.exists()


class TestSigningIn:
    def test_pin_and_code_open_and_spaces_do_no_harm(self, teacher: User) -> None:
        for pin in (PIN, "83610274"):
            seed, _codes = activate(teacher, pin)
            for write in ("{}{}", " {} {} ", "{}-{}"):
                typed = write.format(pin, code_of(seed))
                assert otp_keys.looks_like_one(typed) and otp_keys.verify(teacher, typed)
                OtpKey.objects.update(counter=0)

    def test_digits_of_other_scripts_are_digits_and_no_second_code(self, teacher: User) -> None:
        for zero in ("\u0660", "\uff10"):
            seed, _codes = activate(teacher)
            plain = PIN + code_of(seed)
            assert otp_keys.verify(teacher, "".join(chr(ord(zero) + int(digit)) for digit in plain))
            assert not otp_keys.verify(teacher, plain)

    def test_a_code_serves_once_and_an_earlier_one_not_after_it(self, teacher: User) -> None:
        seed, _codes = activate(teacher)
        assert otp_keys.verify(teacher, PIN + code_of(seed))
        assert not otp_keys.verify(teacher, PIN + code_of(seed))
        assert not otp_keys.verify(teacher, PIN + code_of(seed, -1))

    def test_one_step_early_or_late_is_right_and_more_is_not(self, teacher: User) -> None:
        for away, right in ((-3, False), (-1, True), (1, True), (3, False)):
            seed, _codes = activate(teacher)
            assert otp_keys.verify(teacher, PIN + code_of(seed, away)) is right, away

    def test_seconds_are_never_ahead_of_the_clock(self) -> None:
        with connection.cursor() as cursor:
            for _ in range(20):  # a second in all: rounded, they would be ahead in half of it
                seconds = second_factor.seconds_now()
                cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
                assert seconds <= cursor.fetchone()[0]
                time.sleep(0.05)

    def test_a_machine_whose_clock_is_ten_minutes_off_judges_alike(self, teacher: User) -> None:
        seed, _codes = activate(teacher)
        typed = PIN + code_of(seed)
        with time_machine.travel(second_factor.seconds_now() + 600):
            assert otp_keys.verify(teacher, typed)

    def test_neither_half_alone_opens(self, teacher: User) -> None:
        seed, _codes = activate(teacher)
        for typed in ("2748" + code_of(seed), code_of(seed), PIN, "", "0000000000"):
            assert not otp_keys.verify(teacher, typed)

    def test_after_five_wrong_ones_even_the_right_one_waits(self, teacher: User) -> None:
        seed, _codes = activate(teacher)
        for _ in range(5):
            assert not otp_keys.verify(teacher, "9999" + code_of(seed))
        with pytest.raises(limits.Refused):
            otp_keys.verify(teacher, PIN + code_of(seed))

    def test_a_recovery_code_stands_for_the_six_digits_once_and_a_mail_says_so(self, teacher: User) -> None:
        _seed, codes = activate(teacher)
        assert not otp_keys.verify(teacher, f"9999{codes[0]}")
        assert otp_keys.verify(teacher, PIN + codes[0])
        assert not otp_keys.verify(teacher, PIN + codes[0])
        assert len(OtpKey.objects.get().spare) == 9
        kinds = [each.kind for each in letters_to(teacher.address())]
        assert kinds.count("accounts.otp_key_spare_used") == 1

    def test_a_suspended_account_stays_closed(self, teacher: User) -> None:
        seed, _codes = activate(teacher)
        User.objects.update(is_active=False)
        assert not otp_keys.verify(teacher, PIN + code_of(seed))

    def test_whoever_is_asked_for_it_costs_one_hash_and_the_same_statements(
        self, teacher: User, person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With a key, without one, nobody at all; the PIN right or wrong (SAFETY G2)."""
        seed, _codes = activate(teacher)
        wrong = f"{(int(code_of(seed)) + 1) % 10**6:06d}"
        hashes: list[int] = []
        argon2id = hashers._argon2id
        monkeypatch.setattr(
            hashers, "_argon2id", lambda *words, **named: hashes.append(1) or argon2id(*words, **named)
        )
        shapes = []
        for user, typed in (
            (teacher, PIN + wrong),
            (teacher, f"9999{wrong}"),
            (teacher, "12"),
            (person("sans.cle"), PIN + wrong),
            (None, PIN + wrong),
        ):
            hashes.clear()
            with CaptureQueriesContext(connection) as captured:
                assert not otp_keys.verify(user, typed)
            shapes.append(shape_of(captured))
            assert len(hashes) == 1
        assert all(shape == shapes[0] for shape in shapes)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_twelve_who_send_one_code_at_once_one_gets_in(teacher: User, kind: str, monkeypatch) -> None:
    seed, codes = activate(teacher)
    typed = PIN + (code_of(seed) if kind == "app" else codes[0])
    monkeypatch.setattr(otp_keys, "guesses", lambda _user: ())
    answers = abreast(*[lambda: otp_keys.verify(teacher, typed)] * 12)
    assert sorted(answers) == [False] * 11 + [True]


class TestLookingAfterIt:
    def test_another_pin_leaves_the_phone_as_it_is(self, teacher: User, browser: Client) -> None:
        seed, _codes = activate(teacher)
        answer = browser.post(f"{PAGE}pin/", {"pin": "5182", "pin_again": "5182"}, follow=True)
        assert "nouveau code PIN est enregistré" in words(answer)
        assert otp_keys.verify(teacher, "5182" + code_of(seed))

    def test_new_recovery_codes_replace_the_old_ones(self, teacher: User, browser: Client) -> None:
        _seed, codes = activate(teacher)
        page = words(browser.post(f"{PAGE}codes/"))
        new = re.findall(r"<code>(\d{6})</code>", page)
        assert len(new) == 10 and not otp_keys.verify(teacher, PIN + codes[0])
        assert otp_keys.verify(teacher, PIN + new[0])

    def test_it_is_taken_away_on_a_page_that_asks_once_more(self, teacher: User, browser: Client) -> None:
        seed, _codes = activate(teacher)
        assert "Retirer ma clé" in words(browser.get(f"{PAGE}retirer/")) and otp_keys.has_key(teacher)
        answer = browser.post(f"{PAGE}retirer/", follow=True)
        assert "La clé est retirée" in words(answer)
        assert not otp_keys.has_key(teacher) and not otp_keys.verify(teacher, PIN + code_of(seed))
        assert Record.objects.filter(act="otp_key.removed").count() == 1

    def test_a_link_alone_changes_nothing(self, teacher: User, browser: Client) -> None:
        activate(teacher)
        before = list(OtpKey.objects.values())
        for end in ("", "commencer/", "activer/", "abandonner/", "pin/", "codes/", "retirer/"):
            browser.get(PAGE + end)
        assert list(OtpKey.objects.values()) == before
