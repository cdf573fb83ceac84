"""A guardian comes in by FranceConnect, whose own library answers (SCREENS D3, SAFETY T41 to T43)."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.conf import settings as portal_settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts import calling
from guardians.franceconnect import door
from guardians.franceconnect.identity import Identity
from guardians.models import FranceConnectVisit
from guardians.tasks import purge

from .conftest import DOOR, IDENTITY, Guardian, question, trouble
from .real_provider import RealProvider

pytestmark = pytest.mark.django_db


def test_the_question_asks_for_the_least_and_binds_the_answer(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    address = guardian.begins()
    asked = question(address)
    assert address.startswith(f"{franceconnect.issuer}/authorize?")
    assert asked["scope"] == "openid given_name family_name preferred_username birthdate gender"
    assert asked["acr_values"] == "eidas1" and asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    assert asked["redirect_uri"] == f"{portal_settings.SITE_URL}/responsables/franceconnect/retour/"
    assert len(asked["state"]) >= 32 and len(asked["nonce"]) >= 32  # FranceConnect refuses shorter ones
    again = question(guardian.begins())
    assert {again[name] for name in ("state", "nonce", "code_challenge")}.isdisjoint(asked.values())


def test_who_signs_in_there_is_known_here_as_the_register_has_them(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    response = guardian.signs_in("nadia")
    assert response["Location"] == IDENTITY
    who = guardian.is_known_as()
    assert isinstance(who, Identity)
    assert (who.family_name, who.preferred_username, who.given_names) == ("LÉGER", "ROUSSEL", "Nadia Rose")
    assert (who.birthdate, who.gender, who.acr) == ("1985-07-00", "female", "eidas1")
    assert who.issuer == franceconnect.issuer and who.sub.endswith("v1") and "nadia" not in who.sub
    assert who.auth_time is not None
    page = guardian.browser.get(IDENTITY).content.decode()
    assert "Nadia Rose" in page and "ROUSSEL" in page
    assert "nadia@exemple.fr" not in page and "nadia@exemple.fr" not in str(who.as_json())


def test_who_has_no_usage_name_has_none(franceconnect: RealProvider, guardian: Guardian) -> None:
    guardian.signs_in("paul")
    who = guardian.is_known_as()
    assert who is not None and (who.family_name, who.preferred_username) == ("GIRARD", "")


def test_the_same_person_is_the_same_each_time_and_another_is_another(
    franceconnect: RealProvider, db: None
) -> None:
    known = []
    for person in ("nadia", "nadia", "paul"):
        guardian = Guardian()
        guardian.signs_in(person)
        known.append(guardian.is_known_as())
    first, again, other = known
    assert first and again and other
    assert first.sub == again.sub != other.sub and first.visit != again.visit


def test_no_account_and_no_session_comes_of_it(franceconnect: RealProvider, guardian: Guardian) -> None:
    guardian.signs_in()
    assert set(guardian.browser.cookies) <= {"franceconnect", portal_settings.CSRF_COOKIE_NAME}


def test_neither_row_nor_cookie_alone_tells_who_it_is(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    guardian.signs_in()
    who = guardian.is_known_as()
    assert who is not None
    (row,) = FranceConnectVisit.objects.values()
    for secret in (who.family_name, who.given_names, who.sub, who.id_token, guardian.cookie()):
        assert secret not in str(row)
    assert guardian.cookie() and who.id_token not in guardian.cookie()
    morsel = guardian.browser.cookies["franceconnect"]
    assert morsel["httponly"] and morsel["samesite"] == "Lax" and not morsel["max-age"]
    assert "LÉGER" not in repr(who) and who.id_token not in repr(who)


def test_the_cookie_changes_on_the_way_back(franceconnect: RealProvider, guardian: Guardian) -> None:
    address = guardian.begins()
    before = guardian.cookie()
    guardian.comes_back(guardian.there.signs_in(address, "nadia"))
    onlooker = Guardian()
    onlooker.browser.cookies["franceconnect"] = before
    assert guardian.is_known_as() is not None
    assert onlooker.is_known_as() is None


def test_another_browser_is_nobody(franceconnect: RealProvider, guardian: Guardian) -> None:
    guardian.signs_in()
    other = Client()
    assert other.get(IDENTITY)["Location"] == DOOR
    other.cookies["franceconnect"] = "x" * 43
    assert other.get(IDENTITY)["Location"] == DOOR


def test_two_tabs_may_both_come_back(franceconnect: RealProvider, guardian: Guardian) -> None:
    first, second = guardian.begins(), guardian.begins()
    assert guardian.comes_back(guardian.there.signs_in(second, "nadia"))["Location"] == IDENTITY
    # The browser is signed in over there by now: the other tab comes back by itself.
    with pytest.raises(Exception) as left:
        guardian.there.opener.open(first)
    assert guardian.comes_back(str(left.value))["Location"] == IDENTITY
    who = guardian.is_known_as()
    assert who is not None and who.family_name == "LÉGER"


def test_whoever_begins_after_somebody_else_does_not_find_them(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    guardian.signs_in()
    guardian.begins()
    assert guardian.is_known_as() is None
    assert guardian.browser.get(IDENTITY)["Location"] == DOOR


def test_an_answer_reloaded_leads_on_and_is_not_looked_at_again(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    address = guardian.there.signs_in(guardian.begins(), "nadia")
    assert guardian.comes_back(address)["Location"] == IDENTITY
    before = guardian.is_known_as()
    cookie = guardian.cookie()
    assert guardian.comes_back(address)["Location"] == IDENTITY
    assert guardian.is_known_as() == before and guardian.cookie() == cookie


def test_an_answer_reloaded_after_all_was_forgotten_starts_nothing(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    address = guardian.there.signs_in(guardian.begins(), "nadia")
    guardian.comes_back(address)
    FranceConnectVisit.objects.update(arrived_at=None)
    assert guardian.comes_back(address)["Location"] == trouble("deja-servi")


def test_who_refuses_over_there_is_told_that_it_is_their_choice(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    response = guardian.signs_in("")
    assert response["Location"] == trouble("refus")
    page = guardian.browser.get(response["Location"]).content.decode()
    assert "C’est votre choix" in page and f'href="{DOOR}"' in page
    assert guardian.is_known_as() is None


def test_who_takes_more_than_half_an_hour_is_asked_to_begin_again(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    address = guardian.there.signs_in(guardian.begins(), "nadia")
    _age_by("31 minutes")
    assert guardian.comes_back(address)["Location"] == trouble("trop-tard")
    assert guardian.is_known_as() is None


def test_who_came_back_is_forgotten_after_half_an_hour_and_erased(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    guardian.signs_in()
    Guardian().begins()
    purge()
    assert FranceConnectVisit.objects.count() == 2
    _age_by("31 minutes")
    assert guardian.is_known_as() is None
    purge()
    assert FranceConnectVisit.objects.count() == 0


def test_the_clock_erases_them_every_five_minutes() -> None:
    assert portal_settings.CELERY_BEAT_SCHEDULE["guardians.purge"] == {
        "task": purge.name,
        "schedule": 300.0,
    }


def test_a_browser_that_lost_its_cookie_is_told_what_to_do(
    franceconnect: RealProvider, guardian: Guardian
) -> None:
    address = guardian.there.signs_in(guardian.begins(), "nadia")
    guardian.browser.cookies.clear()
    response = guardian.comes_back(address)
    assert response["Location"] == trouble("autre-navigateur")
    assert "accepter les cookies" in guardian.browser.get(response["Location"]).content.decode()


@pytest.mark.parametrize(
    "query", ["", "?state=", "?state=x", "?code=a", "?state=%00&code=b", "?error=access_denied"]
)
def test_an_answer_to_no_question_is_out_of_date(
    franceconnect: RealProvider, guardian: Guardian, query: str
) -> None:
    response = guardian.browser.get(f"/responsables/franceconnect/retour/{query}")
    assert response["Location"] == trouble("trop-tard")


def test_a_code_serves_once_even_in_another_visit(franceconnect: RealProvider, guardian: Guardian) -> None:
    answer = question(guardian.there.signs_in(guardian.begins(), "nadia"))
    other = Guardian()
    state = question(other.begins())["state"]
    stolen = other.browser.get(
        "/responsables/franceconnect/retour/", {"code": answer["code"], "state": state}
    )
    assert stolen["Location"] == trouble("verification")  # its proof (PKCE) is in the first visit
    assert other.is_known_as() is None


def test_the_way_by_sms_is_offered_on_each_page(franceconnect: RealProvider, guardian: Guardian) -> None:
    guardian.signs_in()
    for page in (DOOR, IDENTITY, trouble("indisponible")):
        shown = guardian.browser.get(page).content.decode()
        assert "Continuer par SMS" in shown and f'href="{reverse("guardian_identity")}"' in shown


class TestLeaving:
    def test_not_me_forgets_here_and_signs_out_there(
        self, franceconnect: RealProvider, guardian: Guardian
    ) -> None:
        guardian.signs_in()
        who = guardian.is_known_as()
        assert who is not None
        response = guardian.browser.post("/responsables/franceconnect/quitter/")
        asked = question(response["Location"])
        assert response["Location"].startswith(f"{franceconnect.issuer}/session/end?")
        assert asked["id_token_hint"] == who.id_token
        assert guardian.is_known_as() is None and FranceConnectVisit.objects.count() == 0
        back = guardian.there.signs_out(response["Location"])
        page = guardian.comes_back(back)
        assert "votre session FranceConnect est fermée" in page.content.decode()
        assert guardian.cookie() == ""
        # Over there nobody is signed in any more: the next person is asked who they are.
        assert "FranceConnect de test" in guardian.there.reads(guardian.begins())

    def test_a_goodbye_of_another_state_says_nothing(
        self, franceconnect: RealProvider, guardian: Guardian
    ) -> None:
        guardian.signs_in()
        guardian.browser.post("/responsables/franceconnect/quitter/")
        for state in ("", "?state=", "?state=é", "?state=" + "x" * 43):
            response = guardian.browser.get(f"/responsables/franceconnect/au-revoir/{state}")
            assert response["Location"] == DOOR

    def test_with_franceconnect_away_it_is_forgotten_here_all_the_same(
        self, franceconnect: RealProvider, guardian: Guardian, settings
    ) -> None:
        guardian.signs_in()
        settings.FRANCECONNECT_ISSUER = "http://127.0.0.1:9/api/v2"
        response = guardian.browser.post("/responsables/franceconnect/quitter/")
        page = guardian.browser.get(response["Location"]).content.decode()
        assert "fermez toutes les fenêtres" in page
        assert guardian.is_known_as() is None and FranceConnectVisit.objects.count() == 0

    def test_a_link_alone_makes_nobody_leave(self, franceconnect: RealProvider, guardian: Guardian) -> None:
        guardian.signs_in()
        assert guardian.browser.get("/responsables/franceconnect/quitter/").status_code == 405
        guardian.browser.get("/responsables/franceconnect/au-revoir/?reste=1")
        assert guardian.is_known_as() is not None

    def test_a_form_of_another_site_begins_nothing(self, franceconnect: RealProvider, db: None) -> None:
        for page in (DOOR, "/responsables/franceconnect/quitter/"):
            assert Client(enforce_csrf_checks=True).post(page).status_code == 403
        assert FranceConnectVisit.objects.count() == 0


class TestWhenFranceConnectIsIll:
    def test_a_provider_that_is_down_is_said_to_be(
        self, franceconnect: RealProvider, guardian: Guardian, settings
    ) -> None:
        settings.FRANCECONNECT_ISSUER = "http://127.0.0.1:9/api/v2"
        assert guardian.begins() == trouble("indisponible")

    def test_one_that_goes_down_while_somebody_is_there_is_said_to_be(
        self, franceconnect: RealProvider, guardian: Guardian, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(calling, "PATIENCE", 0.5)
        address = guardian.there.signs_in(guardian.begins(), "nadia")
        franceconnect.freeze()
        try:
            assert guardian.comes_back(address)["Location"] == trouble("indisponible")
        finally:
            franceconnect.thaw()
        assert guardian.is_known_as() is None
        assert guardian.signs_in()["Location"] == IDENTITY  # and « Réessayer » works once it is well

    def test_a_network_that_begins_too_often_is_asked_to_wait(
        self, franceconnect: RealProvider, guardian: Guardian, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(door, "BEGINNINGS", 2)
        guardian.begins()
        guardian.begins()
        assert guardian.begins() == trouble("trop-souvent")


def test_without_a_registration_there_is_no_such_page(guardian: Guardian, settings) -> None:
    settings.FRANCECONNECT_ISSUER = ""
    for page in (DOOR, IDENTITY, trouble("refus"), "/responsables/franceconnect/retour/?state=a"):
        assert guardian.browser.get(page).status_code == 404
    assert guardian.browser.post(DOOR).status_code == 404


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "kind",
    ["refus", "indisponible", "verification", "trop-tard", "deja-servi", "autre-navigateur", "trop-souvent"],
)
def test_every_trouble_has_a_kind_page_with_a_way_on(
    franceconnect: RealProvider, guardian: Guardian, kind: str, language: str
) -> None:
    page = guardian.browser.get(trouble(kind), headers={"Accept-Language": language}).content.decode()
    assert f'<html lang="{language}">' in page and f'href="{DOOR}"' in page
    assert escape("Réessayer" if language == "fr" else "Try again") in page
    assert guardian.browser.get(trouble("autre-chose")).status_code == 404


def test_the_pages_are_kept_by_no_cache(franceconnect: RealProvider, guardian: Guardian) -> None:
    guardian.signs_in()
    for page in (DOOR, IDENTITY, trouble("refus")):
        assert "no-store" in guardian.browser.get(page)["Cache-Control"]


def test_nothing_of_the_person_is_in_the_logs(
    franceconnect: RealProvider,
    guardian: Guardian,
    caplog: pytest.LogCaptureFixture,
    our_lines: list[str],
) -> None:
    address = guardian.there.signs_in(guardian.begins(), "nadia")
    guardian.comes_back(address)
    who = guardian.is_known_as()
    assert who is not None
    guardian.comes_back(guardian.there.signs_in(guardian.begins(), ""))
    lost = Guardian()
    answer = question(lost.there.signs_in(lost.begins(), "paul"))
    lost.browser.get("/responsables/franceconnect/retour/", {"code": "autre", "state": answer["state"]})
    written = "\n".join([*our_lines, *(str(vars(record)) for record in caplog.records)])
    assert "franceconnect_failed" in written and "token-http-400" in written
    for secret in (who.id_token, who.sub, "LÉGER", *question(address).values(), *answer.values()):
        if secret != franceconnect.issuer:
            assert secret not in written


def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "guardians", check=True, dry_run=True, verbosity=0)


def _age_by(interval: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE guardians_franceconnectvisit"
            " SET expires_at = expires_at - %s::interval, began_at = began_at - %s::interval",
            [interval, interval],
        )


def test_the_address_of_the_next_step_holds_no_code(franceconnect: RealProvider, guardian: Guardian) -> None:
    response = guardian.signs_in()
    assert urlsplit(response["Location"]).query == ""
