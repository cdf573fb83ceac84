"""A session begins, is idle, and ends (SAFETY T31, T32)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.db.models import F
from django.http import HttpRequest
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext

from accounts import devices, open_sessions, recovery, sessions
from accounts.links import token
from accounts.models import OpenSession, RecoveryRequest, SignInName, User
from accounts.session_store import SessionStore
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db
ANDROID = "Mozilla/5.0 (Android 14; Mobile; rv:131.0) Gecko/131.0 Firefox/131.0"


def signed_in(user_agent: str = ANDROID) -> Client:
    """Return a browser where Jeanne has signed in."""
    browser = Client(HTTP_USER_AGENT=user_agent)
    response = browser.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    assert response.status_code == 302
    return browser


def is_in(browser: Client) -> bool:
    """Say whether « Mon espace » opens."""
    return browser.get("/mon-espace/").status_code == 200


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (ANDROID, "Firefox sur Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari sur iPhone",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
            "Edge sur Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 13; SM-A135F) AppleWebKit/537.36 (KHTML, like Gecko) "
            "SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
            "Samsung Internet sur Android",
        ),
        ("", "Un navigateur que nous ne connaissons pas"),
        ("<script>alert(1)</script>" * 400, "Un navigateur que nous ne connaissons pas"),
    ],
)
def test_a_device_is_named_in_plain_words(said: str, words: str) -> None:
    assert devices.in_words(devices.code_of(said)) == words


def test_signing_in_changes_the_cookie_and_notes_the_device(person) -> None:
    user = person()
    browser = Client(HTTP_USER_AGENT=ANDROID, REMOTE_ADDR="192.0.2.77")
    browser.cookies["sid"] = "a" * 32
    browser.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    assert browser.cookies["sid"].value != "a" * 32
    row = OpenSession.objects.get(user=user)
    assert row.session_key == browser.cookies["sid"].value
    assert (row.device, row.network) == ("firefox.android", "192.0.2.0/24")


def wait(minutes: int) -> None:
    """Let time go by, by the clock of PostgreSQL: every session is that much older."""
    ago = timedelta(minutes=minutes)
    OpenSession.objects.update(
        seen_at=F("seen_at") - ago, opened_at=F("opened_at") - ago, expire_date=F("expire_date") - ago
    )


def test_an_idle_session_ends_after_half_an_hour_and_leads_back(person) -> None:
    person()
    browser = signed_in()
    wait(29)
    assert is_in(browser)
    wait(29)
    assert is_in(browser)
    wait(31)
    response = browser.get("/mon-espace/")
    assert response.headers["Location"] == "/connexion/?expiree=1&next=%2Fmon-espace%2F"
    assert "Votre session a été fermée" in browser.get(response.headers["Location"]).content.decode()
    assert not OpenSession.objects.exists()


@pytest.mark.parametrize(
    ("authority", "door"),
    [
        ("eleve", "/eleves/connexion/"),
        ("academie:70", "/personnels/70/connexion/"),
        ("educonnect", "/responsables/connexion/"),
    ],
)
def test_who_is_known_at_another_door_is_led_to_that_one(person, authority: str, door: str) -> None:
    user = person()
    user.sign_in_names.update(authority=authority)
    browser = Client()
    browser.force_login(user)
    wait(31)
    assert browser.get("/mon-espace/")["Location"] == f"{door}?expiree=1&next=%2Fmon-espace%2F"


def test_who_has_two_doors_is_led_to_the_one_they_came_by(person) -> None:
    SignInName.objects.create(authority="eleve", name="jeanne.dupont27", user=person())
    browser = Client()
    browser.post("/eleves/connexion/", {"login": "jeanne.dupont27", "password": PASSWORD})
    wait(31)
    assert browser.get("/mon-espace/")["Location"].startswith("/eleves/connexion/?expiree=1")


def test_even_a_busy_session_ends_after_half_a_day(person) -> None:
    person()
    browser = signed_in()
    for _step in range(26):
        wait(27)
        assert is_in(browser)
    wait(20)
    assert not is_in(browser)


def test_a_web_server_whose_clock_is_off_ends_no_session_and_keeps_none(person, time_machine) -> None:
    person()
    browser = signed_in()
    for minutes in (45, -45):  # from now on, for this process only
        time_machine.move_to(datetime.now(UTC) + timedelta(minutes=minutes))
        assert is_in(browser)
    wait(31)
    time_machine.move_to(datetime.now(UTC) - timedelta(minutes=45))
    assert not is_in(browser)


def test_a_page_costs_no_write_within_the_minute(person, django_assert_num_queries) -> None:
    person()
    browser = signed_in()
    browser.get("/mon-espace/")
    before = OpenSession.objects.get().seen_at
    browser.get("/mon-espace/")
    assert OpenSession.objects.get().seen_at == before


def test_a_session_is_closed_from_another_device(person) -> None:
    user = person()
    phone, desk = signed_in(), signed_in("")
    assert OpenSession.objects.filter(user=user).count() == 2
    row = OpenSession.objects.get(session_key=phone.cookies["sid"].value)
    assert open_sessions.close(user, row.public_id)
    assert not is_in(phone)
    assert is_in(desk)


def test_nobody_closes_a_session_of_somebody_else(person) -> None:
    person()
    stranger = person("paul.martin")
    phone = signed_in()
    assert not open_sessions.close(stranger, OpenSession.objects.get().public_id)
    assert is_in(phone)


def test_all_other_sessions_are_closed_at_once(person) -> None:
    user = person()
    phone, desk, tablet = signed_in(), signed_in(), signed_in()
    assert open_sessions.close_all(user, keep=desk.cookies["sid"].value) == 2
    assert (is_in(phone), is_in(desk), is_in(tablet)) == (False, True, False)


def test_signing_out_forgets_the_session_and_clears_what_the_browser_kept(person) -> None:
    person()
    browser = signed_in()
    response = browser.post("/deconnexion/")
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not OpenSession.objects.exists()
    assert not is_in(browser)


def test_sessions_that_ended_by_themselves_are_forgotten(person) -> None:
    person()
    signed_in()
    wait(31)
    new = signed_in()
    open_sessions.purge()
    assert OpenSession.objects.get().session_key == new.cookies["sid"].value


def test_a_session_is_written_once_by_the_page_that_begins_it(person) -> None:
    person()
    with CaptureQueriesContext(connection) as captured:
        browser = signed_in()
    about = [query["sql"] for query in captured if '"accounts_opensession"' in query["sql"]]
    assert [sql.split()[0] for sql in about] == ["INSERT"]
    assert is_in(browser)


def test_a_session_comes_with_its_person_and_where_they_stand(person, django_assert_num_queries) -> None:
    person()
    browser = signed_in()
    assert is_in(browser)  # whether any class is planned at all is asked once in a while
    with django_assert_num_queries(1):
        assert is_in(browser)


def test_a_page_that_is_still_working_brings_no_closed_session_back(person) -> None:
    user = person()
    browser = signed_in()
    session = browser.session
    assert session.get("_auth_user_id") == str(user.pk)  # the page has read it
    open_sessions.close_all(user)
    session["kept"] = "by a slow page"
    with pytest.raises(UpdateError):
        session.save()
    assert not is_in(browser)


def test_another_key_keeps_the_device_and_the_beginning(person) -> None:
    person()
    browser = signed_in()
    before = OpenSession.objects.get()
    session = browser.session
    session.cycle_key()
    session.save()
    after = OpenSession.objects.get()
    assert after.session_key != before.session_key
    assert (after.device, after.opened_at, after.expire_date) == (
        before.device, before.opened_at, before.expire_date,
    )  # fmt: skip
    assert not is_in(browser)


def test_two_pages_of_one_session_keep_its_key(person) -> None:
    person()
    browser = signed_in()
    key = browser.cookies["sid"].value
    browser.get("/mon-compte/")
    assert browser.cookies["sid"].value == key
    assert OpenSession.objects.count() == 1


@pytest.mark.parametrize(
    "cookie",
    ['"aaaaaaaaaaaa\\000aaaaaaaaaaaaaaaaaaa"', "a" * 4000, "\x01key", "é" * 32, "A" * 32, '""', "a" * 31],
)
def test_a_cookie_that_is_no_key_is_a_strangers(portal: None, cookie: str) -> None:
    browser = Client(headers={"cookie": f"sid={cookie}"})
    assert browser.get("/").status_code == 200
    assert browser.get("/mon-espace/").headers["Location"] == "/connexion/?next=/mon-espace/"


def test_two_pages_at_once_outlive_a_change_of_secret_key(person, settings) -> None:
    user = person()
    browser = signed_in()
    under_way = []
    for _page in range(2):
        request = RequestFactory().get("/mon-espace/")
        request.session = SessionStore(browser.cookies["sid"].value)
        assert request.session[SESSION_KEY] == str(user.pk)  # both have read it
        under_way.append(request)
    with override_settings(SECRET_KEY="another" * 8, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        for request in under_way:
            assert sessions.person_of(request) == user
            request.session.save()
    with override_settings(SECRET_KEY="another" * 8, SECRET_KEY_FALLBACKS=[]):
        assert is_in(browser)


def test_who_chooses_a_new_password_where_somebody_else_is_signed_in_takes_their_place(person) -> None:
    person("paul.martin")
    user = person()
    browser = Client()
    browser.post("/college/connexion/", {"login": "paul.martin", "password": PASSWORD})
    before = browser.cookies["sid"].value
    asked = RecoveryRequest.objects.create(user=user)
    browser.post(f"/mot-de-passe/{token(recovery.KIND, asked)}/", {"password": "Une-autre-phrase-7"})
    assert OpenSession.objects.get().user == user
    assert browser.cookies["sid"].value != before
    assert "jeanne.dupont" in browser.get("/mon-espace/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_who_signs_in_while_their_account_is_deleted_gets_a_page_for_people(person) -> None:
    user = person()

    def deleted_meanwhile(request: HttpRequest) -> None:
        user.sign_in_names.all().delete()
        User.objects.filter(pk=user.pk).delete()

    with mock.patch.object(open_sessions, "opened", deleted_meanwhile):
        answer = Client(raise_request_exception=False).post(
            "/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD}
        )
    assert answer.status_code == 400 and "<h1" in answer.content.decode()
    assert not OpenSession.objects.exists()
