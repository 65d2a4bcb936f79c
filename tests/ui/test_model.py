"""What task instances and their XComs say about videos: the pages' own logic, run by Node.js, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.plugins.seedance_ui import STATIC
from tests.ui.node import Node

NOW = "2026-11-21T12:00:00Z"
BEFORE, AFTER = "2026-11-21T11:00:00Z", "2026-11-21T13:00:00Z"


def task(name: str = "create", state: str | None = "success", run: str = "r1", **fields: Any) -> dict[str, Any]:
    operators = {
        "create": "SeedanceCreateVideoOperator",
        "wait": "SeedanceVideoSensor",
        "store": "SeedanceVideoToObjectStorageOperator",
    }
    about: dict[str, Any] = {
        "dag_id": "d",
        "dag_run_id": run,
        "task_id": name,
        "map_index": -1,
        "state": state,
        "operator": operators.get(name.split("_", maxsplit=1)[0], "BashOperator"),
        "run_after": BEFORE,
        "start_date": BEFORE,
        "end_date": None,
        "try_number": 1,
        "rendered_fields": {},
    }
    return about | fields


def assembled(
    node: Node, tasks: list[dict[str, Any]], facts: dict[str, Any], after: dict[str, list[str]] | None = None
) -> list[dict[str, Any]]:
    """The videos that the tasks make: XComs by task id (of any run and index), `after` as a DAG's structure."""
    script = """async ([tasks, facts, after, now]) => {
        const { readFacts, readTask } = await load('intake.js');
        const { assemble, stateOf, waitingSeconds } = await load('model.js');
        const told = (task) => facts[`${task.task_id}/${task.map_index}`] ?? facts[task.task_id];
        const factsOf = (task) => told(task) && readFacts('return_value', told(task));
        const isAfter = (task, earlier) => (after[earlier.task_id] ?? []).includes(task.task_id);
        const errorOf = (task) => task.state === 'failed' ? facts.error : undefined;
        return assemble(tasks.map(readTask), factsOf, isAfter, errorOf).map((video) => ({
            ...video, state: stateOf(video, Date.parse(now)), seconds_waited: waitingSeconds(video, Date.parse(now)),
        }));
    }"""
    found: list[dict[str, Any]] = node.run(script, [tasks, facts, after or {}, NOW])
    return found


def group(node: Node, *tasks: dict[str, Any], **facts: Any) -> str:
    (video,) = assembled(node, list(tasks), facts, {"create": ["wait"], "wait": ["store"]})
    word: str = video["state"]["group"]
    return word


READY = {"video_id": "v", "status": "succeeded", "video_url": "https://x.test/v.mp4", "url_expires_at": AFTER}
EXPIRED = READY | {"url_expires_at": BEFORE}
QUEUED = {"video_id": "v", "status": "queued"}


@pytest.mark.parametrize(
    ("states", "facts", "expected"),
    [
        (("success",), {"create": QUEUED}, "submitted"),
        (("success",), {"create": READY}, "ready"),
        (("success",), {"create": EXPIRED}, "expired"),
        (("success",), {"create": READY | {"uri": "s3://b/v.mp4"}}, "stored"),
        (("success",), {"create": QUEUED | {"status": "failed"}}, "failed"),
        (("success",), {}, "submitted"),
        (("deferred",), {"create": {"video_id": "v"}}, "waiting"),
        ((None,), {}, "waiting"),
        (("awaiting_input",), {}, "waiting"),
        (("failed",), {}, "failed"),
        (("skipped",), {}, "dropped"),
        (("success", "deferred"), {"create": QUEUED}, "waiting"),
        (("success", "success"), {"create": QUEUED, "wait": READY}, "ready"),
        (("success", "success"), {"create": QUEUED, "wait": READY | {"url_expires_at": None}}, "ready"),
        (("success", "failed"), {"create": QUEUED}, "failed"),
        (("failed", "upstream_failed"), {}, "failed"),
        (("success", "skipped"), {"create": QUEUED}, "dropped"),
        (
            ("success", "success", "success"),
            {"create": QUEUED, "wait": EXPIRED, "store": {"uri": "s3://b/v"}},
            "stored",
        ),
        (("success", "success", "failed"), {"create": QUEUED, "wait": READY}, "ready"),
        (("success", "success", "failed"), {"create": QUEUED, "wait": EXPIRED}, "expired"),
    ],
)
def test_where_a_video_stands(node: Node, states: tuple[str | None, ...], facts: dict[str, Any], expected: str) -> None:
    tasks = [task(name, state) for name, state in zip(("create", "wait", "store"), states, strict=False)]
    assert group(node, *tasks, **facts) == expected


def test_a_wait_belongs_to_the_order_with_its_id_whatever_the_dag_looks_like(node: Node) -> None:
    orders = [task("create_a"), task("create_b")]
    waits = [task("wait_x", "deferred", rendered_fields={"video_id": "b"})]
    facts = {"create_a": {"video_id": "a"}, "create_b": {"video_id": "b"}}
    videos = assembled(node, orders + waits, facts, {"create_a": ["wait_x"]})
    assert {video["id"]: video.get("wait", {}).get("task_id") for video in videos} == {"a": None, "b": "wait_x"}


