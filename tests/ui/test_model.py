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
    node: Node,
    tasks: list[dict[str, Any]],
    facts: dict[str, Any],
    after: dict[str, list[str]] | None = None,
    logs: dict[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """The videos that the tasks make: XComs by task id (of any run and index), `after` as a DAG's structure.

    :param facts: a task's `return_value` (of those that have not succeeded: `video_id`), in it `served` as the route
        for facts has it; its `seedance_asked` beside it as `TASK request`.
    :param logs: the last log record by task id.
    """
    script = """async ([tasks, facts, after, now, logs]) => {
        const { readFacts, readLogRecord, readServed, readTask } = await load('intake.js');
        const { merged } = await load('api.js');
        const { assemble, stateOf, waitingSeconds } = await load('model.js');
        const told = (task) => facts[`${task.task_id}/${task.map_index}`] ?? facts[task.task_id];
        const request = (task) => facts[`${task.task_id} request`];
        const factsOf = (task) => (told(task) || request(task)) && merged([
            readFacts('return_value', told(task) ?? {}), readFacts('seedance_asked', request(task) ?? {}),
            { served: readServed(told(task)?.served) },
        ]);
        const pollOf = (task) => logs[task.task_id] && readLogRecord(logs[task.task_id]).poll;
        const isAfter = (task, earlier) => (after[earlier.task_id] ?? []).includes(task.task_id);
        const errorOf = (task) => task.state === 'failed' ? facts.error : undefined;
        return assemble(tasks.map(readTask), factsOf, isAfter, errorOf, pollOf).map((video) => ({
            ...video, state: stateOf(video, Date.parse(now)), seconds_waited: waitingSeconds(video, Date.parse(now)),
        }));
    }"""
    found: list[dict[str, Any]] = node.run(script, [tasks, facts, after or {}, NOW, logs or {}])
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
        (("success",), {"create": QUEUED}, "orphan"),
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
        (("success", "success", "failed"), {"create": QUEUED, "wait": READY}, "risk"),
        (("success", "success", "upstream_failed"), {"create": QUEUED, "wait": READY}, "risk"),
        (("success", "success", "up_for_retry"), {"create": QUEUED, "wait": READY}, "ready"),
        (("deferred",), {"create request": {"model": "m", "outcome": "no_room"}}, "room"),
        (("deferred",), {"create": {"video_id": "v"}, "create request": {"outcome": "no_room"}}, "waiting"),
        (("failed",), {"create request": {"outcome": "in_doubt"}}, "doubt"),
        (("failed",), {"create request": {"outcome": "no_room"}}, "failed"),
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
    assert video["state"]["word"] == "ordered"


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


def test_what_was_asked_for_comes_from_the_create_task_s_xcom_where_there_are_no_rendered_fields(node: Node) -> None:
    asked = {"prompt": "A boat", "model": "m", "seed": 7, "ratio": "9:16", "resolution": "720p", "duration": 5}
    media = {"first_frame": "https://x.test/a.png", "reference_images": ["asset://a", "https://x.test/b.png"]}
    request = asked | media | {"seedance_conn_id": "c", "generate_audio": True}
    (video,) = assembled(node, [task("create", "running")], {"create request": request})
    assert (video["prompt"], video["model"], video["seconds"], video["connection"]) == ("A boat", "m", 5, "c")
    assert (video["asked"]["seed"], video["asked"]["ratio"], video["asked"]["generate_audio"]) == (7, "9:16", "true")
    assert video["asked"]["first_frame"] == ["https://x.test/a.png"]
    assert video["asked"]["reference_images"] == ["asset://a", "https://x.test/b.png"]


@pytest.mark.parametrize(
    ("state", "facts"),
    [
        ("deferred", {"create request": {"seedance_conn_id": "second"}}),
        ("success", {"create": {"video_id": "v", "seedance_conn_id": "second"}}),
        ("success", {"create": {"video_id": "v", "seedance_conn_id": "second"}, "create request": {"model": "m"}}),
    ],
)
def test_after_a_fail_over_the_connection_is_the_one_that_has_the_video(
    node: Node, state: str, facts: dict[str, Any]
) -> None:
    create = task("create", state, rendered_fields={"seedance_conn_id": "first", "prompt": "p"})
    (video,) = assembled(node, [create], facts)
    assert video["connection"] == "second"


def test_until_anything_is_told_the_connection_is_the_task_s_first_one(node: Node) -> None:
    (video,) = assembled(node, [task("create", "running", rendered_fields={"seedance_conn_id": "first"})], {})
    assert video["connection"] == "first"


def test_the_words_of_seedance_2_5_are_part_of_the_request(node: Node) -> None:
    asked = {"model": "m", "task": "extend", "draft": True, "draft_id": "cgt-1", "output_format": "mov"}
    (video,) = assembled(node, [task("create", "running")], {"create request": asked})
    script = "async ([video]) => { const { requestOf } = await load('model.js'); return requestOf(video); }"
    assert node.run(script, [video]) == asked


@pytest.mark.parametrize(
    ("state", "fields", "keys"),
    [
        ("success", {"prompt": "p"}, ["return_value"]),
        ("success", {}, ["return_value", "seedance_asked"]),
        ("deferred", {"prompt": "p"}, ["video_id", "seedance_asked"]),
        ("failed", {"prompt": "p"}, ["video_id", "seedance_asked"]),
        ("running", {}, ["seedance_asked"]),
        ("running", {"prompt": "p"}, []),
    ],
)
def test_no_xcom_is_asked_for_that_says_nothing_new(
    node: Node, state: str, fields: dict[str, Any], keys: list[str]
) -> None:
    assert node.call("model.js", "xcomKeysFor", task("create", state, rendered_fields=fields)) == keys
    (unknown,) = assembled(node, [task("create", state, rendered_fields=fields)], {})
    assert unknown["state"]["group"] != "orphan"  # what has not been read is not known


def test_nobody_waits_only_if_no_other_wait_of_the_run_may_be_for_it(node: Node) -> None:
    (video,) = assembled(node, [task("create"), task("wait", "queued")], {"create": QUEUED})
    assert video["state"]["group"] == "submitted"
    videos = assembled(node, [task("create"), task("wait", "queued", run="r2")], {"create": QUEUED})
    states = {video["tasks"][0]["task_id"]: video["state"] for video in videos}
    assert states["create"] == {"group": "orphan", "word": "nobody waits for it"}


def test_nobody_waits_is_not_said_of_runs_whose_waiting_tasks_have_not_all_been_read(node: Node) -> None:
    script = """async ([task, facts, from]) => {
        const { assemble, stateOf } = await load('model.js');
        const [video] = assemble([task], () => facts, undefined, undefined, undefined, Date.parse(from));
        return stateOf(video, 0).group;
    }"""
    assert node.run(script, [task("create"), QUEUED, "2026-11-21T10:00:00Z"]) == "orphan"
    assert node.run(script, [task("create"), QUEUED, BEFORE]) == "submitted"
    assert node.run(script, [task("create", run_after=None), QUEUED, BEFORE]) == "submitted"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, ""),
        ({"map_index": 0}, "index 0"),
        ({"map_index": 12}, "index 12"),
        ({"map_index": -1}, ""),
    ],
)
def test_a_card_tells_a_mapped_take_from_its_siblings(node: Node, fields: dict[str, Any], told: str) -> None:
    (video,) = assembled(node, [task("create", **fields)], {})
    assert node.call("model.js", "takeOf", video) == told


