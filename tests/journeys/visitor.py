"""Somebody at a browser, who looks closely at every page they come to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    Route,
    ViewportSize,
    expect,
)

from .portal import PATIENCE, Portal

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 900}
NARROWEST: ViewportSize = {"width": 320, "height": 640}
expect.set_options(timeout=20_000)

WHERE_THE_FOCUS_SHOWS = """() => {
    const element = document.activeElement;
    const parts = ["", "::before", "::after"].map((part) => getComputedStyle(element, part));
    for (const label of element.labels ?? []) {
        parts.push(getComputedStyle(label), getComputedStyle(label, "::before"));
    }
    // A card shows it around itself, not around the link that fills it.
    for (let around = element.parentElement; around?.closest("main"); around = around.parentElement) {
        parts.push(getComputedStyle(around));
    }
    return parts.some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
}"""

NAME_OF_WHAT_HAS_THE_FOCUS = """() => {
    const element = document.activeElement;
    const labels = [...(element.labels ?? [])].map((label) => label.innerText);
    return (labels.join(" ") || element.innerText || element.value || "").trim();
}"""


@dataclass
class Visitor:
    """One person at one browser, whose cookies nobody else has.

    Every page they come to is held to what all pages promise (:meth:`look`); when they leave,
    the browser must not have complained, nor asked anybody but the portal for anything.
    """

    browser: Browser
    portal: Portal
    javascript: bool = True
    size: ViewportSize = field(default_factory=lambda: DESK)
    scheme: Any = "light"
    looks_closely: bool = True
    asks_twice: bool = True
    complaints: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    expected_status: int = 200
    forgives: tuple[str, ...] = ()  # words of complaints that the test itself provokes

    def __post_init__(self) -> None:
        self.context: BrowserContext = self.browser.new_context(
            base_url=self.portal.address,
            ignore_https_errors=True,
            java_script_enabled=self.javascript,
            viewport=self.size,
            color_scheme=self.scheme,
            locale="fr-FR",
            is_mobile=self.size["width"] < 600,
            has_touch=self.size["width"] < 600,
        )
        self.context.set_default_timeout(PATIENCE * 1000)
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.context.on("request", self._see_request)
        self.context.on("requestfailed", self._see_failure)
        self.context.on("response", self._see_response)
        self.page: Page = self.context.new_page()

    # --- what they do -------------------------------------------------------------------------

    def go(self, address: str, *, status: int = 200) -> None:
        """Open an address: typed, or the link of a mail."""
        self.expected_status = status
        self.page.goto(address)
        self.look()

    def follow(self, name: str) -> None:
        """Follow a link by its words."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=name).first.click()
        self.look()

    def press(self, name: str, *, status: int = 200) -> None:
        """Press a button that leads to another page."""
        self.expected_status = status
        with self.page.expect_navigation():
            self.button(name).click()
        self.look()

    def write(self, label: str, text: str) -> None:
        """Fill in the field of this label."""
        self.page.get_by_label(label, exact=True).fill(text)

    def choose(self, label: str, option: str) -> None:
        """Choose in the list of this label."""
        self.page.get_by_label(label, exact=True).select_option(label=option)

    def tick(self, label: str) -> None:
        """Tick a box, or choose one of several."""
        self.page.get_by_label(label).check()

    def button(self, name: str) -> Any:
        """Return the button of these words in the page itself, not in its frame."""
        return self.page.get_by_role("main").get_by_role("button", name=name)

    def sign_out(self) -> None:
        """Leave by the button of the header."""
        with self.page.expect_navigation():
            self.page.get_by_role("banner").get_by_role("button", name="Se déconnecter").click()
        self.look()

    def leave(self) -> None:
        """Close the browser; fail if it has complained."""
        self.context.close()
        left = [text for text in self.complaints if not any(word in text for word in self.forgives)]
        assert not left, "\n".join(left)

    # --- what they see ------------------------------------------------------------------------

    def stands_on(self, title: str) -> None:
        """Check where they are by the title of the page."""
        assert self.page.title() == f"{title} — Ma classe à la maison", self.page.inner_text("main")

    def reads(self, *sentences: str) -> None:
        """Check that these words can be seen."""
        for sentence in sentences:
            expect(self.page.get_by_text(sentence).first).to_be_visible()

    def has_a_session(self) -> bool:
        """Say whether the portal knows who sits at this browser."""
        return any(cookie["name"] == "__Host-sid" for cookie in self.context.cookies())

    def wait_until(self, condition: Callable[[], Any]) -> None:
        """Wait for a condition to hold, while the browser goes on; fail when it does not come."""
        for _ in range(PATIENCE * 20):
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("it did not come")

    # --- what every page promises -------------------------------------------------------------

    def look(self) -> None:
        """Hold the page to what all pages promise: where one is, no barrier, nothing that sticks out."""
        self.page.wait_for_load_state()
        title = self.page.title()
        self.titles.append(title)
        where, _, name = title.rpartition(" — ")
        assert where.strip(), title
        assert name == "Ma classe à la maison"
        assert self.page.locator("h1").count() == 1, title
        wrong = self.page.locator("[aria-invalid=true], [data-errors]").count() > 0
        assert bool(re.match(r"Erreur\s: ", where)) is wrong, title
        if self.page.locator("[autofocus]").count():  # the summary of errors, or the one box forgotten
            expect(self.page.locator("[autofocus]").first).to_be_focused()
        path = re.sub(r"/[\w=-]{40,}/", "/…/", urlsplit(self.page.url).path)
        kind = (path, title, self.javascript, self.has_a_session())
        if self.looks_closely and kind not in self.portal.audited:
            self.portal.audited.add(kind)
            self._look_for_barriers()

    def _look_for_barriers(self) -> None:
        """Ask axe: as one came, and in the long suite on the narrowest phone in the other colours as well."""
        page = self.page if self.javascript else self._twin()
        other = "light" if self.scheme == "dark" else "dark"
        for size, scheme in ((self.size, self.scheme), (NARROWEST, other)):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], self.page.url
            if self.asks_twice or scheme == self.scheme:
                found = Axe().run(page)
                assert found.violations_count == 0, found.generate_report()
        if page is self.page:
            page.set_viewport_size(self.size)
            page.emulate_media(color_scheme=self.scheme)
        else:
            page.context.close()

    def _twin(self) -> Page:
        """Return the page as it stands here, where axe can run and none of the portal's scripts does."""
        context = self.browser.new_context(ignore_https_errors=True, viewport=self.size, locale="fr-FR")
        twin = context.new_page()
        content = self.page.content()

        def answer(route: Route) -> None:
            if route.request.is_navigation_request():
                route.fulfill(body=content, content_type="text/html; charset=utf-8")
            elif route.request.resource_type == "script":
                route.fulfill(body="", content_type="text/javascript")
            else:
                route.continue_()

        twin.route("**/*", answer)
        twin.goto(self.page.url)
        return twin

    def focus_shows(self) -> bool:
        """Say whether one sees where the keyboard is."""
        return bool(self.page.evaluate(WHERE_THE_FOCUS_SHOWS))

    def tab_to(self, name: str) -> None:
        """Press Tab until what begins with this name has the focus; each stop on the way must show it."""
        seen: list[str] = []
        for _ in range(80):
            self.page.keyboard.press("Tab")
            seen.append(self.page.evaluate(NAME_OF_WHAT_HAS_THE_FOCUS))
            if self.page.evaluate("document.hasFocus() && document.activeElement !== document.body"):
                assert self.focus_shows(), f"one does not see that the focus is on {seen[-1]}"
            if seen[-1].startswith(name):
                return
        raise AssertionError(f"the keyboard does not lead to {name}, only to {seen}")

    def strike(self, key: str) -> None:
        """Press a key that leads to another page."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)
        self.look()

    # --- what their browser notices -----------------------------------------------------------

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "info" and message.text.startswith("Clear-Site-Data"):
            return  # the browser says that it did what signing out asks for
        told_by_status = self.expected_status >= 400 and f"status of {self.expected_status}" in message.text
        if not told_by_status:
            self.complaints.append(f"{message.type}: {message.text}")

    def _see_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.portal.address}/", "data:")):
            self.complaints.append(f"asked somebody else: {request.url}")

    def _see_failure(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # they went on before the icon of the tab had come
            self.complaints.append(f"{request.failure}: {request.url}")

    def _see_response(self, response: Response) -> None:
        if response.status >= 400 and response.status != self.expected_status:
            self.complaints.append(f"{response.status}: {response.url}")
