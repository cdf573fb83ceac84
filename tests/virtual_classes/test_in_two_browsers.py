"""A teacher who lets in, a pupil who waits and enters, an intruder who does not (SCREENS B3, B6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as portal_settings
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from accounts.models import User
from mcm_portal.embedded import browser as finder
from schools.models import Division
from virtual_classes.models import ClassRules, Entry

from .conftest import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = {"width": 375, "height": 800}, {"width": 1280, "height": 900}
expect.set_options(timeout=20_000)


@pytest.fixture(autouse=True)
def room(settings: Any, live_server: Any) -> None:
    """The demonstration room itself, and links that lead to this server."""
    settings.DEBUG = True
    settings.SITE_URL = live_server.url
    settings.VIRTUAL_CLASS_PROVIDERS = ["virtual_classes.providers.demonstration_room.DemonstrationRoom"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Playwright's loop runs in this thread, where Django then refuses its own database.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        found = playwright.chromium.launch(
            executable_path=finder.find_or_install(), args=["--no-sandbox", "--no-first-run"]
        )
        yield found
        found.close()


class Somebody:
    """One person at one browser; every page they come to is looked at closely."""

    def __init__(
        self, browser: Browser, address: str, *, scripts: bool, size: Any, user: User | None = None
    ) -> None:
        self.context: BrowserContext = browser.new_context(
            base_url=address, viewport=size, java_script_enabled=scripts, locale="fr-FR"
        )
        self.scripts = scripts
        self.complaints: list[str] = []
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        if user is not None:
            name = portal_settings.SESSION_COOKIE_NAME
            value = signed_in(user).cookies[name].value
            self.context.add_cookies([{"name": name, "value": value, "url": address}])
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(30_000)

    def go(self, address: str) -> None:
        self.page.goto(address)
        self.look()

    def press(self, name: str | re.Pattern[str]) -> None:
        main = self.page.get_by_role("main")
        with self.page.expect_navigation():
            main.get_by_role("button", name=name).or_(main.get_by_role("link", name=name)).first.click()
        self.look()

    def look(self, page: Page | None = None) -> None:
        """No barrier, and nothing that sticks out (of a browser without scripts axe cannot ask)."""
        here = page or self.page
        here.wait_for_load_state()
        assert here.locator("h1").count() == 1, here.url
        wide = here.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, here.url
        if self.scripts:
            found = Axe().run(here)
            assert found.violations_count == 0, f"{here.url}: {found.generate_report()}"

    def reads(self, sentence: str, page: Page | None = None) -> None:
        expect((page or self.page).get_by_text(sentence).first).to_be_visible()

    def looks_again_until(self, sentence: str, how: str) -> None:
        """Wait for the page to change by itself; without scripts, ask it to."""
        if not self.scripts:
            self.press(how)
        self.reads(sentence)

    def leave(self) -> None:
        self.context.close()
        assert self.complaints == []


@pytest.fixture
def comes(browser: Browser, live_server: Any) -> Iterator[Callable[..., Somebody]]:
    """Let somebody come; at the end nothing was wrong in their browser."""
    people: list[Somebody] = []

    def come(**kind: Any) -> Somebody:
        people.append(Somebody(browser, live_server.url, **kind))
        return people[-1]

    yield come
    for each in people:
        each.leave()


@pytest.mark.parametrize(
    ("mode", "scripts"),
    [("account", True), pytest.param("link", False, marks=pytest.mark.long)],
    ids=["account-scripts", "link-plain"],
)
def test_the_teacher_lets_in_who_belongs_and_nobody_else(
    comes: Callable[..., Somebody],
    teacher: User,
    pupil: Callable[..., User],
    division: Division,
    mode: str,
    scripts: bool,
) -> None:
    if mode == "link":
        ClassRules.objects.create(
            academy=division.school.academy, degree="second", by_link=True, by_account=False
        )
    lea_user = pupil()
    claire = comes(scripts=scripts, size=DESK, user=teacher)
    claire.go("/mon-espace/")
    claire.press("Nouvelle classe virtuelle")
    rooms = claire.page.get_by_label("Salle", exact=True)
    if rooms.count():
        claire.page.get_by_text("Plus de réglages").click()
        rooms.select_option("demonstration_room")
    claire.press("Créer et ouvrir maintenant")
    claire.reads("Personne n’attend.")
    link = claire.page.locator("#lien").inner_text().strip()
    session_page = claire.page.url

    lea = comes(scripts=scripts, size=PHONE, user=lea_user if mode == "account" else None)
    if mode == "account":
        lea.go("/mon-espace/")
        lea.press(re.compile("Aller à la porte"))
    else:
        lea.go(link)
        lea.page.get_by_label("Ton prénom et ton nom").fill("Léa Moreau")
    lea.press("Frapper à la porte")
    lea.reads("L’enseignant voit ton nom.")
    door = lea.page.url

    intruder = comes(scripts=scripts, size=PHONE)
    intruder.go(link)
    if mode == "account":
        intruder.reads("réservée aux personnes qui ont un compte")
    else:
        intruder.page.get_by_label("Ton prénom et ton nom").fill("Claire Dubols")
        intruder.press("Frapper à la porte")
    assert intruder.page.context.request.get(door).status == 404

    claire.looks_again_until("Léa Moreau", "Actualiser la page")
    claire.look()
    if mode == "link":
        claire.reads("Ressemble au nom d’un enseignant de la classe.")
        claire.reads("Nom non vérifié")
        claire.press(re.compile("Refuser Claire Dubols"))
        intruder.press("Regarder si je peux entrer")
        intruder.reads("Tu ne peux pas entrer")
        assert "/entrer/" not in intruder.page.content()
    claire.press(re.compile("Faire entrer Léa Moreau"))
    lea.looks_again_until("Tu peux entrer", "Regarder si je peux entrer")
    lea.look()
    assert "/demonstration/salle/" not in lea.page.content()  # the room's address stands in no page before
    with lea.page.expect_navigation(url=re.compile("/demonstration/salle/")):
        lea.page.get_by_role("button", name="Entrer dans la classe").click()
    lea.look()
    lea.press("Entrer")
    lea.reads("Léa Moreau")

    with claire.context.expect_page() as opened:
        claire.page.get_by_role("link", name=re.compile("Entrer dans la salle")).click()
    board = opened.value
    board.wait_for_load_state()
    with board.expect_navigation():
        board.get_by_role("button", name="Entrer").click()
    claire.reads("Léa Moreau", board)
    claire.look(board)
    lea.press("Lever la main")
    if not scripts:
        board.reload()
    claire.reads("lève la main", board)
    board.get_by_label("Votre message à tous").fill("Bonjour à tous <b>!</b>")
    with board.expect_navigation():
        board.get_by_role("button", name="Envoyer").click()
    if not scripts:
        lea.page.reload()
    lea.reads("Bonjour à tous <b>!</b>")

    claire.go(session_page)
    claire.press("Appel et notes de la séance")
    claire.press("Faire l’appel maintenant")
    if mode == "account":
        expect(claire.page.get_by_label("Léa Moreau")).to_be_checked()
    claire.go(session_page)
    claire.press("Terminer la séance")
    lea.go(door)
    lea.reads("La classe est finie")
    if not scripts:
        lea.page.goto(door)
    assert set(Entry.objects.values_list("state", flat=True)) <= {"left", "refused"}


def test_each_page_of_a_teacher_has_no_barrier(
    comes: Callable[..., Somebody], teacher: User, division: Division, pupil: Callable[..., User]
) -> None:
    pupil()
    claire = comes(scripts=True, size=PHONE, user=teacher)
    claire.go("/classes/nouvelle/")
    claire.page.get_by_text("Plus de réglages").click()
    claire.page.get_by_label("Places").fill("0")
    claire.press("Créer la classe")
    claire.reads("Il faut au moins une place.")
    claire.page.get_by_label("Places").fill("30")
    claire.press("Créer la classe")
    page = claire.page.url
    claire.reads("Faire venir les élèves")
    for end in ("reglages/", "inviter/", "projeter/", "fermer/"):
        claire.go(page + end)
    claire.go("/classes/")
    claire.press(re.compile("Ouvrir la séance"))
    claire.press("Ouvrir la classe")
    claire.reads("Entrer dans la salle")
