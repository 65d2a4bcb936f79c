"""What the pages say of money, doubt and risk, in a browser, with Airflow's answers given."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from airflow_provider_seedance.api.client import ClientSettings, SeedanceClient
from airflow_provider_seedance.api.vendors import make_adapter
from airflow_provider_seedance.simulator import Simulator
from tests.stack.conftest import teller
from tests.support.requests import simple
from tests.ui.browser import serious_findings
from tests.ui.still_airflow import URL, StillAirflow
from tests.ui.test_model import READY, task

pytestmark = pytest.mark.ui

LIVE = READY | {"url_expires_at": "2099-01-01T00:00:00Z"}
ASKED = {"prompt": "A boat in the rain", "model": "m", "seed": 7, "ratio": "9:16", "seedance_conn_id": "c"}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(30_000)
    yield page
    page.close()


def record(**fields: Any) -> dict[str, Any]:
    return {"event": "x", "level": "info", "logger": "airflow_provider_seedance.triggers.seedance"} | fields


def test_without_rendered_fields_cards_have_prompts_and_the_search_finds_them(page: Page) -> None:
    airflow = StillAirflow(
        [task("create", "success", run) for run in ("r1", "r2")],
        {
            ("r1", "create", "return_value"): LIVE,
            ("r2", "create", "return_value"): LIVE | {"video_id": "w"},
            ("r1", "create", "seedance_asked"): ASKED,
            ("r2", "create", "seedance_asked"): ASKED | {"prompt": "A violin made of glass"},
        },
    )
    gallery = airflow.gallery(page)
    expect(gallery.locator(".card .title")).to_have_text(["A boat in the rain", "A violin made of glass"])
    gallery.get_by_role("searchbox").fill("violin")
    expect(gallery.locator(".card")).to_have_count(1)
    tab = airflow.tab(page, "r1", "create")
    expect(tab.locator(".prompt")).to_have_text("A boat in the rain")
    expect(tab.locator("dl")).to_contain_text("9:16")
    assert airflow.errors == []


def test_each_trouble_is_a_state_of_its_own_told_as_it_is(page: Page) -> None:
    airflow = StillAirflow(
        [
            task("create", "deferred", "full"),
            task("create", "failed", "doubt"),
            task("create", "success", "orphan"),
            *(task(name, "success", "risk") for name in ("create", "wait")),
            task("store", "failed", "risk", rendered_fields={"video_id": "v"}),
            task("create", "deferred", "busy"),
        ],
        {
            ("full", "create", "seedance_asked"): ASKED | {"prompt": "full", "outcome": "no_room"},
            ("doubt", "create", "seedance_asked"): ASKED | {"prompt": "doubt", "outcome": "in_doubt"},
            ("orphan", "create", "return_value"): {"video_id": "o", "status": "queued"},
            ("orphan", "create", "seedance_asked"): ASKED | {"prompt": "orphan"},
            ("risk", "create", "return_value"): LIVE,
            ("risk", "create", "seedance_asked"): ASKED | {"prompt": "risk"},
            ("risk", "wait", "return_value"): LIVE,
            ("busy", "create", "video_id"): "b",
            ("busy", "create", "seedance_asked"): ASKED | {"prompt": "busy"},
        },
        logs={("busy", "create"): [record(video_id="b", video_status="running", video_progress=40)]},
    )
    gallery = airflow.gallery(page)

    def card(words: str) -> Any:
        return gallery.locator(".card", has=page.locator(f".title:text-is('{words}')"))

    expect(card("full").locator(".badge")).to_have_text("no room at the vendor yet")
    expect(card("doubt").locator(".badge")).to_have_text("in doubt")
    expect(card("orphan").locator(".badge")).to_have_text("nobody waits for it")
    expect(card("risk").locator(".badge")).to_contain_text("not stored, link dies in")
    expect(card("risk").locator(".note")).to_contain_text("store has failed. Clear it")
    expect(card("busy").locator(".badge")).to_have_text("generating, 40 %")
    heights = gallery.locator(".card").evaluate_all("cards => cards.map((card) => card.offsetHeight)")
    assert len(set(heights)) == 1
    tiles = gallery.locator(".tile:not([hidden])").evaluate_all("tiles => tiles.map((tile) => tile.dataset.group)")
    assert tiles == ["waiting", "room", "doubt", "orphan", "risk"]

    tab = airflow.tab(page, "full", "create")
    expect(tab.locator(".placeholder")).to_contain_text("Nothing is ordered yet")
    expect(tab.locator("dt", has_text="Ordered")).to_have_count(0)
    tab = airflow.tab(page, "orphan", "create")
    expect(tab.locator(".placeholder")).to_contain_text("no task of this run waits for it")
    tab = airflow.tab(page, "doubt", "create")
    expect(tab.locator(".placeholder")).to_contain_text("In doubt: the order was sent")
    assert airflow.errors == []


def many(count: int, offers: dict[str, bool]) -> StillAirflow:
    """Videos that were ordered and waited for, each in a run of its own."""
    tasks: list[Any] = []
    xcoms: dict[Any, Any] = {}
    for number in range(count):
        run = f"r{number}"
        order = {"prompt": f"Video number {number}", "model": "m", "seedance_conn_id": "c"}
        for name in ("create", "wait"):
            tasks.append(task(name, "success", run, start_date=f"2026-11-{1 + number % 25:02}T11:00:00Z"))
            xcoms[run, name, "return_value"] = LIVE | {"video_id": run, "vendor": "byteplus", "tokens": number}
        xcoms[run, "create", "seedance_asked"] = order
    return StillAirflow(tasks, xcoms, offers=offers)


def test_two_thousand_videos_scroll_and_few_requests_tell_all_of_them(
    request: pytest.FixtureRequest, page: Page
) -> None:
    airflow = many(2000, {"facts": True, "playback": False})
    began = time.monotonic()
    gallery = airflow.gallery(page)
    took = time.monotonic() - began
    assert len([url for url in airflow.asked if url.endswith("/facts")]) <= 10
    assert not [url for url in airflow.asked if "xcomEntries" in url]
    expect(gallery.get_by_role("status")).to_have_text("2000 of 2000 videos")
    assert gallery.locator(".card").count() < 48
    page.evaluate(SCROLL)
    longest = page.evaluate("globalThis.longest")
    heap = page.evaluate("performance.memory.usedJSHeapSize / 1e6")
    last = gallery.locator(".card").last
    expect(last).to_have_attribute("aria-posinset", "2000")
    expect(last.locator(".title")).to_contain_text("Video number")
    figures = f"complete after {took:.1f} s, longest frame while scrolling {longest:.0f} ms, heap {heap:.0f} MB"
    teller(request)(f"2,000 videos (answers given): {figures}")
    gallery.get_by_role("searchbox").fill("number 1999")
    expect(gallery.locator(".card")).to_have_count(1)
    assert airflow.errors == []


SCROLL = """async () => {
    globalThis.longest = 0;
    let last = performance.now();
    for (let at = 0; at < document.documentElement.scrollHeight; at += 700) {
        scrollTo(0, at);
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        globalThis.longest = Math.max(globalThis.longest, now - last);
        last = now;
    }
    scrollTo(0, document.documentElement.scrollHeight);
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
}"""


def test_without_the_routes_each_xcom_is_read_by_itself(page: Page) -> None:
    airflow = many(3, {})
    gallery = airflow.gallery(page)
    expect(gallery.locator(".card .badge")).to_have_text(["ready"] * 3)
    assert len([url for url in airflow.asked if "xcomEntries" in url]) >= 6


def test_the_stored_copy_is_played_and_offered_for_download(page: Page) -> None:
    uri = "s3://videos/d/v.mp4"
    airflow = StillAirflow(
        [task("create", "success", "r"), task("wait", "success", "r"), task("store", "success", "r")],
        {
            ("r", "create", "return_value"): LIVE,
            ("r", "wait", "return_value"): LIVE | {"url_expires_at": "2020-01-01T00:00:00Z"},
            ("r", "store", "return_value"): {"video_id": "v", "uri": uri},
        },
        offers={"facts": True, "playback": True},
    )
    copy = "/seedance-api/0/playback/d?run_id=r&task_id=store&map_index=-1&what=uri"
    expect(airflow.gallery(page).locator(".card .placeholder")).to_have_text("The link doesn't open")
    assert [url for url in airflow.asked if url.endswith(copy)] != []  # but there is no such file here
    airflow.asked.clear()
    tab = airflow.tab(page, "r", "wait")
    expect(tab.locator(".placeholder")).to_contain_text(f"Your copy is at {uri}")
    assert (tab.get_by_role("link", name="Download").get_attribute("href") or "").endswith(f"{copy}&download=true")
    assert [url for url in airflow.asked if url.endswith(copy)] != []
    assert airflow.errors == []


@pytest.mark.parametrize("served", [[], ["uri"]])
def test_a_copy_outside_of_the_playback_roots_is_named_but_neither_asked_for_nor_offered(
    page: Page, served: list[str]
) -> None:
    uri = "s3://elsewhere/v.mp4"
    airflow = StillAirflow(
        [task("create", "success", "r"), task("store", "success", "r")],
        {
            ("r", "create", "return_value"): LIVE | {"url_expires_at": "2020-01-01T00:00:00Z"},
            ("r", "store", "return_value"): {"video_id": "v", "uri": uri, "last_frame_uri": "s3://elsewhere/v.png"},
        },
        offers={"facts": True, "playback": True},
        served=served,
    )
    airflow.gallery(page)
    tab = airflow.tab(page, "r", "store")
    expect(tab.get_by_text("Stored copy")).to_be_visible()
    expect(tab.get_by_role("link", name="Download")).to_have_count(len(served))
    expect(tab.locator("dd code", has_text=uri)).to_be_visible()
    asked = [url for url in airflow.asked if "/playback/" in url]
    assert [url for url in asked if any(f"what={name}" in url for name in {"uri", "last_frame_uri"} - {*served})] == []
    assert airflow.errors == []


def test_an_address_of_a_copy_in_an_xcom_is_never_played_as_a_vendor_s_link(page: Page) -> None:
    forged = f"{URL}/seedance-api/0/playback/secret?run_id=r&task_id=store"
    airflow = StillAirflow(
        [task("create", "success", "r")],
        {("r", "create", "return_value"): LIVE | {"video_url": forged, "thumbnail_url": forged, "uri": forged}},
        offers={"facts": True, "playback": True},
    )
    assert airflow.gallery(page).locator("video").count() == 0
    assert [url for url in airflow.asked if "secret" in url] == []


def test_what_a_viewer_may_not_read_is_said_and_not_shown_as_empty(page: Page) -> None:
    airflow = StillAirflow([task("create", "success", "r")], offers={"facts": True}, denied=["d"])
    gallery = airflow.gallery(page)
    expect(gallery.get_by_role("status")).to_contain_text("of d you may not read what the tasks tell")
    assert airflow.errors == []


def test_the_takes_of_a_run_stand_side_by_side_and_those_of_other_runs_do_not(page: Page) -> None:
    takes = [task("create", "success", "r", map_index=index) for index in range(3)]
    airflow = StillAirflow(
        [*takes, task("create", "success", "other")],
        {
            ("r", "create", "return_value"): LIVE,
            ("r", "create", "seedance_asked"): ASKED | {"resolution": "720p"},
            ("other", "create", "return_value"): LIVE | {"video_id": "other"},
        },
        offers={"facts": True},
    )
    takes_of_run = airflow.run(page, "r")
    expect(takes_of_run.locator(".card")).to_have_count(3)
    expect(takes_of_run.locator("h1")).to_have_text("Videos of this run")
    expect(takes_of_run.get_by_label("Model")).to_have_value("")
    expect(takes_of_run.get_by_label("Model").locator("option").first).to_be_attached()
    assert takes_of_run.get_by_label("Model").evaluate("choice => choice.selectedOptions[0]?.textContent") == "All"
    expect(takes_of_run.locator(".card .muted").first).to_contain_text("720p · 9:16 · seed 7")
    tops = takes_of_run.locator(".card").evaluate_all("cards => cards.map((card) => card.offsetTop)")
    assert len(set(tops)) == 1
    takes_of_run.get_by_role("searchbox").fill("rain")
    assert "?" not in page.url  # the address is Airflow's own
    assert airflow.errors == []


def test_two_takes_are_compared_in_sync(page: Page) -> None:
    with Simulator(speed=1000.0) as simulator:
        settings = ClientSettings(api_key=simulator.api_key, base_url=simulator.base_url("byteplus"))
        with SeedanceClient(make_adapter("byteplus"), settings) as client:
            request = simple("A boat")["byteplus"] | {"duration": 5}
            ids = [client.create_video(request).video_id for _ in range(3)]
            for video_id in ids:
                simulator.finish(video_id)
            takes = [client.get_video(video_id).to_dict() for video_id in ids]
        names = [f"create_{number}" for number in range(3)]
        airflow = StillAirflow(
            [task(name, "success", "r") for name in names],
            {("r", name, "return_value"): take for name, take in zip(names, takes, strict=True)},
            offers={"facts": True},
        )
        run = airflow.run(page, "r")
        boxes = run.get_by_label("Compare", exact=True)
        panel = run.locator(".compare")
        boxes.nth(0).check()
        expect(panel).to_be_hidden()  # one alone is no comparison
        boxes.nth(2).check()
        expect(panel.locator("video")).to_have_count(2)
        panel.get_by_role("button", name="Play all").click()
        page.wait_for_function(PLAYED)
        panel.get_by_role("button", name="Pause all").click()
        panel.get_by_label("Position in all takes").fill("800")
        page.wait_for_function(TOGETHER)
        boxes.nth(0).uncheck()
        expect(panel).to_be_hidden()
        assert serious_findings(page, "seedance-run-videos") == []
    assert airflow.errors == []


VIDEOS = "[...document.querySelector('seedance-run-videos').shadowRoot.querySelectorAll('.compare video')]"
PLAYED = f"() => {VIDEOS}.every((video) => video.currentTime > 0.5)"
TOGETHER = f"() => {VIDEOS}.every((video) => Math.abs(video.currentTime - 4) < 0.2)"


def test_each_currency_has_a_chart_of_its_own(page: Page) -> None:
    costs = {"r1": ("USD", 2.0), "r2": ("CNY", 3.0)}
    airflow = StillAirflow(
        [task("create", "success", run) for run in costs],
        {
            (run, "create", "return_value"): LIVE | {"video_id": run, "cost": cost, "currency": currency}
            for run, (currency, cost) in costs.items()
        },
    )
    gallery = airflow.gallery(page)
    assert gallery.locator(".chart").count() == 0  # the videos come first
    gallery.locator("details.figures > summary").click()
    spent = gallery.get_by_role("table", name="Spent by model")
    expect(spent.locator("tbody tr")).to_have_text(["unknown13.00 CNY", "unknown12.00 USD"])
    expect(gallery.locator("figcaption", has_text="Cost")).to_have_text(
        [f"Cost per day in {currency}, by the connections' prices" for currency in ("CNY", "USD")]
    )
    assert airflow.errors == []
