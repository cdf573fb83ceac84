"""A family arrives on the portal (SCREENS A1)."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts import belonging
from mcm_portal import context, views


def words(answer: HttpResponse) -> str:
    return answer.content.decode()


@pytest.mark.parametrize(
    ("level", "title", "years"),
    [
        ("ecole", "L&#x27;école primaire", "de la petite section de maternelle au CM2"),
        ("college", "Le collège", "de la 6e à la 3e et SEGPA"),
        ("lycee", "Le lycée", "de la seconde à la terminale"),
    ],
)
def test_a_family_finds_its_level_and_the_way_in(client: Client, level: str, title: str, years: str) -> None:
    page = words(client.get("/"))
    # A literal of a template is safe and stays as it is written.
    title = title.replace("&#x27;", "'")
    assert f'<a href="{reverse("sign_in", args=[level])}">{title}</a>' in page
    assert years in page


def test_the_home_page_says_what_the_service_is(client: Client) -> None:
    page = words(client.get("/"))
    assert "<h1>Ma classe à la maison</h1>" in page
    assert "Un dispositif de continuité pédagogique" in page
    assert "La plateforme lycée concerne aussi les BTS et CPGE" in page


def test_a_stranger_costs_no_query_and_gets_no_cookie(client: Client) -> None:
    # Without the db fixture a query is an error.
    answer = client.get("/")
    assert answer.status_code == 200
    assert not answer.cookies


def test_a_stranger_is_not_offered_a_way_out(client: Client) -> None:
    page = words(client.get("/"))
    assert "Se déconnecter" not in page
    assert "Mon espace" not in page


def test_somebody_signed_in_finds_their_space_and_the_way_out() -> None:
    class Known(AnonymousUser):
        is_authenticated = True

    request = RequestFactory().get("/")
    request.user = Known()
    request.session = {belonging.KNOWN: []}
    page = words(views.home(request))
    assert f'href="{reverse("my_space")}"' in page
    assert f'<form method="post" action="{reverse("sign_out")}">' in page
    assert "Se connecter" not in page


def test_the_footer_leads_to_the_terms_the_data_policy_and_help(client: Client, settings) -> None:
    settings.ADMIN_CONTACT = "aide@example.org"
    page = words(client.get("/"))
    assert f'href="{reverse("terms")}"' in page
    assert f'href="{reverse("data_protection")}"' in page
    assert 'href="mailto:aide@example.org"' in page


def test_help_may_be_a_page(settings) -> None:
    settings.ADMIN_CONTACT = "https://aide.example.org/mcm/"
    assert context.help_contact() == ("aide.example.org/mcm", "https://aide.example.org/mcm/")


def test_without_contact_no_help_is_promised(client: Client, settings) -> None:
    settings.ADMIN_CONTACT = ""
    assert "Besoin d’aide" not in words(client.get("/"))


def test_without_a_brand_neither_the_official_block_nor_its_font_is_served(client: Client, settings) -> None:
    settings.PORTAL_BRAND = ""
    page = words(client.get("/"))
    assert "fr-logo" not in page
    assert "brand.css" not in page


def test_an_operator_entitled_to_it_has_its_block(client: Client, settings) -> None:
    settings.PORTAL_BRAND = "Académie | de Normandie"
    page = words(client.get("/"))
    assert '<p class="fr-logo">Académie<br>de Normandie</p>' in page
    # After the portal's own sheet, whose system fonts it replaces.
    assert page.index("css/portal.css") < page.index("css/brand.css")


# --- when a page fails ------------------------------------------------------------------------


def test_an_address_that_does_not_exist_says_so_and_leads_home(client: Client) -> None:
    answer = client.get("/rien-de-tel/")
    assert answer.status_code == 404
    assert "Cette page n’existe pas" in words(answer)
    assert 'href="/"' in words(answer)


def test_an_unknown_host_gets_a_page_in_french(settings) -> None:
    settings.ALLOWED_HOSTS = ["portail.example.org"]
    answer = Client(headers={"host": "evil.example.org"}).get("/")
    assert answer.status_code == 400
    assert "Nous n’avons pas compris la demande" in words(answer)


def test_a_form_without_its_token_is_refused_with_the_way_on() -> None:
    # The home page takes no form, but the token is looked at first.
    answer = Client(enforce_csrf_checks=True).post("/")
    assert answer.status_code == 403
    assert "rechargez-la, puis recommencez" in words(answer)


@pytest.mark.parametrize(("view", "status"), [(views.server_error, 500), (views.unavailable, 503)])
def test_a_breakdown_is_told_without_asking_the_database(view, status: int) -> None:
    # A bare request: no session, no user, no messages. Without the db fixture a query is an error.
    answer = view(RequestFactory().get("/"))
    assert answer.status_code == status
    assert "de notre côté" in words(answer)


@pytest.mark.parametrize("name", ["500", "503"])
def test_a_breakdown_is_told_even_without_any_context(name: str) -> None:
    assert "de notre côté" in render_to_string(f"mcm_portal/{name}.html")


def test_somebody_on_a_page_that_is_not_theirs_is_told_why() -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    answer = views.forbidden(request)
    assert answer.status_code == 403
    assert "Êtes-vous connecté avec le bon compte" in words(answer)
