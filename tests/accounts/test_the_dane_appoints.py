"""Roles are given and taken by a national admin, never by oneself (SAFETY T36)."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import StringIO
from urllib.parse import quote

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.management.commands import demo
from accounts.models import Role, StaffRole, User
from audit.models import Record
from tests.accounts.conftest import PASSWORD, letters_to
from tests.accounts.staff import appoint, staff_client

pytestmark = pytest.mark.django_db
ROLES = "/administration/accounts/staffrole/"
REASON = "Décision du 4 mai, note 2026-17."


def give(browser: Client, person: str, role: str, academy: str = "*", **more: str):
    said = {"person": person, "role": role, "academy": academy, "reason": REASON, **more}
    return browser.post(f"{ROLES}add/", said, follow=True)


def take(browser: Client, held: StaffRole, **more: str):
    return browser.post(f"{ROLES}{held.pk}/acte/retirer/", {"reason": REASON, **more}, follow=True)


def words(answer) -> str:
    return answer.content.decode().replace("\xa0", " ")


@pytest.fixture
def national(portal: None) -> User:
    return appoint(None, "national")


@pytest.mark.parametrize("called", ["jeanne.dupont", " Jeanne.Dupont ", "JEANNE.DUPONT@exemple.fr"])
def test_a_national_admin_gives_a_role(national: User, person: Callable[..., User], called: str) -> None:
    user = person()
    assert "Le rôle est donné" in words(give(staff_client(national), called, "dane", "70"))
    user.refresh_from_db()
    assert user.is_staff and not user.is_superuser
    assert [(held.role, held.academy.code) for held in user.staff_roles.all() if held.academy] == [
        ("dane", "70")
    ]
    line = Record.objects.get(act="role.given")
    assert (line.actor, line.subject, line.reason, line.academy, line.fields) == (
        national.subject,
        user.subject,
        REASON,
        "70",
        ["dane"],
    )
    assert letters_to(user.address())[-1].kind == "accounts.role_given"
    assert "Administrateur DANE" in words(staff_client(user).get("/mon-espace/"))


@pytest.mark.parametrize(
    ("called", "role", "academy", "sentence"),
    [
        ("personne.ici", "dane", "70", "Personne n’a ce nom"),
        ("jeanne", "dane", "70", "Personne n’a ce nom"),  # nothing is guessed from a part
        ("jeanne.dupont", "support", "", "obligatoire"),
        ("jeanne.dupont", "support", "99", "valide"),
        ("jeanne.dupont", "dane", "*", "Un administrateur DANE a une académie"),
        ("jeanne.dupont", "national", "70", "Un administrateur DANE a une académie"),
        ("jeanne.dupont", "empereur", "*", "Choix non valide|valide"),
        ("jeanne.dupont", "", "70", "obligatoire"),
    ],
)
def test_a_role_that_cannot_be_is_refused_with_a_sentence(
    national: User, person: Callable[..., User], called: str, role: str, academy: str, sentence: str
) -> None:
    user = person()
    answer = words(give(staff_client(national), called, role, academy))
    assert 'role="alert"' in answer and any(part in answer for part in sentence.split("|"))
    user.refresh_from_db()
    assert not user.is_staff and not user.staff_roles.exists()


def test_the_same_role_is_not_given_twice(national: User, person: Callable[..., User]) -> None:
    person()
    browser = staff_client(national)
    give(browser, "jeanne.dupont", "support")
    assert "a déjà ce rôle" in words(give(browser, "jeanne.dupont", "support"))
    assert StaffRole.objects.filter(role="support").count() == 1


def test_nobody_gives_a_role_to_themselves_nor_takes_their_own(person: Callable[..., User]) -> None:
    national = appoint(person(), "national")
    browser = staff_client(national)
    assert "Vous ne pouvez pas faire cela" in words(give(browser, "jeanne.dupont", "dpo"))
    assert take(browser, national.staff_roles.get()).status_code == 404
    assert [held.role for held in national.staff_roles.all()] == ["national"]


@pytest.mark.parametrize(
    ("role", "academy"), [("dane", "70"), ("support", "70"), ("support", None), ("dpo", None)]
)
def test_nobody_else_gives_or_sees_roles(
    portal: None, person: Callable[..., User], role: str, academy: str | None
) -> None:
    held = appoint(person(), "national").staff_roles.get()
    browser = staff_client(appoint(None, role, academy))
    assert browser.get(ROLES).status_code == browser.get(f"{ROLES}add/").status_code == 404
    assert browser.get(f"{ROLES}{held.pk}/change/").status_code == 404
    assert give(browser, "jeanne.dupont", "support").status_code == take(browser, held).status_code == 404
    assert StaffRole.objects.filter(pk=held.pk).exists()


def test_with_the_last_role_the_sessions_end(national: User, person: Callable[..., User]) -> None:
    user = appoint(appoint(person(), "dane", "70"), "support")
    theirs, browser = staff_client(user), staff_client(national)
    take(browser, user.staff_roles.get(role="support"))
    assert theirs.get("/administration/").status_code == 200
    assert "Le rôle est retiré" in words(take(browser, user.staff_roles.get(role="dane")))
    user.refresh_from_db()
    assert not user.is_staff
    assert theirs.get("/administration/", follow=True).redirect_chain[-1][0].startswith("/connexion/")
    assert [message.kind for message in letters_to(user.address())] == ["accounts.role_taken"] * 2


def test_fields_that_were_not_asked_for_change_nothing(national: User, person: Callable[..., User]) -> None:
    user = person()
    extra = {
        "is_superuser": "on", "is_staff": "on", "is_active": "", "user": "1", "user_id": "1", "password": "x",
        "given_at": "2020-01-01", "id": "99", "pk": "99", "groups": "1", "user_permissions": "1",
        "session_epoch": "9", "first_name": "Autre", "last_name": "Autre", "language": "en",
        "public_id": "0", "username": "root", "joined_at": "2020-01-01", "_saveasnew": "1", "_popup": "1",
    }  # fmt: skip
    before = User.objects.filter(pk=user.pk).values().get()
    browser = staff_client(national)
    give(browser, "jeanne.dupont", "support", **extra)
    after = User.objects.filter(pk=user.pk).values().get()
    assert after == {**before, "is_staff": True}
    dane = staff_client(appoint(None, "dane", "70"))
    other = person("autre.personne")
    before = User.objects.filter(pk=other.pk).values().get()
    for address in ("change/", "acte/fermer-sessions/"):
        dane.post(f"/administration/accounts/user/{other.pk}/{address}", {"reason": REASON, **extra})
    after = User.objects.filter(pk=other.pk).values().get()
    assert after == {**before, "session_epoch": 1}
    assert not other.staff_roles.exists()


def test_the_gravest_acts_ask_for_the_password_again(national: User, person: Callable[..., User]) -> None:
    user = person("autre.personne")
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    held = appoint(None, "support").staff_roles.get()
    person()
    browser = staff_client(national)
    session = browser.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": time.time() - 600}]
    session.save()
    for address in (
        f"{ROLES}add/",
        f"{ROLES}{held.pk}/acte/retirer/",
        f"/administration/accounts/user/{user.pk}/acte/retirer-second-facteur/",
    ):
        said = {"person": "jeanne.dupont", "role": "support", "academy": "*", "reason": REASON}
        for answer in (browser.get(address), browser.post(address, said)):
            assert answer["Location"] == f"/mon-compte/identite/?next={quote(address, safe='')}"
    assert StaffRole.objects.filter(role="support").count() == 1
    assert Authenticator.objects.filter(user=user).exists()
    assert browser.get("/administration/").status_code == 200


class TestFromTheCommandLine:
    def test_the_first_national_admin_is_appointed(self, person: Callable[..., User]) -> None:
        user = person()
        call_command("appoint", "jeanne.dupont", "national", stdout=StringIO())
        assert user.staff_roles.get().role == "national"
        assert Record.objects.get(act="role.given").actor == "system"
        assert staff_client(User.objects.get(pk=user.pk)).get(ROLES).status_code == 200

    @pytest.mark.parametrize(
        "typed",
        [
            ["nobody.here", "national"],
            ["jeanne.dupont", "dane"],
            ["jeanne.dupont", "national", "--academy", "70"],
            ["jeanne.dupont", "dane", "--academy", "99"],
            ["jeanne.dupont", "king"],
        ],
    )
    def test_what_cannot_be_is_refused_with_a_sentence(
        self, person: Callable[..., User], typed: list[str]
    ) -> None:
        user = person()
        with pytest.raises(CommandError):
            call_command("appoint", *typed, stdout=StringIO())
        assert not user.staff_roles.exists()


def test_the_demonstration_has_staff_made_once(portal: None, settings) -> None:
    settings.DEBUG = True
    for _ in range(2):
        call_command("demo")
    assert StaffRole.objects.count() == len(demo.STAFF) == User.objects.filter(is_staff=True).count()
    assert set(StaffRole.objects.values_list("role", flat=True)) == set(Role.values)
    said = StringIO()
    call_command("demo", "--list", stdout=said)
    assert all(name in said.getvalue() for name, *_rest in demo.STAFF)
    assert Client().login(username="dane.normandie", password=demo.PASSWORD)
    assert PASSWORD != demo.PASSWORD


def test_my_space_leads_staff_to_the_administration_and_nobody_else(
    portal: None, person: Callable[..., User]
) -> None:
    family = Client()
    family.force_login(person())
    assert "/administration/" not in words(family.get("/mon-espace/"))
    page = words(staff_client(appoint(None, "dane", "70")).get("/mon-espace/"))
    assert 'href="/administration/"' in page and "Mon inscription" not in page
