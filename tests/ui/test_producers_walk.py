"""A producer's days with it, as docs/producers-walk.md tells them, and the film of the README."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from airflow_provider_seedance.plugins.seedance_ui import API_PREFIX
from tests.stack.conftest import teller
from tests.ui.auth import GUEST
from tests.ui.browser import PICTURES, RENEW, SHOTS, Visitors, serious_findings, shot
from tests.ui.film import Film
from tests.ui.world import World, bare_world

pytestmark = pytest.mark.ui

DAG_ID = "autumn_campaign"
PROMPT = "A lighthouse in a storm at dusk, waves over the pier, slow dolly in"
PRICES = {"dreamina-seedance-2-0-fast-260128": {"per_second": 0.06, "currency": "USD"}}
BUDGETS = {"per_day": {"USD": 5}, "per_dag": {"USD": 2}}
LEDGER = "seedance_ledger"
MOST_BYTES, MOST_SECONDS = 3_000_000, 120


@pytest.fixture(scope="module")
def studio(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An Airflow with one connection, which has prices and budgets; a ledger in a database; and a second user."""
    home = tmp_path_factory.mktemp("studio")
    env = {
        f"AIRFLOW_CONN_{LEDGER.upper()}": json.dumps({"conn_type": "sqlite", "host": str(home / "ledger.db")}),
        "AIRFLOW__SEEDANCE__LEDGER_CONN_ID": LEDGER,
        "AIRFLOW__CORE__AUTH_MANAGER": "tests.ui.auth.PerDagAuthManager",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"admin:admin,{GUEST}:viewer",
    }
    with bare_world(home, teller(request), env=env) as found:
        found.stack.run("-m", "airflow_provider_seedance.ledger", "migrate", "--conn-id", LEDGER)
        made = json.loads(found.simulator.connection_json("byteplus", prices=PRICES, budgets=BUDGETS))
        body = {"connection_id": "seedance_studio", **made, "extra": json.dumps(made["extra"])}
        found.stack.api.request("POST", "/api/v2/connections", json=body)
        found.stack.api.wait_for_dag(DAG_ID)
        found.stack.api.request("PATCH", f"/api/v2/dags/{DAG_ID}", json={"is_paused": False})
        yield found


@pytest.fixture
def producer(browser: Browser, studio: World, request: pytest.FixtureRequest) -> Iterator[Visitors]:
    """Opens pages; one that raised an error fails the test."""
    producer = Visitors(browser, studio)
    failed = request.session.testsfailed
    yield producer
    if request.session.testsfailed > failed:
        producer.keep_what_is_open("failed-walk")
    producer.close()
    assert producer.errors == []


def two_days_later(page: Page, studio: World) -> None:
    """Moves the clocks of vendor and Airflow; the page goes by Airflow's."""
    late = timedelta(days=2)
    studio.simulator.advance(late.total_seconds())

    def answer(route: Route) -> None:
        found = route.fetch()
        date = parsedate_to_datetime(found.headers["date"]) + late
        headers = {
            name: value for name, value in found.headers.items() if name not in ("content-encoding", "content-length")
        }
        route.fulfill(response=found, headers=headers | {"date": format_datetime(date, usegmt=True)})

    page.route("**/api/v2/**", answer)


def film_playing(page: Page, film: Film, words: str) -> None:
    """Films the first video of the page while it plays."""
    clip = page.locator("video").first
    for second in (0.4, 1.2, 2.0, 2.8):
        page.wait_for_function("([video, at]) => video.currentTime > at", arg=[clip.element_handle(), second])
        film.take(page, words, 0.8)