def test_a_take_is_told_by_whichever_of_its_tasks_is_mapped_or_in_a_loop(node: Node) -> None:
    rendered = {"video_id": "v"}
    (video,) = assembled(
        node, [task("create"), task("wait", map_index=3, rendered_fields=rendered)], {"create": QUEUED, "wait": READY}
    )
    assert node.call("model.js", "takeOf", video) == "index 3"
    (video,) = assembled(node, [in_a_loop("create", 1, map_index=2)], {})
    assert node.call("model.js", "takeOf", video) == "index 2, pass 2"


def test_of_several_copies_the_one_is_played_whose_address_is_shown(node: Node) -> None:
    """The create task has landed the video itself, and another one lands it once more, with its last frame."""
    landed = {"video_id": "v", "uri": "s3://b/second.mp4", "last_frame_uri": "s3://b/last.png"}
    tasks = [task("create"), task("store", rendered_fields={"video_id": "v"})]
    (video,) = assembled(node, tasks, {"create": READY | {"uri": "s3://b/first.mp4"}, "store": landed})
    assert video["facts"]["uri"] == "s3://b/second.mp4"
    assert (video["keeper"]["task_id"], video["frameKeeper"]["task_id"]) == ("store", "store")
    (video,) = assembled(node, tasks, {"create": READY, "store": landed | {"last_frame_uri": None}})
    assert (video["keeper"]["task_id"], video["frameKeeper"]) == ("store", None)
    (video,) = assembled(node, tasks, {"create": READY | {"uri": "s3://b/first.mp4"}, "store": landed | {"uri": None}})
    assert (video["keeper"]["task_id"], video["frameKeeper"]["task_id"]) == ("create", "store")


