"""One walk through the pages on whatever Airflow is asked for: `make ui-lines` asks for each line that has them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from dev.airflow_config import LOOPBACK, installed_airflow
from dev.ui_lines import PYTHON
from tests.stack.conftest import teller
from tests.ui.browser import SHOTS, Visitors, shot
from tests.ui.firefox import find, firefox
from tests.ui.test_journey import fill_form, press_test, save_form
from tests.ui.world import World, bare_world

pytestmark = pytest.mark.ui

H264 = 'video/mp4; codecs="avc1.42E01E"'


@pytest.fixture(scope="module")
def line(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An Airflow of the line, and nothing in it."""
    python = os.environ.get(PYTHON, sys.executable)
    has_loops = tuple(int(part) for part in installed_airflow(python).split(".")[:2]) >= (3, 4)
    dags = [Path(__file__).parent / "loop_dags"] if has_loops else []
    with bare_world(tmp_path_factory.mktemp("line"), teller(request), python=python, dags=dags) as found:
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
    fill_form(page, "seedance_byteplus", "byteplus", line.simulator, in_json=version(line).startswith("3.1."))
    shot(page, f"line-{version(line)}-form")
    form = page.get_by_role("dialog")
    key = form.get_by_text("API key", exact=True)
    if not key.is_visible():  # 3.2 and 3.3 show one section at a time
        form.get_by_role("button", name="Standard Fields").click()
    expect(key).to_be_visible()
    expect(form.locator("input[name=login]")).to_have_count(0)
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


def finish(line: World, ended: set[str]) -> None:
    """Has the vendor finish all that is ordered."""
    for bill in line.simulator.ledger:
        if bill.video_id not in ended:
            line.simulator.finish(bill.video_id)
            ended.add(bill.video_id)


def test_the_takes_of_a_loop_are_cards_of_their_own_and_each_has_its_tab(guests: Visitors, line: World) -> None:
    needs_3_4(line)
    ended = {bill.video_id for bill in line.simulator.ledger}
    bought = len(ended)
    run_id = line.trigger("ui_loop")
    deadline = time.monotonic() + 240
    while line.stack.api.dag_run_state("ui_loop", run_id) not in ("success", "failed"):
        assert time.monotonic() < deadline
        finish(line, ended)
        time.sleep(1)
    assert len(line.simulator.ledger) == bought + 3

    page = guests.page("admin")
    page.goto(f"{line.stack.url}/dags/ui_loop/runs/{run_id}/plugin/seedance-videos")
    takes = page.locator("seedance-run-videos")
    expect(takes.locator(".card")).to_have_count(3, timeout=60_000)
    for number in (1, 2, 3):
        expect(takes.locator(".card").filter(has_text=f"pass {number}")).to_have_count(1)
    expect(takes.locator(".card").filter(has_text="A paper boat, another take")).to_have_count(3)
    shot(page, f"line-{version(line)}-loop")

    takes.locator(".card").filter(has_text="pass 2").locator("a.title").click()
    takes.get_by_role("link", name="Open the task in Airflow").click()
    tab = page.locator("seedance-video")
    plays(page, tab.locator("video"))
    expect(tab).to_contain_text("take.create, pass 2")
    expect(tab).to_contain_text("take.wait, pass 2")
    shot(page, f"line-{version(line)}-loop-tab")

    tab = guests.tab(page, "ui_loop", run_id, "take.wait")  # without a word which pass
    expect(tab).to_contain_text("Choose one")
    expect(tab.get_by_role("link")).to_have_count(3)
    tab.get_by_role("link", name="take.wait, pass 3").click()
    expect(page.locator("seedance-video")).to_contain_text("take.create, pass 3")


