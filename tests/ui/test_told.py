"""What the pages say of money, doubt and risk, in a browser, with Airflow's answers given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.still_airflow import StillAirflow
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
    expect(gallery.locator("figcaption", has_text="Cost")).to_have_text(
        [f"Cost per day in {currency}, by the connections' prices" for currency in ("CNY", "USD")]
    )
    assert airflow.errors == []