@dataclass
class Walk:
    """One run of the DAG, and the browser that looks at it."""

    producer: Visitors
    studio: World
    page: Page
    film: Film = field(default_factory=Film)
    run_id: str = ""

    def order(self) -> None:
        page, film = self.page, self.film
        page.goto(f"{self.studio.stack.url}/dags/{DAG_ID}")
        page.get_by_role("button", name="Trigger").first.click()
        prompt = page.get_by_role("dialog").locator("[name='element_prompt']").first
        prompt.wait_for()
        film.take(page, "A DAG asks for a prompt", 3)
        for part in (PROMPT[:30], PROMPT):
            prompt.fill(part)
            film.take(page, "Write the prompt", 2)
        shot(page, "walk-1-trigger")
        page.get_by_test_id("trigger-dag-submit").click()
        page.wait_for_url(f"**/dags/{DAG_ID}/runs/**")
        self.run_id = page.url.split("/runs/")[1].split("/")[0].split("?")[0]

    def watch(self) -> None:
        page, film, api = self.page, self.film, self.studio.stack.api
        self.each_take("create", "deferred")
        gallery = self.producer.gallery(page, f"?dag={DAG_ID}")
        expect(gallery.locator(".card")).to_have_count(3)
        expect(gallery.locator(".card").first).to_contain_text("A lighthouse in a storm at dusk")
        film.take(page, "Three takes are ordered; no worker slot is held while they wait", 4)
        expect(gallery.locator(".badge", has_text="generating")).to_have_count(3, timeout=120_000)
        film.take(page, "The vendor makes them", 3)
        shot(page, "walk-2-watch")
        for index in range(3):
            self.studio.simulator.finish(str(api.xcom(DAG_ID, self.run_id, "create", "video_id", index)))
        self.each_take("land", "success")
        expect(gallery.locator(".badge.stored")).to_have_count(3, timeout=120_000)
        expect(gallery.locator(".cards[aria-busy=false] .card video")).to_have_count(3)
        page.wait_for_timeout(1000)  # for the pictures
        film.take(page, "Each is stored before its link dies", 3)

    def compare(self) -> None:
        page = self.page
        page.goto(f"{self.studio.stack.url}/dags/{DAG_ID}/runs/{self.run_id}/plugin/seedance-videos")
        takes = page.locator("seedance-run-videos")
        expect(takes.locator(".card")).to_have_count(3, timeout=60_000)
        for number in range(3):
            takes.locator(".card video").nth(number).wait_for()
        page.wait_for_timeout(1000)  # for the pictures
        shot(page, "run-videos")
        for box in takes.get_by_role("checkbox", name="Compare").all():
            box.check()
        takes.get_by_role("button", name="Play all").click()
        takes.locator(".compare").scroll_into_view_if_needed()
        film_playing(page, self.film, "The takes of the run, side by side")
        shot(page, "walk-3-compare")

    def choose(self) -> None:
        page, api = self.page, self.studio.stack.api
        api.wait_for_task(DAG_ID, self.run_id, "choose", {"awaiting_input", "deferred"}, timeout=120)
        page.goto(f"{self.studio.stack.url}/dags/{DAG_ID}/runs/{self.run_id}/tasks/choose/required_actions")
        page.get_by_role("button", name="Seed 12").wait_for()
        page.get_by_role("link", name="hand_on").first.wait_for()
        page.get_by_role("link", name="Required Action").first.wait_for()
        shot(page, "walk-4-choose")
        self.film.take(page, "Choose one", 3)
        page.get_by_role("button", name="Seed 12").click()
        assert api.wait_for_run(DAG_ID, self.run_id) == "success"
        chosen = api.xcom(DAG_ID, self.run_id, "land", "return_value", 1)
        assert api.xcom(DAG_ID, self.run_id, "hand_on") == chosen["uri"]

    def play_again(self) -> None:
        page = self.page
        url = f"{self.studio.stack.url}/dags/{DAG_ID}/runs/{self.run_id}/tasks/land/mapped/1/plugin/seedance-video"
        page.goto(url)
        tab = page.locator("seedance-video")
        tab.locator("video").wait_for(timeout=60_000)
        assert "/seedance-api/" in (tab.locator("video").get_attribute("src") or "")
        expect(tab.locator("dl")).to_contain_text(re.compile(r"\((yesterday|.* ago)\)"))  # the vendor's link died
        expect(tab.locator("dl")).to_contain_text("0.3 USD")
        tab.locator("video").evaluate("video => { video.muted = true; video.play(); }")
        film_playing(page, self.film, "Two days later the vendor's link is dead; your copy plays")
        shot(page, "walk-6-two-days-later")
        assert serious_findings(page, "seedance-video") == []
        with page.expect_download() as download:
            tab.get_by_role("link", name="Download").click()
        assert download.value.suggested_filename.endswith(".mp4")

    def see_the_cost(self) -> None:
        budgets = self.budgets(self.page)
        rows = budgets.get_by_role("table").locator("tbody tr")
        day, dag = "all DAGs, today", f"{DAG_ID}, today"
        expect(rows).to_have_text(
            [f"seedance_studio{dag}2.00 USD0.90 1.10 USD", f"seedance_studio{day}5.00 USD0.90 4.10 USD"]
        )
        expect(self.page.locator("seedance-gallery .chart", has_text="Spent by dag")).to_contain_text("0.90 USD")
        shot(self.page, "walk-5-cost")
        self.film.take(self.page, "What it cost, and what is left of the budgets", 4)

    def budgets_of_others(self) -> None:
        """A viewer sees the budgets of DAGs, but not of a connection; nobody sees none."""
        budgets = self.budgets(self.producer.page(GUEST))
        expect(budgets.get_by_role("table").locator("tbody tr")).to_have_count(1)
        expect(budgets).to_contain_text(f"{DAG_ID}, today")
        expect(budgets).to_contain_text("You may not read 1 budget of connections and DAGs.")
        nobody = httpx.get(f"{self.studio.stack.url}{API_PREFIX}/budgets", trust_env=False, timeout=60)
        assert nobody.status_code == 401

    def budgets(self, page: Page) -> Locator:
        gallery = self.producer.gallery(page, f"?dag={DAG_ID}")
        gallery.locator("summary", has_text="Charts").click()
        gallery.get_by_role("table", name="Budgets").wait_for()
        return gallery.locator(".budgets")

    def each_take(self, task_id: str, state: str) -> None:
        for index in range(3):
            api = self.studio.stack.api
            api.wait_for_task(DAG_ID, self.run_id, task_id, {state}, map_index=index, timeout=240)


def test_a_producer_orders_compares_chooses_and_plays_two_days_later(producer: Visitors, studio: World) -> None:
    walk = Walk(producer, studio, producer.page("admin"))
    walk.order()
    walk.watch()
    walk.compare()
    walk.choose()
    walk.see_the_cost()
    walk.budgets_of_others()
    two_days_later(walk.page, studio)
    walk.play_again()
    place = PICTURES / "prompt-to-copy.gif" if os.environ.get(RENEW) else SHOTS / "prompt-to-copy.gif"
    walk.film.keep(place)
    assert place.stat().st_size < MOST_BYTES
    assert walk.film.seconds <= MOST_SECONDS
