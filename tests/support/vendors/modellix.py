"""Modellix."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from airflow_provider_seedance.api.errors import (
    RequestRejectedError,
    SeedanceAuthError,
    SeedanceQuotaError,
    SeedanceRateLimitError,
    SubmissionUnknownError,
    TransientApiError,
    VideoNotFoundError,
)
from tests.support.sample import Answers, Sample

ID = "task-000001"


def _shown(word: Any, url: Any = ..., **more: Any) -> dict[str, Any]:
    data = {"status": word, "task_id": ID, "model_id": "model-1"}
    result = {} if url is ... else {"result": {"resources": [{"type": "video", "url": url}]}}
    return {"code": 0, "message": "success", "data": data | result | more}


def _failed(video_id: str, said: str = "plainly") -> dict[str, Any]:
    return {"code": 0, "data": {"task_id": video_id, "status": "failed", "error": {"code": said, "message": said}}}


def _error(code: int, text: str) -> dict[str, Any]:
    return {"code": code, "message": text}


def _any(
    shaped: Any, *, ids: Any, status: Any, urls: Any, error: Any, reason: Any, codes: Any, **_: Any
) -> st.SearchStrategy[Any]:
    kinds = {"type": st.sampled_from(["video", "image"]), "role": st.just("last_frame")}
    result = shaped(resources=st.lists(shaped(url=urls, **kinds), max_size=3))
    data = shaped(task_id=ids, status=status, result=result, error=reason) | shaped(is_valid=st.booleans())
    enveloped: st.SearchStrategy[Any] = shaped(code=codes, message=error, data=data)
    return enveloped


_UNKNOWN = (SubmissionUnknownError, TransientApiError)

ANSWERS = Answers(
    video_id=ID,
    words={
        "queued": "pending created queued",
        "running": "processing running in_progress",
        "succeeded": "success completed succeeded done",
        "failed": "failed error",
        "cancelled": "canceled cancelled",
    },
    shown=_shown,
    accepted=(
        _shown("pending", get_result={"method": "GET", "url": "https://x/tasks/1"}),
        _shown("processing"),
    ),
    errors={
        f"{code}-on-{http}": (http, _error(code, text), *kinds)
        for code, text, kinds in (
            (400, "Bad Request: duration must be one of 4..15", (RequestRejectedError, RequestRejectedError)),
            (401, "Unauthorized: invalid API key", (SeedanceAuthError, SeedanceAuthError)),
            (402, "Payment Required: insufficient balance", (SeedanceQuotaError, SeedanceQuotaError)),
            (404, "Not Found: task does not exist", (RequestRejectedError, VideoNotFoundError)),
            (429, "Too Many Requests: concurrency limit reached", (SeedanceRateLimitError, TransientApiError)),
            (500, "Internal Server Error: try again", _UNKNOWN),
            (503, "Service Unavailable: try again", _UNKNOWN),
        )
        for http in (200, code)
    },
    refusal=_error,
    failed=_failed,
    any=_any,
    unknown_id=_error(404, "x"),
    refuses_with_success=True,
    not_refusing=("0", "200", "20000", "-1"),
    forms=((404, _error(404, "no")), (200, _error(404, "no"))),
)

SAMPLES = (
    Sample(
        vendor="modellix",
        model="seedance-2.0-t2v",
        sized_model="seedance-2.0-fast-t2v",
        large_model="seedance-2.0-t2v",
        create=("/bytedance/seedance-2.0-t2v/async", {"prompt": "a paper boat"}),
        poll="/tasks/",
        url_at=("data", "result", "resources", 0, "url"),
        course=("pending", "processing", "success", "failed"),
        answers=ANSWERS,
        names_id={"code": 504, "message": "timeout", "data": {"task_id": "cgt-9"}},
        probe=("/api/v1/apikey/validate", [], "The key works; balance: 1000."),
        refusals={
            "no room": "429",
            "no balance or quota": "402",
            "key refused": "401",
        },
    ),
)
