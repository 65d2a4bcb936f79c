"""Cases A9 and A10, and an order in doubt: what comes from outside reaches the pages as it is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from airflow_provider_seedance.simulator import Fault
from tests.ui.browser import Visitors, shot
from tests.ui.node import Node
from tests.ui.still_airflow import URL, StillAirflow
from tests.ui.test_model import READY, assembled, task
from tests.ui.world import World

LIVE = READY | {"url_expires_at": "2099-01-01T00:00:00Z"}
"""For the browser, whose clock is the real one."""

LOGOUT = f"{URL}/api/v2/auth/logout"
OWN = "https://airflow.example.com/sub/seedance-ui/1/dom.js"
RAISED = {"exc_type": "SubmissionUnknownError", "exc_value": "The answer to the order was lost; it may be billed."}
FAILED = {"event": "Task failed with exception", "level": "error", "logger": "task", "error_detail": [RAISED]}

POISONED: list[Any] = [{"toString": 1}, ["x"], True, {"valueOf": None}, {"toJSON": 1}]
NAMES = ("video_id", "width", "height", "status", "model", "vendor", "video_url", "url_expires_at", "cost", "tokens")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.set_default_timeout(30_000)
    yield page
    page.close()


def order(run: str, state: str = "success", **fields: Any) -> dict[str, Any]:
    return task("create", state, run, rendered_fields={"seedance_conn_id": "c", "prompt": f"prompt {run}"} | fields)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", POISONED, ids=repr)
def test_case_a9_a_value_that_is_no_text_and_no_number_breaks_no_other_video(node: Node, name: str, value: Any) -> None:
    tasks = [task("create_a"), task("create_b")]
    videos = assembled(node, tasks, {"create_a": READY | {name: value}, "create_b": READY | {"video_id": "good"}})
    about = {video["create"]["task_id"]: video for video in videos}
    assert about["create_a"]["unreadable"] == [name]
    assert (about["create_b"]["unreadable"], about["create_b"]["id"]) == ([], "good")
    assert about["create_b"]["state"]["group"] == "ready"


def any_value(chance: random.Random, depth: int = 0) -> Any:
    """Any JSON, often of the kinds that break scripts."""
    leaves: list[Any] = [
        None,
        True,
        -1,
        0,
        1e308,
        10**30,
        "",
        "x",
        "\x00",
        "2026-11-21T11:00:00Z",
        LOGOUT,
        "5",
        "queued",
    ]
    names = ("toString", "valueOf", "__proto__", "constructor", "video_id", "length", "then", "total_tokens")
    kind = chance.random()
    if depth > 3 or kind < 0.5:
        return chance.choice(leaves)
    if kind < 0.7:
        return [any_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(names): any_value(chance, depth + 1) for _ in range(chance.randrange(4))}


def test_case_a9_no_xcom_field_or_log_at_all_breaks_what_the_pages_compute(node: Node) -> None:
    chance = random.Random(9)
    facts = [*READY, "usage", "tokens", "cost", "duration", "width", "created_at", "completed_at", "uri"]
    fields = ["seedance_conn_id", "prompt", "model", "duration", "video_id"]
    worlds = []
    for _ in range(300):
        tasks = [
            task(name, chance.choice(["success", "failed", "deferred", None, "skipped"]), f"r{chance.randrange(2)}")
            | {"rendered_fields": {field: any_value(chance) for field in chance.sample(fields, 3)}}
            for name in ("create", "wait", "store", "create_2")
        ]
        told = {each["task_id"]: {name: any_value(chance) for name in facts} for each in tasks}
        worlds.append([tasks, told, any_value(chance)])
    script = """async ([worlds, own, now]) => {
        const intake = await load('intake.js');
        const model = await load('model.js');
        const filters = await load('filters.js');
        const isType = (value, type) => value === null || value === undefined || typeof value === type;
        for (const [tasks, told, log] of worlds) {
            const factsOf = (task) => intake.readFacts('return_value', told[task.task_id]);
            const line = intake.readLogRecord({ event: log, error_detail: [log] }) ?? {};
            const videos = model.assemble(tasks.map(intake.readTask), factsOf, () => true, () => line.error);
            for (const video of videos) {
                const { facts } = video;
                const shown = [video.id, video.prompt, video.model, video.vendor, video.connection, facts.status,
                    model.stateOf(video, now).word, model.playable(facts, now, own), model.still(facts, now, own)];
                if (!shown.every((value) => isType(value, 'string'))) throw new Error(JSON.stringify(video));
                const figures = [video.seconds, facts.width, facts.cost, model.tokensOf(facts),
                    model.waitingSeconds(video, now)];
                if (!figures.every((value) => isType(value, 'number'))) throw new Error(JSON.stringify(video));
                filters.passes(video, { words: 'x y', vendor: '', model: '' });
            }
            model.byDay(videos, now);
        }
        return worlds.length;
    }"""
    assert node.run(script, [worlds, OWN, 1_800_000_000_000]) == 300


@pytest.mark.ui
@pytest.mark.parametrize("name", ["video_id", "width", "model", "url_expires_at"])
def test_case_a9_the_card_of_a_poisoned_xcom_says_so_and_all_others_work(page: Page, name: str) -> None:
    airflow = StillAirflow(
        [order("bad"), order("good")],
        {
            ("bad", "create", "return_value"): LIVE | {name: {"toString": 1}},
            ("good", "create", "return_value"): LIVE | {"video_id": "good"},
        },
    )
    gallery = airflow.gallery(page)
    expect(gallery.locator(".card")).to_have_count(2)
    bad = gallery.locator(".card", has_text="prompt bad")
    good = gallery.locator(".card", has_text="prompt good")
    expect(bad.locator(".note")).to_contain_text(f"not as the provider writes it: {name}.")
    expect(good.locator(".badge")).to_have_text("ready")
    expect(good.locator(".note")).to_have_count(0)
    assert airflow.errors == []


@pytest.mark.ui
@pytest.mark.parametrize("name", ["video_id", "width"])
def test_case_a9_the_tab_of_a_poisoned_xcom_says_so_and_shows_the_rest(page: Page, name: str) -> None:
    facts = LIVE | {"vendor": "byteplus", name: {"toString": 1}}
    airflow = StillAirflow([order("bad")], {("bad", "create", "return_value"): facts})
    tab = airflow.tab(page, "bad", "create")
    expect(tab.locator(".note").first).to_contain_text(f"not as the provider writes it: {name}.")
    expect(tab.locator("dl")).to_contain_text("byteplus")
    assert airflow.errors == []


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://airflow.example.com/api/v2/auth/logout", False),
        ("https://airflow.example.com:443/x.mp4", False),
        ("https://AIRFLOW.example.com/x.mp4", False),
        ("https://airflow.example.com./x.mp4", False),
        ("https:airflow.example.com/x.mp4", False),
        ("https:\\\\airflow.example.com\\x.mp4", False),
        ("http://airflow.example.com/x.mp4", False),  # is redirected to https
        ("https://airflow.example.com/other/place.mp4", False),
        ("https://me:pw@airflow.example.com/x.mp4", False),
        ("https://airflow.example.com:9000/x.mp4", True),
        ("https://media.airflow.example.com/x.mp4", True),
        ("https://airflow.example.com.evil.test/x.mp4", True),
        ("https://x.test/airflow.example.com/x.mp4", True),
    ],
)
def test_case_a10_nothing_of_airflow_s_own_origin_is_played_or_shown(node: Node, url: str, allowed: bool) -> None:
    names = ["video_url", "thumbnail_url", "last_frame_url", "uri"]
    for name in names:
        facts = {name: url}
        shown = [node.call("model.js", kind, facts, 0, OWN) for kind in ("playable", "still", "lastFrame")]
        assert any(shown) is allowed, name
        assert node.call("model.js", "leftAlone", facts, OWN) == ([] if allowed else [name])


@pytest.mark.ui
def test_case_a10_media_at_airflow_s_own_address_are_not_loaded_and_the_pages_say_so(page: Page) -> None:
    facts = LIVE | dict.fromkeys(("video_url", "thumbnail_url", "last_frame_url", "uri"), LOGOUT)
    mixed = LIVE | {"video_id": "mixed", "thumbnail_url": LOGOUT, "last_frame_url": "https://x.test/last.png"}
    airflow = StillAirflow(
        [order("own"), order("mixed")],
        {("own", "create", "return_value"): facts, ("mixed", "create", "return_value"): mixed},
    )
    gallery = airflow.gallery(page)
    own = gallery.locator(".card", has_text="prompt own")
    expect(own.locator(".note")).to_contain_text("Not loaded")
    expect(own.locator("video")).to_have_count(0)
    expect(gallery.locator(".card", has_text="prompt mixed").locator("video")).to_have_attribute(
        "poster", "https://x.test/last.png"
    )
    tab = airflow.tab(page, "own", "create")
    expect(tab.locator(".note").first).to_contain_text("video_url, thumbnail_url, last_frame_url, uri")
    expect(tab.locator("dd code", has_text="logout")).to_be_visible()  # told, but no link
    assert [
        href for href in tab.locator("a").evaluate_all("links => links.map((a) => a.href)") if "logout" in href
    ] == []
    assert [url for url in airflow.asked if "logout" in url] == []


def test_an_order_in_doubt_is_called_so_and_never_a_video_that_does_not_exist(node: Node) -> None:
    error = {"type": "SubmissionUnknownError", "message": "m"}
    (video,) = assembled(node, [task("create", "failed")], {"error": error})
    assert video["state"] == {"group": "doubt", "word": "in doubt"}
    (other,) = assembled(node, [task("create", "failed")], {"error": {"type": "ValueError", "message": "m"}})
    assert other["state"] == {"group": "failed", "word": "failed"}


@pytest.mark.ui
def test_an_order_in_doubt_is_told_in_the_error_s_own_words(page: Page) -> None:
    airflow = StillAirflow(
        [
            order("lost", "failed"),
            task("wait", "upstream_failed", "lost"),
            order("broken", "failed"),
            order("mute", "failed"),
        ],
        logs={
            ("lost", "create"): [{"event": "Submitting.", "logger": "seedance"}, FAILED],
            ("broken", "create"): [FAILED | {"error_detail": [{"exc_type": "KeyError", "exc_value": "'image'"}]}],
        },
    )
    gallery = airflow.gallery(page)
    lost = gallery.locator(".card", has_text="prompt lost")
    expect(lost.locator(".badge")).to_have_text("in doubt")
    expect(lost.locator(".placeholder")).to_have_text("in doubt")
    expect(lost.locator(".said")).to_have_text(RAISED["exc_value"])
    expect(gallery.locator(".card", has_text="prompt broken").locator(".said")).to_have_text("'image'")
    expect(gallery.locator(".card", has_text="prompt mute").locator(".badge")).to_have_text("failed")
    for name in ("create", "wait"):
        tab = airflow.tab(page, "lost", name)
        expect(tab.locator(".placeholder")).to_contain_text("In doubt: the order was sent")
        expect(tab.locator(".placeholder")).to_contain_text(RAISED["exc_value"])
        assert "There is no video" not in tab.inner_text()
    tab = airflow.tab(page, "mute", "create")
    expect(tab.locator(".placeholder")).to_contain_text("The task failed. Its log says why")
    assert airflow.errors == []


@pytest.mark.ui
def test_an_order_whose_answer_was_lost_is_in_doubt_on_a_real_airflow(visitors: Visitors, airflow: World) -> None:
    airflow.simulator.faults.add(Fault("reset_after", vendor="jimmyai", times=2))  # the schedule starts a run, too
    run_id = airflow.trigger("seedance_jimmyai")
    airflow.stack.api.wait_for_task("seedance_jimmyai", run_id, "create", {"failed"})
    window = visitors.page()
    tab = visitors.tab(window, "seedance_jimmyai", run_id, "create")
    expect(tab.locator(".placeholder")).to_contain_text("In doubt: the order was sent")
    expect(tab.locator(".placeholder")).to_contain_text("billed")  # the error's own sentence
    shot(window, "tab-in-doubt")
    gallery = visitors.gallery(window, "?dag=seedance_jimmyai")
    card = gallery.locator(".card", has=window.get_by_text("in doubt")).first
    expect(card.locator(".said")).to_contain_text("billed")
    shot(window, "gallery-in-doubt")
