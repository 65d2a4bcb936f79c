"""The pages' one door: what it lets in, and what it leaves out and says so."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.api import errors
from tests.ui.node import Node

AIRFLOW = "https://airflow.example.com:8443/sub/seedance-ui/1/dom.js"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("return_value", {"video_id": "v"}, {"video_id": "v"}),
        ("return_value", '{"video_id": "v"}', {"video_id": "v"}),  # Airflow 3.1
        ("return_value", "s3://xcom-backend/reference", {}),
        ("return_value", ["v"], {}),
        ("return_value", None, {}),
        ("return_value", {"another": "operator"}, {}),
        ("return_value", {"video_id": "v", "width": None, "status": ""}, {"video_id": "v"}),
        ("video_id", "v", {"video_id": "v"}),
        ("video_id", '"v"', {"video_id": "v"}),
        ("video_id", 7, {"video_id": "7"}),
        ("video_id", {"toString": 1}, {}),
        ("video_id", ["v"], {}),
        ("video_id", "v" * 301, {}),
    ],
)
def test_an_xcom_that_holds_no_facts_says_nothing(node: Node, key: str, value: Any, expected: dict[str, Any]) -> None:
    assert node.call("intake.js", "readFacts", key, value) == expected


NOT_FACTS: list[Any] = [{"toString": 1}, {"toString": {"valueOf": 1}}, ["x"], [], {}, True, {"__proto__": None}]
WORDS = ("video_id", "vendor", "model", "status", "currency", "sha256", "video_url", "thumbnail_url", "uri")
NUMBERS = ("duration", "seconds", "width", "height", "bytes", "tokens", "cost")
TIMES = ("url_expires_at", "created_at", "completed_at")


@pytest.mark.parametrize("value", NOT_FACTS, ids=repr)
def test_a_value_of_the_wrong_type_is_left_out_and_named(node: Node, value: Any) -> None:
    for name in (*WORDS, *NUMBERS, *TIMES):
        assert node.call("intake.js", "readFacts", "return_value", {name: value}) == {"unreadable": [name]}, name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in NUMBERS for value in (-1, 1e16, "1e400", "many", "9" * 400)),
        *((name, value) for name in TIMES for value in ("soon", 5, "2026-11-21T12:00:00Z" * 40)),
        ("video_id", 1.5),
        ("video_id", "\x00\u202e"),
        ("video_url", "https://x.test/" + "a" * 9000),
        ("usage", "many"),
        ("usage", ["many"]),
    ],
)
def test_a_value_out_of_all_bounds_is_left_out_and_named(node: Node, name: str, value: Any) -> None:
    facts = node.call("intake.js", "readFacts", "return_value", {name: value, "model": "m"})
    assert facts == {"model": "m", "unreadable": [name]}


def test_of_the_usage_figures_and_words_are_kept(node: Node) -> None:
    usage = {"total_tokens": 5, "tier": "flex", "nested": {"toString": 1}, "much": 1e300, "__proto__": 3, "toString": 2}
    facts = node.call("intake.js", "readFacts", "return_value", {"usage": usage})
    assert facts == {"usage": {"total_tokens": 5, "tier": "flex", "toString": 2}}
    many = {f"name{number}": number for number in range(1000)}
    assert len(node.call("intake.js", "readFacts", "return_value", {"usage": many})["usage"]) == 20


def test_an_xcom_that_is_too_long_to_read_is_named(node: Node) -> None:
    assert node.call("intake.js", "readFacts", "return_value", '{"a": "' + "x" * 1_000_000 + '"}') == {
        "unreadable": ["return_value"]
    }


def test_text_that_hides_or_turns_other_text_around_is_cleaned(node: Node) -> None:
    facts = node.call(
        "intake.js", "readFacts", "return_value", {"vendor": "by\u202eplus\x1b[31m\u2066", "model": "m\n\x00"}
    )
    assert facts == {"vendor": "byplus[31m", "model": "m"}


@pytest.mark.parametrize(
    ("rendered", "expected", "unreadable"),
    [
        ({"video_id": "v"}, {"video_id": "v"}, []),
        ({"video_id": 5}, {"video_id": "5"}, []),
        ({"video_id": {"video_id": "v"}}, {"video_id": "v"}, []),
        ({"video_id": "{'video_id': 'v', 'a': 1}"}, {"video_id": "v"}, []),
        ({"video_id": "{{ ti.xcom_pull('create') }}"}, {"video_id": None}, []),
        ({"video_id": {"video_id": {"toString": 1}}}, {"video_id": None}, ["video_id"]),
        ({"prompt": {"toString": 1}, "model": ["m"]}, {"prompt": None, "model": None}, ["prompt", "model"]),
        ({"duration": "5"}, {"duration": 5}, []),
        ({"duration": "{{ params.seconds }}"}, {"duration": None}, []),
        ({"duration": {"toString": 1}}, {"duration": None}, ["duration"]),
        ({"seedance_conn_id": "c", "extra": {"toString": 1}}, {"seedance_conn_id": "c"}, []),
        (None, {}, []),
        ("text", {}, []),
    ],
)
def test_of_a_task_only_what_the_pages_use_is_kept(
    node: Node, rendered: Any, expected: dict[str, Any], unreadable: list[str]
) -> None:
    task = node.call("intake.js", "readTask", {"task_id": "t", "rendered_fields": rendered, "note": {"toString": 1}})
    assert (task["rendered_fields"], task["unreadable"], "note" in task) == (expected, unreadable, False)


def test_a_long_prompt_is_cut(node: Node) -> None:
    task = node.call("intake.js", "readTask", {"rendered_fields": {"prompt": "x" * 1_000_000}})
    assert len(task["rendered_fields"]["prompt"]) == 20_001


RAISED = {"exc_type": "SubmissionUnknownError", "exc_value": "No answer came.", "frames": []}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"event": "Task failed", "error_detail": [RAISED, {"exc_type": "ReadTimeout"}]}, "No answer came."),
        ({"event": "Task failed", "error_detail": [{"exc_type": "KeyError", "exc_value": ""}]}, "KeyError"),
        ({"event": "Task failed", "error_detail": [{"exc_type": {"toString": 1}, "exc_value": "x"}]}, None),
        ({"event": "Task failed", "error_detail": [{"exc_type": "A", "exc_value": {"toString": 1}}]}, "A"),
        ({"event": "Task failed", "error_detail": {"toString": 1}}, None),
        ({"event": "Task failed", "error_detail": [None]}, None),
        ({"event": "Task failed", "logger": {"toString": 1}, "level": 5, "timestamp": {"toString": 1}}, None),
    ],
)
def test_the_error_that_a_task_failed_with_is_told_by_its_log(
    node: Node, record: dict[str, Any], expected: str | None
) -> None:
    read = node.call("intake.js", "readLogRecord", record)
    assert (read["error"] and read["error"]["message"]) == expected


@pytest.mark.parametrize("record", [None, "text", {"event": {"toString": 1}}, {"event": ""}, {"event": "::group::x"}])
def test_what_is_no_record_of_a_log_says_nothing(node: Node, record: Any) -> None:
    assert node.call("intake.js", "readLogRecord", record) is None


def test_the_pages_know_the_error_of_a_lost_order_by_its_name(node: Node) -> None:
    doubt = errors.SubmissionUnknownError.__name__
    assert node.call("model.js", "isInDoubt", {"error": {"type": doubt, "message": "m"}})
    assert not node.call("model.js", "isInDoubt", {"error": {"type": "VideoFailedError", "message": "m"}})
    assert not node.call("model.js", "isInDoubt", {"error": None})


URLS = [
    ("https://x.test/v.mp4?sig=1", "https://x.test/v.mp4?sig=1"),
    ("http://x.test/v.mp4", "http://x.test/v.mp4"),
    ("HTTPS://X.TEST/v.mp4", "https://x.test/v.mp4"),
    ("javascript:alert(1)", None),
    (" javascript:alert(1)", None),
    ("java\nscript:alert(1)", None),
    ("data:text/html,<script>alert(1)</script>", None),
    ("blob:https://x.test/1", None),
    ("s3://bucket/v.mp4", None),
    ("file:///etc/passwd", None),
    ("/relative", None),
    ("//x.test/v.mp4", None),
    ("", None),
    (None, None),
    (7, None),
    ({"toString": 1}, None),
    (["https://x.test/v.mp4"], None),
    ("https://user:pw@x.test/v.mp4", None),
    ("https://user@x.test/v.mp4", None),
]


@pytest.mark.parametrize(("url", "safe"), URLS, ids=str)
def test_only_http_urls_without_a_password_are_used(node: Node, url: Any, safe: str | None) -> None:
    assert node.call("intake.js", "safeUrl", url) == safe
    assert node.call("intake.js", "foreignUrl", url, AIRFLOW) == safe
