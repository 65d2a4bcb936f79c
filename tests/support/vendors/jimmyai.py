"""Jimmy AI."""

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
from tests.support.sample import Answers, Sample

ID = "vid_000001"


def _shown(word: Any, url: Any = ..., **more: Any) -> dict[str, Any]:
    data = {"task_id": ID, "status": word, "model": "seedance2.0-fast-i2v", "created_at": 1790000000}
    result = {} if url is ... else {"result": {"video_url": url}}
    return {"code": "20000", "msg": "ok", "data": data | result | more}


def _failed(video_id: str, said: str = "plainly") -> dict[str, Any]:
    return {"code": 0, "data": {"task_id": video_id, "status": "failed", "error_message": said}}


def _error(code: Any, text: str) -> dict[str, Any]:
    return {"code": code, "msg": text, "data": None}


def _any(
    shaped: Any,
    *,
    ids: Any,
    status: Any,
    urls: Any,
    error: Any,
    reason: Any,
    numbers: Any,
    times: Any,
    codes: Any,
    **_: Any,
) -> st.SearchStrategy[Any]:
    result = shaped(video_url=urls, image_url=urls)
    data: st.SearchStrategy[Any] = shaped(
        task_id=ids, status=status, result=result, progress=numbers, completed_at=times, error_message=reason
    )
    enveloped: st.SearchStrategy[Any] = shaped(code=codes, msg=error, data=data)
    return enveloped | data


_UNKNOWN = (SubmissionUnknownError, TransientApiError)

ERRORS = (
    ("auth", (200, 401), "20001", "invalid api key", (SeedanceAuthError, SeedanceAuthError)),
    ("auth-number", (200, 401), 20001, "invalid api key", (SeedanceAuthError, SeedanceAuthError)),
    # A read has nothing but the id that could be wrong about it.
    ("request", (200, 400), "20002", "images and first_image", (RequestRejectedError, VideoNotFoundError)),
    ("task", (200, 404), "20002", "task not found", (RequestRejectedError, VideoNotFoundError)),
    ("model", (200, 400), "20002", "配置不存在", (RequestRejectedError, VideoNotFoundError)),
    ("balance", (200, 402), "20002", "insufficient balance", (SeedanceQuotaError, VideoNotFoundError)),
    ("key-quota", (200, 402), "20002", "insufficient key quota", (SeedanceQuotaError, VideoNotFoundError)),
    ("moderation", (200, 400), "20002", "sensitive content", (SeedanceModerationError, VideoNotFoundError)),
    # The vendor's documents give this text, and no code with it.
    ("model-new-code", (200,), "31337", "配置不存在", (RequestRejectedError, TransientApiError)),
    ("new-code-0", (200,), "20003", "key quota: insufficient quota", _UNKNOWN),
    ("new-code-1", (200,), "500", "upstream host not found, try later", _UNKNOWN),
    ("new-code-2", (200,), "500", "配置不存在, try later", _UNKNOWN),
    ("new-code-3", (200,), 404, "task not found", _UNKNOWN),
    ("new-code-4", (200,), "-1", "任务不存在", _UNKNOWN),
    ("new-code-5", (200,), "31337", "the payment is overdue", _UNKNOWN),
    ("new-code-6", (200,), "31337", "moderation", _UNKNOWN),
    ("new-code-7", (200,), "31337", "余额不足", _UNKNOWN),
    ("rate", (429,), "429", "too many requests", (SeedanceRateLimitError, TransientApiError)),
    ("server", (200, 500), -1, "server error", _UNKNOWN),
    ("server-text", (200, 500), "-1", "server error", _UNKNOWN),
    ("new-code", (200,), "31337", "hm", _UNKNOWN),
    ("gateway", (301, 408, 409, 425), "20002", "hm", _UNKNOWN),
)

ANSWERS = Answers(
    video_id=ID,
    words={
        "queued": "queued pending submitted",
        "running": "processing",
        "succeeded": "completed success",
        "failed": "failed",
        "cancelled": "canceled cancelled",
    },
    shown=_shown,
    accepted=(_shown("queued") | {"code": 0}, _shown("queued")["data"]),
    errors={
        f"{name}-{status}": (status, _error(code, text), *kinds)
        for name, statuses, code, text, kinds in ERRORS
        for status in statuses
    },
    refusal=lambda status, text: _error(
        {400: "20002", 401: "20001", 403: "20001", 404: "20002"}.get(status, status), text
    ),
    failed=_failed,
    any=_any,
    unknown_id=_error("20002", "x"),
    refuses_with_success=True,
    not_refusing=("0", "200", "20000", "-1"),
    forms=(
        (200, _error("20002", "no")),
        (200, {"code": -1, "msg": "no"}),
        (404, {"code": 404, "msg": "no"}),
        (500, {"code": "31337", "msg": ""}),
    ),
)

SAMPLES = (
    Sample(
        vendor="jimmyai",
        model="seedance2.0-fast-i2v",
        sized_model="seedance2.0-fast-sp",
        large_model="seedance2.0-sp",
        model_25="seedance-2.5-sp",
        create=(
            "/api/open-api/v1/seedance/videos",
            {"model": "seedance2.0-sp", "prompt": "a paper boat", "duration": 5},
        ),
        poll="/api/open-api/v1/videos/",
        url_at=("data", "result", "video_url"),
        course=("queued", "processing", "completed", "failed"),
        answers=ANSWERS,
        names_id={"code": "-1", "msg": "timeout", "data": {"task_id": "cgt-9"}},
        probe=("/api/open-api/v1/key/balance", [], "The key works; its quota is unlimited."),
        least={"duration": 5},
        refusals={
            "no balance or quota": "code `20002`, with the text of its FAQ",
            "key refused": "code `20001`",
        },
    ),
)
