"""The gallery with 50 videos in all states."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.ui.browser import NARROW, WIDE, Visitors, serious_findings, shot
from tests.ui.seed import COURSES, MARKUP
from tests.ui.world import World

pytestmark = pytest.mark.ui

ALL = "?dag=ui_gallery"


def overflow(page: Page) -> int:
    """Pixels by which the page's content is wider than the page."""
    found: int = page.locator("seedance-gallery").evaluate("page => page.scrollWidth - page.clientWidth")
    return found


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_fifty_videos_of_all_states_are_shown_in_every_theme_and_width(
    visitors: Visitors, theme: str, width: int
) -> None:
    page = visitors.page(theme=theme, width=width)
    gallery = visitors.gallery(page, ALL)
    expect(gallery.get_by_role("status")).to_have_text("50 of 50 videos")
    background = gallery.evaluate("page => getComputedStyle(page.shadowRoot.querySelector('.badge')).color")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == theme
    assert overflow(page) <= 0
    assert serious_findings(page, "seedance-gallery") == []
    shot(page, f"gallery-{theme}-{width}")
    gallery.locator(".card").first.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # for the pictures
    shot(page, f"gallery-{theme}-{width}-cards")
    assert background
    gallery.locator("details.figures > summary").click()
    gallery.locator(".chart").first.wait_for()
    assert overflow(page) <= 0
    assert serious_findings(page, "seedance-gallery") == []


