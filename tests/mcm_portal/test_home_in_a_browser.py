"""The frame, the home page and the components, in a real Chromium."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.lights import every_light

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.mcm_portal.living_page_urls")]

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(22, 22, 22)"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Playwright's loop runs in this thread, where Django then refuses its own database.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(
            executable_path=found,
            args=[
                "--no-sandbox",
                "--disable-background-networking",
                "--disable-component-update",
                "--no-first-run",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, viewport=PHONE, locale="fr-FR")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.mark.parametrize("address", ["/", "/composants/"])
@pytest.mark.parametrize(("viewport", "scheme"), every_light(phone=PHONE, desk=DESK))
def test_no_barrier_is_found(page: Page, address: str, viewport: dict, scheme: str) -> None:
    page.set_viewport_size(viewport)
    page.emulate_media(color_scheme=scheme)
    page.goto(address)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("address", ["/", "/composants/"])
def test_nothing_comes_from_elsewhere_and_no_font_is_asked_for(page: Page, live_server, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert all(url.startswith((live_server.url, "data:")) for url in asked)
    assert not [url for url in asked if "font" in url]


@pytest.mark.parametrize("address", ["/", "/composants/"])
def test_the_smallest_phone_never_scrolls_sideways(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 320, "height": 600})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_who_uses_the_keyboard_can_skip_to_the_content(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="L'école primaire")).to_be_focused()


@pytest.mark.parametrize(("scheme", "background"), [("light", LIGHT), ("dark", DARK)])
def test_without_javascript_the_colours_follow_the_device(
    browser: Browser, live_server, scheme, background
) -> None:
    context = browser.new_context(java_script_enabled=False, color_scheme=scheme, locale="fr-FR")
    page = context.new_page()
    page.goto(live_server.url)
    shown = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert page.get_by_text("Couleurs de la page").is_hidden()
    context.close()
    assert shown == background


@pytest.mark.parametrize(
    ("scheme", "choice", "background"), [("light", "Sombre", DARK), ("dark", "Clair", LIGHT)]
)
def test_colours_chosen_by_hand_win_and_are_remembered(page: Page, scheme, choice, background) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto("/")
    page.get_by_label(choice).check()
    assert page.evaluate(BACKGROUND) == background
    page.goto("/composants/")
    assert page.evaluate(BACKGROUND) == background
    expect(page.get_by_label(choice)).to_be_checked()


def test_the_focus_is_on_the_summary_of_errors_even_without_javascript(browser: Browser, live_server) -> None:
    context = browser.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.goto(f"{live_server.url}/composants/")
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("link", name="Adresse de courriel : ").click()
    expect(page.locator("#refused_address")).to_be_focused()
    context.close()


def test_each_rule_of_a_password_is_ticked_as_it_is_met(page: Page) -> None:
    page.goto("/composants/")
    password, rules = page.locator("#id_password"), page.locator("#id_password-rules li")
    for typed, met in [("abc", 1), ("abcD", 2), ("abcD1", 3), ("abcD1*", 4), ("abcD1*ef", 5), ("", 0)]:
        password.fill(typed)
        expect(page.locator("#id_password-rules li[data-met=true]")).to_have_count(met)
    password.fill("une longue phrase")
    expect(page.locator("#id_password-rules li[data-met=true]")).to_have_count(rules.count())
    expect(page.locator("#id_password-rules [data-all-met]")).to_have_text(
        "Toutes les règles sont respectées."
    )


def test_a_password_can_be_shown_and_hidden_again(page: Page) -> None:
    page.goto("/composants/")
    password = page.locator("#id_password")
    group = page.locator("[data-field=password]").last
    group.get_by_role("button", name="Afficher le mot de passe").click()
    expect(password).to_have_attribute("type", "text")
    group.get_by_role("button", name="Masquer le mot de passe").click()
    expect(password).to_have_attribute("type", "password")


def test_two_addresses_that_differ_are_told_at_once(page: Page) -> None:
    page.goto("/composants/")
    told = page.locator("[data-same-address]")
    page.locator("#id_address").fill("zoe@example.org")
    page.locator("#id_address_again").fill("zoe@example.com")
    page.keyboard.press("Tab")
    expect(told).to_contain_text("Les deux adresses ne sont pas les mêmes.")
    page.locator("#id_address_again").fill("ZOE@example.org ")
    expect(told).to_be_empty()


def test_a_value_to_keep_can_be_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/composants/")
    page.get_by_role("button", name="Copier").click()
    expect(page.get_by_text("C’est copié.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "camille.martin"


def test_the_seconds_until_another_message_are_counted(page: Page) -> None:
    page.clock.install()
    page.goto("/composants/")
    counter = page.locator("[data-resend-in]")
    page.clock.run_for(10_500)
    # The page's clock goes on while a busy machine looks at it.
    expect(counter).to_have_text(re.compile(r"Vous pourrez renvoyer le message dans (50|[1-4]?\d) s\."))
    page.clock.run_for(60_000)
    expect(counter).to_be_hidden()