@pytest.mark.parametrize(
    ("served", "keepers"),
    [
        (None, ("store", "store")),  # the route doesn't say
        (["uri", "last_frame_uri"], ("store", "store")),
        (["uri"], ("store", None)),
        ([], (None, None)),  # not even the other task's: its address isn't shown
    ],
)
def test_a_copy_that_the_route_won_t_read_out_is_not_played(
    node: Node, served: list[str] | None, keepers: tuple[str | None, str | None]
) -> None:
    landed: dict[str, Any] = {"video_id": "v", "uri": "s3://b/second.mp4", "last_frame_uri": "s3://b/last.png"}
    if served is not None:
        landed |= {"served": served}
    tasks = [task("create"), task("store", rendered_fields={"video_id": "v"})]
    first = READY | {"uri": "s3://b/first.mp4", "served": ["uri"]}
    (video,) = assembled(node, tasks, {"create": first, "store": landed})
    assert tuple((video[name] or {}).get("task_id") for name in ("keeper", "frameKeeper")) == keepers
    assert "served" not in video["facts"]


@pytest.mark.parametrize(
    ("facts", "asked", "quick"),
    [
        ({"content_type": "video/quicktime"}, {}, True),
        ({"content_type": "video/mp4", "uri": "s3://b/v.mov"}, {"output_format": "mov"}, False),
        ({"uri": "s3://b/v.MOV"}, {}, True),
        ({}, {"output_format": "mov"}, True),
        ({"uri": "s3://b/v.mp4"}, {}, False),
        ({}, {}, False),
    ],
)
def test_a_quicktime_video_is_known_by_its_manifest_else_by_what_was_asked_for(
    node: Node, facts: dict[str, Any], asked: dict[str, Any], quick: bool
) -> None:
    (video,) = assembled(node, [task("create")], {"create": READY | facts, "create request": asked})
    assert node.call("model.js", "isQuickTime", video) is quick


POLL = {"event": "Any words, in any language.", "logger": "airflow_provider_seedance.triggers", "video_id": "v"}


@pytest.mark.parametrize(
    ("states", "record", "word"),
    [
        (("deferred",), {"video_status": "queued"}, "in the vendor's queue"),
        (("deferred",), {"video_status": "running", "video_progress": 40}, "generating, 40 %"),
        (("success", "up_for_reschedule"), {"video_status": "running", "video_progress": 0}, "generating"),
        (("success", "running"), {"wait_reason": "HTTP 502"}, "at the vendor"),
        (("success", "deferred"), {"video_status": "running", "video_id": "another"}, "at the vendor"),
        (("success", "deferred"), {"event": "Video v: running, 40 %."}, "at the vendor"),  # words alone say nothing
        (("success", "deferred"), {"video_status": {"toString": 1}, "video_progress": "x"}, "at the vendor"),
        (("success", None), {}, "ordered"),
        (("running",), {}, "being ordered"),
        (("queued",), {}, "not ordered yet"),
        (("up_for_retry",), {}, "to be tried again"),
    ],
)
def test_a_wait_s_state_is_the_vendor_s_word_from_the_log_s_own_fields(
    node: Node, states: tuple[str | None, ...], record: dict[str, Any], word: str
) -> None:
    tasks = [task(name, state) for name, state in zip(("create", "wait"), states, strict=False)]
    ordered = states[0] in ("success", "deferred")
    facts = {"create": QUEUED} if ordered else {}
    logs = {tasks[-1]["task_id"]: POLL | record}
    (video,) = assembled(node, tasks, facts, {"create": ["wait"]}, logs)
    assert video["state"] == {"group": "waiting", "word": word}


def test_the_reason_of_a_wait_is_a_field_of_the_record(node: Node) -> None:
    record = POLL | {"video_status": "running", "wait_reason": "HTTP 502", "video_progress": 40}
    assert node.call("intake.js", "readLogRecord", record)["poll"] == {
        "id": "v",
        "status": "running",
        "progress": 40,
        "reason": "HTTP 502",
    }
    assert node.call("intake.js", "readLogRecord", {"event": "Task started", "video_id": "v"})["poll"] is None


