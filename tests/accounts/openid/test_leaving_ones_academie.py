"""Somebody stops coming in by the sign-in service of the académie; the DANE does it for them (T31, T42)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import PolicyAcceptance, PolicyDocument, ProviderIdentity, SignInName, User
from accounts.openid import parting
from accounts.ways_in import OnlyWay
from audit.models import Record
from schools.models import StaffMember
from tests.accounts.conftest import PASSWORD, letters_to
from tests.accounts.heads import browser_of, text_of
from tests.accounts.staff import appoint, staff_client
from tests.guardians.franceconnect.real_provider import RealProvider

from .conftest import Teacher, provider_row

ISSUER = "https://sso.exemple.fr"
pytestmark = pytest.mark.django_db


@pytest.fixture
def claire(person: Callable[..., User]) -> User:
    """A teacher with a password, who has come by her académie too."""
    user = person("claire.dubois")
    SignInName.objects.create(authority="academie:10", name="cdubois", user=user)
    PolicyAcceptance.objects.create(
        user=user, document=PolicyDocument.objects.in_force("charter_staff").get()
    )
    provider_row(ISSUER, "portail", "secret")
    ProviderIdentity.objects.create(user=user, issuer=ISSUER, sub="claire")
    return user


def page_of(user: User) -> str:
    return f"/mon-compte/fournisseurs/{user.provider_identities.get().public_id}/retirer/"


def test_my_account_says_which_service_opens_it_and_how_to_stop_that(claire: User) -> None:
    page = text_of(browser_of(claire).get("/mon-compte/"))
    assert "Portail de l’académie de Lyon ouvre votre compte" in page
    assert page_of(claire) in browser_of(claire).get("/mon-compte/").content.decode()


def test_with_the_password_it_opens_the_account_no_more_and_a_letter_says_so(claire: User) -> None:
    here, elsewhere, address = browser_of(claire), browser_of(claire), page_of(claire)
    assert "identifiant et votre mot de passe" in text_of(here.get(address))
    assert "mot de passe" in text_of(here.post(address, {"password": "Faux-1-faux"}))
    assert ProviderIdentity.objects.exists()
    answer = here.post(address, {"password": PASSWORD})
    assert answer["Location"] == "/mon-compte/?fait=fournisseur"
    assert "n’ouvre plus votre compte" in text_of(here.get(answer["Location"]))
    assert not ProviderIdentity.objects.exists()
    assert elsewhere.get("/mon-compte/").status_code == 302  # who came by it may be somebody else
    assert letters_to("claire.dubois@exemple.fr")[-1].kind == parting.KIND_PARTED
    line = Record.objects.get(act=parting.PARTED)
    assert line.actor == line.subject == claire.subject
    assert here.post(address, {"password": PASSWORD})["Location"] == "/mon-compte/"  # twice is once
    assert Record.objects.filter(act=parting.PARTED).count() == 1


def test_who_has_no_password_is_not_locked_out(claire: User) -> None:
    claire.close_password()
    claire.save()
    browser = browser_of(claire)
    assert "la seule façon d’ouvrir ce compte" in text_of(browser.get(page_of(claire)))
    assert browser.post(page_of(claire), {"password": PASSWORD}).status_code == 200
    assert ProviderIdentity.objects.exists()
    with pytest.raises(OnlyWay):
        parting.part(claire.provider_identities.get(), keep=None)


def test_who_has_nothing_to_type_before_a_password_is_not_either(claire: User) -> None:
    SignInName.objects.filter(user=claire).delete()
    claire.emailaddress_set.all().delete()
    assert parting.is_only_way(claire)


def test_nobody_takes_anothers_away(claire: User, person: Callable[..., User]) -> None:
    stranger = browser_of(person("un.autre"))
    assert stranger.get(page_of(claire))["Location"] == "/mon-compte/"
    assert stranger.post(page_of(claire), {"password": PASSWORD})["Location"] == "/mon-compte/"
    assert Client().post(page_of(claire), {"password": PASSWORD}).status_code == 302
    assert ProviderIdentity.objects.exists()


def test_who_has_a_second_factor_shows_it_first(claire: User) -> None:
    staff_client(claire)  # gives one
    address = page_of(claire)
    answer = browser_of(claire).post(address, {"password": PASSWORD})
    assert answer["Location"].startswith("/mon-compte/securite/") and ProviderIdentity.objects.exists()


def test_the_dane_does_it_with_a_reason_for_who_was_given_another_identity(
    academy: RealProvider, teacher: Teacher, record: StaffMember
) -> None:
    owner = User.objects.create_user(first_name="Claire", last_name="Dubois", staff_member=record)
    ProviderIdentity.objects.create(user=owner, issuer=academy.issuer, sub="celle-d-avant")
    assert "inconnu" in teacher.signs_in()["Location"]
    admin = staff_client(appoint(None, "national"))
    change = f"/administration/accounts/user/{owner.pk}/change/"
    assert "Portail de l’académie de Lyon" in text_of(admin.get(change))
    act = f"/administration/accounts/user/{owner.pk}/acte/retirer-fournisseurs/"
    assert admin.get(act).status_code == 200
    assert admin.post(act, {"reason": "court"}).status_code == 200 and ProviderIdentity.objects.exists()
    assert admin.post(act, {"reason": "Le service a changé d’identifiants."}).status_code == 302
    assert not ProviderIdentity.objects.exists()
    line = Record.objects.get(act=parting.PARTED, subject=owner.subject)
    assert line.reason and line.actor != owner.subject
    assert admin.get(act).status_code == 404  # nothing left to take away
    again = Teacher()
    again.signs_in()
    assert again.account() == owner and ProviderIdentity.objects.get().sub == "claire"


def test_another_academies_dane_finds_nobody_to_do_it_to(claire: User) -> None:
    other = staff_client(appoint(None, "dane", "01"))
    act = f"/administration/accounts/user/{claire.pk}/acte/retirer-fournisseurs/"
    assert other.post(act, {"reason": "Une bonne raison."}).status_code == 404
    assert staff_client(appoint(None, "dane", "70")).get(act).status_code == 200  # of her own académie
    assert ProviderIdentity.objects.exists()
