"""Elements from data: addresses and texts, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.ui.still_airflow import URL, StillAirflow
from tests.ui.test_intake import URLS

pytestmark = pytest.mark.ui


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page at Airflow's address with nothing on it."""
    page = browser.new_page()
    StillAirflow([]).open(page)
    yield page
    page.close()


def attributes(page: Page, url: Any, *names: str) -> list[str | None]:
    """What an element's attributes become, given a URL."""
    script = """async ([url, names]) => {
        const { h } = await import('/seedance-ui/0/dom.js');
        return names.map((name) => h('a', { [name]: url }).getAttribute(name));
    }"""
    found: list[str | None] = page.evaluate(script, [url, names])
    return found


@pytest.mark.parametrize(("url", "safe"), URLS, ids=str)
def test_only_http_urls_become_attributes(page: Page, url: Any, safe: str | None) -> None:
    assert attributes(page, url, "href", "src", "poster") == [safe] * 3


def test_a_link_may_lead_into_airflow_a_picture_may_not(page: Page) -> None:
    assert attributes(page, f"{URL}/dags/d", "href", "src", "poster") == [f"{URL}/dags/d", None, None]


def test_text_never_becomes_markup(page: Page) -> None:
    script = """async (text) => {
        const { h } = await import('/seedance-ui/0/dom.js');
        const element = h('p', { title: text }, text);
        return [element.children.length, element.textContent, element.title];
    }"""
    text = "<img src=x onerror=alert(1)>"
    assert page.evaluate(script, text) == [0, text, text]
