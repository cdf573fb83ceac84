"""An import walked in a real Chromium, a wrong file first: by the DANE, and by a head on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.management import call_command
from playwright.sync_api import Browser, Page, expect, sync_playwright

from accounts.models import User
from schools.demonstration.loading import FOLDER
from schools.models import RosterImport, Schooling, StaffMember, Student
from schools.rosters import importing
from schools.rosters.rows import StaffRole
from tests.accounts.staff import appoint, staff_client
from tests.journeys.conftest import launch
from tests.journeys.visitor import DESK, NARROWEST, PHONE

from .rosters import generator
from .rosters.declared import colleague, declare, school
from .test_a_head_hands_over_files import browser_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("portal")]
AXE = {"preload": False}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def opens(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """Open the browser of somebody who is signed in; at the end it must not have complained."""
    complaints: list[str] = []
    contexts = []

    def open_as(client: Any, **options: Any) -> Page:
        context = browser.new_context(base_url=live_server.url, locale="fr-FR", **options)
        contexts.append(context)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(sorted(set(complaints)))


def worker(what: str) -> None:
    for made in RosterImport.objects.all():
        getattr(importing, what)(str(made.public_id))


def no_barrier(page: Page) -> None:
    fits(page)
    found = Axe().run(page, options=AXE)
    assert found.violations_count == 0, page.url + found.generate_report()


def fits(page: Page) -> None:
    """Check a page as far as is possible where no script runs: axe is one."""
    page.wait_for_load_state()
    expect(page.locator("h1")).to_be_visible()
    assert page.locator("h1").count() == 1
    wide = page.viewport_size or DESK
    assert page.evaluate("document.documentElement.scrollWidth") <= wide["width"], page.url


@pytest.mark.long
def test_the_dane_hands_over_a_wrong_file_then_the_right_one(opens: Any, tmp_path: Path) -> None:
    wrong, right = tmp_path / "wrong", tmp_path / "right"
    wrong.mkdir(), right.mkdir()
    school("0752387M", "01", name="Collège Gavroche")
    others = generator.siecle(generator.Roster(seed=1, pupils=5, uai="0750680G"), wrong)
    ours = generator.siecle(
        generator.Roster(seed=2, pupils=12, awkward=generator.EVERYTHING), right, zipped=True
    )
    page = opens(staff_client(appoint(None, "dane", "01")), viewport=DESK)
    for files, state in ((others, "Fichier refusé"), (ours, "Lu : attend votre décision")):
        page.goto("/administration/")
        page.get_by_role("main").get_by_role("link", name="Imports de fichiers", exact=True).click()
        page.get_by_role("link", name="Ajouter").first.click()
        no_barrier(page)
        page.get_by_label("Code UAI").fill("0752387m")
        page.get_by_label("SIECLE (collège, lycée)").check()
        page.get_by_label("Fichiers", exact=True).set_input_files(files)
        page.get_by_role("button", name="Déposer").click()
        expect(page.get_by_text("Attend d’être lu").first).to_be_visible()
        worker("read")
        page.get_by_role("link", name="Actualiser cette page").click()
        expect(page.get_by_text(state).first).to_be_visible()
        no_barrier(page)
    assert not Student.objects.exists()
    page.get_by_role("link", name="Appliquer").click()
    no_barrier(page)
    page.get_by_role("button", name="Confirmer").click()
    expect(page.get_by_text("Le fichier est en cours d’enregistrement.")).to_be_visible()
    worker("apply")
    page.get_by_role("link", name="Actualiser cette page").click()
    expect(page.get_by_text("Appliqué").first).to_be_visible()
    assert Schooling.objects.current().exists()
    child = Student.objects.order_by("pk")[0]
    page.goto(f"/administration/schools/student/?q={child.ine or child.family_name}")
    no_barrier(page)
    page.get_by_role("link", name=str(child)).first.click()
    page.wait_for_url("**/change/**")
    no_barrier(page)


@pytest.mark.parametrize("size", [PHONE, NARROWEST], ids=["phone", "narrowest"])
def test_a_head_does_it_on_a_phone_without_javascript(
    opens: Any, person: Callable[..., User], tmp_path: Path, size: Any
) -> None:
    declare([colleague("Samir", StaffRole.HEAD)], kind="staff", year=None)
    user = person("samir.roux")
    User.objects.filter(pk=user.pk).update(staff_member=StaffMember.objects.get())
    client = browser_of(User.objects.get(pk=user.pk))
    table = tmp_path / "eleves.csv"
    table.write_text("A;B;C;D\nMARTIN;Léa;09/03/2012;3 A\n", encoding="utf-8")
    nonsense = tmp_path / "rien.csv"
    nonsense.write_bytes(b"\x00\x01\x02")
    page = opens(client, viewport=size, java_script_enabled=False)
    page.goto("/mon-espace/")
    for path in (nonsense, table):
        page.goto("/mon-etablissement/fichiers/")
        page.get_by_label("Tableau des élèves").check()
        page.get_by_label("Fichiers", exact=True).set_input_files(path)
        page.get_by_role("button", name="Déposer").click()
        expected = "Fichier refusé" if path == nonsense else "Attend que vous disiez"
        expect(page.get_by_role("heading", level=1)).to_contain_text(expected)
    page.get_by_role("link", name="Dire ce que contient chaque colonne").click()
    for label, choice in (
        ("A", "Nom de famille"),
        ("B", "Prénom"),
        ("C", "Date de naissance"),
        ("D", "Classe"),
    ):
        page.get_by_label(label, exact=True).select_option(label=choice)
    page.get_by_role("button", name="Continuer").click()
    worker("read")
    page.get_by_role("link", name="Actualiser cette page").click()
    expect(page.get_by_text("Léa MARTIN")).to_be_visible()
    page.get_by_role("button", name="Appliquer").click()
    worker("apply")
    page.get_by_role("link", name="Actualiser cette page").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Appliqué")
    assert Student.objects.get().first_name == "Léa"


@pytest.mark.parametrize(
    ("javascript", "size"),
    [
        pytest.param(True, PHONE, id="phone-scripts"),
        pytest.param(False, PHONE, id="phone-plain", marks=pytest.mark.long),
        pytest.param(True, DESK, id="desk-scripts", marks=pytest.mark.long),
        pytest.param(False, DESK, id="desk-plain", marks=pytest.mark.long),
    ],
)
def test_the_head_of_the_demonstration_goes_from_wrong_files_to_the_right_ones(
    opens: Any, settings: Any, size: Any, javascript: bool
) -> None:
    settings.DEBUG = True
    call_command("demo")
    settings.DEBUG = False
    client = browser_of(User.objects.get(sign_in_names__name="sylvie.lambert"))
    page = opens(client, viewport=size, java_script_enabled=javascript)
    look = no_barrier if javascript else fits
    page.goto("/mon-espace/")
    look(page)
    for folder, state in (
        ("wrong/autre-etablissement", "Fichier refusé"),
        ("wrong/coupe", "Fichier refusé"),
        ("college", "attend votre décision"),
    ):
        page.goto("/mon-espace/")
        page.get_by_role("link", name="Déposer les fichiers de mon établissement").click()
        look(page)
        page.get_by_label("SIECLE (collège, lycée)").check()
        page.get_by_label("Fichiers", exact=True).set_input_files(sorted((FOLDER / folder).glob("*.xml")))
        page.get_by_role("button", name="Déposer").click()
        worker("read")
        page.get_by_role("link", name="Actualiser cette page").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(state)
        look(page)
    expect(page.get_by_text("Ce fichier ne change rien")).to_be_visible()
    page.get_by_role("button", name="Appliquer").click()
    worker("apply")
    page.get_by_role("link", name="Actualiser cette page").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Appliqué")
    look(page)


def test_no_barrier_stands_on_the_pages_of_a_head(opens: Any, person: Callable[..., User]) -> None:
    declare([colleague("Samir", StaffRole.HEAD)], kind="staff", year=None)
    user = person("samir.roux")
    User.objects.filter(pk=user.pk).update(staff_member=StaffMember.objects.get())
    made = RosterImport.objects.get()
    for size in (DESK, NARROWEST):
        page = opens(browser_of(User.objects.get(pk=user.pk)), viewport=size)
        for address in ("/mon-espace/", "/mon-etablissement/fichiers/",
                        f"/mon-etablissement/fichiers/{made.public_id}/"):  # fmt: skip
            page.goto(address)
            no_barrier(page)
