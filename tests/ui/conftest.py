"""A browser, and the Airflow that it looks at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.stack.conftest import teller
from tests.ui.browser import Visitors, killed_after, launch
from tests.ui.node import Node
from tests.ui.world import World, world


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        with killed_after(30):
            browser.close()


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """A Node.js that runs the pages' modules."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("there is no Node.js on this machine")
    node = Node(program)
    yield node
    node.close()


@pytest.fixture(scope="session")
def airflow(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A real Airflow with 50 videos in all states, and five that not everybody may see."""
    home: Path = tmp_path_factory.mktemp("ui")
    with world(home, teller(request)) as found:
        found.seed("ui_gallery", 50)
        found.seed("ui_secret", 5)
        yield found


@pytest.fixture
def visitors(request: pytest.FixtureRequest, browser: Browser, airflow: World) -> Iterator[Visitors]:
    """Opens pages, logged in or not; a page that raised an error fails the test."""
    visitors = Visitors(browser, airflow)
    failed = request.session.testsfailed
    yield visitors
    if request.session.testsfailed > failed:
        visitors.keep_what_is_open(f"failed-{request.node.name}")
    visitors.close()
    assert visitors.errors == []
