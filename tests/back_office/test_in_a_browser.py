"""The administration in a real Chromium: under the content policy, without barriers, with names that bite.

Django's own templates were changed where axe or the policy found fault (templates/admin/): the style that
the list wrote into the page, the label of its search box, links told apart by their colour alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect, sync_playwright

from accounts.models import Registration, User
from audit.models import Record
from tests.accounts.conftest import Family
from tests.accounts.staff import appoint, staff_client
from tests.journeys.conftest import launch
from tests.journeys.visitor import DESK, NARROWEST, PHONE
from tests.lights import every_light

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOME = "/administration/"
PEOPLE, SIGN_UPS, ROLES = (f"{HOME}accounts/{model}/" for model in ("user", "registration", "staffrole"))
# axe would fetch the style sheets that others import, and write them into the page: our policy refuses that.
AXE = {"preload": False}
PAYLOADS = [
    "<script>bitten()</script>",
    "<img src=x onerror=bitten()>",
    '"><svg onload=bitten()>',
    "' onmouseover='bitten()' x='",
    "{{ 7|add:7 }}{% debug %}",
    "</title><script>bitten()</script>",
    "<iframe srcdoc='<script>parent.bitten()</script>'>",
    "javascript:bitten()",
    "<a href=javascript:bitten() autofocus onfocus=bitten()>x</a>",
    "&lt;script&gt;bitten()&lt;/script&gt;",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Playwright's loop runs in this thread, where Django then refuses its own database.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def opens(browser: Browser, live_server: Any) -> Iterator[Callable[[Client], Page]]:
    """Open the browser of somebody who is signed in; at the end it must not have complained."""
    complaints: list[str] = []
    contexts = []

    def open_as(client: Client) -> Page:
        context = browser.new_context(base_url=live_server.url, viewport=DESK, locale="fr-FR")
        contexts.append(context)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        context.expose_function("bitten", lambda: complaints.append("a name was run as a script"))
        page = context.new_page()
        page.on(
            "console", lambda message: "Clear-Site-Data" in message.text or complaints.append(message.text)
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(sorted(set(complaints)))


@pytest.fixture
def pages(family: Family, person: Callable[..., User]) -> list[str]:
    """Return every page of ours, with something on each."""
    family.sign_up()
    user, sign_up = person("autre.personne"), Registration.objects.get()
    colleague = appoint(person("une.collegue"), "support", "70").staff_roles.get()
    return [
        HOME,
        f"{HOME}accounts/",
        PEOPLE,
        f"{PEOPLE}?q=jeanne",
        f"{PEOPLE}?q=personne-du-tout",
        f"{PEOPLE}{user.pk}/change/",
        f"{PEOPLE}{user.pk}/acte/suspendre/",
        SIGN_UPS,
        f"{SIGN_UPS}{sign_up.pk}/change/",
        f"{SIGN_UPS}{sign_up.pk}/acte/corriger-adresse/",
        f"{SIGN_UPS}{sign_up.pk}/acte/confirmer/",
        ROLES,
        f"{ROLES}add/",
        f"{ROLES}{colleague.pk}/change/",
        f"{ROLES}{colleague.pk}/acte/retirer/",
    ]


@pytest.mark.parametrize(("size", "scheme"), every_light(phone=PHONE, desk=DESK))
def test_no_barrier_is_found(opens: Any, pages: list[str], size: Any, scheme: Any) -> None:
    page = opens(staff_client(appoint(None, "national")))
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    barriers = []
    for address in pages:
        answer = page.goto(address)
        assert answer is not None and answer.status == 200, address
        assert page.locator("h1").count() == 1 and page.title().endswith("Ma classe à la maison"), address
        found = Axe().run(page, options=AXE)
        if found.violations_count:
            barriers.append(address + found.generate_report())
    assert not barriers, "\n".join(barriers)


def test_the_narrowest_phone_never_scrolls_sideways(opens: Any, pages: list[str]) -> None:
    page = opens(staff_client(appoint(None, "national")))
    page.set_viewport_size(NARROWEST)
    for address in pages:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROWEST["width"], address


def test_an_error_is_told_where_the_focus_is(opens: Any, pages: list[str]) -> None:
    page = opens(staff_client(appoint(None, "dane", "70")))
    page.goto(next(address for address in pages if address.endswith("corriger-adresse/")))
    page.get_by_label("Bonne adresse").fill("juste@")
    page.get_by_role("button", name="Confirmer").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert page.title().startswith("Erreur :".replace(" ", "\xa0"))
    page.get_by_role("link", name="Motif").click()
    expect(page.get_by_label("Motif")).to_be_focused()
    found = Axe().run(page, options=AXE)
    assert found.violations_count == 0, found.generate_report()


def test_a_dane_admin_looks_for_somebody_and_closes_their_sessions(opens: Any, person: Any) -> None:
    user = person()
    page = opens(staff_client(appoint(None, "dane", "70")))
    page.goto("/mon-espace/")
    page.get_by_role("link", name="Ouvrir l’administration").click()
    page.get_by_role("main").get_by_role("link", name="Personnes").click()
    page.get_by_role("searchbox", name="Chercher").fill("dupont jeanne")
    page.get_by_role("button", name="Chercher").click()
    page.get_by_role("link", name="Jeanne Dupont").click()
    page.get_by_role("link", name="Fermer toutes les sessions").click()
    page.get_by_label("Motif").fill("Ordinateur du CDI laissé ouvert.")
    page.get_by_role("button", name="Confirmer").click()
    expect(page.get_by_text("Toutes les sessions sont fermées.")).to_be_visible()
    user.refresh_from_db()
    assert user.session_epoch == 1
    assert Record.objects.get(act="account.sessions_ended").academy == "70"
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto(HOME)
    assert "/connexion/" in page.url


def test_without_javascript_everything_works_too(browser: Browser, live_server: Any, person: Any) -> None:
    person()
    client = staff_client(appoint(None, "dane", "70"))
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, locale="fr-FR")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{PEOPLE}?q=jeanne")
    page.locator("input[name=_selected_action]").check()
    page.locator("select[name=action]").select_option(label="Fermer toutes les sessions")
    page.get_by_role("button", name="Envoyer").click()
    page.get_by_label("Motif").fill("Ordinateur du CDI laissé ouvert.")
    page.get_by_role("button", name="Confirmer").click()
    expect(page.get_by_text("Toutes les sessions sont fermées. La personne")).to_be_visible()
    context.close()


@pytest.mark.parametrize(
    "scripted", [*PAYLOADS[:3], *(pytest.param(each, marks=pytest.mark.long) for each in PAYLOADS[3:])]
)
def test_a_name_is_only_ever_a_name(opens: Any, family: Family, person: Any, scripted: str) -> None:
    """What is in a row, past our forms even, is shown as it stands and never run (SAFETY T34)."""
    user = person("autre.personne")
    User.objects.filter(pk=user.pk).update(first_name=scripted, last_name=f"Zed {scripted}")
    family.sign_up()
    Registration.objects.update(first_name=scripted, last_name=f"Zed {scripted}")
    sign_up = Registration.objects.get()
    role = appoint(user, "support", "70").staff_roles.get()
    page = opens(staff_client(appoint(None, "national")))
    for address in (
        f"{PEOPLE}?q=zed",
        f"{PEOPLE}{user.pk}/change/",
        f"{PEOPLE}{user.pk}/acte/suspendre/",
        SIGN_UPS,
        f"{SIGN_UPS}{sign_up.pk}/change/",
        f"{SIGN_UPS}{sign_up.pk}/acte/confirmer/",
        ROLES,
        f"{ROLES}{role.pk}/change/",
        f"{ROLES}{role.pk}/acte/retirer/",
    ):
        page.goto(address)
        expect(page.get_by_text(f"Zed {scripted}").first).to_be_attached()
    page.goto(f"{PEOPLE}?q={scripted.replace('%', '%25').replace('#', '%23').replace('&', '%26')}")
    page.wait_for_load_state("networkidle")
