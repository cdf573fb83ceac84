"""Somebody comes to the ENT of their region, whose choices are data (SCREENS C1)."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts import entrances
from accounts.models import Entrance, IdentityProvider, WayIn
from economy.remembered import forget_now
from mcm_portal import doors_to_the_ent
from schools.models import Academy

pytestmark = pytest.mark.django_db
ARA = "/ent/auvergne-rhone-alpes/"
# SCREENS C1, in its own words.
C1 = (
    "Vous voulez vous connecter à l’ENT en tant que",
    "Élève ou parent",
    "Enseignant",
    "de l’académie de Lyon",
    "de l’académie de Grenoble",
    "de l’académie de Clermont-Ferrand",
    "des établissements agricoles",
    "Personnel non enseignant",
    "Personnels de collectivité",
    "Autres comptes et invités",
    "Confirmer",
)


@pytest.fixture(autouse=True)
def regions(db: None) -> None:
    """The regions that the portal ships with."""
    if not Academy.objects.exists():
        call_command("load_reference_data", verbosity=0)
    entrances.load()


def words(answer: Any) -> str:
    return str(answer.content.decode()).replace("\xa0", " ")


def choose(browser: Client, way: str, remember: str = "non", region: str = ARA) -> Any:
    return browser.post(region, {"way": way, "remember": remember})


def ways() -> list[tuple[str, str]]:
    return [(tree.slug, leaf.code) for tree in entrances.trees().values() for leaf in tree.leaves()]


def test_the_tree_of_auvergne_rhone_alpes_is_the_one_of_the_screens(client: Client) -> None:
    page = words(client.get(ARA))
    places = [page.index(label) for label in C1]
    assert places == sorted(places)
    assert page.count("<details") == 4 and page.count('type="radio" id="way-') == 13


def test_each_region_is_reached_from_the_national_entrance(client: Client) -> None:
    assert reverse("ent_regions") in words(client.get("/ent/"))
    page = words(client.get("/ent/regions/"))
    assert ARA in page and "/ent/normandie/" in page
    assert client.get("/ent/nulle-part/").status_code == 404


def test_every_choice_leads_to_a_page_that_answers(client: Client) -> None:
    assert len(ways()) == 20
    for region, code in ways():
        answer = choose(client, code, region=f"/ent/{region}/")
        assert answer.status_code == 302, code
        page = client.get(answer["Location"])
        assert page.status_code == 200, code


def test_a_parent_is_led_to_the_guardians_door(client: Client) -> None:
    assert choose(client, "parent")["Location"] == reverse("guardian_sign_in")


def test_who_has_no_door_here_reads_what_the_region_says_to_them(client: Client) -> None:
    page = words(client.get(choose(client, "enseignant-agricole")["Location"]))
    assert "site de votre établissement" in page and ARA in page


def test_a_door_that_is_not_there_has_an_honest_page(client: Client, monkeypatch) -> None:
    monkeypatch.setattr(doors_to_the_ent, "STAFF", "no_such_page")
    monkeypatch.setattr(doors_to_the_ent, "PUPILS", "no_such_page")
    page = words(client.get(choose(client, "enseignant-lyon")["Location"]))
    assert "pas encore ouvert" in page and reverse("account_login") in page
    page = words(client.get(choose(client, "eleve")["Location"]))
    assert "pas encore ouvert" in page and "tu peux" in page


def test_a_stranger_costs_no_session_and_one_query_a_minute(
    client: Client, django_assert_num_queries
) -> None:
    forget_now()
    with django_assert_num_queries(1):
        client.get(ARA)
    with django_assert_num_queries(0):
        client.get(ARA)
        client.get("/ent/normandie/")
        client.get("/ent/regions/")
        client.get("/ent/nulle-part/")
        choose(client, "parent")
    assert settings.SESSION_COOKIE_NAME not in client.cookies


def test_an_answer_that_is_missing_or_gone_is_asked_for(client: Client) -> None:
    assert "Dites qui vous êtes" in words(choose(client, ""))
    WayIn.objects.filter(code="parent").update(is_shown=False)
    forget_now()
    assert "Ce choix n’existe plus" in words(choose(client, "parent"))


def test_the_choice_alone_is_remembered_on_ones_own_computer(client: Client) -> None:
    choose(client, "parent", "oui")
    kept = client.cookies["profile"]
    assert kept.value == "auvergne-rhone-alpes:parent" and kept["httponly"]
    page = words(client.get(ARA))
    assert "Votre choix de la dernière fois" in page
    assert "<p>Élève ou parent, Parent ou responsable légal</p>" in page
    # The national entrance and another region take it for no choice of theirs.
    for other in ("/ent/", "/ent/normandie/"):
        assert "dernière fois" not in words(client.get(other))
    answer = client.post("/ent/oublier/", {"region": "auvergne-rhone-alpes"})
    assert answer["Location"] == ARA and not client.cookies["profile"].value
    assert client.post("/ent/oublier/", {"region": "https://exemple.fr"})["Location"] == "/ent/"


def test_on_a_public_computer_nothing_stays(client: Client) -> None:
    choose(client, "parent", "oui")
    choose(client, "eleve")
    assert not client.cookies["profile"].value


def test_a_cookie_of_somebody_elses_making_is_no_choice(client: Client) -> None:
    for cookie in ("auvergne-rhone-alpes:", "auvergne-rhone-alpes:personne", ":", "a:b:c"):
        client.cookies["profile"] = cookie
        answer = client.get(ARA)
        assert answer.status_code == 200 and "dernière fois" not in words(answer)


def test_in_english_the_choices_are_english(client: Client) -> None:
    page = words(client.get(ARA, headers={"Accept-Language": "en"}))
    assert "from the académie of Lyon" in page and "Pupil or parent" in page


class TestAProvider:
    @pytest.fixture
    def provider(self) -> IdentityProvider:
        """An identity provider behind « des établissements agricoles »."""
        row = IdentityProvider(
            name="Portail agricole",
            issuer="https://sso.exemple.fr/realms/agri",
            client_id="mcm",
            academy=Academy.objects.get(code="10"),
            is_on=True,
        )
        row.keep_secret("secret")
        row.save()
        WayIn.objects.filter(code="enseignant-agricole").update(
            leads_to="provider", provider=row, sentence=""
        )
        forget_now()
        return row

    def test_its_page_may_be_led_to_by_a_form_and_nothing_else_may(
        self, client: Client, provider: IdentityProvider
    ) -> None:
        led = "form-action 'self' https://sso.exemple.fr"
        for address in (ARA, f"/fournisseurs/{provider.public_id}/"):
            policy = client.get(address)["Content-Security-Policy"]
            assert led in policy.split("; ") and policy.count("exemple.fr") == 1
        assert "exemple.fr" not in client.get("/ent/regions/")["Content-Security-Policy"]

    def test_one_that_does_not_answer_gets_an_honest_page(
        self, client: Client, provider: IdentityProvider
    ) -> None:
        IdentityProvider.objects.update(issuer="http://127.0.0.1:9/")
        answer = choose(client, "enseignant-agricole", "oui")
        assert answer["Location"].endswith("/souci/indisponible/")
        assert "ne répond pas" in words(client.get(answer["Location"]))
        assert client.cookies["profile"].value == "auvergne-rhone-alpes:enseignant-agricole"

    def test_one_that_is_off_gets_one_too(self, client: Client, provider: IdentityProvider) -> None:
        IdentityProvider.objects.update(is_on=False)
        forget_now()
        page = words(client.get(choose(client, "enseignant-agricole")["Location"]))
        assert "fermée pour le moment" in page and "Portail agricole" in page


class TestLoading:
    def test_again_adds_nothing(self) -> None:
        assert entrances.load() == 0

    def test_what_staff_edited_or_hid_stays_as_they_made_it(self, client: Client) -> None:
        WayIn.objects.filter(code="parent").update(label="Famille", order=99)
        WayIn.objects.filter(code="invite").update(is_shown=False)
        Entrance.objects.filter(slug="normandie").update(is_open=False, name="Ma Normandie")
        entrances.load()
        page = words(client.get(ARA))
        assert "Famille" in page and "Autres comptes" not in page
        assert client.get("/ent/normandie/").status_code == 404

    def test_what_a_later_version_brings_is_added(self) -> None:
        WayIn.objects.filter(code="parent").delete()
        assert entrances.load() == 2  # one in each region


class TestActivatingAKey:
    def test_it_begins_with_the_door_of_ones_academie(self, client: Client) -> None:
        page = words(client.get("/personnels/cle/", follow=True))
        assert "De quelle académie êtes-vous ?" in page and "activer votre clé OTP" in page
        assert "/personnels/10/connexion/?next=%2Fmon-compte%2Fsecurite%2Fcle%2F" in page
