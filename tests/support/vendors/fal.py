"""fal."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from airflow_provider_seedance.api.errors import (
    RequestRejectedError,
    SeedanceAuthError,
    SeedanceModerationError,
    SeedanceQuotaError,
    SeedanceRateLimitError,
    SubmissionUnknownError,
    TransientApiError,
    VideoNotFoundError,
)
from tests.support.sample import Answers, Sample, numbered

APP, REQUEST_ID = "bytedance/seedance-2.0", "764cabcf-b745-4b3e-ae38-1200304cf45b"
ID = f"{APP}/{REQUEST_ID}"


def _shown(word: Any, url: Any = None, **more: Any) -> dict[str, Any]:
    """Status and result in one: either call reads its own part."""
    return {"status": word, "request_id": REQUEST_ID, "logs": [], "video": {"url": url}, **more}


def _failed(own_id: str, said: str = "plainly") -> dict[str, Any]:
    return {"status": "COMPLETED", "request_id": own_id, "error": said, "error_type": said}


def _error(text: str, kind: str | None = None) -> dict[str, Any]:
    return {"detail": text} | ({"error_type": kind} if kind else {})


def _model_error(kind: str) -> dict[str, Any]:
    return {"detail": [{"loc": ["body", "prompt"], "msg": "said", "type": kind, "input": "x", "ctx": {}}]}


def _any(
    shaped: Any, *, ids: Any, status: Any, urls: Any, error: Any, numbers: Any, times: Any, **_: Any
) -> st.SearchStrategy[Any]:
    kinds = st.sampled_from(["content_policy_violation", "request_timeout", "client_cancelled", "bad_request"]) | error
    state = shaped(request_id=ids, status=status, queue_position=numbers, response_url=urls)
    state |= shaped(request_id=ids, status=status, error=error, error_type=kinds)
    result = shaped(video=shaped(url=urls, file_size=numbers), seed=numbers)
    items = shaped(detail=st.lists(shaped(loc=st.lists(error, max_size=2), msg=error, type=kinds), max_size=2))
    item = shaped(request_id=ids, endpoint_id=st.just(f"{APP}/text-to-video"), sent_at=times, status_code=numbers)
    whole = shaped(request_id=ids, status=status, video=shaped(url=urls), seed=numbers)  # status and result in one
    listed = shaped(items=st.lists(item, max_size=2))
    return st.one_of(whole, state, result, items, listed, shaped(detail=error, error_type=kinds))


ANSWERS = Answers(
    video_id=ID,
    words={"queued": "IN_QUEUE", "running": "IN_PROGRESS", "succeeded": "COMPLETED"},
    shown=_shown,
    accepted=(
        {"status": "IN_QUEUE", "request_id": REQUEST_ID, "queue_position": 3},
        {"request_id": REQUEST_ID, "response_url": f"https://queue.fal.run/{APP}/requests/{REQUEST_ID}"},
    ),
    errors=numbered(
        (401, _error("no user"), SeedanceAuthError, SeedanceAuthError),
        (403, _error("no"), SeedanceAuthError, SeedanceAuthError),
        (403, _error("User is locked. Reason: Exhausted balance."), SeedanceQuotaError, SeedanceQuotaError),
        (402, _error("pay"), SeedanceQuotaError, SeedanceQuotaError),
        (404, _error("Request not found"), RequestRejectedError, VideoNotFoundError),
        (400, _error("no", "bad_request"), RequestRejectedError, RequestRejectedError),
        (422, _model_error("value_error"), RequestRejectedError, RequestRejectedError),
        (422, _model_error("content_policy_violation"), SeedanceModerationError, RequestRejectedError),
        (429, _error("full", "concurrent_requests_limit"), SeedanceRateLimitError, TransientApiError),
        (500, _error("x", "internal_server_error"), SubmissionUnknownError, TransientApiError),
        (500, _model_error("content_policy_violation"), SubmissionUnknownError, TransientApiError),
        (504, _error("x", "request_timeout"), SubmissionUnknownError, TransientApiError),
        (409, _error("x"), SubmissionUnknownError, TransientApiError),
    ),
    refusal=lambda status, text: _error(text),
    failed=_failed,
    any=_any,
    unknown_id=_error("Request not found"),
)

SAMPLES = (
    Sample(
        vendor="fal",
        model=f"{APP}/fast",
        sized_model=f"{APP}/fast",
        large_model=APP,
        model_25="bytedance/seedance-2.5",
        create=(f"/{APP}/fast/text-to-video", {"prompt": "a paper boat"}),
        poll="/",
        url_at=("video", "url"),
        poll_path=lambda video_id: "/{}/requests/{}/status".format(*video_id.rsplit("/", 1)),
        result_path=lambda video_id: "/{}/requests/{}".format(*video_id.rsplit("/", 1)),
        id_of=lambda own_id: f"{APP}/{own_id}",
        probe=(
            "/v1/models/requests/by-endpoint",
            [("endpoint_id", f"{APP}/text-to-video"), ("limit", "1")],
            "The key works.",
        ),
        course=("IN_QUEUE", "IN_PROGRESS", "COMPLETED", "COMPLETED"),
        answers=ANSWERS,
        refusals={
            "no room": "429 `concurrent_requests_limit`",
            "key refused": "401",
        },
    ),
)
