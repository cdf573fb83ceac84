"""Letters prepared, followed and downloaded in a real Chromium, on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from schools.letters import making
from schools.models import LetterBatch
from tests.journeys.visitor import PHONE
from tests.schools.test_a_head_hands_over_files import browser_of
from tests.schools.test_importing_in_a_browser import browser, no_barrier, opens

from .conftest import pupils
from .test_a_head_gives_letters import PAGE, head

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("portal")]
__all__ = ["browser", "head", "opens"]


def test_a_head_follows_the_letters_to_the_printer(opens: Any, head: Any, tmp_path: Path) -> None:
    pupils(["Inès", "Malo"])
    page = opens(browser_of(head), viewport=PHONE)
    page.goto(PAGE)
    no_barrier(page)
    page.get_by_role("link", name="Préparer des lettres").click()
    no_barrier(page)
    page.get_by_label("3 A").check()
    page.get_by_label("Huit").check()
    page.get_by_role("button", name="Préparer les lettres").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    no_barrier(page)
    making.make(str(LetterBatch.objects.get().public_id))
    # The script sees the end by itself; without one, « Actualiser cette page » does.
    download = page.get_by_role("button", name="Télécharger les lettres (PDF)")
    expect(download).to_be_visible(timeout=30_000)
    no_barrier(page)
    with page.expect_download() as coming:
        download.click()
    coming.value.save_as(tmp_path / "letters.pdf")
    assert (tmp_path / "letters.pdf").read_bytes().startswith(b"%PDF")
    page.goto(f"{PAGE}personnes/?q=ines")
    no_barrier(page)
