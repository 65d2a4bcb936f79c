"""One walk through the pages on whatever Airflow is asked for: `make ui-lines` asks for each line that has them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from dev.ui_lines import PYTHON
from tests.stack.conftest import teller
from tests.ui.browser import Visitors, shot
from tests.ui.test_journey import fill_form, press_test, save_form
from tests.ui.world import World, bare_world

pytestmark = pytest.mark.ui


@pytest.fixture(scope="module")
def line(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An Airflow of the line, and nothing in it."""
    python = os.environ.get(PYTHON, sys.executable)
    with bare_world(tmp_path_factory.mktemp("line"), teller(request), python=python) as found:
        yield found


@pytest.fixture
def guests(browser: Browser, line: World, request: pytest.FixtureRequest) -> Iterator[Visitors]:
    """Opens its pages; one that raised an error fails the test."""
    guests = Visitors(browser, line)
    failed = request.session.testsfailed
    yield guests
    if request.session.testsfailed > failed:
        guests.keep_what_is_open(f"failed-line-{version(line)}")
    guests.close()
    assert guests.errors == []


def version(line: World) -> str:
    return str(line.stack.api.get("/api/v2/version")["version"])


def plays(page: Page, clip: Locator) -> None:
    clip.wait_for(timeout=120_000)
    clip.evaluate("video => { video.muted = true; video.play(); }")
    page.wait_for_function("video => video.currentTime > 0.5", arg=clip.element_handle())


def test_a_connection_is_made_and_tested_a_dag_triggered_and_its_video_found_and_played(
    guests: Visitors, line: World
) -> None:
    page = guests.page("admin")
    page.goto(f"{line.stack.url}/connections")
    fill_form(page, "seedance_byteplus", "byteplus", line.simulator)
    shot(page, f"line-{version(line)}-form")
    save_form(page)
    expect(press_test(page, "seedance_byteplus")).to_contain_text("The key works")

    line.stack.api.wait_for_dag("seedance_store")
    line.stack.api.request("PATCH", "/api/v2/dags/seedance_store", json={"is_paused": False})
    page.goto(f"{line.stack.url}/dags/seedance_store")
    page.get_by_role("button", name="Trigger").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Trigger").last.click()
    page.wait_for_function("() => document.querySelectorAll('[role=dialog][data-state=open]').length === 0")
    [run] = line.stack.api.get("/api/v2/dags/seedance_store/dagRuns")["dag_runs"]
    run_id = run["dag_run_id"]

    line.stack.api.wait_for_task("seedance_store", run_id, "wait", {"deferred"})
    gallery = guests.gallery(page, "?dag=seedance_store")
    card = gallery.locator(".card")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("A lighthouse in a storm, slow dolly in")
    expect(card).to_contain_text("dreamina-seedance-2-0-fast-260128")
    expect(card.locator(".badge")).to_contain_text("generating", timeout=90_000)
    line.simulator.finish(line.stack.api.xcom("seedance_store", run_id, "create", "video_id"))
    assert line.stack.api.wait_for_run("seedance_store", run_id) == "success"

    tab = guests.tab(page, "seedance_store", run_id, "wait")
    plays(page, tab.locator("video"))
    expect(tab.get_by_role("status").first).to_contain_text("stored")
    shot(page, f"line-{version(line)}-tab")
    page.goto(f"{line.stack.url}/dags/seedance_store/runs/{run_id}/plugin/seedance-videos")
    takes = page.locator("seedance-run-videos")
    expect(takes.locator(".card")).to_have_count(1, timeout=60_000)
    expect(takes.locator(".card")).to_contain_text("A lighthouse in a storm")
    shot(page, f"line-{version(line)}-run")
    gallery = guests.gallery(page, "?dag=seedance_store")
    expect(gallery.locator(".badge")).to_have_text("stored")
    shot(page, f"line-{version(line)}-gallery")