@pytest.mark.parametrize(
    ("until", "word"), [(AFTER, "not stored, link dies in 60 min"), (None, "not stored"), (BEFORE, "link expired")]
)
def test_a_landing_that_failed_says_how_long_the_link_lasts(node: Node, until: str | None, word: str) -> None:
    tasks = [task("create"), task("wait"), task("store", "failed")]
    facts = {"create": QUEUED, "wait": READY | {"url_expires_at": until}}
    (video,) = assembled(node, tasks, facts, {"create": ["wait"], "wait": ["store"]})
    assert video["state"]["word"] == word


def test_costs_are_added_up_by_currency_and_never_across(node: Node) -> None:
    script = """async ([tasks, facts, now]) => {
        const { assemble, byDay, currenciesOf } = await load('model.js');
        const rows = byDay(assemble(tasks, (task) => facts[task.dag_run_id]), Date.parse(now));
        return [rows.map((row) => row.costs), currenciesOf(rows)];
    }"""
    facts = {
        "1": {"cost": 2, "currency": "USD"},
        "2": {"cost": 3, "currency": "CNY"},
        "3": {"cost": 1, "currency": "USD"},
        "4": {"cost": 5},
        "5": {"cost": 0, "currency": "EUR"},
    }
    tasks = [task("create", run=run) for run in facts]
    assert node.run(script, [tasks, facts, NOW]) == [[{"USD": 3, "CNY": 3, "": 5}], ["", "CNY", "USD"]]


def finished(count: int, model: str = "m", seconds: int = 60) -> list[list[Any]]:
    """Videos that were there after a minute, each in a run of its own, and what they told."""
    done = f"2026-11-21T11:{seconds // 60:02}:{seconds % 60:02}Z"
    facts = READY | {"model": model, "created_at": BEFORE, "completed_at": done}
    return [[task("create", run=f"{model}{number}"), facts] for number in range(count)]


@pytest.mark.parametrize(
    ("known", "waits_since", "group"),
    [
        (finished(20), "2026-11-21T11:58:59Z", "stuck"),
        (finished(20), "2026-11-21T11:59:01Z", "waiting"),
        (finished(19), BEFORE, "waiting"),  # too few to know what is usual
        (finished(20, "another"), BEFORE, "waiting"),
        ([], BEFORE, "waiting"),
    ],
)
def test_a_wait_that_is_longer_than_nearly_all_of_its_model_is_called_stuck(
    node: Node, known: list[list[Any]], waits_since: str, group: str
) -> None:
    script = """async ([pairs, now]) => {
        const { assemble, limitWaits, stateOf } = await load('model.js');
        const { readFacts } = await load('intake.js');
        const told = new Map(pairs.map(([task, facts]) => [task, readFacts('return_value', facts)]));
        const videos = assemble(pairs.map(([task]) => task), (task) => told.get(task));
        limitWaits(videos, Date.parse(now));
        return stateOf(videos.find(({ create }) => create.dag_run_id === 'waiting'), Date.parse(now)).group;
    }"""
    waiting = [task("create", "deferred", run="waiting", start_date=waits_since), {"video_id": "w", "model": "m"}]
    assert node.run(script, [[*known, waiting], NOW]) == group


def test_spending_is_told_by_dag_vendor_and_model_and_never_across_currencies(node: Node) -> None:
    videos = [
        {"dag": dag, "model": model, "facts": {"cost": cost, "currency": currency}}
        for dag, model, cost, currency in (
            ("a", "m", 1, "USD"),
            ("a", "n", 2, "USD"),
            ("b", "m", 9, "USD"),
            ("a", None, 5, "CNY"),
            ("a", "m", None, "USD"),
        )
    ]
    by_dag = node.call("model.js", "spendBy", videos, "dag")
    assert [(row["about"], row["currency"], row["cost"], row["videos"]) for row in by_dag] == [
        ("a", "CNY", 5, 1),
        ("b", "USD", 9, 1),
        ("a", "USD", 3, 2),
    ]
    assert [row["about"] for row in node.call("model.js", "spendBy", videos, "model")] == ["unknown", "m", "n"]


def test_a_request_can_be_copied_as_python_that_asks_for_the_same(node: Node) -> None:
    prompt = 'A "boat"\n\\ 夕 😀'
    asked = {"prompt": prompt, "model": "m", "seed": 7, "generate_audio": False, "reference_images": ["asset://a"]}
    more = {"first_frame": "https://x.test/a.png", "seedance_conn_id": "c", "duration": 5}
    more |= {"task": "extend", "draft": True, "output_format": "mov"}
    (video,) = assembled(node, [task("create", "running")], {"create request": asked | more})
    request = node.call("model.js", "requestOf", video)
    assert request == asked | more
    python = node.call("model.js", "pythonOf", request)
    assert eval(python, {"SeedanceCreateVideoOperator": dict}) == {"task_id": "video"} | asked | more