def test_an_id_may_come_as_the_whole_dict_that_the_order_returned(node: Node) -> None:
    for rendered in ({"video_id": "v", "status": "queued"}, "{'status': 'queued', 'video_id': 'v', 'model': None}"):
        (video,) = assembled(
            node, [task("create"), task("wait", "running", rendered_fields={"video_id": rendered})], {"create": QUEUED}
        )
        assert video["wait"]["task_id"] == "wait"


def test_without_an_id_the_task_right_after_the_only_order_waits_for_it(node: Node) -> None:
    (video,) = assembled(node, [task("create"), task("wait", "queued")], {}, {"create": ["wait"]})
    assert video["state"]["word"] == "queued"


def test_without_an_id_a_task_after_two_orders_waits_for_nobody_knows_which(node: Node) -> None:
    tasks = [task("create_a"), task("create_b"), task("wait", "queued")]
    videos = assembled(node, tasks, {}, {"create_a": ["wait"], "create_b": ["wait"]})
    assert [video.get("wait") for video in videos] == [None, None]


def test_mapped_tasks_are_put_together_by_their_index(node: Node) -> None:
    tasks = [task(name, "running", map_index=index) for name in ("create", "wait") for index in range(3)]
    videos = assembled(node, tasks, {}, {"create": ["wait"]})
    assert len(videos) == 3
    assert all(video["create"]["map_index"] == video["wait"]["map_index"] for video in videos)


def test_a_sensor_that_watches_a_video_of_elsewhere_is_a_video_of_its_own(node: Node) -> None:
    (video,) = assembled(node, [task("wait", "deferred", rendered_fields={"video_id": "elsewhere"})], {})
    assert video["id"] == "elsewhere"
    assert video["state"]["group"] == "waiting"


def test_equal_ids_in_two_runs_stay_with_their_runs(node: Node) -> None:
    tasks = [task(name, "success", run=run) for run in ("r1", "r2") for name in ("create", "wait")]
    videos = assembled(node, tasks, {"create": QUEUED, "wait": READY})
    assert sorted((v["create"]["dag_run_id"], v["wait"]["dag_run_id"]) for v in videos) == [("r1", "r1"), ("r2", "r2")]


def test_a_subclass_of_an_operator_is_known_by_its_fields(node: Node) -> None:
    own = task("mine", operator="MyVideoOperator", rendered_fields={"seedance_conn_id": "c", "prompt": "p"})
    assert node.call("model.js", "roleOf", own) == "create"
    assert (
        node.call("model.js", "roleOf", task("other", operator="BashOperator", rendered_fields={"prompt": "p"})) is None
    )


@pytest.mark.parametrize(
    ("function", "value", "told"),
    [
        ("duration", 5, "5 s"),
        ("duration", 200.4, "3 min 20 s"),
        ("duration", 7500, "2 h 5 min"),
        ("duration", None, ""),
        ("shortly", 90, "90 s"),
        ("shortly", 150, "2.5 min"),
        ("bytes", 999, "999 B"),
        ("bytes", 3_481_216, "3.5 MB"),
    ],
)
def test_figures_are_told_in_words(node: Node, function: str, value: Any, told: Any) -> None:
    assert node.call("model.js", function, value) == told


def test_the_wait_is_the_vendor_s_own_if_it_says_so_else_the_tasks(node: Node) -> None:
    times = {"created_at": "2026-11-21T11:00:00Z", "completed_at": "2026-11-21T11:01:30Z"}
    (told,) = assembled(node, [task("create")], {"create": READY | times})
    assert told["seconds_waited"] == 90
    (active,) = assembled(node, [task("create"), task("wait", "deferred")], {}, {"create": ["wait"]})
    assert active["seconds_waited"] == 3600


def test_days_without_videos_are_in_the_charts_too(node: Node) -> None:
    script = """async ([tasks, now]) => {
        const { assemble, byDay } = await load('model.js');
        return byDay(assemble(tasks, () => ({ tokens: 5 })), Date.parse(now)).map((row) => [row.total, row.tokens]);
    }"""
    days = [task("create", run=str(day), start_date=f"2026-11-{day}T12:00:00Z") for day in (17, 17, 20)]
    for number, each in enumerate(days):
        each["dag_run_id"] = str(number)
    assert node.run(script, [days, NOW]) == [[2, 10], [0, 0], [0, 0], [1, 5]]


def test_every_operator_of_the_package_has_a_role() -> None:
    # Beside the pages' own list, so that a new operator isn't forgotten there.
    import inspect
    import pkgutil
    import re
    from importlib import import_module

    import airflow_provider_seedance

    listed = set(re.findall(r"^  (\w+): ", (STATIC / "model.js").read_text(), re.MULTILINE))
    for place in ("operators", "sensors", "transfers", "decorators"):
        folder = STATIC.parents[1] / place
        for module in pkgutil.iter_modules([str(folder)]) if folder.exists() else []:
            found = import_module(f"{airflow_provider_seedance.__name__}.{place}.{module.name}")
            for name, kind in inspect.getmembers(found, inspect.isclass):
                makes_videos = hasattr(kind, "execute") and "Seedance" in name and "Asset" not in name
                if kind.__module__ == found.__name__ and makes_videos:
                    assert name in listed
