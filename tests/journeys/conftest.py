"""One portal for all journeys of a process, however they are mixed with other tests: a start takes long."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from mcm_portal.embedded import browser as finder

from .portal import Portal
from .visitor import Visitor

Comes = Callable[..., Visitor]


def launch(playwright: Playwright) -> Browser:
    """Start a Chromium that talks to nobody by itself."""
    quiet = [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
    ]
    return playwright.chromium.launch(executable_path=finder.find_or_install(), args=quiet)


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The portal that people come to."""
    folder: Path = tmp_path_factory.mktemp("portal")
    with Portal(folder, server=os.environ["DATABASE_URL"]).running() as portal:
        yield portal


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The Chromium that each visitor has a separate profile of."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def comes(request: pytest.FixtureRequest, portal: Portal, browser: Browser) -> Iterator[Comes]:
    """Let somebody come to the portal; at the end of the test they leave and nothing was wrong."""
    visitors: list[Visitor] = []
    is_long = request.node.get_closest_marker("long") is not None

    def come(*, at: Portal = portal, **kind: Any) -> Visitor:
        visitors.append(Visitor(browser, at, asks_twice=is_long, **kind))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.leave()
