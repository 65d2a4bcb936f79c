"""What a new user does: log in, make a connection, test it, run an example, watch the video come, play it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Locator, Page, expect

from airflow_provider_seedance.simulator import VENDORS, Simulator
from tests.ui.browser import Visitors, serious_findings, shot
from tests.ui.world import World

pytestmark = pytest.mark.ui


def fill_form(
    page: Page, conn_id: str, vendor: str, simulator: Simulator, *, key: str | None = None, in_json: bool = False
) -> None:
    """Makes a connection in the form, as a person does; leaves the form open before it is saved.

    :param in_json: write the extra as JSON: below Airflow 3.2 it has no fields of its own.
    """
    page.get_by_role("button", name="Add Connection").click()
    form = page.get_by_role("dialog")
    form.locator("input[name=connection_id]").fill(conn_id)
    form.get_by_role("combobox").first.click()
    page.keyboard.type("Seedance")
    page.get_by_role("option", name="Seedance", exact=True).click()
    form.locator("input[name=host]").fill(simulator.base_url(vendor))
    form.locator("input[name=password]").fill(key or simulator.api_key)
    port = form.locator("input[name=port]")
    if port.is_visible():  # Airflow 3.3.1 and 3.3.2
        port.fill("0")
    if in_json:
        form.get_by_role("button", name="Extra Fields JSON").click()
        editor = form.locator(".cm-content")
        editor.click()
        page.keyboard.press("ControlOrMeta+A")
        page.keyboard.insert_text(json.dumps({"vendor": vendor, "allow_private_hosts": True}))
        page.keyboard.press("Tab")
        return
    fold = form.get_by_role("button", name="Extra Fields", exact=True)
    if fold.is_visible():  # below Airflow 3.4
        fold.click()
    form.get_by_role("combobox").last.click()
    page.get_by_role("option", name=vendor, exact=True).click()
    # The simulator's files are on this machine.
    form.locator("input[name=element_allow_private_hosts]").evaluate("box => box.click()")


def save_form(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def press_test(page: Page, conn_id: str) -> Locator:
    """Presses the Test button in the row of a connection; returns what Airflow says then."""
    row = page.get_by_role("row").filter(has_text=conn_id)
    row.get_by_role("button", name="Test Connection").click()
    toasts = page.get_by_role("status").filter(has_text="Connection")
    toast = toasts.filter(has_not_text="successfully created").last  # that one may still stand there
    toast.wait_for()
    return toast


def play_the_copy(page: Page) -> None:
    """Plays and downloads what was stored, by the session's cookie."""
    tab = page.locator("seedance-video")
    page.reload()  # days later, say
    copy = tab.locator("video")
    copy.wait_for(timeout=60_000)
    assert "/seedance-api/" in (copy.get_attribute("src") or "")
    copy.evaluate("video => { video.muted = true; video.currentTime = 2; video.play(); }")
    page.wait_for_function("video => video.currentTime > 2.2", arg=copy.element_handle())
    with page.expect_download() as download:
        tab.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".mp4")
    shot(page, "tab-copy")


def look_at_the_run(page: Page, airflow: World, run_id: str) -> None:
    """The tab with the takes of a run."""
    page.goto(f"{airflow.stack.url}/dags/seedance_store/runs/{run_id}/plugin/seedance-videos")
    takes = page.locator("seedance-run-videos")
    expect(takes.locator(".card")).to_have_count(1, timeout=60_000)
    assert serious_findings(page, "seedance-run-videos") == []
    shot(page, "run-of-one")