def test_each_state_is_counted_and_can_be_filtered_for(visitors: Visitors) -> None:
    gallery = visitors.gallery(visitors.page(), ALL)
    tiles = {
        tile.get_attribute("data-group"): int(tile.locator(".count").inner_text())
        for tile in gallery.locator(".tile:not([hidden])").all()
    }
    assert set(tiles) == {"waiting", "ready", "stored", "expired", "failed", "dropped"}
    assert sum(tiles.values()) == 50
    failed = [course for course in COURSES if "failed" in course[:2]]
    assert tiles["failed"] == sum(50 // len(COURSES) + (COURSES.index(course) < 50 % len(COURSES)) for course in failed)
    gallery.locator(".tile.failed").click()
    expect(gallery.locator(".card")).to_have_count(tiles["failed"])
    assert set(gallery.locator(".badge").all_inner_texts()) == {"failed"}


def test_filters_narrow_the_list_and_live_in_the_address(visitors: Visitors, airflow: World) -> None:
    page = visitors.page()
    gallery = visitors.gallery(page, ALL)
    gallery.get_by_label("Vendor").select_option("byteplus")
    models = {text.split(" · ")[0] for text in gallery.locator(".card .body > p:nth-of-type(2)").all_inner_texts()}
    assert models == {"byteplus"}
    gallery.get_by_role("searchbox").fill("dancer warehouse")
    expect(gallery.locator(".card").first).to_contain_text("A dancer in an empty warehouse")
    assert "vendor=byteplus" in page.url
    shown = gallery.locator(".card").count()
    page.reload()
    visitors.wait_until_read(gallery)
    expect(gallery.locator(".card")).to_have_count(shown)
    expect(gallery.get_by_label("Vendor")).to_have_value("byteplus")
    gallery.get_by_role("searchbox").fill("no such words anywhere")
    expect(gallery).to_contain_text("No video passes the filters.")


def test_the_charts_have_their_numbers_as_tables(visitors: Visitors) -> None:
    gallery = visitors.gallery(visitors.page(), ALL)
    gallery.locator("details.figures > summary").click()
    charts = gallery.locator(".chart")
    charts.first.wait_for()
    assert charts.locator("figcaption").all_inner_texts() == [
        "Videos per day",
        "Waiting time, median per day",
        "Tokens per day",
    ]
    charts.first.get_by_text("As a table").click()
    cells = charts.first.locator("tbody td").all_inner_texts()
    assert sum(int(cell) for cell in cells if cell) == 50


def test_it_can_be_used_with_the_keyboard_alone(visitors: Visitors) -> None:
    page = visitors.page()
    gallery = visitors.gallery(page, ALL)
    focused = "document.querySelector('seedance-gallery').shadowRoot.activeElement?.className"
    gallery.get_by_label("Favourites only").focus()
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "tile waiting"
    page.keyboard.press("Space")
    expect(gallery.locator(".tile.waiting")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(focused) == "tile waiting"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "title":
            break
    page.keyboard.press("Enter")
    opened = gallery.get_by_role("dialog")
    expect(opened).to_contain_text("The video isn't there yet")
    expect(opened.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the link to the task
    page.wait_for_url("**/plugin/seedance-video**")
    expect(page.locator("seedance-video")).to_contain_text("The video isn't there yet")


def test_a_prompt_that_is_markup_is_only_text(visitors: Visitors, airflow: World) -> None:
    page = visitors.page()
    gallery = visitors.gallery(page, ALL + "&words=onerror")
    expect(gallery.locator(".card").first).to_contain_text("<img src=x onerror=")
    assert gallery.locator("img").count() == 0
    tab = visitors.tab(page, "ui_gallery", f"seeded__{MARKUP:04}", "one_task")
    expect(tab.locator(".prompt")).to_contain_text("<img src=x onerror=")
    assert page.title() != "broken"


def test_a_new_video_appears_and_becomes_ready_without_a_reload(visitors: Visitors, airflow: World) -> None:
    page = visitors.page()
    gallery = visitors.gallery(page, "?dag=seedance_modellix")
    expect(gallery.locator(".card")).to_have_count(0)
    run_id = airflow.trigger("seedance_modellix")
    cards = gallery.locator(".card")
    expect(cards.first.locator(".badge")).to_have_class("badge waiting", timeout=90_000)
    before = cards.first.locator(".waited").inner_text()
    expect(cards.first.locator(".waited")).not_to_have_text(before)  # it counts on
    shot(page, "gallery-live")
    airflow.stack.api.wait_for_task("seedance_modellix", run_id, "wait", {"deferred"})
    airflow.simulator.finish(airflow.stack.api.xcom("seedance_modellix", run_id, "create", "video_id"))
    expect(cards.first.locator(".badge")).to_have_class("badge ready", timeout=120_000)
    expect(cards.first.locator("video")).to_have_count(1)


def test_a_link_that_expired_shows_the_stored_copy_or_how_to_get_a_new_one(visitors: Visitors) -> None:
    page = visitors.page()
    kept = COURSES.index(("success", "expired", "success"))
    tab = visitors.tab(page, "ui_gallery", f"seeded__{kept:04}", "wait")
    expect(tab).to_contain_text("The vendor's link expired")
    expect(tab).to_contain_text("Your copy is at s3://videos/")
    assert tab.locator("video").count() == 0
    shot(page, "tab-expired-stored")
    lost = COURSES.index(("success", "expired", "failed"))
    tab = visitors.tab(page, "ui_gallery", f"seeded__{lost:04}", "wait")
    expect(tab).to_contain_text("No stored copy is known in this run")
    expect(tab).to_contain_text("reads the video again, which costs nothing")
    assert serious_findings(page, "seedance-video") == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_tab_fits_a_narrow_screen(visitors: Visitors, theme: str) -> None:
    page = visitors.page(theme=theme, width=NARROW)
    tab = visitors.tab(page, "ui_gallery", "seeded__0000", "wait")
    tab.locator("video").wait_for()
    tab.evaluate("page => page.scrollIntoView({ inline: 'start' })")  # Airflow's page of a DAG is 1280 pixels wide
    box = tab.locator(".page").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= NARROW
    assert tab.locator(".page").evaluate("page => page.scrollWidth - page.clientWidth") <= 0
    assert serious_findings(page, "seedance-video") == []
    shot(page, f"tab-{theme}-{NARROW}")


def test_every_task_of_a_video_shows_the_whole_of_it(visitors: Visitors) -> None:
    page = visitors.page()
    for task in ("create", "wait", "store"):
        tab = visitors.tab(page, "ui_gallery", "seeded__0000", task)
        tab.locator("video").wait_for()
        expect(tab.locator(".prompt")).to_contain_text("A paper boat in the rain")
        expect(tab.locator(".tasks li")).to_have_count(3)
        expect(tab.locator("dl")).to_contain_text("s3://videos/")
    shot(page, "tab-stored")


@pytest.fixture(scope="module")
def batch(airflow: World) -> str:
    """A run of the example with mapped tasks, in which all videos are ordered."""
    run_id = airflow.trigger("seedance_batch")
    for index in range(3):
        airflow.stack.api.wait_for_task("seedance_batch", run_id, "create", {"success"}, map_index=index)
    return run_id


def test_a_task_of_another_kind_says_that_it_makes_no_video(visitors: Visitors, batch: str) -> None:
    tab = visitors.tab(visitors.page(), "seedance_batch", batch, "prompts")
    expect(tab).to_contain_text("This task makes no video")


def test_a_mapped_task_shows_the_video_of_its_index(visitors: Visitors, airflow: World, batch: str) -> None:
    page = visitors.page()
    video_id = airflow.stack.api.xcom("seedance_batch", batch, "create", "video_id", map_index=1)
    for task in ("create", "wait"):
        tab = visitors.tab(page, "seedance_batch", batch, f"{task}/mapped/1")
        expect(tab.locator(".prompt")).to_contain_text("violin", timeout=60_000)
        expect(tab.locator("dl")).to_contain_text(video_id)