def test_a_day_is_one_of_the_time_zone_that_is_chosen_in_airflow(node: Node) -> None:
    script = """async ([tasks, now, zone]) => {
        const { assemble, byDay } = await load('model.js');
        return byDay(assemble(tasks, () => ({})), Date.parse(now), zone).map((row) => [row.day, row.total]);
    }"""
    late, early = "2026-11-20T23:30:00Z", "2026-11-22T00:30:00Z"
    tasks = [task(run="a", start_date=late), task(run="b", start_date=early)]
    utc = [["2026-11-20", 1], ["2026-11-21", 0], ["2026-11-22", 1]]
    assert node.run(script, [tasks, NOW, "UTC"]) == utc
    assert node.run(script, [tasks, NOW, "Asia/Tokyo"]) == [["2026-11-21", 1], ["2026-11-22", 1]]
    assert node.run(script, [tasks, NOW, "America/New_York"])[0] == ["2026-11-20", 1]


@pytest.mark.parametrize(
    ("kept", "name"),
    [
        ('"Asia/Tokyo"', "Asia/Tokyo"),
        (None, None),
        ("Asia/Tokyo", None),
        ('"No/Where"', None),
        ("7", None),
        ('""', None),
    ],
)
def test_the_zone_is_read_from_where_airflow_keeps_it(node: Node, kept: str | None, name: str | None) -> None:
    script = """async (kept) => {
        globalThis.localStorage = { getItem: (key) => (key === 'timezone' ? kept : null) };
        return (await load('zone.js')).zone() ?? null;
    }"""
    assert node.run(script, kept) == name


def in_a_loop(name: str, number: int, **fields: Any) -> dict[str, Any]:
    """As Airflow 3.4.0b2 tells of it; the task itself is the same as without a loop."""
    place: dict[str, Any] = {"region_id": "01a21610-c853-79aa-ab89-bd265931d48d", "region_index": number}
    return task(name, **place, in_loop=True, loop_iteration={"loop_id": "take", "iteration": number}, **fields)


def test_the_passes_of_a_loop_are_videos_of_their_own_and_each_wait_is_for_the_one_of_its_pass(node: Node) -> None:
    waits = [in_a_loop("wait", number, state="running") for number in (2, 0, 1)]
    orders = [in_a_loop("create", number) for number in range(3)]
    videos = assembled(node, [*waits, *orders], {}, {"create": ["wait"]})
    assert len(videos) == 3
    assert len({video["key"] for video in videos}) == 3
    assert all(video["create"]["pass"] == video["wait"]["pass"] for video in videos)
    names = {node.call("model.js", "nameOf", video["wait"]) for video in videos}
    assert names == {"wait, pass 1", "wait, pass 2", "wait, pass 3"}


def test_what_is_asked_of_airflow_about_a_pass_names_its_region(node: Node) -> None:
    script = """async (task) => {
        const { readTask } = await load('intake.js');
        return (await load('api.js')).taskUrl(readTask(task), '/plugin/seedance-video');
    }"""
    url = node.run(script, in_a_loop("wait", 1))
    assert url.endswith(
        "/tasks/wait/plugin/seedance-video?region_id=01a21610-c853-79aa-ab89-bd265931d48d&region_index=1"
    )
    assert "?" not in node.run(script, task("wait"))
    # Of a mapped task outside of loops 3.4 tells a region, too; its map index says all.
    mapped = task("wait", map_index=1, region_id="01a21610-c853-79aa-ab89-bd265931d48d", region_index=1)
    assert node.run(script, mapped).endswith("/mapped/1/plugin/seedance-video")


@pytest.mark.parametrize("odd", [None, "x", {}, {"iteration": "1"}, {"iteration": 1e99}, {"iteration": None}])
def test_a_loop_that_is_not_told_as_it_should_be_is_none(node: Node, odd: Any) -> None:
    found = node.call("intake.js", "readTask", task() | {"loop_iteration": odd, "region_id": "r", "region_index": 1})
    assert "pass" not in found


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
                makes_videos = hasattr(kind, "execute") and re.search("Seedance(?!.*(Asset|Reconcile))", name)
                if kind.__module__ == found.__name__ and makes_videos:
                    assert name in listed
