"""What an answer says, apart from any vendor: "can't tell" is never "doesn't"."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.api.errors import (
    GatewayRefusedError,
    NotSentError,
    RequestRejectedError,
    SeedanceAuthError,
    SeedanceError,
    SeedanceQuotaError,
    SeedanceRateLimitError,
    SubmissionUnknownError,
    TransientApiError,
    UnsupportedByVendorError,
    VideoNotFoundError,
)
from airflow_provider_seedance.api.models import Video, VideoStatus
from airflow_provider_seedance.api.vendors.assumptions import Assumption
from airflow_provider_seedance.api.vendors.video_adapter import VideoPage
from airflow_provider_seedance.check.judging import judge
from airflow_provider_seedance.check.judging_answers import FREE
from airflow_provider_seedance.check.seen import Purchase, Reply, Seen

QUESTIONS = {key: question for key, (question, _) in FREE.items()}

SAYS_NOTHING = [
    TransientApiError("cut"),
    NotSentError("no route"),
    SeedanceRateLimitError("no room", status_code=429),
    SeedanceQuotaError("unpaid", status_code=402),
    GatewayRefusedError("a proxy", status_code=403),
    UnsupportedByVendorError("no such call"),
]


def verdict(key: str, seen: Seen) -> str:
    return judge([Assumption(key, "a claim")], seen)[0].verdict


def of_error(key: str, error: SeedanceError) -> str:
    return verdict(key, Seen("m", replies={QUESTIONS[key]: Reply(error=error)}))


@pytest.mark.parametrize("key", FREE)
@pytest.mark.parametrize("error", SAYS_NOTHING, ids=lambda error: type(error).__name__)
def test_an_answer_that_says_nothing_is_no_verdict(key: str, error: SeedanceError) -> None:
    assert of_error(key, error) == "can't tell"


@pytest.mark.parametrize("key", FREE)
def test_what_was_not_asked_is_no_verdict(key: str) -> None:
    assert verdict(key, Seen("m")) == "can't tell"


@pytest.mark.parametrize(
    ("key", "error", "expected"),
    [
        ("key.works", SeedanceAuthError("no", status_code=401), "doesn't"),
        ("key.refused", SeedanceAuthError("no", status_code=401), "holds"),
        ("key.refused", TransientApiError("no", status_code=500), "doesn't"),
        ("id.unknown", VideoNotFoundError("no", status_code=404), "holds"),
        ("id.unknown", TransientApiError("a page", status_code=404), "doesn't"),
        ("list.answered", TransientApiError("no", status_code=500), "doesn't"),
        ("request.refused", RequestRejectedError("no", status_code=400), "holds"),
        ("request.refused", SeedanceAuthError("no", status_code=403), "can't tell"),
        ("request.refused", SubmissionUnknownError("no", status_code=500), "doesn't"),
        ("request.refused", SubmissionUnknownError("cut"), "can't tell"),
    ],
)
def test_an_error_is_judged_by_its_kind(key: str, error: SeedanceError, expected: str) -> None:
    assert of_error(key, error) == expected


def video(status: str, video_id: str = "v", model: str = "m") -> Video:
    return Video(video_id=video_id, vendor="byteplus", model=model, status=VideoStatus(status))


def lists(more: bool = False, **pages: list[Video]) -> Seen:
    replies: dict[str, Reply[Any]] = {
        name: Reply(value=VideoPage(tuple(videos), has_more=more)) for name, videos in pages.items()
    }
    return Seen("m", replies=replies)


one, two, gone = video("succeeded", "1"), video("succeeded", "2"), video("cancelled", "3")


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (lists(list=[], list_succeeded=[], list_cancelled=[]), "can't tell"),
        (lists(list=[one, gone], list_succeeded=[one], list_cancelled=[gone]), "holds"),
        (lists(list=[one, gone], list_succeeded=[one, gone], list_cancelled=[gone]), "doesn't"),
        (lists(list=[one, gone], list_succeeded=[one], list_cancelled=[]), "doesn't"),
        (lists(True, list=[one, two], list_succeeded=[one], list_cancelled=[]), "holds"),  # two may be on a later page
    ],
)
def test_a_filter_by_status_is_judged_by_what_came_and_what_is_missing(seen: Seen, expected: str) -> None:
    assert verdict("list.by-status", seen) == expected


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (lists(list=[], list_model=[], list_no_model=[]), "can't tell"),
        (lists(list=[one], list_model=[one], list_no_model=[]), "holds"),
        (lists(list=[one], list_model=[one], list_no_model=[one]), "doesn't"),
        (lists(list=[one], list_model=[], list_no_model=[]), "doesn't"),
        (lists(list=[], list_model=[video("queued", model="other")], list_no_model=[]), "doesn't"),
    ],
)
def test_a_filter_by_model_is_judged_by_what_came_and_what_is_missing(seen: Seen, expected: str) -> None:
    assert verdict("list.by-model", seen) == expected


def bought(key: str, **parts: Any) -> str:
    purchase = Purchase("a", {"model": "m"}, 0.0, **{"outcome": "bought", "video_id": "v", **parts})
    return verdict(key, Seen("m", purchase=purchase, retention_hours=24))


@pytest.mark.parametrize(
    ("course", "over", "expected"),
    [
        ("queued running succeeded", True, "holds"),
        ("succeeded", True, "holds"),  # nobody promises that each is seen
        ("queued running", False, "can't tell"),
        ("queued running queued", False, "doesn't"),
        ("running succeeded running succeeded", True, "doesn't"),
        ("succeeded failed", True, "doesn't"),
    ],
)
def test_the_order_of_statuses(course: str, over: bool, expected: str) -> None:
    steps = [(word, float(number)) for number, word in enumerate(course.split())]
    assert bought("status.order", course=steps, is_over=over) == expected


@pytest.mark.parametrize(
    ("key", "parts", "expected"),
    [
        ("create.accepted", {"outcome": "refused", "video_id": None, "refusal": "x"}, "can't tell"),
        ("create.accepted", {"outcome": "unknown", "video_id": None}, "can't tell"),
        ("read.at-once", {"read_at_once": "VideoNotFoundError"}, "doesn't"),
        ("url.life", {"url_life": 86400.0}, "holds"),
        ("url.life", {"url_life": 80000.0}, "doesn't"),
        ("url.life", {"is_over": True}, "can't tell"),
        ("url.open", {"file": "HTTP 503"}, "can't tell"),
        ("url.open", {"file": "HTTP 404"}, "doesn't"),
        ("url.open", {"file": "no answer (ConnectError)"}, "can't tell"),
        ("mark.repeated", {"mark": "x"}, "can't tell"),
        ("mark.repeated", {"mark": "x", "list_looked_for": 60.0}, "doesn't"),
        ("mark.repeated", {"mark": "x", "listed_after": 3.0, "strangers_by_mark": 1}, "doesn't"),
        ("list.lag", {"mark": "x", "listed_after": 30.0}, "doesn't"),
        ("seed.repeated", {"seed": 1, "told_seed": 2, "is_over": True}, "doesn't"),
        ("seed.repeated", {"seed": 1, "is_over": True, "course": [("failed", 1.0)]}, "can't tell"),
        ("cancel.queued", {"cancel": "done", "course": [("queued", 0.0), ("cancelled", 1.0)]}, "holds"),
        ("cancel.queued", {"cancel": "done", "course": [("queued", 0.0), ("succeeded", 1.0)]}, "doesn't"),
        ("cancel.queued", {"cancel": "x", "course": [("queued", 0.0), ("running", 1.0)]}, "can't tell"),
        ("cancel.queued", {"cancel": "too late"}, "can't tell"),
        ("create.repeatable", {}, "can't tell"),
    ],
)
def test_the_life_of_a_video_is_judged(key: str, parts: dict[str, Any], expected: str) -> None:
    assert bought(key, **parts) == expected
