"""What people do in the gallery, in a browser, with Airflow's answers given: open, favour, look for, run again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.ui.browser import NARROW, serious_findings
from tests.ui.still_airflow import URL, StillAirflow
from tests.ui.test_model import READY, task

pytestmark = pytest.mark.ui

LIVE = READY | {"url_expires_at": "2099-01-01T00:00:00Z", "vendor": "byteplus"}
ASKED = {"prompt": "A boat in the rain", "model": "m", "seed": 7, "ratio": "9:16", "seedance_conn_id": "c"}

PARAMS = {
    "prompt": {"value": "A default", "schema": {"type": "string"}},
    "seed": {"value": None, "schema": {"type": ["null", "integer"]}},
    "folder": {"value": "s3://bucket", "schema": {"type": "string"}},
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(30_000)
    yield page
    page.close()


def takes(count: int = 3, **more: Any) -> StillAirflow:
    """Mapped tasks of one run, each with a prompt of its own."""
    return StillAirflow(
        [task("create", "success", "r", map_index=index, task_id="create") for index in range(count)],
        {("r", "create", "return_value"): LIVE, ("r", "create", "seedance_asked"): ASKED},
        offers={"facts": True},
        **more,
    )


def runs(**prompts: str) -> StillAirflow:
    """Videos by their run."""
    xcoms: dict[Any, Any] = {}
    for run, prompt in prompts.items():
        xcoms[run, "create", "return_value"] = LIVE | {"video_id": run}
        xcoms[run, "create", "seedance_asked"] = ASKED | {"prompt": prompt}
    return StillAirflow([task("create", "success", run) for run in prompts], xcoms, offers={"facts": True})


def titles(gallery: Locator) -> Locator:
    return gallery.locator(".card .title")


def test_on_a_phone_a_card_opens_inside_the_gallery_and_shows_the_whole_of_it(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": NARROW, "height": 844})
    airflow = takes()
    gallery = airflow.gallery(page)
    titles(gallery).first.click()
    opened = gallery.get_by_role("dialog")
    expect(opened.locator("video")).to_have_count(1)
    expect(opened.locator(".prompt")).to_have_text("A boat in the rain")
    expect(opened.get_by_role("button", name="request as Python")).to_be_visible()
    # The page of a mapped task, by its index.
    expect(opened.get_by_role("link", name="Open the task in Airflow")).to_have_attribute(
        "href", f"{URL}/dags/d/runs/r/tasks/create/mapped/0/plugin/seedance-video"
    )
    assert opened.evaluate("each => each.scrollWidth - each.clientWidth") <= 0
    assert serious_findings(page, "seedance-gallery") == []
    address = page.url
    page.keyboard.press("Escape")
    expect(opened).to_be_hidden()
    assert "open=" in address
    assert "open=" not in page.url
    assert airflow.errors == []
    page.close()


def test_favourites_are_in_the_address_and_nowhere_else(page: Page) -> None:
    airflow = runs(r1="A boat", r2="A violin", r3="A cat")
    gallery = airflow.gallery(page)
    star = gallery.locator(".card", has=page.locator(".title:text-is('A violin')")).get_by_label(
        "Favourite", exact=True
    )
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    gallery.get_by_label("Favourites only").check()
    expect(titles(gallery)).to_have_text(["A violin"])
    assert "star=" in page.url
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    star.click()
    expect(titles(gallery)).to_have_count(0)
    assert "star=" not in page.url
    assert airflow.errors == []


def test_videos_are_looked_for_by_tag_and_run_and_ordered(page: Page) -> None:
    airflow = runs(first="A boat", second="A violin")
    airflow.details = {"tags": [{"name": "film"}], "params": {}}
    gallery = airflow.gallery(page)
    expect(gallery.get_by_label("Tag").locator("option")).to_have_text(["All", "film"])
    gallery.get_by_label("Tag").select_option("film")
    expect(titles(gallery)).to_have_count(2)
    before = titles(gallery).all_inner_texts()
    gallery.get_by_label("Order").select_option("oldest")
    expect(titles(gallery)).to_have_text(before[::-1])
    gallery.get_by_label("Run", exact=True).fill("second")
    expect(titles(gallery)).to_have_text(["A violin"])
    assert {"tag=film", "sort=oldest", "run=second"} <= set(page.url.split("?")[1].split("&"))
    assert airflow.errors == []


def test_a_run_is_started_again_with_changes_and_only_once(page: Page) -> None:
    airflow = takes(1, details={"tags": [], "params": PARAMS}, confs={"r": {"folder": "s3://other"}})
    gallery = airflow.gallery(page)
    titles(gallery).first.click()
    opened = gallery.get_by_role("dialog")
    opened.get_by_role("button", name="Run again with changes").click()
    expect(opened.get_by_label("prompt")).to_have_value("A boat in the rain")
    expect(opened.get_by_label("seed")).to_have_value("7")
    expect(opened.get_by_label("folder")).to_have_value("s3://other")
    assert serious_findings(page, "seedance-gallery") == []
    opened.get_by_label("prompt").fill("A boat in the sun")
    opened.get_by_label("seed").fill("x")
    opened.get_by_role("button", name="Start the run").click()
    expect(opened.locator(".again [role=status]")).to_contain_text("seed can't be read as null or integer")
    assert airflow.started == []
    opened.get_by_label("seed").fill("")
    opened.get_by_role("button", name="Start the run").dblclick()
    expect(opened.get_by_role("link", name="new_run")).to_have_attribute(
        "href", f"{URL}/dags/d/runs/new_run/plugin/seedance-videos"
    )
    conf = {"prompt": "A boat in the sun", "seed": None, "folder": "s3://other"}
    assert airflow.started == [{"logical_date": None, "conf": conf}]
    assert airflow.errors == []


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((403, {"detail": "Forbidden"}), "You may not start runs of this DAG"),
        ((400, {"detail": "Invalid input for param seed"}), "Airflow refused it (400): Invalid input for param seed"),
        ((422, {"detail": [{"msg": "bad"}]}), 'Airflow refused it (422): [{"msg":"bad"}]'),
    ],
)
def test_why_a_run_was_not_started_is_told_in_airflow_s_own_words(
    page: Page, refusal: tuple[int, Any], words: str
) -> None:
    airflow = takes(1, details={"params": PARAMS}, refusal=refusal)
    tab = airflow.tab(page, "r", "create")
    tab.get_by_role("button", name="Run again with changes").click()
    tab.get_by_role("button", name="Start the run").click()
    expect(tab.locator(".again [role=status]")).to_contain_text(words)
    expect(tab.get_by_role("button", name="Start the run")).to_be_enabled()
    assert airflow.errors == []


def test_a_dag_without_such_params_offers_no_new_run(page: Page) -> None:
    tab = takes(1, details={"params": {"folder": PARAMS["folder"]}}).tab(page, "r", "create")
    expect(tab.locator(".prompt")).to_have_text("A boat in the rain")
    expect(tab.get_by_role("button", name="Run again with changes")).to_have_count(0)


def test_budgets_stand_beside_the_costs_and_those_that_may_not_be_read_are_told(page: Page) -> None:
    rows = [
        {"connection": "c", "scope": "per_day", "dag": None, "currency": "USD", "limit": 50, "spent": 12.5},
        {"connection": "c", "scope": "per_dag", "dag": "d", "currency": "CNY", "limit": 10, "spent": 10},
    ]
    airflow = takes(1, budgets={"budgets": rows, "denied": 1, "problem": None})
    airflow.offers = {"facts": True, "budgets": True}
    gallery = airflow.gallery(page)
    gallery.locator("details.figures > summary").click()
    table = gallery.get_by_role("table", name="Budgets")
    expect(table.locator("tbody tr")).to_have_text(
        ["call DAGs, today50.00 USD12.50 37.50 USD", "cd, today10.00 CNY10.00 0.00 CNY"]
    )
    expect(gallery).to_contain_text("You may not read 1 budget of connections and DAGs")
    assert serious_findings(page, "seedance-gallery") == []
    assert airflow.errors == []
