"""The plugin's own list of tasks, in a browser, with Airflow's answers given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.still_airflow import StillAirflow
from tests.ui.test_model import READY, task

pytestmark = pytest.mark.ui


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(30_000)
    yield page
    page.close()


def videos(count: int, **offers: bool) -> StillAirflow:
    xcoms: dict[Any, Any] = {(f"r{n}", "create", "return_value"): READY | {"video_id": f"v{n}"} for n in range(count)}
    return StillAirflow(
        [task("create", "success", f"r{n}") for n in range(count)], xcoms, offers={"facts": True, **offers}
    )


def test_where_the_plugin_lists_tasks_they_come_in_few_answers(page: Page) -> None:
    airflow = videos(1200, tasks=True)
    gallery = airflow.gallery(page)
    expect(gallery.get_by_role("status")).to_have_text("500 of 500 videos")
    gallery.get_by_role("button", name="Read older ones").click()
    expect(gallery.get_by_role("status")).to_have_text("1000 of 1000 videos")
    assert not [url for url in airflow.asked if "/api/v2/dags/~" in url]
    assert len([url for url in airflow.asked if "/seedance-api/0/tasks/~" in url]) <= 8
    assert airflow.errors == []


def test_where_that_fails_airflow_s_own_list_is_asked(page: Page) -> None:
    airflow = videos(3, tasks=True)
    airflow.own_list_fails = True
    gallery = airflow.gallery(page)
    expect(gallery.locator(".card")).to_have_count(3)
    assert [url for url in airflow.asked if "/api/v2/dags/~" in url] != []
    assert airflow.errors == []
