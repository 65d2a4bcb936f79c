"""Runware."""

from __future__ import annotations

import uuid
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
)
from tests.support.sample import Answers, Sample, numbered

ID = "0b0a3b62-6d1c-4c0a-9f52-7b9a2a1f5d10"


def _item(status: Any, **more: Any) -> dict[str, Any]:
    return {"data": [{"taskType": "videoInference", "taskUUID": ID, "status": status} | more]}


def _shown(word: Any, url: Any = ..., **more: Any) -> dict[str, Any]:
    return _item(word, **({"videoURL": url} if url is not ... else {}), **more)


def _error(code: str, message: str = "said", **more: Any) -> dict[str, Any]:
    error = {"code": code, "message": message, "taskType": "getResponse", "taskUUID": ID} | more
    return {"data": [], "errors": [error]}


def _any(
    shaped: Any, *, ids: Any, status: Any, urls: Any, error: Any, numbers: Any, **_: Any
) -> st.SearchStrategy[Any]:
    kinds = st.sampled_from(["videoInference", "getResponse", "getTaskDetails"])
    item = shaped(taskType=kinds, taskUUID=ids, status=status, videoURL=urls, cost=numbers, progress=numbers)
    codes = st.sampled_from(["conflictTaskUUID", "invalidApiKey", "timeoutProvider", "rateLimitExceeded", "hm"]) | error
    told = shaped(code=codes, message=error, taskType=kinds, taskUUID=ids, status=st.just("error"))
    alone: st.SearchStrategy[Any] = shaped(data=st.lists(item, max_size=2))
    beside: st.SearchStrategy[Any] = shaped(data=st.lists(item, max_size=1), errors=st.lists(told, max_size=2))
    return alone | beside


_REFUSED = (RequestRejectedError, RequestRejectedError)

ANSWERS = Answers(
    video_id=ID,
    words={"running": "processing", "succeeded": "success", "failed": "error"},
    shown=_shown,
    accepted=(
        _item("processing"),
        {"data": [{"taskType": "videoInference", "taskUUID": ID}]},
        _error("conflictTaskUUID"),
        _error("conflictTaskUUID", taskUUID=None),
    ),
    errors=numbered(
        *((status, _error("invalidApiKey"), SeedanceAuthError, SeedanceAuthError) for status in (200, 401)),
        (401, _error("missingApiKey", taskUUID=None), SeedanceAuthError, SeedanceAuthError),
        *((status, _error("unsupportedDuration"), *_REFUSED) for status in (200, 400)),
        *((status, _error("missingPositivePrompt"), *_REFUSED) for status in (200, 400)),
        (400, _error("incompatibleParameters"), *_REFUSED),
        (400, _error("neverHeardOf"), *_REFUSED),
        (404, _error("notFound"), *_REFUSED),
        *((s, _error("insufficientCredits"), SeedanceQuotaError, SeedanceQuotaError) for s in (200, 400, 402)),
        (402, _error("videoInferenceInsufficientCredits"), SeedanceQuotaError, SeedanceQuotaError),
        *((s, _error("rateLimitExceeded"), SeedanceRateLimitError, TransientApiError) for s in (200, 429)),
        (429, _error("concurrencyLimitReached"), SeedanceRateLimitError, TransientApiError),
        *((s, _error("invalidProviderContent"), SeedanceModerationError, RequestRejectedError) for s in (200, 400)),
        (400, _error("hm", "content moderation said no"), SeedanceModerationError, RequestRejectedError),
        *((s, _error("timeoutProvider"), SubmissionUnknownError, TransientApiError) for s in (200, 500, 503)),
        # Documented as failures of the seller behind it: with any HTTP status they refuse nothing.
        *(
            (status, _error(code), SubmissionUnknownError, TransientApiError)
            for code in ("timeoutProvider", "providerError", "providerRateLimitExceeded")
            for status in (400, 404)
        ),
        (200, _error("neverHeardOf"), SubmissionUnknownError, TransientApiError),
        (503, _error("invalidApiKey"), SubmissionUnknownError, TransientApiError),
    ),
    refusal=lambda status, text: _error("hm", text, taskUUID=None),
    failed=lambda video_id, said="plainly": _error(said, said, taskUUID=video_id, taskType="videoInference"),
    any=_any,
    refuses_with_success=True,
)

SAMPLES = (
    Sample(
        vendor="runware",
        model="bytedance:seedance@2.0",
        sized_model="bytedance:seedance@2.0",
        large_model="bytedance:seedance@2.0",
        model_25="bytedance:seedance@2.5",
        create=(
            "",
            {
                "taskType": "videoInference",
                "model": "bytedance:seedance@2.0",
                "positivePrompt": "a paper boat",
                "deliveryMethod": "async",
            },
        ),
        poll="",
        url_at=("data", 0, "videoURL"),
        course=("processing", "processing", "success", "error"),
        wrap=lambda task: [{"taskUUID": str(uuid.uuid4()), **task}],
        asks=lambda video_id: [{"taskType": "getResponse", "taskUUID": video_id}],
        answers=ANSWERS,
        refusals={
            "no room": "429",
            "no balance or quota": "402 `insufficientCredits`",
            "key refused": "401 `invalidApiKey`",
        },
    ),
)
