"""OpenRouter."""

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

ID = "gen-vid-1779523200-abcdefghijklmnopqrst"


def _shown(word: Any, url: Any = ..., **more: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": ID, "polling_url": f"/api/v1/videos/{ID}", "status": word}
    return shown | ({"urls": [url]} if url is not ... else {}) | more


def _error(status: int, message: str = "said", **more: Any) -> dict[str, Any]:
    return {"error": {"code": status, "message": message, **more}, "user_id": "u"}


def _failed(video_id: str, said: str = "plainly") -> dict[str, Any]:
    return {"id": video_id, "polling_url": "/x", "status": "failed", "error": said}


def _any(
    shaped: Any, *, ids: Any, status: Any, urls: Any, error: Any, times: Any, usage: Any, numbers: Any, **_: Any
) -> st.SearchStrategy[Any]:
    lists = st.lists(urls, max_size=2)
    cost = shaped(cost=numbers, is_byok=st.booleans()) | usage
    job: st.SearchStrategy[Any] = shaped(
        id=ids, status=status, error=error, urls=lists, unsigned_urls=lists, usage=cost, expires_at=times
    )
    codes = st.sampled_from([400, 401, 402, 403, 404, 429, 500])
    refused = shaped(code=codes, message=error, metadata=shaped(reasons=st.lists(error, max_size=1)))
    others: st.SearchStrategy[Any] = shaped(error=refused) | shaped(data=shaped(limit_remaining=numbers))
    return job | others


ANSWERS = Answers(
    video_id=ID,
    words={
        "queued": "pending",
        "running": "in_progress",
        "succeeded": "completed",
        "failed": "failed",
        "cancelled": "cancelled",
        "expired": "expired",
    },
    shown=_shown,
    accepted=(
        _shown("pending"),
        {"id": ID, "polling_url": f"https://openrouter.ai/api/v1/videos/{ID}"},
        _shown("in_progress"),
    ),
    errors=numbered(
        (400, _error(400), RequestRejectedError, RequestRejectedError),
        (400, _error(400, "flagged by moderation"), SeedanceModerationError, RequestRejectedError),
        (401, _error(401), SeedanceAuthError, SeedanceAuthError),
        (402, _error(402), SeedanceQuotaError, SeedanceQuotaError),
        (403, _error(403), SeedanceAuthError, SeedanceAuthError),
        (403, _error(403, metadata={"reasons": ["violence"]}), SeedanceModerationError, RequestRejectedError),
        (404, _error(404), RequestRejectedError, VideoNotFoundError),
        (413, _error(413), RequestRejectedError, RequestRejectedError),
        (429, _error(429), SeedanceRateLimitError, TransientApiError),
        *((status, _error(status), SubmissionUnknownError, TransientApiError) for status in (408, 500, 502, 503)),
        (200, _error(400), SubmissionUnknownError, TransientApiError),
    ),
    refusal=_error,
    any=_any,
    failed=_failed,
    unknown_id=_error(404),
)

SAMPLES = (
    Sample(
        vendor="openrouter",
        model="bytedance/seedance-2.0",
        sized_model="bytedance/seedance-2.0",
        large_model="bytedance/seedance-2.0",
        model_25="bytedance/seedance-2.5",
        create=("/videos", {"model": "bytedance/seedance-2.0", "prompt": "a paper boat"}),
        poll="/videos/",
        url_at=("urls", 0),
        course=("pending", "in_progress", "completed", "failed"),
        names_id={"id": "cgt-9", "status": "pending"},
        probe=("/api/v1/key", [], "The key works."),
        answers=ANSWERS,
        refusals={
            "no room": "429",
            "no balance or quota": "402",
            "key refused": "401",
            "model not open": "403",
            "refused by moderation": "403 with `metadata.reasons`",
        },
    ),
)