def test_a_connection_is_made_and_tested_an_example_is_run_and_its_video_is_watched_and_played(
    visitors: Visitors, airflow: World
) -> None:
    page = visitors.page("admin")
    page.goto(f"{airflow.stack.url}/connections")
    fill_form(page, "seedance_byteplus", "byteplus", airflow.simulator)
    shot(page, "connection-form")
    save_form(page)
    expect(press_test(page, "seedance_byteplus")).to_contain_text("The key works")
    shot(page, "connection-test")

    page.goto(f"{airflow.stack.url}/dags/seedance_store")
    page.get_by_role("button", name="Trigger").first.click()
    page.get_by_test_id("trigger-dag-submit").click()
    page.wait_for_url("**/dags/seedance_store/runs/**")
    run_id = page.url.rsplit("/", 1)[1]
    airflow.stack.api.request("PATCH", "/api/v2/dags/seedance_store", json={"is_paused": False})
    page.locator("a[href*='/runs/'][href$='/tasks/wait']").first.click()
    page.get_by_role("link", name="Video", exact=True).click()

    tab = page.locator("seedance-video")
    status = tab.get_by_role("status").first
    expect(status).to_contain_text("generating", timeout=90_000)  # the vendor's word
    expect(tab).to_contain_text("The video isn't there yet")
    expect(tab).to_contain_text("A lighthouse in a storm, slow dolly in")
    expect(tab.locator("dl")).to_contain_text("cgt-")  # the vendor's id
    expect(tab.locator("dl")).to_contain_text("running", timeout=90_000)  # from the log record's own fields
    assert serious_findings(page, "seedance-video") == []
    shot(page, "tab-waiting")

    airflow.simulator.finish(airflow.stack.api.xcom("seedance_store", run_id, "create", "video_id"))
    video = tab.locator("video")
    video.wait_for(timeout=120_000)  # without a reload
    video.evaluate("video => { video.muted = true; video.play(); }")
    page.wait_for_function("video => video.currentTime > 1", arg=video.element_handle())
    assert video.evaluate("video => video.videoWidth") > 0
    expect(status).to_contain_text("stored", timeout=90_000)
    assert video.evaluate("video => video.currentTime") > 1  # the same player: nothing began anew
    expect(tab.locator("dl")).to_contain_text("file:///")
    expect(tab.locator("dl")).to_contain_text("sha256")
    assert serious_findings(page, "seedance-video") == []
    shot(page, "tab-playing")

    play_the_copy(page)
    look_at_the_run(page, airflow, run_id)
    gallery = visitors.gallery(page, "?dag=seedance_store")
    expect(gallery.locator(".card")).to_have_count(1)
    assert airflow.stack.api.wait_for_run("seedance_store", run_id) == "success"
    expect(gallery.locator(".badge")).to_have_text("stored")


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_form_and_its_test_work_for_each_vendor(visitors: Visitors, airflow: World, vendor: str) -> None:
    page = visitors.page("admin")
    page.goto(f"{airflow.stack.url}/connections")
    bills = len(airflow.simulator.ledger)
    fill_form(page, f"form_{vendor}", vendor, airflow.simulator)
    save_form(page)
    expect(press_test(page, f"form_{vendor}")).to_contain_text("Success")
    stored = airflow.stack.api.get(f"/api/v2/connections/form_{vendor}")
    assert json.loads(stored["extra"])["vendor"] == vendor
    assert len(airflow.simulator.ledger) == bills


def test_a_wrong_key_is_told_by_the_test_button_without_the_key(visitors: Visitors, airflow: World) -> None:
    page = visitors.page("admin")
    page.goto(f"{airflow.stack.url}/connections")
    fill_form(page, "form_wrong", "modellix", airflow.simulator, key="sk-wrong-key-of-a-test")
    save_form(page)
    toast = press_test(page, "form_wrong")
    expect(toast).to_contain_text("key")
    expect(toast).not_to_contain_text("sk-wrong-key-of-a-test")


def test_the_form_offers_the_vendors_names_the_fields_and_hides_the_key(visitors: Visitors, airflow: World) -> None:
    page = visitors.page("admin")
    page.goto(f"{airflow.stack.url}/connections")
    fill_form(page, "form_looked_at", "byteplus", airflow.simulator)
    form = page.get_by_role("dialog")
    form.get_by_role("combobox").last.click()
    assert {option.strip() for option in page.get_by_role("option").all_inner_texts()} == set(VENDORS)
    expect(form).to_contain_text("BytePlus is the first party outside China")
    expect(form).to_contain_text("How long to wait for an answer")
    page.get_by_role("option", name="modellix", exact=True).click()
    form.get_by_role("button", name="Standard Fields").click()
    expect(form.get_by_text("Base URL")).to_be_visible()
    expect(form.get_by_text("API key")).to_be_visible()
    expect(form.locator("input[name=password]")).to_have_attribute("type", "password")
    for hidden in ("login", "schema"):
        expect(form.locator(f"input[name={hidden}]")).to_have_count(0)
