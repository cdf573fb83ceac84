"""Who came by FranceConnect and signs out here is signed out there too, for the next person (SAFETY T43)."""

from __future__ import annotations

import pytest
from django.http import HttpResponse

from accounts import farewells
from accounts.models import OpenSession, User
from guardians.franceconnect import visits
from guardians.models import FranceConnectAccount, FranceConnectVisit
from tests.guardians.conftest import PASSWORD, START
from tests.guardians.conftest import declare as declare
from tests.guardians.conftest import portal as portal

from .conftest import IDENTITY, Guardian, question
from .real_provider import RealProvider
from .test_reaching_ones_children import Declare, born

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("portal")]
GONE = "/responsables/franceconnect/au-revoir/"


def comes_to_her_account(guardian: Guardian) -> str:
    """Sign in by FranceConnect; return the token that the end of the session over there asks for."""
    guardian.signs_in("nadia")
    who = guardian.is_known_as()
    assert who is not None
    if not FranceConnectAccount.objects.exists():
        owner = User.objects.create_user(password=PASSWORD, first_name="Nadia", last_name="Leger")
        FranceConnectAccount.objects.create(issuer=who.issuer, sub=who.sub, user=owner)
    assert guardian.browser.get(IDENTITY)["Location"] == "/mon-espace/"
    return who.id_token


def signs_out(guardian: Guardian) -> HttpResponse:
    response: HttpResponse = guardian.browser.post("/deconnexion/")
    assert not OpenSession.objects.exists()
    return response


def test_signing_out_here_signs_out_there(franceconnect: RealProvider, guardian: Guardian) -> None:
    id_token = comes_to_her_account(guardian)
    goodbye = signs_out(guardian)["Location"]
    assert goodbye.startswith(f"{franceconnect.issuer}/session/end?")
    asked = question(goodbye)
    assert asked["id_token_hint"] == id_token
    assert asked["post_logout_redirect_uri"].endswith(GONE)
    page = guardian.comes_back(guardian.there.signs_out(goodbye)).content.decode()
    assert "Vous êtes déconnecté" in page and "fermée ici et chez FranceConnect" in page
    assert guardian.cookie() == ""
    # The next person at this computer is asked who they are.
    assert "FranceConnect de test" in guardian.there.reads(guardian.begins())


def test_who_made_her_account_by_franceconnect_a_minute_ago_too(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare
) -> None:
    family = declare(first_name="Nadia", family_name="Leger")
    guardian.signs_in("nadia")
    born(guardian, "09 03 2012")
    said = {"answer": "guardian", "day": "9", "month": "3", "year": "2012"}
    guardian.browser.post(f"{START}enfants/{family.children[0].public_id}/", said)
    chosen = {"password": PASSWORD, "confirmation": PASSWORD}
    assert guardian.browser.post(f"{START}mot-de-passe/", chosen).url == "/responsables/identifiant/"
    assert not FranceConnectVisit.objects.exists()  # what FranceConnect said is erased, but for this:
    goodbye = signs_out(guardian)["Location"]
    assert goodbye.startswith(f"{franceconnect.issuer}/session/end?")


def test_with_franceconnect_away_the_session_here_ends_all_the_same(
    franceconnect: RealProvider, guardian: Guardian, settings
) -> None:
    comes_to_her_account(guardian)
    settings.FRANCECONNECT_ISSUER = "http://127.0.0.1:9/api/v2"
    page = guardian.browser.get(signs_out(guardian)["Location"]).content.decode()
    assert "Vous êtes déconnecté" in page and "fermez toutes les fenêtres" in page
    assert guardian.cookie() == ""
    assert guardian.browser.get("/mon-espace/").status_code == 302


def test_whatever_goes_wrong_on_the_way_out_the_session_here_is_over(
    franceconnect: RealProvider, guardian: Guardian, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_request: object) -> None:
        raise RuntimeError

    comes_to_her_account(guardian)
    monkeypatch.setattr(farewells, "_farewells", [fails])
    guardian.browser.raise_request_exception = False
    assert signs_out(guardian).status_code == 500


def test_what_is_kept_for_it_is_read_with_the_browser_only_and_goes_with_the_session(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    id_token = comes_to_her_account(guardian)
    kept = dict(guardian.browser.session)
    assert visits.SESSION in kept and id_token not in str(kept)
    assert id_token not in guardian.cookie()
    guardian.browser.cookies.pop(visits.FRANCECONNECT)
    page = guardian.browser.get(signs_out(guardian)["Location"]).content.decode()
    assert "fermez toutes les fenêtres" in page  # it cannot be done for her any more, and she is told


def test_another_visit_of_the_same_browser_does_not_lose_it(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    id_token = comes_to_her_account(guardian)
    guardian.begins()
    assert question(signs_out(guardian)["Location"])["id_token_hint"] == id_token


def test_who_came_by_a_password_is_led_home(franceconnect: RealProvider, guardian: Guardian) -> None:
    owner = User.objects.create_user(password=PASSWORD, first_name="Nadia", last_name="Leger")
    guardian.browser.force_login(owner)
    assert signs_out(guardian)["Location"] == "/"


def test_who_signs_in_by_a_password_after_her_is_led_home_as_well(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    comes_to_her_account(guardian)
    signs_out(guardian)
    other = User.objects.create_user(password=PASSWORD, first_name="Paul", last_name="Girard")
    guardian.browser.force_login(other)
    assert signs_out(guardian)["Location"] == "/"


def test_the_page_of_the_end_is_nobodys_who_did_not_leave(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    comes_to_her_account(guardian)
    for state in ("", "?state=", "?state=é", "?state=" + "x" * 43):
        assert guardian.browser.get(f"{GONE}{state}")["Location"] == "/responsables/franceconnect/"
    assert OpenSession.objects.exists()


def test_who_came_by_it_and_then_signed_in_by_a_password_leaves_no_session_there(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    guardian.signs_in("nadia")
    owner = User.objects.create_user(password=PASSWORD, first_name="Nadia", last_name="Leger")
    guardian.browser.force_login(owner)
    assert signs_out(guardian)["Location"].startswith(franceconnect.issuer)
    assert not FranceConnectVisit.objects.exists()
