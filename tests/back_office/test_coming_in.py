"""Who comes into the administration, and by which door (SAFETY T56)."""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock

import pytest
from django.contrib.admin import site
from django.test import Client

from accounts.models import User
from back_office.scoped import ScopedAdmin
from tests.accounts.conftest import PASSWORD
from tests.accounts.staff import appoint, staff_client

pytestmark = pytest.mark.django_db
HOME, LOGIN = "/administration/", "/administration/login/"


def test_a_stranger_is_led_to_the_sign_in_of_the_portal(portal: None) -> None:
    answer = Client().get(HOME, follow=True)
    assert answer.redirect_chain[-1][0] == f"/connexion/?next={HOME}"


def test_thirty_passwords_sent_to_the_door_of_django_are_never_checked(person: Callable[..., User]) -> None:
    staff = appoint(person("anne.dane"), "dane", "70")
    guess = {"username": staff.username, "password": PASSWORD, "login": "anne.dane", "next": HOME}
    with (
        mock.patch("django.contrib.auth.authenticate") as first,
        mock.patch("accounts.backends.DoorBackend.authenticate") as second,
    ):
        browser = Client()
        for _ in range(30):
            answer = browser.post(LOGIN, guess)
            assert answer.status_code == 302 and answer["Location"].startswith("/connexion/")
    assert not first.called and not second.called
    assert "_auth_user_id" not in browser.session


def test_a_family_finds_nothing_there(person: Callable[..., User]) -> None:
    browser = Client()
    browser.force_login(person())
    for address in (HOME, LOGIN, "/administration/nulle-part/", "/administration/jsi18n/"):
        assert browser.get(address).status_code == 404
        assert browser.post(address).status_code == 404


def test_somebody_marked_as_staff_without_a_role_finds_nothing_either(person: Callable[..., User]) -> None:
    user = person()
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    assert staff_client(user).get(HOME).status_code == 404


def test_staff_come_in_with_a_second_factor(portal: None) -> None:
    staff = appoint(None, "dane", "70")
    answer = staff_client(staff).get(HOME)
    assert answer.status_code == 200
    assert staff_client(staff).get(LOGIN)["Location"] == HOME


def test_without_a_second_factor_in_this_session_they_are_led_to_it(portal: None) -> None:
    staff = appoint(None, "dane", "70")
    staff_client(staff)  # who has one, and uses it elsewhere
    browser = staff_client(staff, second_factor=False)
    answer = browser.get(HOME)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/mon-compte/securite/")


def test_signing_out_there_is_signing_out_of_the_portal(portal: None) -> None:
    browser = staff_client(appoint(None, "national"))
    answer = browser.post("/administration/logout/", follow=True)
    assert answer.redirect_chain[0] == ("/deconnexion/", 307)
    assert "_auth_user_id" not in browser.session


def test_whoever_is_suspended_or_loses_the_role_is_out_at_the_next_page(portal: None) -> None:
    for change in ("role", "active"):
        staff = appoint(None, "support", "70")
        browser = staff_client(staff)
        assert browser.get(HOME).status_code == 200
        if change == "role":
            staff.staff_roles.all().delete()
            assert browser.get(HOME).status_code == 404
        else:
            User.objects.filter(pk=staff.pk).update(is_active=False)
            assert browser.get(HOME, follow=True).redirect_chain[-1][0].startswith("/connexion/")


def test_only_pages_with_a_doorway_are_in_the_administration() -> None:
    site.get_urls()
    assert site._registry
    assert all(isinstance(page, ScopedAdmin) for page in site._registry.values())


@pytest.mark.parametrize(
    "address", ["autocomplete/?app_label=accounts&model_name=staffrole&field_name=user", "r/1/1/"]
)
def test_djangos_own_look_ups_are_closed(portal: None, address: str) -> None:
    assert staff_client(appoint(None, "national")).get(HOME + address).status_code == 404
