"""What is looked for, in which order, and how it stands in the address: run by Node.js, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ui.node import Node

VIDEOS: list[dict[str, Any]] = [
    {"key": name, "dag": dag, "run": run, "model": "m", "vendor": "v", "prompt": prompt, "facts": facts}
    for name, dag, run, prompt, facts in (
        ("a", "shots", "manual__2026-11-26", "A boat", {"cost": 2, "currency": "USD"}),
        ("b", "shots", "scheduled__2026-11-25", "A violin", {"cost": 9, "currency": "CNY"}),
        ("c", "teasers", "manual__2026-11-24", "A boat", {}),
        ("d", "teasers", "manual__2026-11-23", None, {"cost": 3, "currency": "USD"}),
    )
]
TAGS = {"shots": ["film"], "teasers": ["film", "social"]}


def found(node: Node, **filters: str) -> list[str]:
    script = """async ([videos, filters, tags]) => {
        const { filtersOf, passes, shortOf } = await load('filters.js');
        const all = { ...filtersOf(''), ...filters };
        all.star = all.star.split('.').filter(Boolean).map(shortOf).join('.');
        return videos.filter((video) => passes(video, all, (dag) => tags[dag])).map(({ key }) => key);
    }"""
    names: list[str] = node.run(script, [VIDEOS, filters, TAGS])
    return names


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "abcd"),
        ({"dag": "shots"}, "ab"),
        ({"tag": "social"}, "cd"),
        ({"tag": "film"}, "abcd"),
        ({"tag": "nobody has it"}, ""),
        ({"run": "Manual__"}, "acd"),
        ({"run": "2026-11-25", "tag": "social"}, ""),
        ({"words": "boat 2026-11-24"}, "c"),
        ({"only": "1", "star": "b.d"}, "bd"),
        ({"only": "1"}, ""),
        ({"star": "b"}, "abcd"),  # favourites alone narrow nothing
    ],
)
def test_only_what_is_looked_for_is_found(node: Node, filters: dict[str, str], expected: str) -> None:
    assert "".join(found(node, **filters)) == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", "abcd"),
        ("oldest", "dcba"),
        ("wait", "cabd"),  # whose wait nobody knows comes last
        ("cost", "bdac"),  # by currency, since amounts of two can't be compared; what cost nothing comes last
    ],
)
def test_the_order_is_the_one_that_was_asked_for(node: Node, sort: str, expected: str) -> None:
    script = """async ([videos, sort]) => {
        const { sorted } = await load('filters.js');
        const waits = { a: 5, b: 1, c: 60, d: null };
        return sorted(videos, sort, ({ key }) => waits[key]).map(({ key }) => key).join('');
    }"""
    assert node.run(script, [VIDEOS, sort]) == expected


def test_the_takes_of_a_run_come_by_task_pass_and_index(node: Node) -> None:
    script = """async ([places]) => {
        const { inRunOrder } = await load('filters.js');
        const videos = places.map(([at, task_id, map_index, pass]) => ({ at, create: { task_id, map_index, pass } }));
        return inRunOrder(videos).map(({ create }) => [create.task_id, create.map_index, create.pass ?? null]);
    }"""
    places = [
        ["10:05", "teaser", -1, None],
        ["10:04", "take", 0, None],
        ["10:03", "take", 10, None],
        ["10:02", "take", 2, None],
        ["10:06", "loop", -1, 1],
        ["10:01", "loop", -1, 0],
    ]
    assert [list(each) for each in node.run(script, [places])] == [
        ["loop", -1, 0],
        ["loop", -1, 1],
        ["take", 0, None],
        ["take", 2, None],
        ["take", 10, None],
        ["teaser", -1, None],
    ]


def test_what_is_looked_for_is_kept_in_the_address_and_read_from_it(node: Node) -> None:
    script = """async ([href, filters]) => {
        const { addressWith, filtersOf } = await load('filters.js');
        const kept = addressWith(href, { ...filtersOf(''), ...filters });
        return [kept.href, filtersOf(kept.search)];
    }"""
    wanted = {
        "tag": "a&b",
        "run": "manual__2026-11-26T10:00:00+00:00",
        "sort": "cost",
        "star": "x.y",
        "only": "1",
        "days": "",
    }
    href, read = node.run(script, ["https://airflow.test/plugin/seedance?state=failed&own=1", wanted])
    assert {name: read[name] for name in wanted} == wanted
    assert read["state"] == ""
    assert "own=1" in href  # what else stands there isn't ours


def test_of_a_run_s_tab_only_favourites_and_the_open_video_are_in_the_address(node: Node) -> None:
    script = """async () => {
        const { addressWith, filtersOf } = await load('filters.js');
        const read = filtersOf('?dag=d&star=x&open=y&days=1', true);
        const href = 'https://airflow.test/dags/d/runs/r?page=2';
        return [read, addressWith(href, { ...read, words: 'boat' }, true).search];
    }"""
    read, search = node.run(script)
    assert (read["dag"], read["star"], read["open"], read["days"]) == ("", "x", "y", "")
    assert search == "?page=2&star=x&open=y"


def test_a_favourite_is_added_and_taken_out_again_and_no_two_videos_share_its_name(node: Node) -> None:
    script = """async () => {
        const { shortOf, starred } = await load('filters.js');
        const names = new Set();
        for (let run = 0; run < 3000; run += 1) {
            for (const task of ['create', 'create_2']) {
                for (const index of [-1, 0, 1]) {
                    names.add(shortOf(JSON.stringify(['dag', `manual__${run}`, task, index])));
                }
            }
        }
        const many = Array.from({ length: 300 }, (_, index) => `n${index}`).reduce(starred, '');
        const plain = [...names].every((name) => /^[a-z0-9]{5,12}$/.test(name));
        return [names.size, plain, starred(starred('a.b', 'c'), 'a'), many.split('.').length];
    }"""
    assert node.run(script) == [18000, True, "b.c", 200]