def test_cleared_state_is_a_new_order_and_kept_state_none(line: World) -> None:
    needs_3_4(line)
    api = line.stack.api
    run_id = line.trigger("ui_clear")
    assert api.wait_for_run("ui_clear", run_id) == "success"
    bought = len(line.simulator.ledger)
    first = api.xcom("ui_clear", run_id, "create", "video_id")

    def clear(**how: bool) -> str:
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": ["create"], "only_failed": False, **how}
        api.request("POST", "/api/v2/dags/ui_clear/clearTaskInstances", json=body | {"reset_dag_runs": True})
        api.wait_for_task("ui_clear", run_id, "create", {"success", "failed"})
        assert api.wait_for_run("ui_clear", run_id) == "success"
        return str(api.xcom("ui_clear", run_id, "create", "video_id"))

    assert clear(keep_task_state=True) == first
    assert len(line.simulator.ledger) == bought
    assert clear() != first
    assert len(line.simulator.ledger) == bought + 1


def test_the_tab_is_not_there_on_tasks_that_have_no_video(guests: Visitors, line: World) -> None:
    needs_3_4(line)
    api = line.stack.api
    runs = {dag: line.trigger(dag) for dag in ("ui_other", "ui_clear")}
    for dag, run_id in runs.items():
        assert api.wait_for_run(dag, run_id) == "success"
    page = guests.page("admin")
    tabs = page.get_by_role("link")
    for dag, task, count in (("ui_clear", "create", 1), ("ui_other", "no_video", 0)):
        page.goto(f"{line.stack.url}/dags/{dag}/runs/{runs[dag]}/tasks/{task}")
        expect(tabs.filter(has_text="Audit Log")).to_be_visible()
        expect(tabs.get_by_text("Video", exact=True)).to_have_count(count)
    shot(page, f"line-{version(line)}-no-tab")


def needs_3_4(line: World) -> None:
    if tuple(int(part) for part in version(line).split(".")[:2]) < (3, 4):
        pytest.skip("Airflow 3.4 brings loops, clears without the task's state, and tabs for some tasks only")


def test_firefox_shows_and_plays_what_chromium_does(line: World) -> None:
    program = find()
    if program is None:
        pytest.skip("there is no Firefox on this machine (Debian, Ubuntu: `apt-get install firefox-esr`)")
    runs = line.stack.api.get("/api/v2/dags/seedance_store/dagRuns", order_by="-run_after")["dag_runs"]
    if not runs or runs[0]["state"] != "success":
        pytest.skip("the walk before this one has left nothing to look at")
    run_id, url = runs[0]["dag_run_id"], line.stack.url
    line.stack.api.login()
    token = str(line.stack.api.token)
    with firefox(program) as browser:
        browser.set_cookie(LOOPBACK, "_token", token)
        browser.open(f"{url}/plugin/seedance?dag=seedance_store")
        gallery = "document.querySelector('seedance-gallery')?.shadowRoot"
        browser.wait(f"{gallery}?.querySelector('.cards[aria-busy=false] .card .badge')?.textContent === 'stored'")
        assert "A lighthouse in a storm" in browser.run(f"{gallery}.querySelector('.card').textContent")
        browser.shot(SHOTS / f"line-{version(line)}-firefox-gallery.png")

        browser.open(f"{url}/dags/seedance_store/runs/{run_id}/plugin/seedance-videos")
        takes = "document.querySelector('seedance-run-videos')?.shadowRoot"
        browser.wait(f"{takes}?.querySelectorAll('.card').length === 1")
        assert browser.errors == []

        if not browser.run(f"document.createElement('video').canPlayType('{H264}')"):
            pytest.skip("this Firefox plays no H.264; all but playing went well (Debian, Ubuntu: install libavcodec)")
        browser.open(f"{url}/dags/seedance_store/runs/{run_id}/tasks/wait/plugin/seedance-video")
        clip = "document.querySelector('seedance-video')?.shadowRoot?.querySelector('video')"
        browser.wait(f"{clip}?.getAttribute('src')?.includes('/seedance-api/')")
        browser.run(f"((video) => {{ video.muted = true; video.play(); }})({clip})")
        browser.wait(f"{clip}.currentTime > 0.5")
        browser.shot(SHOTS / f"line-{version(line)}-firefox-tab.png")
        assert browser.errors == []
